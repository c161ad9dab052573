"""The id of each request, by which support finds what happened: in the answer, in the log's lines, and in the events that the request caused.

Each request is one line of the log, whether it was done or refused. A line has no value of a path, a query or a body, which may be personal data.
"""

from __future__ import annotations

import asyncio
import logging
import re
from contextvars import ContextVar
from dataclasses import dataclass
from time import perf_counter
from uuid import uuid4

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import known_paths

REQUEST_ID = "Request-Id"
LONGEST_ID = 200
GONE = 499
"""In the log and in figures, the status of a request whose connection has ended: nobody gets the answer. The number is that of nginx."""

ID_PATTERN = r"^[\x21-\x7e]+$"

log = logging.getLogger(__name__)

_WELL_FORMED = re.compile(ID_PATTERN)
_SCOPE = "atende.request_id"


@dataclass(slots=True)
class _Answering:
    """A request that is answered now. code: of its refusal, "" if it was not refused."""

    id: str
    code: str = ""


_current: ContextVar[_Answering | None] = ContextVar("request", default=None)


def request_id() -> str:
    """The id of the request that is answered now; "" outside of a request."""
    current = _current.get()
    return current.id if current is not None else ""


def note_refusal(code: str) -> None:
    """Have the log's line of the request that is answered now say why it was refused."""
    current = _current.get()
    if current is not None:
        current.code = code


def log_answer(id: str, method: str, route: str, status: int, code: str, *, seconds: float = 0.0) -> None:
    """Write the log's line of a request."""
    log.log(
        logging.INFO if status < 500 else logging.WARNING,
        "request_id=%s method=%s route=%s status=%d code=%s duration_ms=%d",
        id, method, route, status, code or "-", round(seconds * 1_000),
    )  # fmt: skip


def route_of(scope: Scope) -> str:
    """The route of a request with the names of its parameters in the place of their values, also of a request that was refused before it got there."""
    found = getattr(scope.get("route"), "path", None)
    return found if isinstance(found, str) else known_paths.template(scope["path"])


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
        status, code = 500, "internal"
        answering, began = _Answering(id), perf_counter()

        async def named(message: Message) -> None:
            nonlocal status, code
            if message["type"] == "http.response.start":
                status, code = message["status"], answering.code
                MutableHeaders(scope=message)[REQUEST_ID] = id
            await send(message)

        token = _current.set(answering)
        try:
            await self._app(scope, receive, named)
        except asyncio.CancelledError:
            status, code = GONE, ""
            raise
        finally:
            _current.reset(token)
            log_answer(id, scope["method"], route_of(scope), status, code, seconds=perf_counter() - began)


class RequestIdFilter(logging.Filter):
    """Gives each log record the id of the request during which it was written, as `request_id`; "-" outside of one."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record pass."""
        record.request_id = request_id() or "-"
        return True
