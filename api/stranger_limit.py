"""Limit the requests of strangers, who have no valid access token, before anything of their body is read or validated."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from typing import NamedTuple

from cachetools import LRUCache
from starlette.types import ASGIApp, Receive, Scope, Send

from api.access import AUTHENTICATED
from api.client_address import client_of_scope
from api.known_devices import KnownDevices
from api.problem import render
from api.rate_limit import fields
from api.throttle import too_many
from api.token_buckets import TokenBuckets

BURST = 300
"""Requests that a client may send at once without a valid token. An office behind one address logs in with as many in the morning."""

PER_SECOND = 20.0
"""How many more it may send every second. They cost a few percent of one core."""

FILES_BURST = 8_000
"""Files of the console that a client may load at once: a page has some seventy, and after an update every browser of an office loads them anew."""

FILES_PER_SECOND = 200.0
"""How many more it may load every second: they ask neither the store nor the rows."""

_MOST_CLIENTS = 50_000
_MOST_CREDENTIALS = 20_000


class _Limit(NamedTuple):
    """What a client may do without a valid token. policy: its name in answers. of: what is counted."""

    policy: str
    of: str
    burst: int
    per_second: float


def allowance(clock: Callable[[], float]) -> TokenBuckets:
    """The buckets of all clients without a valid token. clock: returns monotonic seconds."""
    return TokenBuckets(_MOST_CLIENTS, clock)


class StrangersASGI:
    """Refuses (429) the requests of a client that has sent too many without valid credentials.

    Credentials are valid if `is_valid` says so of the Authorization header (a cheap check), or if the last request with them was
    authenticated. Below `open_path`, whose routes take no token, every request counts. Files below `files_path` have an allowance of their own. Who logs
    in from a known device is counted by the device, so that strangers behind the same address do not use up its allowance.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        allowance: TokenBuckets,
        devices: KnownDevices,
        is_valid: Callable[[str], bool],
        open_path: str,
        files_path: str,
    ) -> None:
        self._app = app
        self._open_path = open_path
        self._files_path = files_path
        self._allowance = allowance
        self._devices = devices
        self._is_valid = is_valid
        self._accepted: LRUCache[bytes, bool] = LRUCache(_MOST_CREDENTIALS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        authorization = _header(scope, b"authorization")
        if scope["path"].startswith(self._open_path) or not self._is_known(authorization):
            limit, wait_s = self._take(scope)
            if wait_s > 0:
                problem = too_many(f"too many {limit.of}", wait_s)
                problem.headers |= fields(limit.policy, limit.burst, int(limit.burst / limit.per_second), 0, wait_s)
                # The server reads no more of a body that nobody will look at.
                problem.headers["Connection"] = "close"
                await render(problem)(scope, receive, send)
                return
        await self._app(scope, receive, send)
        if authorization:
            self._note(sha256(authorization).digest(), accepted=scope.get(AUTHENTICATED, False))

    def _take(self, scope: Scope) -> tuple[_Limit, float]:
        """Count a request. Returns its limit, and the seconds to wait if it is one too many, else 0."""
        if scope["path"].startswith(self._files_path):
            limit = _Limit("file", "files of the console", FILES_BURST, FILES_PER_SECOND)
        else:
            limit = _Limit("stranger", "requests without a valid access token", BURST, PER_SECOND)
        return limit, self._allowance.take((limit.policy, self._client(scope)), limit.burst, limit.per_second).wait_s

    def _is_known(self, authorization: bytes) -> bool:
        if not authorization:
            return False
        return sha256(authorization).digest() in self._accepted or self._is_valid(authorization.decode("latin-1"))

    def _note(self, digest: bytes, *, accepted: bool) -> None:
        if accepted:
            self._accepted[digest] = True
        else:
            self._accepted.pop(digest, None)

    def _client(self, scope: Scope) -> str:
        cookies = _header(scope, b"cookie").decode("latin-1")
        return self._devices.any_device(cookies) or client_of_scope(scope.get("client"))


def _header(scope: Scope, name: bytes) -> bytes:
    return next((value for known, value in scope["headers"] if known == name), b"")
