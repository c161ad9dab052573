"""Clocks that a test sets."""

from __future__ import annotations

from commands.clock import SystemClock
from domain.base import SECOND


class Shifted:
    """The clock of this machine, and so many seconds."""

    def __init__(self) -> None:
        self.by_s = 0.0
        self._system = SystemClock()

    def now_us(self) -> int:
        return self._system.now_us() + round(self.by_s * SECOND)
