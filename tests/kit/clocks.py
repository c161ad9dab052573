"""Clocks that a test sets."""

from __future__ import annotations

from domain.base import SECOND
from store.clock import SystemClock


class Shifted:
    """The clock of this machine, shifted by `by_s` seconds."""

    def __init__(self) -> None:
        self.by_s = 0.0
        self._system = SystemClock()

    def now_us(self) -> int:
        return self._system.now_us() + round(self.by_s * SECOND)


class Settable:
    """A clock that advances only when a test calls `pass_s`."""

    def __init__(self, us: int = 1_800_000_000_000_000) -> None:
        self.us = us

    def now_us(self) -> int:
        return self.us

    def pass_s(self, seconds: float) -> None:
        self.us += round(seconds * SECOND)
