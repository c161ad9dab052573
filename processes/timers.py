"""The timers of a process manager that wait, in the order of their instants."""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from uuid import UUID

from store.process_progress import Timer


class WaitingTimers:
    """Finds the timer that is due next. `by_key` holds all that wait, by company and key; operators see it."""

    def __init__(self, by_key: dict[tuple[UUID, str], Timer]) -> None:
        self._by_key = by_key
        # A timer that is cancelled or set anew leaves its old entry here until that is reached.
        self._queue: list[tuple[int, bytes, str]] = []

    def begin(self, timers: Iterable[Timer]) -> None:
        """Know these timers and no others."""
        self._by_key.clear()
        self._queue.clear()
        for timer in timers:
            self.keep(timer)

    def __contains__(self, key: tuple[UUID, str]) -> bool:
        return key in self._by_key

    def keep(self, timer: Timer) -> None:
        """A timer waits."""
        self._by_key[timer.tenant, timer.key] = timer
        heapq.heappush(self._queue, (timer.due_us, timer.tenant.bytes, timer.key))

    def change(self, changed: dict[tuple[UUID, str], Timer | None]) -> None:
        """Timers are set, or cancelled (None)."""
        for key, timer in changed.items():
            self._by_key.pop(key, None)
            if timer is not None:
                self.keep(timer)

    def due(self, now_us: int) -> Timer | None:
        """The timer that is due first; None: nothing is due."""
        while self._queue and self._queue[0][0] <= now_us:
            due_us, tenant, key = self._queue[0]
            timer = self._by_key.get((UUID(bytes=tenant), key))
            if timer is not None and timer.due_us == due_us:
                return timer
            heapq.heappop(self._queue)
        return None

    def next_us(self) -> int | None:
        """An instant before which nothing is due; None: no timer waits."""
        return self._queue[0][0] if self._queue else None
