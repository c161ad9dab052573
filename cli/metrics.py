"""The metrics of a process that serves no API, on a port of its own."""

from __future__ import annotations

import socket
from collections.abc import Callable
from threading import Thread
from wsgiref.simple_server import WSGIServer

from prometheus_client import CollectorRegistry, start_http_server

from cli.console import Console, Mistake


def serve(registry: CollectorRegistry, host: str, port: int, console: Console) -> Callable[[], None]:
    """Serve the metrics on `port`, 0 for any free one; returns the function that ends it."""
    server: WSGIServer
    thread: Thread
    try:
        with socket.socket() as probe:
            # The library's server would share a port with another process. What connections of the last one linger there is no matter.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
        server, thread = start_http_server(port, host, registry)
    except OSError as error:
        raise Mistake(f"cannot listen on {host}:{port}: {error.strerror or error}") from error
    console.warn(f"its metrics are at http://{host}:{server.server_port}/metrics")

    def end() -> None:
        server.shutdown()
        server.server_close()
        thread.join()

    return end
