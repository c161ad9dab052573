"""Who may write rows: all workers at once, unless one process has them to itself to put others in their place."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from store.postgres_lock import ServerLock
from store.storage_location import RELAY_SCHEMA

ROWS = "rows"
"""The lock's name."""

_WAITS_S = 10.0
_MOMENT_S = 0.1


class WriteLockLost(Exception):
    """The rows were not this process's to write: somebody else has them, or may have had them meanwhile. What was written is written again."""


class WriteLock:
    """The turns of one process. Used by one thread at a time."""

    def __init__(self, url: str) -> None:
        """url: of the log's database. Raises StoreUnavailable where it is none."""
        self._lock = ServerLock(url, ROWS)

    def check(self) -> None:
        """Raises StoreUnavailable where the server is away or refuses."""
        if self._lock.take(_MOMENT_S, shared=True):
            self._lock.release()

    @contextmanager
    def shared(self) -> Iterator[None]:
        """A turn beside others. Raises WriteLockLost, at the end of it too, and StoreUnavailable."""
        with self._turn(shared=True):
            yield

    @contextmanager
    def alone(self) -> Iterator[None]:
        """A turn while nobody else has one. Raises as `shared`."""
        with self._turn(shared=False):
            yield

    @contextmanager
    def _turn(self, *, shared: bool) -> Iterator[None]:
        if not self._lock.take(_WAITS_S, shared=shared):
            raise WriteLockLost("another process has the rows to itself")
        try:
            yield
            if not self._lock.still_held():
                raise WriteLockLost("the turn was lost on the way: the connection to the log's database broke")
        finally:
            # Whoever waits for rows listens to what the relay writes down.
            self._lock.release(RELAY_SCHEMA)

    def close(self) -> None:
        """Let go of the server."""
        self._lock.close()
