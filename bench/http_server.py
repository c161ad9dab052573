"""A server to be measured, in a process of its own: `python -m bench.http_server ours|idle|bare DIRECTORY`.

It says on standard output, in a line of JSON, at which port it listens and which token opens it; it lives until its
standard input ends.
"""

from __future__ import annotations

import json
import socket
import sys
import threading
from pathlib import Path
from typing import Any
from uuid import uuid4

import uvicorn
from fastapi import FastAPI

from api.app import create_app
from api.interactions import Start
from bootstrap import Embedded
from commands.command_bus import CommandBus
from commands.handler_context import Caller, Command, Receipt
from domain.access import ACT_FOR_OTHERS, ATTEND
from domain.ids import company_id
from settings import Settings

COMPANY = company_id("Empresa")


class IdleDoor(CommandBus):
    """Does nothing: what is left of the endpoint is the way there and back."""

    async def execute_soon(self, command: Command, caller: Caller) -> Receipt:  # noqa: ARG002
        """Say that it is done."""
        return Receipt(COMPANY, 1, 1, {"call": "x", "protocol": 1})


def served(kind: str, directory: Path) -> tuple[FastAPI, str]:
    """The application and a token: `ours` as it is served, the same endpoints with a door that does nothing, or one bare endpoint of FastAPI."""
    if kind == "bare":
        return _bare(), "-"
    center = Embedded(directory, Settings())
    if kind == "ours":
        center.covered()
    else:
        center.bus = IdleDoor(center.store)
    app = create_app(center)
    return app, app.state.application.tokens.write(uuid4(), COMPANY, frozenset({ATTEND, ACT_FOR_OTHERS}), "Admin")


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


if __name__ == "__main__":
    main()
