"""The session of a page in a browser: its refresh token is a cookie that no script can read.

Against forged requests of other pages (CSRF) the cookie is SameSite=Strict, and the routes that take it look at who sends the request: browsers add `Origin`
and `Sec-Fetch-Site` themselves, and no page can change them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol, TypedDict
from urllib.parse import urlsplit

from fastapi import Request, Response

from api.problem import Problem
from store.sessions import VALID_US

COOKIE = "atende_session"

_PATH = "/v1/auth"


class CookieAttributes(TypedDict):
    """As the framework's methods for cookies take them."""

    path: str
    secure: bool
    httponly: bool
    samesite: Literal["strict"]


class Addresses(Protocol):
    """The addresses of a center, as its settings give them."""

    @property
    def public_url(self) -> str: ...

    @property
    def cors_origins(self) -> Sequence[str]: ...


class SessionCookie:
    """The cookie of one request and of its answer. name, valid_us: of another cookie than that of a user's session, and how long the browser keeps it."""

    def __init__(self, request: Request, addresses: Addresses, name: str = COOKIE, valid_us: int = VALID_US) -> None:
        self._name, self._valid_us = name, valid_us
        self._request = request
        self._addresses = addresses
        self._public = urlsplit(addresses.public_url)

    def token_or(self, token: str | None) -> str:
        """The refresh token that the body names, else that of the cookie, "" if there is none. Raises Problem (403) for the cookie of a foreign page's request."""
        if token is not None:
            return token
        self.must_be_of_own_page()
        return self._request.cookies.get(self._name, "")

    def must_be_of_own_page(self) -> None:
        """Refuse (403) a request that a page of another origin sends, unless the operator allows the origin."""
        origin = self._request.headers.get("origin")
        if origin is None:
            own = self._request.headers.get("sec-fetch-site") == "same-origin"
        else:
            # The scheme is not compared: a balancer may end TLS.
            hosts = (self._request.headers.get("host"), self._public.netloc)
            own = origin in self._addresses.cors_origins or origin.partition("://")[2] in filter(None, hosts)
        if not own:
            raise Problem(
                "not-allowed", "a session in a cookie is for pages of this center: the request has no Origin, or one that is not allowed"
            )

    def set(self, answer: Response, token: str) -> None:
        """Keep the refresh token in the browser, for as long as the session is valid without being used."""
        answer.set_cookie(self._name, token, max_age=self._valid_us // 1_000_000, **self.attributes)

    def set_for_pages(self, answer: Response, value: str) -> None:
        """Keep a value that the browser sends when it asks for a page, also by a link of another site."""
        attributes = {**self.attributes, "path": self._public.path or "/", "samesite": "lax"}
        answer.set_cookie(self._name, value, max_age=self._valid_us // 1_000_000, **attributes)  # type: ignore[arg-type]

    def clear(self, answer: Response) -> None:
        """Delete the cookie."""
        answer.delete_cookie(self._name, **self.attributes)

    @property
    def attributes(self) -> CookieAttributes:
        """Of every cookie of these routes: no script reads it, no page of another site sends it, and once there is TLS it is sent by TLS alone."""
        secure = "https" in (self._request.url.scheme, self._public.scheme)
        return {"path": self._public.path + _PATH, "secure": secure, "httponly": True, "samesite": "strict"}
