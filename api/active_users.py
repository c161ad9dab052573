"""Whether the user of an access token is still active: a deactivated user is refused within seconds, long before the token expires."""

from __future__ import annotations

from time import monotonic
from uuid import UUID

from cachetools import TTLCache
from starlette.concurrency import run_in_threadpool

from api.access_tokens import Claims, unauthenticated
from commands.users import who_is
from store.event_store import Store

REMEMBERED_S = 1.5
"""Seconds for which an answer is cached: there are hundreds of requests, but users are rarely deactivated."""

_USERS = 10_000


class ActiveUsers:
    """Reads from the log which users are active, at most once per user and REMEMBERED_S. Used in one event loop."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._active: TTLCache[tuple[UUID, UUID], bool] = TTLCache(_USERS, REMEMBERED_S, monotonic)

    async def includes(self, claims: Claims) -> bool:
        """Whether the user to whom the token was given may log in. Raises StoreUnavailable."""
        key = claims.ten, claims.sub
        active = self._active.get(key)
        if active is None:
            active = await run_in_threadpool(who_is, self._store, claims.ten, claims.sub) is not None
            self._active[key] = active
        return active

    async def must_include(self, claims: Claims) -> None:
        """Refuse (401) a deactivated user."""
        if not await self.includes(claims):
            raise unauthenticated("this user may not log in any more")

    def forget(self, tenant: UUID, user: UUID) -> None:
        """Drop the cached answer for a user of the company `tenant` who was just changed."""
        self._active.pop((tenant, user), None)
