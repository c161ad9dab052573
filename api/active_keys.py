"""Which API keys are accepted now. A revoked key is refused within seconds in every process."""

from __future__ import annotations

import hashlib
from functools import partial
from time import monotonic
from uuid import UUID

from cachetools import TTLCache
from starlette.concurrency import run_in_threadpool

from api.access_tokens import unauthenticated
from api.credentials import Credential
from api.last_uses import LastUses
from commands.api_keys import KEY_BEGINS, KnownKey, known_key
from store.clock import Clock
from store.event_store import Store

REMEMBERED_S = 0.9
"""Seconds for which an answer is cached. A stream looks every second too: it ends within two."""

_KEYS = 10_000
_UNREAD = object()


class ActiveKeys:
    """Reads from the log which keys are accepted, at most once per key and REMEMBERED_S. Used in one event loop."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._known: TTLCache[bytes, KnownKey | None] = TTLCache(_KEYS, REMEMBERED_S, monotonic)
        self._uses = LastUses(store, clock)

    @staticmethod
    def is_key(token: str) -> bool:
        """Whether a bearer token is an API key, by its first characters."""
        return token.startswith(KEY_BEGINS)

    async def known(self, text: str) -> KnownKey:
        """The key that a request shows. Raises Problem (401) if it is accepted no more, or there never was such a key; StoreUnavailable."""
        found = await self._find(text)
        if found is None:
            raise unauthenticated("there is no such API key")
        if not self._is_accepted(found):
            raise unauthenticated("this API key was revoked, has expired, or has a new secret", "api-key-barred")
        await self._uses.note(found.id)
        return found

    def credential(self, text: str, key: KnownKey) -> Credential:
        """The key as what a request shows."""
        return Credential(
            key.tenant,
            f"key:{key.id}",
            key.actor,
            key.scope,
            None,
            lambda: self._seconds_left(key),
            partial(self._is_as_it_was, text, key),
            requests_per_minute=key.requests_per_minute,
        )

    def forget(self, key: UUID) -> None:
        """Drop the cached answers for a key that was just changed."""
        for text in [text for text, found in self._known.items() if found is not None and found.id == key]:
            self._known.pop(text, None)

    async def _find(self, text: str) -> KnownKey | None:
        name = hashlib.sha256(text.encode()).digest()
        found = self._known.get(name, _UNREAD)
        if found is _UNREAD:
            found = self._known[name] = await run_in_threadpool(known_key, self._store, text, self._clock.now_us())
        return found if isinstance(found, KnownKey) else None

    async def _is_as_it_was(self, text: str, key: KnownKey) -> bool:
        """Whether the key is accepted still and sees the same: a stream ends when a queue of the key gets another name, and then begins anew."""
        found = await self._find(text)
        return found is not None and self._is_accepted(found) and found.scope == key.scope

    def _is_accepted(self, key: KnownKey) -> bool:
        return self._seconds_left(key) > 0

    def _seconds_left(self, key: KnownKey) -> float:
        return (key.until - self._clock.now_us()) / 1_000_000
