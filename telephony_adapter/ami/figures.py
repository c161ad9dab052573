"""What an adapter counts for operators."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field

BUCKETS_S = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


@dataclass
class Lags:
    """How long packets waited from their arrival until they were saved. counts: by `BUCKETS_S`, then longer ones. sum_s: of all of them (s)."""

    counts: list[int] = field(default_factory=lambda: [0] * (len(BUCKETS_S) + 1))
    sum_s: float = 0.0

    def note(self, seconds: float) -> None:
        """One more."""
        self.counts[bisect_left(BUCKETS_S, seconds)] += 1
        self.sum_s += seconds


@dataclass
class AdapterFigures:
    """For operators. broken: packets that could not be used. unfilled: the queue_log was not read yet for the last gap; tails: how often one filled a gap.

    waiting: packets that are not saved yet, when they are many. lags: from the arrival of packets to the log. reason: why there is no connection.
    """

    leads: bool = False
    connected: bool = False
    sessions: int = 0
    packets: int = 0
    facts: int = 0
    broken: int = 0
    unfilled: bool = False
    tails: int = 0
    waiting: int = 0
    lags: Lags = field(default_factory=Lags)
    reason: str = ""
