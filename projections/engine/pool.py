"""A few connections for many threads: each serves one statement after another."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Generic, TypeVar

from projections.engine.warehouse import WarehouseError

C = TypeVar("C")

CONNECTIONS = 8
_CLOSED = "the warehouse is closed"


class Pool(Generic[C]):
    """At most CONNECTIONS at once; while all are busy, callers wait and are served in order. Thread-safe."""

    def __init__(self, open_one: Callable[[], C], close_one: Callable[[C], object]) -> None:
        self._open_one = open_one
        self._close_one = close_one
        self._idle: list[C] = []
        self._opened = 0
        self.closed = False
        self._waiting: deque[Future[C]] = deque()
        self._changed = threading.Condition()

    @contextmanager
    def connection(self) -> Iterator[C]:
        """A connection for the body of the `with`. Raises WarehouseError when the pool is closed."""
        connection = self._take()
        try:
            yield connection
        finally:
            self._give(connection)

    def end(self) -> bool:
        """Serve nobody any more: callers that wait get WarehouseError. Returns whether a connection is busy still."""
        with self._changed:
            self.closed = True
            while self._waiting:
                self._waiting.popleft().set_exception(WarehouseError(_CLOSED))
            return self._opened > len(self._idle)

    def close(self) -> None:
        """Close all connections, busy ones once they are free. Can be repeated."""
        self.end()
        with self._changed:
            while self._opened:
                self._changed.wait_for(lambda: self._idle)
                self._close_one(self._idle.pop())
                self._opened -= 1

    def _take(self) -> C:
        """An idle connection; a new one while there are few; else the next one that becomes free."""
        with self._changed:
            if self.closed:
                raise WarehouseError(_CLOSED)
            if self._idle:
                return self._idle.pop()
            if self._opened < CONNECTIONS:
                connection = self._open_one()
                self._opened += 1
                return connection
            turn: Future[C] = Future()
            self._waiting.append(turn)
        return turn.result()

    def _give(self, connection: C) -> None:
        """Give it to the caller that has waited longest, so that busy callers cannot starve the others."""
        with self._changed:
            if self._waiting:
                self._waiting.popleft().set_result(connection)
            else:
                self._idle.append(connection)
                self._changed.notify()
