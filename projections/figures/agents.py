"""The figures of agents: visits answered, customers reached by dialling, rings without an answer, and time by state."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from domain.names import identity
from projections.engine.temporal_view import TemporalView
from projections.figures.agent_time import Activity, Times, activities, states_of, times_of
from projections.figures.attribution import Key, VisitSelection, tallies, visit_selection
from projections.figures.coverage import Coverage
from projections.figures.intervals import Intervals, iso
from projections.figures.metrics import QueryContext, Row
from projections.figures.outbound import attempts_by_agent
from projections.figures.question import EARLIEST_MS, LATEST_MS

FIGURES = (
    "answered", "outbound_answered", "talk_ms", "outbound_ms", "direct_ms", "hold_ms", "wrap_up_ms", "ring_no_answer", "logged_ms", "paused_ms", "paused_by_reason_ms",
)  # fmt: skip
"""The figures of a row of agents, in their order. talk_ms: with customers who waited in a queue; outbound_ms: with those who were dialled; hold and
wrap-up are of both. direct_ms: in direct calls, which are of no queue.
"""

SURENESS = ("bounds",)
"""How sure a row is: the limits of `talk_ms` if the end of a talk was not recorded; None if it is exact."""

MORE = ("ringing_ms", "available_ms", "offline_ms")
"""The other states of an agent's time: with them it adds up to the question's time, as far as it is known."""

_PERSONS = "SELECT name, queues FROM {agents} WHERE person = 1 ORDER BY name"
_UNANSWERED_RINGS = """
SELECT {bucket} AS bucket, agent, count() AS rings FROM {rings}
WHERE outcome = 'no-answer' AND until_ms >= {{since:Int64}} AND until_ms < {{until:Int64}}{more} GROUP BY bucket, agent
"""
_LAST_EVENT = "SELECT intDiv(max(occurred_us), 1000) AS at FROM {events}"
_FIRST = """
SELECT min(at) AS at FROM (
    SELECT min(from_ms) AS at FROM {spans} HAVING count() > 0 UNION ALL SELECT min(offered_ms) AS at FROM {visits} HAVING count() > 0
    UNION ALL SELECT min(dialled_ms) AS at FROM {attempts} HAVING count() > 0
)"""


class _Person(msgspec.Struct):
    name: str
    queues: list[str]


class _UnansweredRings(msgspec.Struct):
    bucket: int
    agent: str
    rings: int


class _At(msgspec.Struct):
    at: int | None


@dataclass
class _Figures:
    answered: int
    outbound_answered: int
    ring_no_answers: int
    whole: Times
    in_queues: Times

    def add(self, other: _Figures) -> None:
        self.answered += other.answered
        self.outbound_answered += other.outbound_answered
        self.ring_no_answers += other.ring_no_answers
        self.whole.add(other.whole)
        self.in_queues.add(other.in_queues)

    @property
    def calls(self) -> int:
        """The calls in which they talked."""
        return self.answered + self.outbound_answered

    def row(self) -> Row:
        """`whole`: all of the agents' time; `in_queues`: only what belongs to the queues that are asked for."""
        return {
            "answered": self.answered,
            "outbound_answered": self.outbound_answered,
            "talk_ms": self.in_queues.talk_ms,
            "outbound_ms": self.in_queues.outbound_ms,
            "direct_ms": self.whole.direct_ms,
            "hold_ms": self.in_queues.hold_ms,
            "wrap_up_ms": self.in_queues.wrap_up_ms,
            "ring_no_answer": self.ring_no_answers,
            "logged_ms": self.whole.logged_ms,
            "paused_ms": self.whole.paused_ms,
            "paused_by_reason_ms": dict(sorted(self.whole.pauses.items())),
            "ringing_ms": self.whole.ringing_ms,
            "available_ms": self.whole.available_ms,
            "offline_ms": self.whole.offline_ms,
            "bounds": {"talk_ms": [self.in_queues.talk_ms - self.in_queues.lost_ms, self.in_queues.talk_ms]}
            if self.in_queues.lost_ms
            else None,
        }


def known_until(view: TemporalView, coverage: Coverage) -> int:
    """The last instant at which open states are known to go on: the sources' last sign of life, or the last event.

    The current time is not used, so an answer stays the same until new events arrive, of any queue: who sees some queues alone sees their agents up to then.
    """
    if coverage.by_itself:
        if view.moment_ms is not None:
            return view.moment_ms
        return view.ask(_At, _LAST_EVENT.format(events=view.of_every_queue().events("occurred_us")))[0].at or 0
    last = max(coverage.last_ms or 0, coverage.commanded[1] if coverage.commanded else 0)
    return last if view.moment_ms is None else min(last, view.moment_ms)


def agent_figures(on: QueryContext) -> list[Row]:
    """A row per agent, or per interval with all agents together: the name (`agent`) or `start`, FIGURES, MORE, SURENESS.

    Agents are persons, not interfaces. Figures are None where no source covered any of the time.
    """
    question = on.question
    until = known_until(on.view, on.coverage)
    edges = _edges(on, until)
    if edges is None:
        return []
    found = _found(on, edges, until)
    if question.by_time:
        return [_time_row(on, index, start, edges, found) for index, start in enumerate(edges.edges[:-1])]
    covered = on.coverage.covers(edges.edges[0], edges.edges[-1]) or any(figures.calls for figures in found.values())
    return [{"agent": name} | (found[0, name].row() if covered else _nothing()) for name in sorted({name for _, name in found})]


