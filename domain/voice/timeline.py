"""The timeline of a company's PBX: what its sources covered, where they were cut off, when it restarted."""

from __future__ import annotations

from typing import ClassVar, Literal
from uuid import UUID

import msgspec

from domain.base import Aggregate, Event, EventMetadata, Personal


class CoverageSpan(msgspec.Struct, frozen=True):
    """The time that a source covers, from its first to its last line (microseconds). `name`: the file or stream."""

    source: Literal["ami", "queue_log"]
    name: str
    from_us: int
    until_us: int


ALL_QUEUES = ""
"""The name under which a gap counts all its queues together."""


class Gap(msgspec.Struct, frozen=True):
    """A gap in which a source was cut off. What may be missing is calculated, never guessed.

    up: calls that were up when it began and may have visited a queue unobserved.
    born: channels created in the gap by the Uniqueid sequence; None when the sequence does not show it.
    missed: per queue, the most visits that ended in the gap by the queue's own counters. ALL_QUEUES: the most of several queues together,
    for calls that left one of them uncounted, it is unknown which.
    """

    opened_us: int
    closed_us: int | None = None
    up: int = 0
    born: int | None = None
    missed: dict[str, int] = {}


class TimelineEvent(Event, frozen=True, kw_only=True):
    """Something about a source itself."""

    SLICE: ClassVar[str] = "timeline"


class SpanCovered(TimelineEvent, frozen=True, kw_only=True):
    """A source covers the time from its first to its last line; recorded again when the span grows."""

    TOPIC: ClassVar[str] = "source.covered"
    span: CoverageSpan


class GapSeen(TimelineEvent, frozen=True, kw_only=True):
    """A source was cut off, or a gap was calculated anew from better evidence."""

    TOPIC: ClassVar[str] = "source.cut_off"
    gap: Gap


class PbxRestarted(TimelineEvent, frozen=True, kw_only=True):
    """The PBX started: all calls of before have ended."""

    TOPIC: ClassVar[str] = "source.restarted"
    at: int


class LineKept(TimelineEvent, frozen=True, kw_only=True):
    """The source reported something that belongs to no call and no agent."""

    TOPIC: ClassVar[str] = "source.noted"
    ref: str
    verb: str
    line: Personal


SAME_RESTART_US = 2_000_000
"""Two sources report the same restart within two seconds of each other."""


class Timeline(Aggregate):
    """Spans, gaps and restarts of one company's PBX."""

    KIND = "timeline"
    EVENTS = TimelineEvent

    def __init__(self, id: UUID, tenant: UUID) -> None:
        super().__init__(id, tenant)
        self.spans: dict[tuple[str, str, int], CoverageSpan] = {}
        self.gaps: dict[int, Gap] = {}
        self.restarts: list[int] = []
        self.notes: set[tuple[str, int]] = set()

    def cover(self, span: CoverageSpan, metadata: EventMetadata) -> bool:
        """Record that a source covers the time from `from_us` until `until_us`; False when that was known."""
        known = self.spans.get((span.source, span.name, span.from_us))
        if known is not None and span.until_us <= known.until_us:
            return False
        self.trigger(SpanCovered, metadata, span.until_us, span=span)
        return True

    def cut_off(self, gap: Gap, metadata: EventMetadata) -> None:
        """Record that the stream broke at `opened_us`; the same gap may be calculated again."""
        if self.gaps.get(gap.opened_us) != gap:
            self.trigger(GapSeen, metadata, gap.opened_us, gap=gap)

    def restart(self, at: int, metadata: EventMetadata) -> bool:
        """Record that the PBX started at `at`; False when another source has reported the same restart."""
        if any(abs(known - at) <= SAME_RESTART_US for known in self.restarts):
            return False
        self.trigger(PbxRestarted, metadata, at, at=at)
        return True

    def note(self, ref: str, verb: str, line: Personal, at: int, metadata: EventMetadata) -> bool:
        """Keep a line that belongs to no call and no agent, for the audit; False when it is kept already."""
        if (verb, at) in self.notes:
            return False
        self.trigger(LineKept, metadata, at, ref=ref, verb=verb, line=line)
        return True

    def apply(self, event: Event) -> None:
        match event:
            case SpanCovered(span=span):
                self.spans[span.source, span.name, span.from_us] = span
            case GapSeen(gap=gap):
                self.gaps[gap.opened_us] = gap
            case PbxRestarted(at=at):
                self.restarts = sorted([*self.restarts, at])
            case LineKept(verb=verb, occurred_at=at):
                self.notes.add((verb, at))
