"""The write lock of the rows: workers share it; a process that replaces rows holds it exclusively."""

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
    """This process did not hold the write lock, or may have lost it meanwhile. The rows that it wrote are written again."""


class WriteLock:
    """The write lock as one process takes it. Used by one thread at a time."""

    def __init__(self, url: str) -> None:
        """url: of the log's database. Raises StoreUnavailable if it is not valid."""
        self._lock = ServerLock(url, ROWS)

    def check(self) -> None:
        """Raise StoreUnavailable if the server is away or refuses."""
        if self._lock.take(_MOMENT_S, shared=True):
            self._lock.release()

    @contextmanager
    def shared(self) -> Iterator[None]:
        """Hold the lock together with others. Raises WriteLockLost, also at the end, and StoreUnavailable."""
        with self._held(shared=True):
            yield

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the lock exclusively. Raises as `shared`."""
        with self._held(shared=False):
            yield

    @contextmanager
    def _held(self, *, shared: bool) -> Iterator[None]:
        if not self._lock.take(_WAITS_S, shared=shared):
            raise WriteLockLost("another process holds the write lock of the rows")
        try:
            yield
            if not self._lock.still_held():
                raise WriteLockLost("the write lock was lost: the connection to the log's database broke")
        finally:
            # Readers that wait for rows listen on the relay's channel.
            self._lock.release(RELAY_SCHEMA)

    def close(self) -> None:
        """Close the connection."""
        self._lock.close()