def _time_row(on: QueryContext, index: int, start: int, within: Intervals, found: dict[Key, _Figures]) -> Row:
    total = _Figures(0, 0, 0, Times(), Times())
    for (at, _), figures in found.items():
        if at == index:
            total.add(figures)
    covered = on.coverage.covers(start, within.edges[index + 1]) or total.calls > 0
    return {"start": iso(start, on.question.zone)} | (total.row() if covered else _nothing())


def _nothing() -> Row:
    return dict.fromkeys((*FIGURES, *MORE, *SURENESS))


def _edges(on: QueryContext, until: int) -> Intervals | None:
    """The intervals that are asked for, cut to the question's time; None if that is open and nothing happened."""
    question = on.question
    since = question.since_ms
    if since is None:
        tables = {"spans": "agent_spans", "visits": "visits", "attempts": "attempts"}
        first = on.view.ask(_At, _FIRST.format(**{name: on.view.rows_of(table) for name, table in tables.items()}))[0].at
        since = min([at for at in (first, on.coverage.spans[0][0] if on.coverage.spans else None) if at is not None], default=None)
    if since is None:
        return None if question.by_time else Intervals((EARLIEST_MS, EARLIEST_MS + 1))
    # The last instant is included: events at it count.
    end = question.until_ms if question.until_ms is not None else max(until, since) + 1
    return question.over(since, end) if question.by_time else Intervals((since, end))


def _found(on: QueryContext, within: Intervals, until: int) -> dict[Key, _Figures]:
    """The figures of each agent that the question's filters leave, by interval."""
    question, view = on.question, on.view
    edges = clip(on, within)
    limit = min(edges[-1], until)
    everything = activities(view.of_every_queue(), edges[0], max(limit, edges[0]))
    within_queues = question.queues or view.scope.queues is not None
    in_queues = activities(view, edges[0], max(limit, edges[0]), question.queues) if within_queues else everything
    answered = tallies(_answers(on, within))
    dialled = attempts_by_agent(on, within if question.by_time else None)
    ring_no_answers = _ring_no_answers(on, within, edges)
    figures: dict[Key, _Figures] = {}
    for person in view.ask(_Person, _PERSONS.format(agents=view.rows_of("agents"))):
        name = person.name
        if question.agents and name not in question.agents:
            continue
        mine = in_queues.get(name, Activity())
        if question.queues and not (mine.talks or mine.outbound or mine.rings or answers(person.queues, question.queues)):
            continue
        all_of_it = everything.get(name, Activity())
        whole = _times(all_of_it, edges, limit)
        part = whole if in_queues is everything else _times(mine, edges, limit, all_of_it.ends_of_lost_talks())
        for index in range(len(within)):
            tally = answered.get((index, name))
            counted = tally.counts.answered if tally else 0
            reached = dialled[index, name].answered if (index, name) in dialled else 0
            figures[index, name] = _Figures(counted, reached, ring_no_answers.get((index, name), 0), whole[index], part[index])
    _merge_spellings([found.whole for found in figures.values()])
    return figures


def _merge_spellings(times: Sequence[Times]) -> None:
    """Reasons of pauses are names: `Almoço` and `ALMOÇO` are one reason, which all rows write as it was written for most of the time."""
    spent: Counter[str] = Counter()
    for one in times:
        spent.update(one.pauses)
    spelling = {identity(reason): reason for reason, _ in sorted(spent.items(), key=lambda known: (known[1], known[0]))}
    for one in times:
        merged: Counter[str] = Counter()
        for reason, ms in one.pauses.items():
            merged[spelling[identity(reason)]] += ms
        one.pauses = dict(merged)


def answers(own: Collection[str], asked: Collection[str]) -> bool:
    """Whether an agent who is logged in to the `own` queues answers one of those that are asked for; "" is all queues."""
    return "" in own or not set(asked).isdisjoint(own)


def _times(activity: Activity, edges: Sequence[int], limit: int, latest: Mapping[int, int] | None = None) -> list[Times]:
    return times_of(states_of(activity, edges[0], max(limit, edges[0]), latest), edges, limit)


def clip(on: QueryContext, within: Intervals) -> list[int]:
    """The edges of the intervals, the outer ones cut to the question's time."""
    edges = list(within.edges)
    if on.question.since_ms is not None:
        edges[0] = max(edges[0], on.question.since_ms)
    if on.question.until_ms is not None:
        edges[-1] = min(edges[-1], on.question.until_ms)
    return edges


def _answers(on: QueryContext, within: Intervals) -> VisitSelection:
    question = replace(on.question, names="as-was")
    return replace(visit_selection(on.view, question, on.queues, "agent"), within=within if question.by_time else None)


def _ring_no_answers(on: QueryContext, within: Intervals, edges: Sequence[int]) -> dict[Key, int]:
    """Number of ring no answers (RONA) of each agent, in the interval in which the ringing ended."""
    question = on.question
    params: dict[str, Any] = {"since": max(edges[0], EARLIEST_MS), "until": min(edges[-1], LATEST_MS)}
    more = ""
    if question.queues:
        more = " AND has({queues:Array(String)}, queue)"
        params["queues"] = list(question.queues)
    bucket = "toInt64(0)"
    if question.by_time:
        bucket = "toInt64(intDiv(until_ms - {first:Int64}, {grain:Int64}))"
        params |= {"first": within.edges[0], "grain": within.grain}
    found: dict[Key, int] = {}
    for row in on.view.ask(_UnansweredRings, _UNANSWERED_RINGS.format(bucket=bucket, rings=on.view.rows_of("rings"), more=more), **params):
        index = within.index(within.edges[0] + row.bucket * within.grain) if question.by_time else 0
        found[index, row.agent] = found.get((index, row.agent), 0) + row.rings
    return found
