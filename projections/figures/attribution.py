"""The interval to which a visit's counts and durations post. All visits are counted here.

arrival     all of a visit posts where it was offered
event       each count where it happens: the offer at the offer, the end, wait and handling at the end of the wait
completion  all of a visit posts where its handling (talk, hold, wrap-up) ended, or its wait if nobody answered;
            a visit that goes on does not post yet
clipped     counts as by arrival; durations cut at the edges, each part in its own interval
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import msgspec

from projections.engine.temporal_view import TemporalView
from projections.engine.warehouse import Value
from projections.figures.coverage import Stretch
from projections.figures.intervals import Intervals
from projections.figures.question import Condition, Question, Queues, only
from projections.figures.tally import Tally

R = TypeVar("R")

Key = tuple[int, str]
"""The interval's index (0 when the question is not by time) and the name (queue, agent or IVR; "" when not grouped by one)."""

HANDLE_ENDED = "if(end_code != 1, NULL, released_ms + wrap_up_ms)"
_HANDLE = "talk_ms + hold_ms + wrap_up_ms"
_COMPLETED = f"if(end_code = 1 AND talk_unknown = 0, {HANDLE_ENDED}, ended_ms)"

NAMES = {"queue": "queue", "agent": "agent", "": "''"}
"""The column that gives a row its name."""

_COUNT = """
SELECT {bucket} AS bucket, {name} AS row_name, end_code, count() AS visits, countIf(ifNull(wait_ms <= {limit}, 0)) AS within_sla,
    countIf(end_code = 2 AND ifNull(wait_ms <= {tolerated}, 0)) AS short, count(wait_ms) AS waits, sum(wait_ms) AS waited, max(wait_ms) AS longest_wait,
    count({handle}) AS handles, sum({handle}) AS handled, max({handle}) AS longest_handle, sum(live) AS live, {lost} AS lost
FROM {visits} WHERE {condition}{time}
GROUP BY bucket, row_name, end_code
"""

_OFFERED = """
SELECT {bucket} AS bucket, {name} AS row_name, count() AS visits, countIf(end_code = 0) AS waiting, sum(live) AS live
FROM {visits} WHERE {condition}{time}
GROUP BY bucket, row_name
"""

_SPELLS = """
SELECT {name} AS row_name, end_code, offered_ms, ended_ms, {handle_ended} AS handle_ended_ms
FROM {visits} WHERE {condition} AND end_code IN (1, 2, 3, 4, 5, 6){overlapping}
"""


class _Counted(msgspec.Struct):
    bucket: int
    row_name: str
    end_code: int
    visits: int
    within_sla: int
    short: int
    waits: int
    waited: int | None
    longest_wait: int | None
    handles: int
    handled: int | None
    longest_handle: int | None
    live: int
    lost: int


class _Offered(msgspec.Struct):
    bucket: int
    row_name: str
    visits: int
    waiting: int
    live: int


class _Spell(msgspec.Struct):
    row_name: str
    end_code: int
    offered_ms: int
    ended_ms: int
    handle_ended_ms: int | None


class _Edges(msgspec.Struct):
    earliest: int | None
    latest: int | None


@dataclass(frozen=True)
class VisitSelection:
    """Which visits are counted, and how they are grouped.

    name: the expression that names a row (a value of NAMES, or any expression over the visits). within: the intervals, None for a question
    that is not by time. lost: stretches in which an unknown end is due to a gap. visits: the text behind FROM.
    """

    view: TemporalView
    question: Question
    condition: Condition
    visits: str
    name: str = "''"
    within: Intervals | None = None
    lost: tuple[Stretch, ...] = ()

    def time(self, instant: str) -> str:
        """The condition that `instant` is in the question's time."""
        sql = "" if instant == "offered_ms" else f" AND isNotNull({instant})"
        if self.question.since_ms is not None:
            sql += f" AND {instant} >= {{since:Int64}}"
        if self.question.until_ms is not None:
            sql += f" AND {instant} < {{until:Int64}}"
        return sql

    def bucket(self, instant: str) -> str:
        """The SQL for the grain of `within` that contains `instant`."""
        return "toInt64(0)" if self.within is None else f"toInt64(intDiv({instant} - {{first:Int64}}, {{grain:Int64}}))"

    def index(self, bucket: int) -> int:
        """The interval of a grain."""
        return 0 if self.within is None else self.within.index(self.within.edges[0] + bucket * self.within.grain)

    def ask(self, row_type: type[R], sql: str, **parts: str) -> list[R]:
        """The answer to `sql` with its `parts` put in."""
        question, params = self.question, dict[str, Value](self.condition.params)
        for name, value in (
            ("since", question.since_ms),
            ("until", question.until_ms),
            ("sla", question.sla_ms),
            ("tolerated", question.tolerated_ms),
        ):
            if value is not None:
                params[name] = value
        if self.within is not None:
            params |= {"first": self.within.edges[0], "grain": self.within.grain}
        if self.lost:
            params |= {"lost_from": [began for began, _ in self.lost], "lost_until": [ended for _, ended in self.lost]}
        return self.view.ask(row_type, sql.format(name=self.name, visits=self.visits, condition=self.condition.sql, **parts), **params)


def visit_selection(
    view: TemporalView, question: Question, queues: Queues, name: str = "", lost: tuple[Stretch, ...] = ()
) -> VisitSelection:
    """The visits that a question selects; `name` is what a row is named by: queue, agent, or "" for neither."""
    column = "toString(queue_id)" if name == "queue" and question.names == "as-is" else NAMES[name]
    return VisitSelection(view, question, only(question, queues), view.rows_of("visits"), column, lost=lost)


