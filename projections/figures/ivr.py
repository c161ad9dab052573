"""The figures of the IVR (URA): the calls that entered it, how they left it, and the visits of calls to queues.

A call posts where it entered. It is in the row of its IVR, of the first queue to which the IVR led it, or of the agent who answered
that first visit; calls without an IVR, queue or agent are in the row with an empty name.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

import msgspec

from projections.engine.warehouse import Value
from projections.figures.attribution import Key, VisitSelection, extent, tallies, visit_selection
from projections.figures.intervals import Intervals, iso
from projections.figures.metrics import FIGURES as VISIT_FIGURES
from projections.figures.metrics import QueryContext, Row, lost_ends, period_of, row_of
from projections.figures.question import Condition, Question
from projections.figures.tally import Tally

OUTCOMES = {
    "out-of-hours": "out_of_hours",
    "abandoned": "abandoned_in_ivr",
    "blacklisted": "blacklisted",
    "ended": "ended_in_ivr",
    "offered": "led_to_queue",
    "unknown": "unknown_in_ivr",
    "": "in_ivr",
}
"""How a call left the IVR, and the figure that counts it; the figures add up to `entered`."""

FIGURES = ("entered", *OUTCOMES.values(), *VISIT_FIGURES)
"""The figures of a row, in their order."""

_VISITS = "(SELECT * FROM {visits} AS v ANY LEFT JOIN (SELECT id AS whole, ivr FROM {calls}) AS c USING (whole))"
_CALLS = """(
SELECT ivr, queue, entered_ms AS offered_ms, outcome, agent FROM
    (SELECT ivr, queue, entered_ms, outcome, assumeNotNull(visit) AS visit_id FROM {calls}) AS c
    ANY LEFT JOIN (SELECT id AS visit_id, agent FROM {visits}) AS v USING (visit_id)
)"""
_COUNT = """
SELECT {bucket} AS bucket, {name} AS row_name, outcome, count() AS calls FROM {visits} WHERE {condition}{time}
GROUP BY bucket, row_name, outcome
"""


class _Counted(msgspec.Struct):
    bucket: int
    row_name: str
    outcome: str
    calls: int


def ivr_figures(on: QueryContext) -> list[Row]:
    """A row per IVR, queue, agent or interval ("total": one): its name or `start`, FIGURES, `bounds`, `covered_to`."""
    name = on.question.by if on.question.by in ("ivr", "queue", "agent") else ""
    question = replace(on.question, names="as-was", attribution="arrival")
    visits, calls = _visits(on, question, name), _calls(on, question, name)
    if not on.question.by_time:
        seen, entered = tallies(visits), _entered(calls)
        names = {key for _, key in (*seen, *entered)} if name else {""}
        period, lost = period_of(question), lost_ends(on)
        return [
            ({on.question.by: key} if name else {})
            | _row(on, seen.get((0, key), Tally()), entered.get((0, key), {}), period, queue=key if name == "queue" else "", lost=lost)
            for key in sorted(names)
        ]
    within = _within(question, visits, calls)
    return [] if within is None else _by_time(on, within, replace(visits, within=within), replace(calls, within=within))


def _visits(on: QueryContext, question: Question, name: str) -> VisitSelection:
    """The visits, each with the IVR that its call entered."""
    of = visit_selection(on.view, question, on.queues, name if name != "ivr" else "", on.coverage.lost)
    if name != "ivr" and not question.ivrs:
        return of
    rows = _VISITS.format(visits=on.view.rows_of("visits"), calls=on.view.rows_of("ivr_calls"))
    return replace(of, visits=rows, name="ivr" if name == "ivr" else of.name, condition=_with_ivrs(of.condition, question.ivrs))


def _calls(on: QueryContext, question: Question, name: str) -> VisitSelection:
    """The calls that entered an IVR, as if they were offered when they entered."""
    of = visit_selection(on.view, question, on.queues, name if name != "ivr" else "")
    rows = _CALLS.format(visits=on.view.rows_of("visits"), calls=on.view.rows_of("ivr_calls"))
    return replace(of, visits=rows, name="ivr" if name == "ivr" else of.name, condition=_with_ivrs(of.condition, question.ivrs))


def _with_ivrs(condition: Condition, ivrs: tuple[str, ...]) -> Condition:
    if not ivrs:
        return condition
    params: dict[str, Value] = {**condition.params, "ivrs": list(ivrs)}
    return Condition(f"{condition.sql} AND has({{ivrs:Array(String)}}, ivr)", params)


def _entered(of: VisitSelection) -> dict[Key, dict[str, int]]:
    found: defaultdict[Key, dict[str, int]] = defaultdict(dict)
    for row in of.ask(_Counted, _COUNT, bucket=of.bucket("offered_ms"), time=of.time("offered_ms")):
        counts, outcome = found[of.index(row.bucket), row.row_name], OUTCOMES.get(row.outcome, "unknown_in_ivr")
        counts[outcome] = counts.get(outcome, 0) + row.calls
    return found


def _within(question: Question, visits: VisitSelection, calls: VisitSelection) -> Intervals | None:
    """The intervals of the question; if its time is open, from the first or to the last visit or call."""
    since, until = question.since_ms, question.until_ms
    if since is None or until is None:
        cases = [case for case in (extent(visits), extent(calls)) if case is not None]
        if not cases:
            return None
        since = min(case[0] for case in cases) if since is None else since
        until = max(*(case[1] for case in cases), since + 1) if until is None else until
    return question.over(since, until)


def _by_time(on: QueryContext, within: Intervals, visits: VisitSelection, calls: VisitSelection) -> list[Row]:
    seen, entered, lost = tallies(visits), _entered(calls), lost_ends(on)
    since, until = period_of(on.question)
    rows = []
    for index, start in enumerate(within.edges[:-1]):
        period = max(start, since), min(within.edges[index + 1], until)
        figures = _row(on, seen.get((index, ""), Tally()), entered.get((index, ""), {}), period, lost=lost)
        rows.append({"start": iso(start, on.question.zone)} | figures)
    return rows


def _row(on: QueryContext, tally: Tally, entered: dict[str, int], period: tuple[int, int], *, queue: str = "", lost: int = 0) -> Row:
    figures = row_of(on, tally, period, queue=queue, lost=lost)
    known = on.coverage.covers(*period) or figures["offered"] is not None
    counts: Row = {"entered": sum(entered.values()), **{figure: entered.get(figure, 0) for figure in OUTCOMES.values()}}
    return {**(counts if known else dict.fromkeys(counts)), **figures}
