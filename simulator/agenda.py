"""Simulated time: what is due when, and what has happened."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from heapq import heappop, heappush
from typing import Any

from simulator.actions import Action


class Agenda:
    """Events that are due, played in the order of their instants (microseconds); those of one instant as they were put down."""

    def __init__(self, start_us: int) -> None:
        self.now = start_us
        self._due: list[tuple[int, int, Callable[..., None], tuple[Any, ...]]] = []
        self._put_down = 0
        self._said: list[Action] = []

    def after(self, delay_us: int, what: Callable[..., None], *args: Any) -> None:
        """Let `what(*args)` happen so much later."""
        self._put_down += 1
        heappush(self._due, (self.now + delay_us, self._put_down, what, args))

    def say(self, action: Action) -> None:
        """`action` happens now."""
        self._said.append(action)

    def play(self) -> Iterator[tuple[int, Action]]:
        """All that happens, with its instant, as long as something is due."""
        while self._due:
            self.now, _, what, args = heappop(self._due)
            what(*args)
            if self._said:
                said, self._said = self._said, []
                for action in said:
                    yield self.now, action
