"""The metric engine: computes the figures of visits for every screen, API answer, CSV and command.

A row is a queue, an agent, an IVR, an interval of the clock, or everything. The warehouse counts (one statement over the
visits); rounding, intervals of the wall clock and bounds are computed here, on whole numbers.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import msgspec

from domain.names import identity
from projections.engine.temporal_view import TemporalView
from projections.figures.attribution import Key, VisitSelection, extent, tallies, visit_selection
from projections.figures.bounds import Unseen, bounds_of, missing
from projections.figures.coverage import FOREVER_MS, Coverage, coverage
from projections.figures.filters import NOBODY_UNKNOWN, UnknownNames, resolved
from projections.figures.intervals import Intervals, iso
from projections.figures.question import Question, Queues, queues_of
from projections.figures.service_level import DEFAULT, Formula, canonical, formula_of, mean, percent
from projections.figures.tally import Tally

FIGURES = (
    "offered", "answered", "answered_within_sla", "abandoned", "timed_out", "transferred_out", "left_by_key", "closed", "unknown", "waiting",
    "sla_percent", "abandoned_percent", "asa_ms", "msa_ms", "aht_ms", "mht_ms", "max_queued_ms",
)  # fmt: skip
"""The figures of a row of visits, in their order. Counts, percentages of two decimals, whole ms; None over zero cases."""

MORE = ("abandoned_short", "abandon_wait_ms", "max_abandon_wait_ms", "handled")
"""Additional figures that dashboards show: abandons within the tolerated time, mean and longest wait of abandoned, answered and wrapped up."""

TERMS = ("sla_profile", "terms")
"""What explains a row: the SLA profile by which it was calculated, and the numerator and denominator of its percentages and means."""

Row = dict[str, Any]


@dataclass(frozen=True)
class QueryContext:
    """What every part of an answer needs: the rows as the question sees them, the queues, the coverage of the sources.

    unknown: names of the question's filters that nobody has.
    """

    view: TemporalView
    question: Question
    queues: Queues
    coverage: Coverage
    unknown: UnknownNames = NOBODY_UNKNOWN

    def profile(self, queue: str = "") -> str:
        """The question's SLA profile, or else that of `queue` (by default, of all queues of the question)."""
        names = (queue,) if queue else self.question.queues
        return canonical(self.question.profile or self.queues.profile(names) or DEFAULT)

    def formula(self, queue: str = "") -> Formula:
        """The formula of that profile."""
        return formula_of(self.profile(queue))


def query_context(view: TemporalView, question: Question) -> QueryContext:
    """The context of an answer to `question`."""
    seen = replace(view, moment_ms=question.moment_ms, during=question.during)
    queues = queues_of(seen)
    question, nobody = resolved(seen, question, queues)
    return QueryContext(seen, question, queues, coverage(seen), nobody)


def figures_of(tally: Tally, formula: Formula) -> Row:
    """The figures of the visits that were counted."""
    counts, answered, abandoned = tally.counts, tally.waits_of("answered"), tally.waits_of("abandoned")
    return {
        "offered": counts.offered,
        "answered": counts.answered,
        "answered_within_sla": counts.answered_within_sla,
        "abandoned": counts.abandoned,
        "timed_out": counts.timed_out,
        "transferred_out": counts.transferred_out,
        "left_by_key": counts.left_by_key,
        "closed": counts.closed,
        "unknown": counts.unknown,
        "waiting": counts.waiting,
        "sla_percent": percent(*formula(counts)),
        "abandoned_percent": percent(counts.abandoned, counts.offered),
        "asa_ms": mean(answered.total, answered.cases),
        "msa_ms": answered.longest,
        "aht_ms": mean(tally.handled.total, tally.handled.cases),
        "mht_ms": tally.handled.longest,
        "max_queued_ms": tally.longest_wait,
        "abandoned_short": counts.abandoned_short,
        "abandon_wait_ms": mean(abandoned.total, abandoned.cases),
        "max_abandon_wait_ms": abandoned.longest,
        "handled": tally.handled.cases,
    }


