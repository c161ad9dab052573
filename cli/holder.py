"""The server's end of the line: each command that is asked on the socket runs in a thread of the process that holds the directory."""

from __future__ import annotations

import logging
import os
import socket
import socketserver
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import msgspec

from cli.asks import Ask, Exit, Out, Request, Said, Step, Warn
from cli.console import Console, Interrupted
from cli.line import SOCKET, address

log = logging.getLogger(__name__)

_STEP_S = 0.1
_REQUEST_S = 10
_GRACE_S = 5.0


class Wire:
    """The console of a command that was asked by another process."""

    def __init__(self, write: Callable[[bytes], Any], width: int, stopping: threading.Event) -> None:
        self.width = width
        self._write = write
        self._stopping = stopping
        self._stepped = 0.0

    def out(self, text: str) -> None:
        """Send a part of the result."""
        self.say(Out(text))

    def warn(self, text: str) -> None:
        """Send a line for standard error."""
        self.say(Warn(text))

    def progress(self, label: str, done: int, total: int | None, unit: str) -> None:
        """Send how far it is, ten times a second at most."""
        now = time.monotonic()
        if self._stopping.is_set():
            raise Interrupted
        if now - self._stepped >= _STEP_S:
            self._stepped = now
            self.say(Step(label, done, total, unit))

    def say(self, what: Said) -> None:
        """Send anything; raises Interrupted where nobody listens any more."""
        try:
            self._write(msgspec.json.encode(what) + b"\n")
        except OSError as error:
            raise Interrupted from error


class _Call(socketserver.StreamRequestHandler):
    """One command, from its request to its exit status."""

    server: Holder
    timeout = _REQUEST_S

    def handle(self) -> None:
        try:
            line = self.rfile.readline()
        except TimeoutError:
            return
        if line:
            # From here on the reader may be as slow as a pager is.
            self.connection.settimeout(None)
            with suppress(Interrupted):
                self._answer(line)

    def _answer(self, line: bytes) -> None:
        try:
            request = msgspec.json.decode(line, type=Request)
        except msgspec.DecodeError:
            Wire(self.wfile.write, 0, self.server.stopping).say(Warn("the server that holds this directory is of another version"))
            return
        wire = Wire(self.wfile.write, request.width, self.server.stopping)
        try:
            status = self.server.answer(request.ask, wire)
        except Interrupted:
            log.info("command=%s outcome=interrupted", type(request.ask).__name__)
            return
        except Exception:
            log.exception("command=%s outcome=failed", type(request.ask).__name__)
            wire.warn("the server failed; its own output says why")
            status = 1
        wire.say(Exit(status))


class Holder(socketserver.ThreadingUnixStreamServer):
    """Listens on the directory's socket, mode 600."""

    request_queue_size = 64

    def __init__(self, path: str, answer: Callable[[Ask, Console], int]) -> None:
        self.answer = answer
        self.stopping = threading.Event()
        self._lines: set[socket.socket] = set()
        before = os.umask(0o177)
        try:
            super().__init__(path, _Call)
        finally:
            os.umask(before)

    def process_request(self, request: Any, client_address: Any) -> None:
        self._lines.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._lines.discard(request)
        super().shutdown_request(request)

    def stop(self) -> None:
        """Interrupt long commands, await all; a line whose reader has stopped reading is cut after a while."""
        self.stopping.set()
        self.shutdown()
        cut = threading.Timer(_GRACE_S, self._cut)
        cut.start()
        self.server_close()
        cut.cancel()

    def _cut(self) -> None:
        for line in tuple(self._lines):
            with suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)


@contextmanager
def listening(directory: Path, answer: Callable[[Ask, Console], int]) -> Iterator[None]:
    """While it lasts other processes may ask; at the end long commands are interrupted and all are awaited."""
    (directory / SOCKET).unlink(missing_ok=True)
    with address(directory) as path:
        holder = Holder(path, answer)
    thread = threading.Thread(target=holder.serve_forever, name="holder", daemon=True)
    thread.start()
    try:
        yield
    finally:
        (directory / SOCKET).unlink(missing_ok=True)
        holder.stop()
        thread.join()
