"""Retries that never execute a command twice: each command gets an idempotency key, and every retry sends the same key."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from uuid import uuid4

import httpx

from atende_client.problems import retry_after_s
from atende_client.unreachable import Unreachable

IDEMPOTENCY_KEY = "Idempotency-Key"
_AGAIN = frozenset({httpx.codes.TOO_MANY_REQUESTS, httpx.codes.SERVICE_UNAVAILABLE})
_FIRST_WAIT_S = 0.25
_LONGEST_WAIT_S = 30.0
_LOGIN = "/v1/auth/"
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class Retries(httpx.BaseTransport):
    """Repeats what may be repeated: queries, and commands by their key, after a lost connection, 429 or 503.

    Requests to `/v1/auth/` have no key and are never repeated. retries: how often a request is repeated at most. sleep: takes seconds.
    """

    def __init__(self, inner: httpx.BaseTransport, retries: int = 5, sleep: Callable[[float], object] = time.sleep) -> None:
        self._inner = inner
        self._retries = retries
        self._sleep = sleep

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request, and repeat it while that can help. Raises Unreachable."""
        repeatable = not request.url.path.startswith(_LOGIN)
        if repeatable and request.method not in _SAFE:
            request.headers.setdefault(IDEMPOTENCY_KEY, str(uuid4()))
        left = self._retries if repeatable else 0
        backoff = _FIRST_WAIT_S
        while True:
            wait = backoff * random.uniform(0.5, 1.0)  # noqa: S311 - clients that lost one server spread out, that is all
            try:
                response = self._inner.handle_request(request)
            except httpx.TransportError as error:
                if not left:
                    raise Unreachable(error, request) from error
            else:
                if response.status_code not in _AGAIN or not left:
                    return response
                asked = retry_after_s(response)
                response.close()
                wait = wait if asked is None else asked
            left -= 1
            self._sleep(min(wait, _LONGEST_WAIT_S))
            backoff *= 2

    def close(self) -> None:
        """Close the connections."""
        self._inner.close()
