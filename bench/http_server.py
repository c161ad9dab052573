"""The server that is measured, in its own process: `python -m bench.http_server ours|idle|bare DIRECTORY`.

It prints its port and an access token as one line of JSON, and serves until its standard input ends.
"""

from __future__ import annotations

import json
import socket
import sys
import threading
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI

from api.app import create_app
from api.interactions import Start
from bootstrap import Embedded
from commands.command_bus import CommandBus
from commands.handler_context import Caller, Command, Receipt
from commands.users import AppointAdministrator
from domain.access import ACT_FOR_OTHERS, ATTEND, PERMISSIONS
from domain.ids import company_id
from settings import MAX_USER_REQUESTS, Settings

COMPANY = company_id("Empresa")


class IdleCommandBus(CommandBus):
    """A command bus that does nothing: only the cost of HTTP is left."""

    async def execute_soon(self, command: Command, caller: Caller) -> Receipt:  # noqa: ARG002
        """Return a receipt."""
        return Receipt(COMPANY, 1, 1, {"call": "x", "protocol": 1})


def served(kind: str, directory: Path) -> tuple[FastAPI, str]:
    """Create the application and a token.

    `ours`: the whole application; `idle`: the same with a command bus that does nothing; `bare`: one endpoint of FastAPI.
    """
    if kind == "bare":
        return _bare(), "-"
    center = Embedded(directory, Settings(user_requests=MAX_USER_REQUESTS))
    administrator = AppointAdministrator(email="bench@empresa.example")
    user = center.bus.execute(administrator, Caller(COMPANY, "bench", frozenset(PERMISSIONS))).id
    if kind == "ours":
        center.covered()
    else:
        center.bus = IdleCommandBus(center.store)
    app = create_app(center)
    return app, app.state.application.tokens.write(user, COMPANY, frozenset({ATTEND, ACT_FOR_OTHERS}), "admin")


def _bare() -> FastAPI:
    app = FastAPI()

    @app.post("/v1/interactions", status_code=201)
    async def start(body: Start) -> dict[str, Any]:
        return {"call": body.call}

    return app


def main() -> None:
    """Serve until standard input ends."""
    app, token = served(sys.argv[1], Path(sys.argv[2]))
    listening = socket.create_server(("127.0.0.1", 0), backlog=128)
    server = uvicorn.Server(uvicorn.Config(app, loop="uvloop", http="httptools", log_level="warning", access_log=False))
    print(json.dumps({"port": listening.getsockname()[1], "token": token}), flush=True)

    def wait_for_the_end() -> None:
        sys.stdin.read()
        server.should_exit = True

    threading.Thread(target=wait_for_the_end, daemon=True).start()
    server.run(sockets=[listening])
    if sys.argv[1] != "bare":
        app.state.application.center.close()


if __name__ == "__main__":
    main()
