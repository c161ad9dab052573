"""A center that is served over HTTP on this machine, for clients in processes of their own."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp

from api.app import create_app
from commands.api_keys import CreateApiKey
from commands.companies import RegisterCompany
from commands.passwords import hashed_password
from commands.users import AppointAdministrator, SetPassword
from tests.kit.http import PASSWORD, TimedCenter, operator

DEADLINE_S = 20
COMPANY = "Empresa"
EMAIL = "ana@empresa.example"


@contextmanager
def server_of(app: ASGIApp, port: int = 0) -> Iterator[str]:
    """The app on a port of this machine, a free one if none is named; its address."""
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="warning", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run)
    thread.start()
    end = time.monotonic() + DEADLINE_S
    while not server.started:
        assert time.monotonic() < end
        thread.join(0.01)
        assert thread.is_alive()
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


@dataclass(frozen=True)
class Served:
    """A served center with one company and its administrator."""

    center: TimedCenter
    address: str
    key: str
    """An API key that may read reports."""

    @property
    def variables(self) -> dict[str, str]:
        """The variables of the examples in docs/api.md."""
        return {"CENTER": self.address, "EMAIL": EMAIL, "PASSWORD": PASSWORD, "COMPANY": COMPANY, "KEY": self.key}


@contextmanager
def served_center(directory: Path) -> Iterator[Served]:
    """A center that is served until the block ends."""
    center = TimedCenter(directory)
    try:
        center.bus.execute(RegisterCompany(name=COMPANY), operator(COMPANY))
        token = center.bus.execute(AppointAdministrator(email=EMAIL), operator(COMPANY)).result["token"]
        center.bus.execute(SetPassword(token=token, hashed=hashed_password(PASSWORD)), operator(COMPANY))
        key = center.bus.execute(CreateApiKey(name="CRM", permissions=("gerenciar-relatorio",)), operator(COMPANY)).result["key"]
        with server_of(create_app(center)) as address:
            yield Served(center, address, key)
    finally:
        center.close()
