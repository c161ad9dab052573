"""The packets that were received and are not translated yet: a bounded number, so that a slow store slows the PBX's connection, not the memory."""

from __future__ import annotations

import threading
from collections import deque
from time import monotonic

CAPACITY = 20_000


class Inbox:
    """A bounded queue of packets between the thread that reads and the one that translates. arrivals: when those that were taken last arrived (monotonic s)."""

    arrivals: tuple[float, ...] = ()

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._packets: deque[tuple[float, str]] = deque()
        self._changed = threading.Condition()
        self._closed = False

    def __len__(self) -> int:
        return len(self._packets)

    @property
    def is_crowded(self) -> bool:
        """Whether more than half of it is taken: the packets come faster than they are saved."""
        return len(self._packets) > self._capacity // 2

    def put(self, raw: str) -> None:
        """Add a packet; waits while it is full. After `close` it is dropped."""
        arrived_at = monotonic()
        with self._changed:
            while len(self._packets) >= self._capacity and not self._closed:
                self._changed.wait()
            if not self._closed:
                self._packets.append((arrived_at, raw))
                self._changed.notify_all()

    def take(self, most: int, timeout_s: float) -> list[str]:
        """Up to `most` packets; empty if none comes within `timeout_s`."""
        with self._changed:
            if not self._packets:
                self._changed.wait(timeout_s)
            taken = [self._packets.popleft() for _ in range(min(most, len(self._packets)))]
            self._changed.notify_all()
        self.arrivals = tuple(at for at, _ in taken)
        return [raw for _, raw in taken]

    def close(self) -> None:
        """Take no more; what is there can still be taken."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
