"""How often each user, API key and screen may ask: a token bucket for each, in the memory of each process; and how answers state limits.

Every answer to one of them, and to a try to log in, has the fields RateLimit-Policy and RateLimit (draft-ietf-httpapi-ratelimit-headers); a refusal (429) has Retry-After too.
In RateLimit, `r` is how many more are accepted now, and `t` the seconds until the whole quota is there again; without any left, until the next one is
accepted, which is what Retry-After says of a refusal: the draft wants it to be no sooner than `t`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from time import monotonic

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problem import Problem
from api.token_buckets import TokenBuckets

_MINUTE_S = 60
_CALLERS = 20_000
_KINDS = {"user": "user", "key": "API key", "screen": "screen"}
"""Of callers, as the names of actors begin and as refusals say it. The former are the policies of the fields."""

_HEADERS = "atende.rate_limit"
_current: ContextVar[Scope | None] = ContextVar("rate_limited", default=None)


class RateLimits:
    """The buckets of all callers. A bucket holds the requests of a minute and fills evenly. usual: of who has no limit of their own. clock: returns monotonic seconds."""

    def __init__(self, usual: int, clock: Callable[[], float] = monotonic) -> None:
        self._usual = usual
        self._buckets = TokenBuckets(_CALLERS, clock)

    def take(self, caller: str, own: int | None, scope: Scope) -> None:
        """Count a request, and write its rate limit into the answer to the request of this ASGI scope. Raises Problem (429) when none is left.

        caller: the actor's name, as `user:<id>`. own: requests a minute of an API key, None for who has the usual number.
        """
        per_minute = self._usual if own is None else own
        policy = caller.partition(":")[0]
        left, wait_s = self._buckets.take(caller, per_minute, per_minute / _MINUTE_S)
        remaining = int(left)
        missing = (per_minute if remaining else 1) - left
        scope[_HEADERS] = fields(policy, per_minute, _MINUTE_S, remaining, wait_s or missing * _MINUTE_S / per_minute)
        if wait_s:
            wait = math.ceil(wait_s)
            detail = f"this {_KINDS[policy]} may send {per_minute} requests a minute; try again in {wait} s"
            raise Problem("too-many-requests", detail, headers={"Retry-After": str(wait)})


def note_tries(tries: Iterable[tuple[int, int]], window_s: float, wait_s: float) -> None:
    """Write the limit of tries to log in into the answer to the current request.

    tries: of each subject of the limit the free tries and how many of them are used now. wait_s: seconds until the next try is accepted; 0 if it is at once.
    """
    scope = _current.get()
    if scope is not None:
        quota, used = min(tries, key=lambda one: one[0] - one[1])
        remaining = max(0, quota - used)
        scope[_HEADERS] = fields("login", quota, int(window_s), remaining, window_s if remaining else wait_s)


def fields(policy: str, quota: int, window_s: int, remaining: int, reset_s: float) -> dict[str, str]:
    """The fields of an answer. reset_s: seconds until the whole quota is there again; until the next request is accepted, if none remains."""
    return {
        "RateLimit-Policy": f'"{policy}";q={quota};w={window_s}',
        "RateLimit": f'"{policy}";r={remaining};t={max(1, math.ceil(reset_s))}',
    }


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
