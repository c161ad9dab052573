"""How many observations of a file go into one unit of work. Whoever sends a live command meanwhile waits for the end of one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from time import monotonic

from commands.handler_context import Command

UNIT_S = 0.1
"""About as long as one may take: a live command that comes meanwhile waits no longer than that for it."""

FEWEST = 50
"""Fewer would spend their time on the end of the transaction."""


class Units:
    """Cuts commands into units of work. most: commands of one. On a busy machine, or beside other writers, they become smaller."""

    def __init__(self, most: int, now: Callable[[], float] = monotonic) -> None:
        self._most = self._size = most
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
        fitting = self._most if took_s <= 0 else int(executed * UNIT_S / took_s)
        # Growing slowly: one quick unit says little of the next.
        self._size = max(min(fitting, 2 * self._size, self._most), min(FEWEST, self._most))
