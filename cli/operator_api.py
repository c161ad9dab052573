"""The operator API: runs each command of the command line in the server that holds the data directory.

It is served by HTTP on the Unix socket in the directory, never on TCP, with the public API beside it. Who may open the socket is
the operator: its mode, 600, is the authentication.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import msgspec
import uvicorn
from fastapi import FastAPI, Query, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from api import problem
from cli.console import PIPE_WIDTH, Console, Interrupted
from cli.operator_client import SOCKET, address
from cli.operator_commands import COMMANDS, Exit, Notice, OperatorCommand, Output, Progress, Record

log = logging.getLogger(__name__)

Execute = Callable[[OperatorCommand, Console], int]

_STEP_S = 0.1
_GRACE_S = 5
_MOST_AT_ONCE = 64


class _StreamingConsole:
    """The console of a command that another process has asked for. Every method raises Interrupted where nobody reads any more."""

    def __init__(self, width: int, write: Callable[[bytes], None], stopping: threading.Event) -> None:
        self.width = width
        self._write = write
        self._stopping = stopping
        self._stepped = 0.0

    def out(self, text: str) -> None:
        """Send a part of the result."""
        self.send(Output(text))

    def warn(self, text: str) -> None:
        """Send a line for standard error."""
        self.send(Notice(text))

    def progress(self, label: str, done: int, total: int | None, unit: str) -> None:
        """Send how much is done, ten times a second at most; raises Interrupted also where the server stops."""
        if self._stopping.is_set():
            raise Interrupted
        now = time.monotonic()
        if now - self._stepped >= _STEP_S:
            self._stepped = now
            self.send(Progress(label, done, total, unit))

    def send(self, record: Record) -> None:
        """Send one record, a line of JSON."""
        self._write(msgspec.json.encode(record) + b"\n")


class _CommandStream(Response):
    """The records of one command, sent as it makes them. It runs in a thread, and is interrupted when the client has gone."""

    media_type = "application/x-ndjson"

    def __init__(self, threads: ThreadPoolExecutor, run: Callable[[Callable[[bytes], None]], None]) -> None:
        super().__init__()
        del self.headers["content-length"]
        self._threads = threads
        self._run = run

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - as ASGI calls it
        loop = asyncio.get_running_loop()
        gone: Future[None] = Future()

        async def send_body(chunk: bytes, *, more: bool = True) -> None:
            await send({"type": "http.response.body", "body": chunk, "more_body": more})

        def write(chunk: bytes) -> None:
            """Wait until the client has room for more: it may be as slow as a pager is."""
            if gone.done():
                raise Interrupted
            sending = asyncio.run_coroutine_threadsafe(send_body(chunk), loop)
            wait((sending, gone), return_when=FIRST_COMPLETED)
            if gone.done():
                sending.cancel()
                raise Interrupted
            sending.result()

        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        watching = asyncio.create_task(_until_gone(receive, gone))
        try:
            await loop.run_in_executor(self._threads, self._run, write)
            await send_body(b"", more=False)
        finally:
            watching.cancel()


async def _until_gone(receive: Receive, gone: Future[None]) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    gone.set_result(None)


def _run(command: OperatorCommand, execute: Execute, console: _StreamingConsole) -> None:
    """Run a command to its exit status; without one the client knows that it was interrupted."""
    try:
        try:
            status = execute(command, console)
        except Interrupted:
            log.info("command=%s outcome=interrupted", command.name)
            return
        except Exception:
            log.exception("command=%s outcome=failed", command.name)
            console.warn("the server failed; its own output says why")
            status = 1
        console.send(Exit(status))
    except Interrupted:
        return


class OperatorServer(uvicorn.Server):
    """Serves the operator API beside another server, in the same event loop. `begin` and `end` are called there."""

    def __init__(self, public: ASGIApp, execute: Execute, directory: Path) -> None:
        self._stopping = threading.Event()
        self._threads = ThreadPoolExecutor(_MOST_AT_ONCE, "operator")
        self._socket = _bound(directory)
        self._path = directory / SOCKET
        app = _application(public, execute, self._threads, self._stopping)
        super().__init__(uvicorn.Config(app, lifespan="off", log_config=None, access_log=False))

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals are the other server's."""
        yield

    async def begin(self) -> None:
        """Answer from now on."""
        self._task = asyncio.create_task(self.serve(sockets=[self._socket]))

    async def end(self) -> None:
        """Interrupt long commands and take no more; a client that has stopped reading is cut off after a while."""
        self._path.unlink(missing_ok=True)
        self._stopping.set()
        self.should_exit = True
        cut = asyncio.get_running_loop().call_later(_GRACE_S, self._cut)
        await self._task
        cut.cancel()

    def _cut(self) -> None:
        for connection in tuple(self.server_state.connections):
            connection.transport.abort()

    def close(self) -> None:
        """Wait for every command: what it works with is closed next."""
        self._path.unlink(missing_ok=True)
        self._socket.close()
        self._threads.shutdown()


def _application(public: ASGIApp, execute: Execute, threads: ThreadPoolExecutor, stopping: threading.Event) -> FastAPI:
    app = FastAPI(openapi_url=None)
    problem.install(app)

    @app.post("/operator/{name}")
    async def run(name: str, request: Request, width: Annotated[int, Query(gt=0)] = PIPE_WIDTH) -> Response:
        if name not in COMMANDS:
            raise problem.Problem("not-found", "no such command")
        try:
            command = msgspec.json.decode(await request.body(), type=COMMANDS[name])
        except msgspec.DecodeError as error:
            raise problem.Problem("invalid" if isinstance(error, msgspec.ValidationError) else "malformed", str(error)) from error
        return _CommandStream(threads, lambda write: _run(command, execute, _StreamingConsole(width, write, stopping)))

    app.mount("", public)
    return app


def _bound(directory: Path) -> socket.socket:
    """The socket of `directory`, listening, for its owner alone; one that a killed server left is replaced."""
    (directory / SOCKET).unlink(missing_ok=True)
    bound = socket.socket(socket.AF_UNIX)
    before = os.umask(0o177)
    try:
        with address(directory) as path:
            bound.bind(path)
    except BaseException:
        bound.close()
        raise
    finally:
        os.umask(before)
    bound.listen()
    return bound


@contextmanager
def operator_server(directory: Path, public: ASGIApp, execute: Execute) -> Iterator[OperatorServer]:
    """The operator API of `directory`, with the `public` API beside it; at the end all commands are awaited."""
    server = OperatorServer(public, execute, directory)
    try:
        yield server
    finally:
        server.close()
