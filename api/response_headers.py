"""The headers of every response that tell browsers what they may do with it, and HEAD for every route that has GET."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

CONTENT_SECURITY_POLICY = (
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; media-src 'self' blob:; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
)
"""Scripts come from this server only, never out of a page's own text."""

HSTS = "max-age=31536000"
"""A browser that has come by TLS comes by TLS for a year."""


_SCOPE = "atende.security_headers"


def security_headers(*, is_by_tls: bool, is_private: bool, connects_to: Sequence[str] = ()) -> dict[str, str]:
    """The headers that every response has, whoever writes it. is_private: no cache keeps it, unless its route decides otherwise.

    connects_to: addresses besides this server to which pages may connect.
    """
    return {
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": CONTENT_SECURITY_POLICY + (f"; connect-src 'self' {' '.join(connects_to)}" if connects_to else ""),
        "Referrer-Policy": "no-referrer",
        **({"Strict-Transport-Security": HSTS} if is_by_tls else {}),
        **({"Cache-Control": "no-store"} if is_private else {}),
    }


def headers_of(scope: Scope) -> dict[str, str]:
    """The security headers for an answer that is made outside of `SecureHeadersASGI`: that to an unexpected error."""
    headers: dict[str, str] = scope.get(_SCOPE, {})
    return headers


class SecureHeadersASGI:
    """Adds the security headers to every response. is_public_by_tls: whether people reach the server by TLS, whatever the last proxy says.

    connects_to: the addresses besides this server to which a page may connect, by the request for it. Nothing below `private_path` is a page.
    Responses below `private_path` have tokens and personal data, so no cache keeps them, unless a route decides otherwise.
    """

    def __init__(
        self, app: ASGIApp, private_path: str, *, is_public_by_tls: bool, connects_to: Callable[[Request], Sequence[str]] = lambda _: ()
    ) -> None:
        self._app = app
        self._connects_to = connects_to
        self._private_path = private_path
        self._is_public_by_tls = is_public_by_tls

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on and complete its response."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        is_private = scope["path"].startswith(self._private_path)
        scope[_SCOPE] = security_headers(
            is_by_tls=self._is_public_by_tls or scope.get("scheme") == "https",
            is_private=is_private,
            connects_to=() if is_private else self._connects_to(Request(scope)),
        )

        async def completed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in scope[_SCOPE].items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, completed)


class HeadASGI:
    """Answers HEAD as the route answers GET, without the body. A stream ends after its headers."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, HEAD as GET."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return
        is_answered = False

        async def until_answered() -> Message:
            # What watches for the end of the connection while it sends is told that it has come. Of the request it may read all.
            return {"type": "http.disconnect"} if is_answered else await receive()

        async def headers_only(message: Message) -> None:
            nonlocal is_answered
            if not is_answered and message["type"] == "http.response.start":
                is_answered = True
                await send(message)
                await send({"type": "http.response.body", "body": b""})

        await self._app({**scope, "method": "GET"}, until_answered, headers_only)


def with_head(methods: Sequence[str]) -> list[str]:
    """The methods of a path by which it can be asked: HEAD wherever GET is."""
    return sorted({*methods, "HEAD"}) if "GET" in methods else list(methods)
