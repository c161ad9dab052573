"""What the sources of a company's PBX covered, and where they were cut off and no log covers the gap.

A source covers the time from its first to its last sign of life. Live commands cover themselves: a company without any source with a span covers
itself, and one that has both is covered from its first live call on, up to its last one if a source has given a sign of life since.
Instants are milliseconds since 1970, UTC.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import msgspec

from projections.engine.temporal_view import TemporalView

WHOLE_SECOND_MS = 999
"""A log written in whole seconds covers all of its last second."""

_SOURCES = """
SELECT toString(kind) AS kind, source, from_ms, until_ms, up, born, missed_queues, missed_counts FROM {sources} ORDER BY from_ms, kind
"""

_COMMANDED = """
SELECT min(offered_ms) AS first, max(greatest(greatest(offered_ms, ifNull(ended_ms, 0)), ifNull(released_ms, 0))) AS last FROM {visits} WHERE live = 1
"""
"""Older versions of a row may be among them: they say the same of when it began, and nothing later of when it ended."""

FOREVER_MS = 2**62
Stretch = tuple[int, int]


class _Commanded(msgspec.Struct):
    first: int | None
    last: int | None


class _Source(msgspec.Struct):
    kind: str
    source: str
    from_ms: int
    until_ms: int | None
    up: int
    born: int | None
    missed_queues: list[str]
    missed_counts: list[int]


@dataclass(frozen=True)
class Gap:
    """A source of events was cut off from `from_ms` to `until_ms` and no log covers that time.

    calls: how many calls may have visited a queue unseen, at most once each. missed: per queue that has counters, the highest number
    of visits that no source saw. is_numbered: whether the numbers of channels show how many were born; else an upper limit is assumed.
    """

    from_ms: int
    until_ms: int
    calls: int
    missed: dict[str, int] = field(default_factory=dict)
    is_numbered: bool = True

    @property
    def is_open(self) -> bool:
        """Whether the source is still cut off."""
        return self.until_ms >= FOREVER_MS

    def touches(self, since_ms: int, until_ms: int) -> bool:
        """Whether visits may be missing in [since, until)."""
        return self.from_ms < until_ms and self.until_ms >= since_ms


@dataclass(frozen=True)
class Coverage:
    """The time that the sources covered.

    spans: disjoint and in order, both ends covered; none = the company covers itself, until `limit_ms`.
    commanded: from the first to the last instant of visits that commands have recorded; None where there are none, or no spans.
    gaps: where no source covers the time. lost: stretches in which an end that no source saw is due to a gap.
    restarts: when the PBX started. One that is in its log is no gap: it ends the calls that waited, and nothing about them is missing.
    """

    spans: tuple[Stretch, ...] = ()
    commanded: Stretch | None = None
    gaps: tuple[Gap, ...] = ()
    lost: tuple[Stretch, ...] = ()
    restarts: tuple[int, ...] = ()
    limit_ms: int = FOREVER_MS

    @property
    def by_itself(self) -> bool:
        """No source with a span: all that is known comes from commands."""
        return not self.spans

    @property
    def last_ms(self) -> int | None:
        """The last sign of life of any source; None for a company that covers itself."""
        return self.spans[-1][1] if self.spans else None

    @property
    def is_commanded(self) -> bool:
        """Commands are the last that was heard of the company."""
        return self.commanded is not None and self.commanded[1] > (self.last_ms or 0)

    @cached_property
    def _covered(self) -> tuple[Stretch, ...]:
        """The spans, and what commands cover: while nothing else is heard of the company, until now."""
        if self.commanded is None:
            return self.spans
        began, ended = self.commanded
        return tuple(union([*self.spans, (began, self.limit_ms if self.is_commanded else ended)]))

    def covers(self, since_ms: int, until_ms: int) -> bool:
        """Whether any part of [since, until) is covered."""
        if self.by_itself:
            return since_ms <= self.limit_ms
        return any(began < until_ms and ended >= since_ms for began, ended in self._covered)

    def covered_to(self, since_ms: int, until_ms: int) -> int | None:
        """Until when [since, until) is covered, if it is not to its end."""
        if self.by_itself:
            return self.limit_ms if since_ms <= self.limit_ms < until_ms - 1 else None
        reached = max((min(ended, until_ms) for began, ended in self._covered if began < until_ms and ended >= since_ms), default=until_ms)
        return reached if reached < until_ms - 1 else None


def coverage(view: TemporalView) -> Coverage:
    """What the sources covered, as far as `view` knows."""
    rows = view.ask(_Source, _SOURCES.format(sources=view.rows_of("sources")))
    spans = [(row.from_ms, row.from_ms if row.until_ms is None else row.until_ms) for row in rows if row.kind == "span"]
    logs = [
        (row.from_ms, (row.until_ms or row.from_ms) + WHOLE_SECOND_MS) for row in rows if row.kind == "span" and row.source == "queue_log"
    ]
    gaps = [row for row in rows if row.kind == "gap"]
    uncovered = [gap for row in gaps if (gap := _uncovered(row, union(logs))) is not None]
    return Coverage(
        spans=tuple(union(spans)),
        commanded=_commanded(view) if spans else None,
        gaps=tuple(uncovered),
        restarts=tuple(row.from_ms for row in rows if row.kind == "restart"),
        lost=tuple(union([(gap.from_ms - SLACK_MS, gap.until_ms) for gap in uncovered])),
        limit_ms=FOREVER_MS if view.moment_ms is None else view.moment_ms,
    )


def union(stretches: list[Stretch]) -> list[Stretch]:
    """The same time as disjoint stretches, in order."""
    apart: list[Stretch] = []
    for began, ended in sorted(stretches):
        if apart and began <= apart[-1][1] + 1:
            apart[-1] = (apart[-1][0], max(apart[-1][1], ended))
        else:
            apart.append((began, ended))
    return apart


def _uncovered(row: _Source, logs: list[Stretch]) -> Gap | None:
    """The gap as far as no log covers it; None where one does."""
    began, ended = row.from_ms, FOREVER_MS if row.until_ms is None else row.until_ms
    left = [(began, ended)]
    for log_began, log_ended in logs:
        left = [
            part
            for since, until in left
            for part in ((since, min(until, log_began - 1)), (max(since, log_ended + 1), until))
            if part[0] <= part[1]
        ]
    if not left:
        return None
    first, last = left[0][0], left[-1][1]
    calls = row.up + (_assumed(first, last) if row.born is None else row.born)
    return Gap(first, last, calls, dict(zip(row.missed_queues, row.missed_counts, strict=True)), row.born is not None)


ASSUMED_CALLS_A_SECOND = 10


def _assumed(since_ms: int, until_ms: int) -> int:
    """An upper limit for new channels if their numbers are not known: more than any center on one Asterisk has."""
    return ASSUMED_CALLS_A_SECOND * (min(until_ms - since_ms, 86_400_000) // 1000 + 1)


SLACK_MS = 2_000
"""The last event of a call that was lost may be this much earlier than the gap."""


def _commanded(view: TemporalView) -> Stretch | None:
    """The first and the last instant of a visit of any queue that was recorded by a command, not a source."""
    seen = view.of_every_queue()
    visits = seen.written("visits") if view.as_of is None and view.moment_ms is None else seen.rows_of("visits")
    (found,) = view.ask(_Commanded, _COMMANDED.format(visits=visits))
    return (found.first, found.last) if found.first and found.last else None