def terms_of(tally: Tally, formula: Formula) -> dict[str, tuple[int, int]]:
    """Numerator and denominator of each percentage and mean of the visits that were counted, by the name of the figure."""
    answered, abandoned = tally.waits_of("answered"), tally.waits_of("abandoned")
    return {
        "sla_percent": formula(tally.counts),
        "abandoned_percent": (tally.counts.abandoned, tally.counts.offered),
        "asa_ms": (answered.total, answered.cases),
        "aht_ms": (tally.handled.total, tally.handled.cases),
        "abandon_wait_ms": (abandoned.total, abandoned.cases),
    }


def visit_figures(view: TemporalView, question: Question) -> list[Row]:
    """The figures of visits, a row per queue, agent or interval, or one row in all ("total").

    A row has the name (`queue` or `agent`; `start` by time, ISO 8601 with offset), FIGURES, MORE, `bounds`, `covered_to` and TERMS; figures
    are None where no source covered any of the time. By agent, a visit that nobody answered is in the row of no agent ("").
    Queues that were never offered a call are rows only if the question names them; intervals without a case are rows.
    """
    on = query_context(view, question)
    return rows_of(on, counted(on))


def counted(on: QueryContext, name: str | None = None) -> dict[Key, Tally]:
    """The visits that the question selects, counted by interval and by the name of its rows (or by `name`)."""
    by = name if name is not None else on.question.by if on.question.by in ("queue", "agent") else ""
    of = visit_selection(on.view, on.question, on.queues, by, on.coverage.lost)
    if not on.question.by_time:
        return renamed(on, by, tallies(of))
    within = _within(on.question, of)
    return renamed(on, by, tallies(replace(of, within=within))) if within is not None else {}


def renamed(on: QueryContext, by: str, found: dict[Key, Tally]) -> dict[Key, Tally]:
    """The same tallies, with ids of queues replaced by their current names if the question asks for those."""
    if by != "queue" or on.question.names == "as-was":
        return found
    named: dict[Key, Tally] = {}
    for (index, id), tally in found.items():
        named.setdefault((index, on.queues.name_now(UUID(id))), Tally()).add(tally)
    return named


def _within(question: Question, of: VisitSelection) -> Intervals | None:
    """The intervals of a question by time; if its time is open, from the first or to the last case."""
    since, until = question.since_ms, question.until_ms
    if since is None or until is None:
        cases = extent(of)
        if cases is None:
            return None
        since = cases[0] if since is None else since
        until = max(cases[1], since + 1) if until is None else until
    return question.over(since, until)


def intervals_of(on: QueryContext) -> Intervals | None:
    """The intervals of a question by time; None if its time is open and there is no case."""
    return _within(on.question, visit_selection(on.view, on.question, on.queues))


def rows_of(on: QueryContext, found: dict[Key, Tally]) -> list[Row]:
    """An answer's rows, in the order of time or of names."""
    question = on.question
    if question.by_time:
        within = intervals_of(on)
        return [] if within is None else time_rows(on, within, found)
    period = period_of(question)
    names = {name for _, name in found}
    if question.by == "queue":
        names |= _offered_ever(on) if (question.since_ms, question.until_ms) != (None, None) else set()
        names |= _asked_for(on, names)
    elif question.by == "total":
        names = {""}
    lost = lost_ends(on)
    return [
        ({} if question.by == "total" else {question.by: name})
        | row_of(on, found.get((0, name), Tally()), period, queue=name if question.by == "queue" else "", lost=lost)
        for name in sorted(names)
    ]


def _asked_for(on: QueryContext, shown: set[str]) -> set[str]:
    """A name of each queue that the question names and that has no row under any of its names."""
    question = on.question
    if question.excepts_queues:
        return set()
    asked = on.queues.by_name_now(name for name in question.queues if name not in on.unknown.queues)
    if question.names == "as-is":
        return {now for now in asked if on.queues.ids(now)}
    of_now = {now: next((name for name in names if identity(name) == identity(now)), names[0]) for now, names in asked.items()}
    return {of_now[now] for now, names in asked.items() if shown.isdisjoint(names)}


