"""Which devices are screens of a wall now. A revoked screen is refused within seconds in every process, and its streams end."""

from __future__ import annotations

from functools import partial
from time import monotonic
from uuid import UUID

from cachetools import TTLCache
from starlette.concurrency import run_in_threadpool

from api.access_tokens import Claims, Tokens, unauthenticated
from api.credentials import Credential
from api.last_uses import LastUses
from commands.screens import KnownScreen, known_screen
from domain.access import Actor
from store.clock import Clock
from store.event_store import Store

REMEMBERED_S = 0.9
"""Seconds for which an answer is cached. A stream looks every second too: it ends within two."""

_SCREENS = 10_000


class ActiveScreens:
    """Reads from the log which devices are screens, at most once per screen and REMEMBERED_S. Used in one event loop."""

    def __init__(self, store: Store, clock: Clock, tokens: Tokens) -> None:
        self._store = store
        self._tokens = tokens
        self._uses = LastUses(store, clock)
        self._known: TTLCache[tuple[UUID, str], KnownScreen | None] = TTLCache(_SCREENS, REMEMBERED_S, monotonic)

    async def credential(self, claims: Claims) -> Credential:
        """The screen to whose device an access token was given. Raises Problem (401) if the device is not it any more, StoreUnavailable."""
        screen = await self._find(claims)
        if screen is None:
            raise unauthenticated("this screen was revoked, or is another device now")
        await self._uses.note(screen.id)
        return Credential(
            screen.tenant,
            f"screen:{screen.id}",
            Actor(screen.id, "user", frozenset()),
            screen.scope,
            None,
            partial(self._tokens.seconds_left, claims),
            partial(self._is_as_it_was, claims, screen),
            is_screen=True,
        )

    def forget(self, screen: UUID) -> None:
        """Drop the cached answers for a screen that was just changed."""
        for key in [key for key in self._known if key[0] == screen]:
            self._known.pop(key, None)

    async def _find(self, claims: Claims) -> KnownScreen | None:
        key = claims.sub, claims.dev
        if key not in self._known:
            self._known[key] = await run_in_threadpool(known_screen, self._store, *key)
        return self._known.get(key)

    async def _is_as_it_was(self, claims: Claims, screen: KnownScreen) -> bool:
        """Whether the device is the screen still, and the screen shows the same queues by the same names."""
        return await self._find(claims) == screen
