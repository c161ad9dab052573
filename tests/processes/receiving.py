"""A receiver of webhooks on loopback, which answers as a test says."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from domain.webhook_destinations import Destinations

LOOPBACK = Destinations.of(["127.0.0.1/32"])
Reply = Callable[[BaseHTTPRequestHandler], None]


@contextmanager
def receiver(reply: Reply, tls: ssl.SSLContext | None = None) -> Iterator[tuple[int, list[tuple[str, str, bytes]]]]:
    """A server on loopback: its port, and what it got (path, Host, body)."""
    got: list[tuple[str, str, bytes]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            body = self.rfile.read(length)
            if len(body) < length:
                return  # the sender was killed while it sent
            got.append((self.path, self.headers["Host"], body))
            reply(self)

        def log_message(self, *_: object) -> None:
            """Not in the test's output."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        if tls is not None:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        try:
            yield server.server_port, got
        finally:
            server.shutdown()


def status(code: int, **headers: str) -> Reply:
    def reply(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(code)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    return reply