def tallies(of: VisitSelection) -> dict[Key, Tally]:
    """The visits of `of`, counted under the question's attribution, by interval and name."""
    found: defaultdict[Key, Tally] = defaultdict(Tally)
    _BY[of.question.attribution](of, found)
    return found


def _count(of: VisitSelection, found: dict[Key, Tally], instant: str, *, offers: bool, durations: bool) -> None:
    """Count each visit at `instant`; `offers`: its offer too; `durations`: its wait and handling too."""
    lost = (
        "countIf(end_code = 7 AND isNotNull(ended_ms) AND arrayExists((a, b) -> a <= assumeNotNull(ended_ms) AND assumeNotNull(ended_ms) <= b, "
        "{lost_from:Array(Int64)}, {lost_until:Array(Int64)}))"
    )
    rows = of.ask(
        _Counted,
        _COUNT,
        bucket=of.bucket(instant),
        limit="sla_ms" if of.question.sla_ms is None else "{sla:Int64}",
        tolerated="tolerated_ms" if of.question.tolerated_ms is None else "{tolerated:Int64}",
        handle=_HANDLE,
        lost=lost if of.lost else "toUInt64(0)",
        time=of.time(instant),
    )
    for row in rows:
        tally = found[of.index(row.bucket), row.row_name]
        tally.take(row.end_code, row.visits, row.within_sla, row.short, offered=row.visits if offers else 0)
        tally.live += row.live
        tally.lost += row.lost
        if durations:
            tally.wait(row.end_code, row.waits, row.waited, row.longest_wait)
            if row.end_code == 1:
                tally.handled.add(row.handles, row.handled, row.longest_handle)


def _by_arrival(of: VisitSelection, found: dict[Key, Tally]) -> None:
    _count(of, found, "offered_ms", offers=True, durations=True)


def _by_event(of: VisitSelection, found: dict[Key, Tally]) -> None:
    for row in of.ask(_Offered, _OFFERED, bucket=of.bucket("offered_ms"), time=of.time("offered_ms")):
        tally = found[of.index(row.bucket), row.row_name]
        tally.take(0, row.waiting, 0, 0, offered=row.visits)
        tally.live += row.live
    _count(of, found, "ended_ms", offers=False, durations=True)


def _by_completion(of: VisitSelection, found: dict[Key, Tally]) -> None:
    _count(of, found, _COMPLETED, offers=True, durations=True)


def _clipped(of: VisitSelection, found: dict[Key, Tally]) -> None:
    _count(of, found, "offered_ms", offers=True, durations=False)
    question = of.question
    overlapping = ""
    if question.since_ms is not None:
        overlapping += f" AND ifNull({HANDLE_ENDED}, ended_ms) >= {{since:Int64}}"
    if question.until_ms is not None:
        overlapping += " AND offered_ms < {until:Int64}"
    for spell in of.ask(_Spell, _SPELLS, handle_ended=HANDLE_ENDED, overlapping=overlapping):
        for index, part in _parts(of, spell.offered_ms, spell.ended_ms):
            found[index, spell.row_name].wait(spell.end_code, 1, part, part)
        if spell.handle_ended_ms is not None:
            for index, part in _parts(of, spell.ended_ms, spell.handle_ended_ms):
                found[index, spell.row_name].handled.add(1, part, part)


def _parts(of: VisitSelection, since_ms: int, until_ms: int) -> list[tuple[int, int]]:
    """The parts of [since, until) that are in the question's time, by interval. A stretch of no length is a part at its instant."""
    question = of.question
    if (question.since_ms is not None and max(since_ms, until_ms - 1) < question.since_ms) or (
        question.until_ms is not None and since_ms >= question.until_ms
    ):
        return []
    since = since_ms if question.since_ms is None else max(since_ms, question.since_ms)
    until = until_ms if question.until_ms is None else min(until_ms, question.until_ms)
    if of.within is None:
        return [(0, until - since)]
    edges = of.within.edges
    touched = range(of.within.index(since), of.within.index(max(since, until - 1)) + 1)
    return [(index, min(until, edges[index + 1]) - max(since, edges[index])) for index in touched]


_BY: dict[str, Callable[[VisitSelection, dict[Key, Tally]], None]] = {
    "arrival": _by_arrival,
    "event": _by_event,
    "completion": _by_completion,
    "clipped": _clipped,
}

_EXTENT = {
    "arrival": ("offered_ms", "offered_ms"),
    "event": ("offered_ms", "ifNull(ended_ms, offered_ms)"),
    "completion": (_COMPLETED, _COMPLETED),
    "clipped": ("offered_ms", f"ifNull({HANDLE_ENDED}, ifNull(ended_ms, offered_ms))"),
}


def extent(of: VisitSelection) -> tuple[int, int] | None:
    """The first instant at which a visit posts, and the one after the last; None if none does."""
    first, last = _EXTENT[of.question.attribution]
    sql = "SELECT min({first}) AS earliest, max({last}) AS latest FROM {visits} WHERE {condition}{time} HAVING count() > 0"
    for edges in of.ask(_Edges, sql, first=first, last=last, time=of.time(first)):
        if edges.earliest is not None and edges.latest is not None:
            return edges.earliest, edges.latest + 1
    return None
