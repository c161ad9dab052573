"""The figures of outbound attempts: dialled, answered by the customer, not connected, still dialling. An attempt posts where it was dialled."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace

import msgspec

from projections.figures.attribution import Key, VisitSelection, extent, visit_selection
from projections.figures.intervals import Intervals, iso
from projections.figures.metrics import QueryContext, Row, period_of
from projections.figures.service_level import mean, percent

FIGURES = ("dialled", "answered", "not_connected", "dialling", "connected", "connect_percent", "aht_ms")
"""The figures of a row, in their order: dialled is the sum of answered, not_connected and dialling. aht_ms: mean handle time of answered attempts."""

CONNECTED = ("answered", "no-answer", "busy", "voicemail")
"""The results of attempts that the network completed."""

_ATTEMPTS = "(SELECT queue, agent, dialled_ms AS offered_ms, result, talk_ms + hold_ms + wrap_up_ms AS handle_ms, toUInt8(0) AS queue_id FROM {attempts})"
_COUNT = """
SELECT {bucket} AS bucket, {name} AS row_name, result, count() AS attempts, count(handle_ms) AS handles, sum(handle_ms) AS handled
FROM {visits} WHERE {condition}{time} GROUP BY bucket, row_name, result
"""


class _Counted(msgspec.Struct):
    bucket: int
    row_name: str
    result: str
    attempts: int
    handles: int
    handled: int | None


@dataclass
class Attempts:
    """Counts of attempts. handled, handled_ms: of those whose talk, hold and wrap-up are all known."""

    dialled: int = 0
    answered: int = 0
    dialling: int = 0
    connected: int = 0
    handled: int = 0
    handled_ms: int = 0

    def row(self) -> Row:
        """FIGURES and `terms`."""
        return {
            "dialled": self.dialled,
            "answered": self.answered,
            "not_connected": self.dialled - self.answered - self.dialling,
            "dialling": self.dialling,
            "connected": self.connected,
            "connect_percent": percent(self.connected, self.dialled),
            "aht_ms": mean(self.handled_ms, self.handled),
            "terms": {"connect_percent": (self.connected, self.dialled), "aht_ms": (self.handled_ms, self.handled)},
        }


def outbound_figures(on: QueryContext) -> list[Row]:
    """A row per queue, agent or interval ("total": one): its name or `start`, FIGURES and `terms`, None where no source covered the time."""
    by, question = on.question.by, on.question
    of = _of_attempts(on, by if by in ("queue", "agent") else "")
    if question.by_time:
        return _by_time(on, of)
    found = _counted(of)
    names = sorted({name for _, name in found}) if by in ("queue", "agent") else [""]
    known = on.coverage.covers(*period_of(question)) or bool(found)
    return [({by: name} if by != "total" else {}) | _shown(found[0, name], known) for name in names]


def attempts_by_agent(on: QueryContext, within: Intervals | None) -> Mapping[Key, Attempts]:
    """The attempts that the question selects, by interval (0 without any) and agent."""
    return _counted(replace(_of_attempts(on, "agent"), within=within))


def _of_attempts(on: QueryContext, name: str) -> VisitSelection:
    question = replace(on.question, names="as-was", attribution="arrival")
    return replace(visit_selection(on.view, question, on.queues, name), visits=_ATTEMPTS.format(attempts=on.view.rows_of("attempts")))


def _counted(of: VisitSelection) -> defaultdict[Key, Attempts]:
    found: defaultdict[Key, Attempts] = defaultdict(Attempts)
    for row in of.ask(_Counted, _COUNT, bucket=of.bucket("offered_ms"), time=of.time("offered_ms")):
        counts = found[of.index(row.bucket), row.row_name]
        counts.dialled += row.attempts
        counts.connected += row.attempts if row.result in CONNECTED else 0
        counts.dialling += row.attempts if row.result == "" else 0
        if row.result == "answered":
            counts.answered += row.attempts
            counts.handled += row.handles
            counts.handled_ms += row.handled or 0
    return found


def _by_time(on: QueryContext, of: VisitSelection) -> list[Row]:
    question = of.question
    cases = extent(of)
    since = question.since_ms if question.since_ms is not None or cases is None else cases[0]
    until = question.until_ms if question.until_ms is not None or cases is None else cases[1]
    if since is None or until is None:
        return []
    within = question.over(since, max(until, since + 1))
    found = _counted(replace(of, within=within))
    rows = []
    for index, start in enumerate(within.edges[:-1]):
        known = on.coverage.covers(max(start, since), min(within.edges[index + 1], until)) or (index, "") in found
        rows.append({"start": iso(start, question.zone)} | _shown(found[index, ""], known))
    return rows


def _shown(attempts: Attempts, known: bool) -> Row:
    return attempts.row() if known else dict.fromkeys((*FIGURES, "terms"))
