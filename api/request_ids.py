"""The id of each request, by which support finds what happened: in the answer, in the log's lines, and in the events that the request caused."""

from __future__ import annotations

import logging
import re
from contextvars import ContextVar
from uuid import uuid4

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

REQUEST_ID = "Request-Id"
LONGEST_ID = 200
ID_PATTERN = r"^[\x21-\x7e]+$"

log = logging.getLogger(__name__)

_WELL_FORMED = re.compile(ID_PATTERN)
_SCOPE = "atende.request_id"
_current: ContextVar[str] = ContextVar("request_id", default="")


def request_id() -> str:
    """The id of the request that is answered now; "" outside of a request."""
    return _current.get()


def headers_of(scope: Scope) -> dict[str, str]:
    """The header for an answer that is made outside of `IdentifiedASGI`: that to an unexpected error."""
    return {REQUEST_ID: scope[_SCOPE]} if _SCOPE in scope else {}


class IdentifiedASGI:
    """Gives every HTTP request its id: the client's own, if it is well-formed, else a new UUID."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and name its id in the answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        own = Headers(scope=scope).get(REQUEST_ID, "")
        id = own if len(own) <= LONGEST_ID and _WELL_FORMED.match(own) else str(uuid4())
        scope[_SCOPE] = id
        status = 500

        async def named(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[REQUEST_ID] = id
            await send(message)

        token = _current.set(id)
        try:
            await self._app(scope, receive, named)
        finally:
            _current.reset(token)
            route = getattr(scope.get("route"), "path", "(none)")
            log.log(
                logging.INFO if status < 500 else logging.WARNING,
                "request_id=%s method=%s route=%s status=%d", id, scope["method"], route, status,
            )  # fmt: skip


class RequestIdFilter(logging.Filter):
    """Gives each log record the id of the request during which it was written, as `request_id`; "-" outside of one."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record pass."""
        record.request_id = request_id() or "-"
        return True
