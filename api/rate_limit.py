"""How often each API key may ask: a token bucket a key, in the memory of each process; and how answers state limits.

Every answer to a key, and to a try to log in, has the fields RateLimit-Policy and RateLimit (draft-ietf-httpapi-ratelimit-headers); a refusal (429) has Retry-After too.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from dataclasses import dataclass
from time import monotonic
from uuid import UUID

from cachetools import LRUCache
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problem import Problem

_MINUTE_S = 60
_KEYS = 10_000
_ROUNDING = 1e-9
"""What a sum of fractions of requests may lack: who has waited as told is not told to wait another second."""

_HEADERS = "atende.rate_limit"
_current: ContextVar[Scope | None] = ContextVar("rate_limited", default=None)


@dataclass(slots=True)
class _Bucket:
    """The requests that are left, as of an instant (seconds of the clock)."""

    left: float
    at: float


class RateLimits:
    """The buckets of all keys. A bucket holds the requests of a minute and fills evenly. clock: returns monotonic seconds."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._buckets: LRUCache[UUID, _Bucket] = LRUCache(_KEYS)

    def take(self, key: UUID, per_minute: int, scope: Scope) -> None:
        """Count a request, and write its rate limit into the answer to the request of this ASGI scope. Raises Problem (429) when none is left."""
        now = self._clock()
        bucket = self._buckets.pop(key, None) or _Bucket(per_minute, now)
        left = min(per_minute, bucket.left + (now - bucket.at) * per_minute / _MINUTE_S)
        refused = left < 1 - _ROUNDING
        self._buckets[key] = _Bucket(left if refused else left - 1, now)
        wait = math.ceil((1 - left) * _MINUTE_S / per_minute) if refused else 0
        remaining = 0 if refused else int(left - 1)
        full_in = math.ceil((per_minute - self._buckets[key].left) * _MINUTE_S / per_minute)
        scope[_HEADERS] = {
            "RateLimit-Policy": f'"key";q={per_minute};w={_MINUTE_S}',
            "RateLimit": f'"key";r={remaining};t={wait or full_in}',
        }
        if refused:
            detail = f"this API key may send {per_minute} requests a minute; try again in {wait} s"
            raise Problem("too-many-requests", detail, headers={"Retry-After": str(wait)})


def note_tries(tries: Iterable[tuple[int, int]], window_s: float, wait_s: float) -> None:
    """Write the limit of tries to log in into the answer to the current request.

    tries: of each subject of the limit the free tries and how many of them were used before this one. wait_s: seconds until the next try is
    accepted; 0 if this one is.
    """
    scope = _current.get()
    if scope is not None:
        quota, used = min(tries, key=lambda one: one[0] - one[1])
        remaining, reset = max(0, quota - used - 1), math.ceil(wait_s or window_s)
        scope[_HEADERS] = {"RateLimit-Policy": f'"login";q={quota};w={int(window_s)}', "RateLimit": f'"login";r={remaining};t={reset}'}


class RateLimitedASGI:
    """Adds to each answer the fields of the rate limit that was found while the request was answered."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""

        async def completed(message: Message) -> None:
            if message["type"] == "http.response.start" and _HEADERS in scope:
                MutableHeaders(scope=message).update(scope[_HEADERS])
            await send(message)

        token = _current.set(scope)
        try:
            await self._app(scope, receive, completed)
        finally:
            _current.reset(token)
