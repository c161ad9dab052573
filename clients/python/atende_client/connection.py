"""The connection to a center: an `httpx.Client` that logs in, repeats what may be repeated, and raises problems."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from threading import Lock
from typing import Any, Self

import httpx

from atende_client.problems import raise_for_problem
from atende_client.retries import Retries

API_VERSION = "2026-11-29"
"""The version of the API (`Atende-Version`) that this client was made for."""

_TIMEOUT = httpx.Timeout(10.0, read=60.0)


class BearerAuth(httpx.Auth):
    """Sends the access token, and renews it by the refresh token when the server says that it has expired."""

    def __init__(self, access_token: str, refresh_token: str = "") -> None:
        self._access = access_token
        self._refresh = refresh_token
        self._lock = Lock()

    def sync_auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Send with the token; after 401, renew it once and send again."""
        access = self._access
        request.headers["Authorization"] = f"Bearer {access}"
        response = yield request
        if response.status_code != httpx.codes.UNAUTHORIZED or not self._refresh:
            return
        with self._lock:
            # Another thread may have renewed it meanwhile; a refresh token is good for one renewal.
            if self._access == access:
                renewed = yield httpx.Request(
                    "POST", request.url.copy_with(raw_path=b"/v1/auth/refresh"), json={"refresh_token": self._refresh}
                )
                if not renewed.is_success:
                    return
                renewed.read()
                tokens = renewed.json()
                self._access, self._refresh = tokens["access_token"], tokens["refresh_token"]
        request.headers["Authorization"] = f"Bearer {self._access}"
        yield request


class Atende(httpx.Client):
    """A connection to the center at `url`. Pass it to the functions of `atende_client.v1.api`.

    token: an access token or an API key; `Atende.log_in` gets tokens by a password. Responses that are errors raise a Problem.
    """

    def __init__(
        self,
        url: str,
        token: str = "",
        *,
        refresh_token: str = "",
        retries: int = 5,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        """retries: how often a request is repeated at most; transport, sleep: replaced by tests."""
        super().__init__(
            base_url=url,
            auth=BearerAuth(token, refresh_token) if token else None,
            headers={"Atende-Version": API_VERSION},
            timeout=_TIMEOUT,
            transport=Retries(transport or httpx.HTTPTransport(), retries, sleep),
        )

    def send(self, request: httpx.Request, **more: Any) -> httpx.Response:
        """Send the request. Raises a Problem for a response that is an error."""
        response = super().send(request, **more)
        raise_for_problem(response)
        return response

    @classmethod
    def log_in(cls, url: str, email: str, password: str, company: str, *, transport: httpx.BaseTransport | None = None) -> Self:
        """A connection of the user, whose tokens are renewed for as long as the server allows. Raises Unauthenticated, TooManyRequests."""
        with cls(url, transport=transport) as stranger:
            tokens = stranger.post("/v1/auth/login", json={"email": email, "password": password, "company": company}).json()
        return cls(url, tokens["access_token"], refresh_token=tokens["refresh_token"] or "", transport=transport)