class _Name(msgspec.Struct):
    name: str


def _offered_ever(on: QueryContext) -> set[str]:
    """Every queue that was ever offered a call and that the question's filters leave."""
    question = replace(on.question, since_ms=None, until_ms=None)
    of = visit_selection(on.view, question, on.queues, "queue")
    rows = of.ask(_Name, "SELECT DISTINCT {name} AS name FROM {visits} WHERE {condition}")
    return {row.name if question.names == "as-was" else on.queues.name_now(UUID(row.name)) for row in rows}


def lost_ends(on: QueryContext) -> int:
    """Number of visits of the whole answer that may have ended in another row than that of their offer, or with another agent."""
    question = on.question
    if not on.coverage.lost or not _moves(question):
        return 0
    anybody = replace(question, agents=(), by="total")
    return sum(tally.lost for tally in tallies(visit_selection(on.view, anybody, on.queues, "", on.coverage.lost)).values())


def _moves(question: Question) -> bool:
    """Whether an unseen end may belong to another row than that of its visit."""
    return question.by == "agent" or bool(question.agents) or (question.by_time and question.attribution in ("event", "completion"))


def period_of(question: Question) -> tuple[int, int]:
    """[since, until) of the question; open sides reach to -FOREVER_MS or FOREVER_MS."""
    since, until = question.since_ms, question.until_ms
    return -FOREVER_MS if since is None else since, FOREVER_MS if until is None else until


def time_rows(on: QueryContext, within: Intervals, found: dict[Key, Tally]) -> list[Row]:
    """A row per interval."""
    lost = lost_ends(on)
    since, until = period_of(on.question)
    rows = []
    for index, start in enumerate(within.edges[:-1]):
        period = max(start, since), min(within.edges[index + 1], until)
        rows.append({"start": iso(start, on.question.zone)} | row_of(on, found.get((index, ""), Tally()), period, lost=lost))
    return rows


def row_of(on: QueryContext, tally: Tally, period: tuple[int, int], *, queue: str = "", lost: int = 0) -> Row:
    """Figures, bounds, coverage and terms of one row. period: its [since, until). lost: number of visits of the whole answer whose end a gap hid."""
    covered = on.coverage.covers(*period) or tally.live > 0
    if not covered:
        return {**dict.fromkeys((*FIGURES, *MORE)), "bounds": None, "covered_to": None, "sla_profile": on.profile(queue), "terms": None}
    reached = None if period[1] >= FOREVER_MS else on.coverage.covered_to(*period)
    return {
        **figures_of(tally, on.formula(queue)),
        "bounds": _bounds(on, tally, period, queue, lost),
        "covered_to": None if reached is None else iso(reached, on.question.zone),
        "sla_profile": on.profile(queue),
        "terms": terms_of(tally, on.formula(queue)),
    }


def _bounds(on: QueryContext, tally: Tally, period: tuple[int, int], queue: str, lost: int) -> Row | None:
    """The bounds of a row that a gap touches or whose visits' ends a gap hid; None for one that is exact."""
    gaps = [gap for gap in on.coverage.gaps if gap.touches(*period)]
    unseen = _unseen(on.question, tally, bool(gaps), lost)
    if not gaps and unseen == Unseen():
        return None
    may_miss = missing(gaps, (queue,) if queue else on.question.queues, on.queues.names())
    return bounds_of(tally.counts, unseen, may_miss, on.formula(queue))


def _unseen(question: Question, tally: Tally, touched: bool, lost: int) -> Unseen:
    """The unseen ends that make a row uncertain. If ends cannot move between rows, only its own count."""
    if not _moves(question):
        return Unseen(stay=tally.lost)
    comes = touched or question.by == "agent" or bool(question.agents)
    return Unseen(leave=tally.lost, come=lost - tally.lost if comes else 0)
