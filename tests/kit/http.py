"""A center behind the HTTP API, and people who are logged in to it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from anyio.from_thread import start_blocking_portal
from fastapi import FastAPI

from api.application_state import ApplicationState
from bootstrap import Center, Embedded
from commands.companies import RegisterCompany
from commands.handler_context import Caller
from commands.users import AppointAdministrator
from domain.access import PERMISSIONS
from domain.ids import company_id
from settings import Settings

PASSWORD = "Seja#Bem1"


class Clock:
    """A clock that advances only when a test calls `pass_s`."""

    def __init__(self) -> None:
        self.us = 1_772_470_800_000_000

    def now_us(self) -> int:
        return self.us

    def seconds(self) -> float:
        """The monotonic clock of limits."""
        return self.us / 1_000_000

    def pass_s(self, seconds: float) -> None:
        self.us += int(seconds * 1_000_000)


class TimedCenter(Embedded):
    """A center whose clock is the test's."""

    def __init__(self, directory: Path) -> None:
        self.clock = Clock()
        super().__init__(directory, Settings(token_secret="s" * 64), self.clock)


class Client:
    """Sends requests to an app that runs in an event loop of another thread."""

    def __init__(self, app: FastAPI, portal: Any) -> None:
        self._portal = portal
        # An error of the server fails the test, unless the test replaces the transport.
        self.transport = httpx.ASGITransport(app)
        self._http = httpx.AsyncClient(transport=self.transport, base_url="http://center")

    def request(self, method: str, path: str, **more: Any) -> httpx.Response:
        answer: httpx.Response = self._portal.call(lambda: self._http.request(method, path, **more))
        return answer

    def get(self, path: str, **more: Any) -> httpx.Response:
        return self.request("GET", path, **more)

    def post(self, path: str, **more: Any) -> httpx.Response:
        return self.request("POST", path, **more)


@contextmanager
def serving(app: FastAPI) -> Iterator[Client]:
    """The app, started up, and a client of it."""
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(app.router.lifespan_context(app)):
        yield Client(app, portal)


@dataclass
class Person:
    """Somebody of a company who is logged in."""

    client: Client
    email: str
    tokens: dict[str, object]

    def ask(self, method: str, path: str, **more):
        headers = {"Authorization": f"Bearer {self.tokens['access_token']}", **more.pop("headers", {})}
        return self.client.request(method, path, headers=headers, **more)

    def stay(self) -> None:
        """Refresh the tokens after the clock has advanced."""
        answer = self.client.post("/v1/auth/refresh", json={"refresh_token": self.tokens["refresh_token"]})
        assert answer.status_code == 200, answer.text
        self.tokens = answer.json()

    def get(self, path: str, **more):
        return self.ask("GET", path, **more)

    def post(self, path: str, json: object = None, **more):
        return self.ask("POST", path, json=json, **more)


@dataclass
class Program:
    """A program that uses an API key."""

    client: Client
    key: str

    def ask(self, method: str, path: str, **more):
        headers = {"Authorization": f"Bearer {self.key}", **more.pop("headers", {})}
        return self.client.request(method, path, headers=headers, **more)

    def get(self, path: str, **more):
        return self.ask("GET", path, **more)

    def post(self, path: str, json: object = None, **more):
        return self.ask("POST", path, json=json, **more)


def administrator(app: FastAPI, center: Center, company: str, email: str = "ana@empresa.example") -> str:
    """An access token of an administrator of the company; both are created if they are missing."""
    if company_id(company) not in center.store.companies():
        center.bus.execute(RegisterCompany(name=company), operator(company))
    receipt = center.bus.execute(AppointAdministrator(email=email), operator(company))
    application: ApplicationState = app.state.application
    return application.tokens.write(receipt.id, company_id(company), frozenset(PERMISSIONS), "admin")


def operator(company: str) -> Caller:
    return Caller(company_id(company), "operator", frozenset(PERMISSIONS))
