"""Simulated time: the scheduled calls, and the actions that they record."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from heapq import heappop, heappush
from typing import Any

from simulator.actions import Action


class Agenda:
    """Runs scheduled calls in the order of their instants (microseconds), and within one instant in the order of scheduling."""

    def __init__(self, start_us: int) -> None:
        self.now = start_us
        self._due: list[tuple[int, int, Callable[..., None], tuple[Any, ...]]] = []
        self._scheduled = 0
        self._recorded: list[Action] = []

    def after(self, delay_us: int, what: Callable[..., None], *args: Any) -> None:
        """Call `what(*args)` after a delay."""
        self._scheduled += 1
        heappush(self._due, (self.now + delay_us, self._scheduled, what, args))

    def record(self, action: Action) -> None:
        """Record that `action` happens now."""
        self._recorded.append(action)

    def play(self) -> Iterator[tuple[int, Action]]:
        """Yield the recorded actions with their instants, until nothing is scheduled."""
        while self._due:
            self.now, _, what, args = heappop(self._due)
            what(*args)
            if self._recorded:
                recorded, self._recorded = self._recorded, []
                for action in recorded:
                    yield self.now, action
