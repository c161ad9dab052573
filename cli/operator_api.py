"""The operator API: runs the commands of the command line in the server that holds the data directory.

It is one HTTP route on the Unix socket in the directory, which serves the public API too; over TCP there is no such route. Whoever may
open the socket is the operator: its mode, 600, is the authentication.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Annotated

import msgspec
from fastapi import FastAPI, Query, Request
from starlette.responses import Response, StreamingResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from api import problem
from cli.console import PIPE_WIDTH, Console, Interrupted
from cli.operator_client import ROUTE, SOCKET, address
from cli.operator_commands import Exit, Notice, OperatorCommand, Output, Progress, Record

log = logging.getLogger(__name__)

Execute = Callable[[OperatorCommand, Console], int]

_PROGRESS_S = 0.1
_MOST_AT_ONCE = 64


class _StreamingConsole:
    """The console of a command that another process has sent. Every method raises Interrupted when that process is gone."""

    def __init__(self, width: int, write: Callable[[bytes], None], stopping: Callable[[], bool]) -> None:
        self.width = width
        self._write = write
        self._stopping = stopping
        self._sent_at = 0.0

    def out(self, text: str) -> None:
        """Send a part of the result."""
        self.send(Output(text))

    def warn(self, text: str) -> None:
        """Send a line for standard error."""
        self.send(Notice(text))

    def progress(self, label: str, done: int, total: int | None, unit: str) -> None:
        """Send how much is done, ten times a second at most; raises Interrupted also when the server stops."""
        if self._stopping():
            raise Interrupted
        now = time.monotonic()
        if now - self._sent_at >= _PROGRESS_S:
            self._sent_at = now
            self.send(Progress(label, done, total, unit))

    def send(self, record: Record) -> None:
        """Send one record, a line of JSON."""
        self._write(msgspec.json.encode(record) + b"\n")


class _CommandStream(StreamingResponse):
    """The records of one command, which runs in a thread. A client that closes the connection interrupts it."""

    media_type = "application/x-ndjson"

    def __init__(self, threads: ThreadPoolExecutor, run: Callable[[Callable[[bytes], None]], None]) -> None:
        super().__init__(())
        self._threads = threads
        self._run = run

    async def stream_response(self, send: Send) -> None:
        """Send each record when the command writes it; the base class cancels this when the client is gone."""
        loop = asyncio.get_running_loop()
        gone: Future[None] = Future()

        async def send_body(chunk: bytes, *, more: bool = True) -> None:
            await send({"type": "http.response.body", "body": chunk, "more_body": more})

        def write(chunk: bytes) -> None:
            """Wait until the client has room for more: it may be as slow as a pager is."""
            if not gone.done():
                sending = asyncio.run_coroutine_threadsafe(send_body(chunk), loop)
                wait((sending, gone), return_when=FIRST_COMPLETED)
                if not gone.done():
                    return sending.result()
            raise Interrupted

        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        try:
            await loop.run_in_executor(self._threads, self._run, write)
        finally:
            gone.set_result(None)
        await send_body(b"", more=False)


def _run(command: OperatorCommand, execute: Execute, console: _StreamingConsole) -> None:
    """Run a command and send its exit status; without one the client knows that it was interrupted."""
    name = type(command).__name__
    with suppress(Interrupted):
        try:
            console.send(Exit(execute(command, console)))
        except Interrupted:
            log.info("command=%s outcome=interrupted", name)
        except Exception:
            log.exception("command=%s outcome=failed", name)
            console.warn("the server failed; its own output says why")
            console.send(Exit(1))


@contextmanager
def operator_api(
    directory: Path, public: ASGIApp, execute: Execute, stopping: Callable[[], bool]
) -> Iterator[tuple[ASGIApp, socket.socket]]:
    """The application that serves `public` and the operator API, and the socket of `directory` on which a server has to serve it too.

    When `stopping` returns true, commands are interrupted at their next progress. At the end of the block every command is awaited:
    the caller closes next what they work with.
    """
    operator = FastAPI(openapi_url=None)
    problem.install(operator)

    with ThreadPoolExecutor(_MOST_AT_ONCE, "operator") as threads, _listening(directory) as listener:

        @operator.post(ROUTE)
        async def run(request: Request, width: Annotated[int, Query(gt=0)] = PIPE_WIDTH) -> Response:
            try:
                command = msgspec.json.decode(await request.body(), type=OperatorCommand)
            except msgspec.DecodeError as error:
                raise problem.Problem("invalid" if isinstance(error, msgspec.ValidationError) else "malformed", str(error)) from error
            return _CommandStream(threads, lambda write: _run(command, execute, _StreamingConsole(width, write, stopping)))

        async def serve(scope: Scope, receive: Receive, send: Send) -> None:
            # ASGI: the address of a server on a Unix socket has no port, that of one on TCP always has.
            on_socket = scope["type"] == "http" and scope["path"] == ROUTE and (scope.get("server") or ("", 0))[1] is None
            await (operator if on_socket else public)(scope, receive, send)

        yield serve, listener


@contextmanager
def _listening(directory: Path) -> Iterator[socket.socket]:
    """The socket of `directory`, for its owner alone; one that a killed server left is replaced."""
    path = directory / SOCKET
    path.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX) as listener:
        with address(directory) as short:
            listener.bind(short)
        try:
            # Nobody can connect before it listens.
            path.chmod(0o600)
            listener.listen()
            yield listener
        finally:
            path.unlink(missing_ok=True)
