"""The HTTP server's own limits, which hold without a balancer: on headers, on the time for a request, and on connections.

Uvicorn limits only the idle time between two requests.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Any
from uuid import uuid4

from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from api.body_limit import STREAMED
from api.client_address import client_of_scope
from api.http_connections import Connections, most_connections
from api.known_paths import NOWHERE
from api.problem import Problem, render
from api.request_ids import REQUEST_ID, IdentifiedASGI, log_answer
from api.response_headers import SecureHeadersASGI, security_headers

HEADER_BYTES = 32_768
"""The largest request line with headers, bytes."""

LINGER_BYTES = 1_048_576
"""So much is still read, and thrown away, of a body that nobody waits for: a connection closed on a client that sends may lose it the answer."""

_FRAMED = 8
"""Bytes of a chunked body for each byte in it: a client may send chunks of one byte, each with its length."""


@dataclass(frozen=True)
class ServerLimits:
    """Times in seconds. headers_s: for all headers. body_s: for a whole body, or for the next part of one that is streamed. stalled_s: in which a client takes nothing of an answer.
    linger_s: for the rest of a body after an answer that did not wait for it.

    is_public_by_tls: whether people reach the server by TLS; a refusal says so to their browsers, as every response does.
    """

    connections: Connections
    trusted_proxies: Collection[str] = ()
    is_public_by_tls: bool = False
    headers_s: float = 10.0
    body_s: float = 60.0
    stalled_s: float = 60.0
    linger_s: float = 2.0


def limits_of(client_connections: int, trusted_proxies: Collection[str], public_url: str = "") -> ServerLimits:
    """The limits of this process. A trusted proxy has any number of connections: it has those of many clients, and limits them itself."""
    return ServerLimits(Connections(*most_connections(client_connections)), trusted_proxies, public_url.startswith("https://"))


def limited(limits: ServerLimits) -> type[HttpToolsProtocol]:
    """The HTTP protocol for uvicorn (`http=`) that holds these limits."""

    class Limited(LimitedProtocol):
        """The protocol of one connection, with the limits of its server."""

        LIMITS = limits
        PROXIES = tuple(ip_network(proxy) for proxy in limits.trusted_proxies)

    return Limited


class _Answering(asyncio.Transport):
    """What one request needs of its transport. close: called in the place of the transport's own."""

    def __init__(self, transport: asyncio.Transport, close: Callable[[], None]) -> None:
        super().__init__()
        self._transport = transport
        self._close = close

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Write a part of the answer."""
        self._transport.write(data)

    def is_closing(self) -> bool:
        """Whether nothing can be written any more."""
        return self._transport.is_closing()

    def close(self) -> None:
        """The answer is written, and is the last of its connection."""
        self._close()


class LimitedProtocol(HttpToolsProtocol):
    """One connection. A request that is too slow or too large is answered (408, 431) and its connection closed; one too many gets 503."""

    LIMITS: ServerLimits
    PROXIES: tuple[Any, ...] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._timer: asyncio.TimerHandle | None = None
        self._stall_timer: asyncio.TimerHandle | None = None
        self._has_headers = False
        self._header_bytes = 0
        self._framing_bytes = 0
        self._unwanted_bytes = 0
        self._lingers = False

    # The life of a connection

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for headers, if there is room for the connection."""
        super().connection_made(transport)
        if self.LIMITS.connections.add(self, self._counted_client()):
            self._wait_for("headers", self.LIMITS.headers_s)
        else:
            self._refuse(Problem("too-many-connections", "too many connections are open", headers={"Retry-After": "2"}))

    def connection_lost(self, exc: Exception | None) -> None:
        """The client or the server has closed it."""
        self.LIMITS.connections.removed(self)
        self._stop_waiting()
        self.resume_writing()
        super().connection_lost(exc)

    def close_now(self) -> None:
        """Make room for another connection."""
        self._stop_waiting()
        self.transport.abort()

    def _counted_client(self) -> str:
        """The client whose connections are counted together; "" for a proxy that the settings trust, and for the operator's socket."""
        client = client_of_scope(self.client)
        if self.client is None or any(ip_address(self.client[0]) in network for network in self.PROXIES):
            return ""
        return client

    # The stages of a request

    def data_received(self, data: bytes) -> None:
        """Take a part of a request."""
        if self.transport.is_closing() or self._has_enough(data):
            return
        if not self._has_headers:
            self._header_bytes += len(data)
            if self._timer is None:
                self._wait_for("headers", self.LIMITS.headers_s)
        self._framing_bytes += len(data)
        super().data_received(data)
        if self._has_headers and self.scope.get(STREAMED) and not self.cycle.response_complete:
            self._wait_for("body", self.LIMITS.body_s)
        # Of what is complete only the parts count: a body, or another request, may have come with it.
        if not self._has_headers and self._header_bytes > HEADER_BYTES and not self.transport.is_closing():
            self._refuse(_too_large())
        # Headers may follow a chunked body, and the parser keeps as many of them as come.
        if self._has_headers and self._framing_bytes > HEADER_BYTES and not self.transport.is_closing():
            self._refuse(_too_large())

    def on_body(self, body: bytes) -> None:
        """A part of the body."""
        self._framing_bytes = max(0, self._framing_bytes - _FRAMED * len(body))
        super().on_body(body)

    def on_message_begin(self) -> None:
        """The first byte of a request."""
        self._has_headers = False
        if self._timer is None:
            self._wait_for("headers", self.LIMITS.headers_s)
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """The headers are there: answer them, and wait for the body."""
        self._has_headers = True
        self._header_bytes = 0
        size = len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)
        self._framing_bytes = max(0, self._framing_bytes - size)
        if size > HEADER_BYTES:
            self.app = IdentifiedASGI(_secured(_answer_too_large, self.LIMITS))
        super().on_headers_complete()
        self.cycle.transport = _Answering(self.transport, self._close_after_answer)
        self._unwanted_bytes = 0
        self._wait_for("body", self.LIMITS.body_s)

    def on_message_complete(self) -> None:
        """The whole request is there."""
        super().on_message_complete()
        self._has_headers = False
        self._framing_bytes = 0
        if self.cycle.response_complete:
            # The answer did not wait for the body, so uvicorn's idle time has been and gone.
            self._wait_for("headers", self.LIMITS.headers_s)
        else:
            self._stop_waiting()
            self.LIMITS.connections.is_answered(self)

    def on_response_complete(self) -> None:
        """The whole answer is written: wait for the next request, if it has not come already."""
        super().on_response_complete()
        if self._answered_early() and not self._lingers:
            self._wait_for("body", self.LIMITS.linger_s)
        if not self.pipeline:
            self.LIMITS.connections.waits(self)

    def _last_request(self) -> RequestResponseCycle | None:
        return self.cycle

    # A body after its answer

    def _answered_early(self) -> bool:
        """Whether the answer is there, and the body of its request is not."""
        cycle = self._last_request()
        return self._has_headers and cycle is not None and cycle.response_complete

    def _has_enough(self, data: bytes) -> bool:
        """Whether a part of a body is thrown away; the connection is closed if too much of it comes."""
        if not self._answered_early():
            return False
        self._unwanted_bytes += len(data)
        if self._unwanted_bytes > LINGER_BYTES:
            self.close_now()
            return True
        return self._lingers

    def _close_after_answer(self) -> None:
        if not self._answered_early() or not self.transport.can_write_eof():
            self.transport.close()
            return
        self._lingers = True
        self._stop_waiting()
        self.transport.write_eof()
        self._timer = self.loop.call_later(self.LIMITS.linger_s, self.close_now)

    # Times

    def _wait_for(self, what: str, seconds: float) -> None:
        self._stop_waiting()
        self._timer = self.loop.call_later(seconds, self._too_slow, what, seconds)

    def _stop_waiting(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _too_slow(self, what: str, seconds: float) -> None:
        self._timer = None
        cycle = self._last_request()
        is_busy = cycle is not None and not cycle.response_complete and not self._has_headers
        if self.flow.read_paused or is_busy:
            # It is the server that does not read, or has not answered the request before this one.
            self._wait_for(what, seconds)
        elif not self.transport.is_closing():
            self._refuse(Problem("timed-out", f"the {what} of a request did not come within {seconds:g} s"))

    def pause_writing(self) -> None:
        """The client does not take the answer as fast as it is written."""
        super().pause_writing()
        self._watch_writing(self.transport.get_write_buffer_size())

    def resume_writing(self) -> None:
        """The client has taken most of it."""
        if self._stall_timer is not None:
            self._stall_timer.cancel()
            self._stall_timer = None
        super().resume_writing()

    def _watch_writing(self, left: int) -> None:
        self._stall_timer = self.loop.call_later(self.LIMITS.stalled_s, self._stalled, left)

    def _stalled(self, left_before: int) -> None:
        left = self.transport.get_write_buffer_size()
        if left < left_before:
            self._watch_writing(left)
        else:
            self._stall_timer = None
            self.transport.abort()

    # Refusals

    def send_400_response(self, msg: str) -> None:
        """Refuse what is not HTTP."""
        self._refuse(Problem("malformed", msg))

    def _refuse(self, problem: Problem) -> None:
        """Close the connection; answer the request before, unless it has its answer already."""
        self._stop_waiting()
        self.LIMITS.connections.removed(self)
        cycle = self._last_request()
        if cycle is None or not cycle.response_started or (cycle.response_complete and not self._has_headers):
            self.transport.write(_written(problem, self.LIMITS))
        self.transport.close()
        if cycle is not None:
            # Whoever still works on it is told that nobody waits any more.
            cycle.disconnected = True
            cycle.message_event.set()


def _too_large() -> Problem:
    return Problem("headers-too-large", f"the headers of a request have at most {HEADER_BYTES} bytes", headers={"Connection": "close"})


async def _answer_too_large(scope: Scope, receive: Receive, send: Send) -> None:
    app: ASGIApp = render(_too_large())
    await app(scope, receive, send)


def _secured(app: ASGIApp, limits: ServerLimits) -> ASGIApp:
    return SecureHeadersASGI(app, private_path="/", is_public_by_tls=limits.is_public_by_tls)


def _written(problem: Problem, limits: ServerLimits) -> bytes:
    """The bytes of the answer that refuses a request which no application has seen. Its path is not known, so no cache keeps it."""
    id = str(uuid4())
    problem.headers |= security_headers(is_by_tls=limits.is_public_by_tls, is_private=True) | {REQUEST_ID: id}
    answer = render(problem)
    log_answer(id, NOWHERE, NOWHERE, answer.status_code, problem.code)
    headers = [*answer.raw_headers, (b"connection", b"close")]
    return b"".join([STATUS_LINE[answer.status_code], *(b"%s: %s\r\n" % header for header in headers), b"\r\n", bytes(answer.body)])
