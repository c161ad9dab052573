"""`serve`: the API of a center in a data directory, and its projections, or one API of many over servers, until it is stopped."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
from collections.abc import Callable, Coroutine, Iterator
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any

import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import request_ids
from api.app import create_app
from api.http_server import limited, limits_of
from api.request_ids import RequestIdFilter
from bootstrap import DirectoryHeld, Held, reach
from cli.asterisk import following
from cli.company import known, known_or_new
from cli.console import Console, Mistake, terminal
from cli.execution import execute
from cli.operator_api import operator_api
from cli.operator_client import is_served
from cli.run import patience
from commands.companies import companies
from settings import Settings

log = logging.getLogger(__name__)

_GRACE_S = 3
"""Seconds for requests that are being answered when the server begins to end."""

_EVERYWHERE = ("0.0.0.0", "::", "")  # noqa: S104 - what an operator may ask for, not what is listened on


class Server(uvicorn.Server):
    """A server, and the task that runs alongside it. What is not answered within _GRACE_S of its end is cut off; that is no error."""

    def __init__(self, config: uvicorn.Config, alongside: Callable[[], Coroutine[Any, Any, None]], stop: Callable[[], None]) -> None:
        """stop: called when the server begins to end, before it waits for anything."""
        super().__init__(config)
        self._stop = stop
        self._alongside = alongside
        self._task: asyncio.Task[None] | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve, and start the task alongside."""
        await super().startup(sockets)
        self._task = asyncio.create_task(self._alongside())
        self._task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and task.exception() is not None:
            log.error("the task alongside the server has failed", exc_info=task.exception())
            self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End both."""
        self._stop()
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        cutting_off = asyncio.create_task(self._cut_off_late())
        await super().shutdown(sockets)
        cutting_off.cancel()
        # A client that reads no more would keep the event loop from closing.
        for connection in tuple(self.server_state.connections):
            connection.transport.abort()

    async def _cut_off_late(self) -> None:
        await asyncio.sleep(_GRACE_S)
        # Nobody waits for what is cancelled then: uvicorn would say so of each as of an error.
        for connection in tuple(self.server_state.connections):
            connection.transport.abort()
        for task in tuple(self.server_state.tasks):
            task.cancel()


def cut_off_quietly(app: ASGIApp) -> ASGIApp:
    """`app`, whose requests may be cut off, and whose streams may end in the middle, at the end of the server: neither is an error of theirs."""

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        is_open = False

        async def noted(message: Message) -> None:
            nonlocal is_open
            is_open = message["type"] == "http.response.start" or message.get("more_body", False)
            await send(message)

        with suppress(asyncio.CancelledError):
            await app(scope, receive, noted)
            if is_open:
                await send({"type": "http.response.body", "body": b""})

    return serve


def serve(directory: Path, settings: Settings, company: str) -> int:
    """Serve the center until SIGINT or SIGTERM."""
    with terminal() as console, held_alone(directory, settings, console) as held:
        (known if companies(held.center.store) else known_or_new)(held.center, company)
        held.center.covered()

        async def say(url: str) -> None:
            console.warn(f"Atende serves {held.location.name} at {url}")

        # Whoever has a `Request-Id` finds the request, done or refused.
        logging.getLogger(request_ids.__name__).setLevel(logging.INFO)
        with following(held.center, settings) if settings.mode == "embedded" else nullcontext():
            run(held, settings, say)
    return 0


@contextmanager
def held_alone(directory: Path, settings: Settings, console: Console) -> Iterator[Held]:
    """Open the center as a server does: SIGTERM stops it as Ctrl-C does; a command that uses the directory now is awaited."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    wait = patience(directory, console)
    with suppress(KeyboardInterrupt), ExitStack() as stack:
        held = None
        while held is None:
            try:
                held = stack.enter_context(reach(directory, settings))
            except DirectoryHeld as taken:
                if is_served(directory):
                    raise Mistake(f"{directory} is served already, by process {taken.process}") from taken
                wait(taken)
        yield held


def run(held: Held, settings: Settings, alongside: Callable[[str], Coroutine[Any, Any, None]]) -> None:
    """Serve the API over TCP, and the operator API on the socket of a directory that is held, until SIGINT or SIGTERM.

    `alongside` is given the URL and runs in the event loop meanwhile; its failure ends the server.
    """
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s %(request_id)s %(message)s")
    for handler in logging.getLogger().handlers:
        handler.addFilter(RequestIdFilter())
    with _bound(settings.host, settings.port) as bound, ExitStack() as stack:
        held.url = _url(settings.host, bound.getsockname()[1])
        app: ASGIApp = create_app(held.center)
        sockets = [bound]
        if settings.mode == "embedded":
            held.center.processes.start()
            of_commands = operator_api(
                held.directory, app, lambda command, console: execute(command, held, console), lambda: server.should_exit
            )
            app, listener = stack.enter_context(of_commands)
            sockets.append(listener)
        config = configured(app, settings)
        server = Server(config, lambda: alongside(held.url), held.center.stop)
        with suppress(KeyboardInterrupt):
            server.run(sockets)


def configured(app: ASGIApp, settings: Settings) -> uvicorn.Config:
    """How uvicorn serves `app`, within the limits of `api.http_server`. Headers of proxies that no setting names do not count, whatever FORWARDED_ALLOW_IPS says."""
    return uvicorn.Config(
        cut_off_quietly(app),
        http=limited(limits_of(settings.client_connections, settings.trusted_proxies, settings.public_url)),
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=2 * _GRACE_S,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=list(settings.trusted_proxies),
    )


def _bound(host: str, port: int) -> socket.socket:
    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET, backlog=2048)
    except OSError as error:
        raise Mistake(f"cannot listen on {host}:{port}: {error.strerror or error}") from error


def _url(host: str, port: int) -> str:
    named = "127.0.0.1" if host in _EVERYWHERE else host
    return f"http://[{named}]:{port}" if ":" in named else f"http://{named}:{port}"
