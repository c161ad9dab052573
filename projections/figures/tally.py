"""Counts and durations of visits that belong to one row of an answer; tallies add up exactly."""

from __future__ import annotations

from dataclasses import dataclass, field

from projections.engine.temporal_view import ENDS
from projections.figures.service_level import Counts


@dataclass(slots=True)
class Durations:
    """The number of durations, their sum and the longest, in ms."""

    cases: int = 0
    total: int = 0
    longest: int | None = None

    def add(self, cases: int, total: int | None, longest: int | None) -> None:
        """Add more durations."""
        if cases:
            self.cases += cases
            self.total += total or 0
            if longest is not None and (self.longest is None or longest > self.longest):
                self.longest = longest


@dataclass(slots=True)
class Tally:
    """Visits of one row: how many by end, how long they waited by end and were handled.

    live: how many were recorded by commands. lost: unknown ends that a gap explains.
    """

    counts: Counts = field(default_factory=Counts)
    waited: dict[str, Durations] = field(default_factory=dict)
    handled: Durations = field(default_factory=Durations)
    live: int = 0
    lost: int = 0

    def take(self, end_code: int, visits: int, within_sla: int, short: int, *, offered: int) -> None:
        """Count `visits` more with this end, `within_sla` and `short` of them, and `offered` more offers."""
        end, counts = _COUNTS[end_code], self.counts
        counts.offered += offered
        setattr(counts, end, getattr(counts, end) + visits)
        if end in ("answered", "abandoned", "timed_out", "left_by_key"):
            setattr(counts, f"{end}_within_sla", getattr(counts, f"{end}_within_sla") + within_sla)
        if end == "abandoned":
            counts.abandoned_short += short

    def wait(self, end_code: int, cases: int, total: int | None, longest: int | None) -> None:
        """Add the waits of visits with this end."""
        if cases:
            self.waited.setdefault(ENDS[end_code], Durations()).add(cases, total, longest)

    def waits_of(self, end: str) -> Durations:
        """The waits of the visits with this end."""
        return self.waited.get(end, _NONE)

    @property
    def longest_wait(self) -> int | None:
        """The longest wait of any visit whose end is known."""
        return max((waits.longest for waits in self.waited.values() if waits.longest is not None), default=None)

    def add(self, other: Tally) -> None:
        """Add another tally."""
        self.counts = self.counts.plus(other.counts)
        for end, waits in other.waited.items():
            mine = self.waited.get(end)
            if mine is None:
                mine = self.waited[end] = Durations()
            mine.add(waits.cases, waits.total, waits.longest)
        self.handled.add(other.handled.cases, other.handled.total, other.handled.longest)
        self.live += other.live
        self.lost += other.lost


_NONE = Durations()

_COUNTS = tuple(end.replace("-", "_") for end in ENDS)
"""The name in `Counts` of each end, by its code."""
