"""How many observations of a file go into one unit of work. Whoever sends a live command meanwhile waits for the end of one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from time import monotonic

from commands.handler_context import Command

UNIT_S = 0.04
"""About as long as one may take while somebody waits."""

FEWEST = 25
"""Fewer would spend their time on the end of the transaction."""

GROWTH = 1.25
"""By so much units become larger while nobody waits: one quiet unit says little of the next."""


class Units:
    """Cuts commands into units of work. most: commands of one. They become smaller while others wait for them.

    has_kept_waiting: whether anybody had to wait since it was asked last.
    """

    def __init__(self, most: int, has_kept_waiting: Callable[[], bool], now: Callable[[], float] = monotonic) -> None:
        self._most = self._size = most
        self._has_kept_waiting = has_kept_waiting
        self._now = now

    def of(self, commands: Sequence[Command]) -> Iterator[Sequence[Command]]:
        """The commands in their order, some at a time. The next are taken once these have been executed."""
        start = 0
        while start < len(commands):
            some = commands[start : start + self._size]
            start += len(some)
            began = self._now()
            yield some
            self._adapt(len(some), self._now() - began)

    def _adapt(self, executed: int, took_s: float) -> None:
        if self._has_kept_waiting():
            fitting = self._size if took_s <= 0 else int(executed * UNIT_S / took_s)
            self._size = max(min(fitting, self._size), min(FEWEST, self._most))
        else:
            self._size = min(int(self._size * GROWTH) + 1, self._most)
