"""The clock of this machine, and a check against the database's clock.

Events hold the time at which they were recorded. Where many processes write one log, a machine whose clock is wrong would record
wrong instants. Its clock is therefore compared with the server's before it accepts commands.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Protocol

from store.database import Database, StoreUnavailable

log = logging.getLogger(__name__)

MOST_OFF_S = 60
"""A clock that differs more from the server's is wrong (seconds)."""

SLOWER = 0.9
"""How fast the time of a log goes while the clock is behind it. Durations of that time are a tenth too short; an hour is made up for in ten."""

EVERY_S = 5.0
"""The oldest comparison with which commands are accepted (seconds)."""

_S = 1_000_000


class Clock(Protocol):
    """A source of the current time."""

    def now_us(self) -> int:
        """Microseconds since 1970, UTC."""


class ClockOff(Exception):
    """The clock of this process differs too much from the server's, so commands and checks of the time cannot be trusted. The message gives the difference."""


class SystemClock:
    """The clock of this machine."""

    def now_us(self) -> int:
        """Microseconds since 1970, UTC."""
        return time.time_ns() // 1000


class LogClock:
    """The time of a log: that of a clock, but never before what was recorded last.

    When the clock of the machine is set back, live commands go on. The time of the log then goes on from its last event, a little slower than
    time does, until the clock has reached it: no event happens before one that it follows, and a talk has nearly its duration.
    An instant that a source observes does not move the time of the log.
    """

    def __init__(self, clock: Clock, recorded_us: int, monotonic: Callable[[], float] = time.monotonic) -> None:
        """recorded_us: when the log's last event was recorded (microseconds)."""
        self._clock = clock
        self._monotonic = monotonic
        self._recorded_us = recorded_us
        self._slower = (recorded_us, monotonic())
        """The slower time: an instant of it, and the monotonic clock then."""
        self._warned = False

    def now_us(self) -> int:
        """Microseconds since 1970, UTC."""
        now = self._clock.now_us()
        if now >= self._recorded_us:
            self._warned = False
            return now
        if not self._warned and self.behind_s > MOST_OFF_S:
            self._warned = True
            log.warning("the clock of this machine is behind the last event of the log seconds=%.0f", self.behind_s)
        return self._slower_us()

    @property
    def behind_s(self) -> float:
        """How far the clock is behind the last event of the log (seconds); 0 for a clock that is right."""
        return max(self._recorded_us - self._clock.now_us(), 0) / _S

    def recorded(self, us: int) -> None:
        """Events were recorded with this instant (microseconds)."""
        if us > self._slower_us():
            self._slower = us, self._monotonic()
        self._recorded_us = max(self._recorded_us, us)

    def _slower_us(self) -> int:
        at, since = self._slower
        return max(at + int((self._monotonic() - since) * SLOWER * _S), self._recorded_us)


class ClockWatch:
    """Compares a clock with that of a database. Thread-safe. For a database without a clock of its own the clock is always right."""

    def __init__(self, clock: Clock, database: Database, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._database = database
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._looked: float | None = None
        self._off_s = 0.0

    @property
    def is_due(self) -> bool:
        """Whether the last comparison is too old."""
        return self._looked is None or self._monotonic() - self._looked > EVERY_S

    def must_fit(self) -> None:
        """Check the clock with a comparison at most EVERY_S old, or the last one while the server is away. Raises ClockOff, and StoreUnavailable if there was no comparison yet."""
        with self._lock:
            if self.is_due:
                try:
                    self._look()
                except StoreUnavailable:
                    if self._looked is None:
                        raise
                    self._looked = self._monotonic()
        self._judge()

    def look(self) -> None:
        """Compare now. Raises ClockOff, and StoreUnavailable if the server cannot be reached."""
        with self._lock:
            self._look()
        self._judge()

    def _look(self) -> None:
        before = self._clock.now_us()
        server = self._database.clock_us()
        if server is not None:
            # A slow answer is no wrong clock: only a difference beyond the duration of the query counts.
            after = self._clock.now_us()
            self._off_s = (before - server if server < before else min(after - server, 0)) / _S
        self._looked = self._monotonic()

    def _judge(self) -> None:
        off = self._off_s
        if abs(off) > MOST_OFF_S:
            how = "ahead of" if off > 0 else "behind"
            raise ClockOff(f"the clock of this machine is {abs(off):,.0f} s {how} the store's: it answers nobody until it is set right")
