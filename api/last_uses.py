"""Note when API keys and screens are used, to the hour, without slowing down their requests."""

from __future__ import annotations

from contextlib import suppress
from uuid import UUID

from cachetools import LRUCache
from starlette.concurrency import run_in_threadpool

from store.clock import Clock
from store.database import StoreUnavailable
from store.event_store import Store
from store.last_uses import hour_of, note_use

_USERS = 10_000


class LastUses:
    """Writes each use once an hour. Used in one event loop."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._noted: LRUCache[UUID, int] = LRUCache(_USERS)

    async def note(self, id: UUID) -> None:
        """Record that a key or a screen is used now. A store that cannot be written to refuses no query for that."""
        hour = hour_of(self._clock.now_us())
        if self._noted.get(id) != hour:
            self._noted[id] = hour
            with suppress(StoreUnavailable):
                await run_in_threadpool(self._write, id, hour)

    def _write(self, id: UUID, hour: int) -> None:
        with self._store.recorder.transaction() as db:
            note_use(db, id, hour)
