"""What time it is, and whether this machine may say so.

Events carry the time at which they were written. Where many processes write one log, a machine whose clock is wrong would write
instants that no other can believe: before it takes commands its clock is held against the server's.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Protocol

from store.database import Database, StoreUnavailable

MOST_OFF_S = 60
"""A clock further from the server's than this is wrong."""

EVERY_S = 5.0
"""Commands come with a comparison at most this old."""

_S = 1_000_000


class Clock(Protocol):
    """Where the time comes from."""

    def now_us(self) -> int:
        """Microseconds since 1970, UTC."""


class ClockOff(Exception):
    """The clock of this process is too far from the server's: neither commands nor what depends on the time can be trusted. Says by how much."""


class SystemClock:
    """The clock of this machine."""

    def now_us(self) -> int:
        """Microseconds since 1970, UTC."""
        return time.time_ns() // 1000


class ClockWatch:
    """Holds a clock against that of a database. Thread-safe; where the database has no clock of its own nothing is ever wrong."""

    def __init__(self, clock: Clock, database: Database, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._database = database
        self._monotonic = monotonic
        self._turn = threading.Lock()
        self._looked: float | None = None
        self._off_s = 0.0

    @property
    def is_due(self) -> bool:
        """Whether the last comparison is too old for the next question."""
        return self._looked is None or self._monotonic() - self._looked > EVERY_S

    def must_fit(self) -> None:
        """Raises ClockOff, by a comparison that is EVERY_S old at most, or by the last one while the server is away. StoreUnavailable: there was none yet."""
        with self._turn:
            if self.is_due:
                try:
                    self._look()
                except StoreUnavailable:
                    if self._looked is None:
                        raise
                    self._looked = self._monotonic()
        self._judge()

    def look(self) -> None:
        """Compare now. Raises ClockOff, and StoreUnavailable where the server cannot be asked."""
        with self._turn:
            self._look()
        self._judge()

    def _look(self) -> None:
        before = self._clock.now_us()
        server = self._database.clock_us()
        if server is not None:
            # A slow answer is no wrong clock: only what lies outside of the time it took counts.
            after = self._clock.now_us()
            self._off_s = (before - server if server < before else min(after - server, 0)) / _S
        self._looked = self._monotonic()

    def _judge(self) -> None:
        off = self._off_s
        if abs(off) > MOST_OFF_S:
            how = "ahead of" if off > 0 else "behind"
            raise ClockOff(f"the clock of this machine is {abs(off):,.0f} s {how} the store's: it answers nobody until it is set right")
