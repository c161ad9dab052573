"""Wrong passwords, however many, keep nobody waiting whose device or address is known, and are refused at once when too many wait."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from typing import Any

import httpx
import pytest

from api import auth, password_turns
from api.fair_turns import Room
from commands.users import IssuePasswordLink
from tests.api.test_auth import problem_of
from tests.api.test_stranger_limit import from_address
from tests.kit.http import PASSWORD, Client, Person, operator
from tests.kit.waiting import DEADLINE_S, within

WRONG = "Seja#Mal1"

Crowd = Callable[[], AbstractContextManager[None]]
"""Begins a crowd: while it lasts, nobody gets a turn and nobody may wait."""


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Wrong passwords are compared only when the test says so."""
    go, check = threading.Event(), auth.check_credentials

    def slowly(store: object, tenant: object, email: str, password: str) -> object:
        if password == WRONG:
            assert go.wait(DEADLINE_S)
        return check(store, tenant, email, password)  # type: ignore[arg-type]

    monkeypatch.setattr(auth, "check_credentials", slowly)
    yield go
    go.set()


def try_to_log_in(client: Client, email: str, address: str, password: str = WRONG) -> httpx.Response:
    """A login without a cookie, from an address."""
    transport = httpx.ASGITransport(client.transport.app, client=(address, 50_000))

    async def send() -> httpx.Response:
        async with httpx.AsyncClient(transport=transport, base_url="http://center") as other:
            return await other.post("/v1/auth/login", json={"email": email, "password": password})

    answer: httpx.Response = client._portal.call(send)
    return answer


def wrong(client: Client, number: int) -> httpx.Response:
    """A wrong password for another account each time, from another address each time."""
    return try_to_log_in(client, f"e{number}@empresa.example", f"10.0.{number}.1")


def test_while_strangers_wait_a_known_device_logs_in_and_one_more_stranger_is_refused_at_once(
    ana: Person, client: Client, held: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = password_turns.STRANGERS.all_lanes
    turns = client.transport.app.state.application.password_turns  # type: ignore[attr-defined]
    monkeypatch.setattr(turns._strangers, "_room", replace(password_turns.STRANGERS, longest_s=60))
    with ThreadPoolExecutor(room + 1) as attackers:
        waiting = [attackers.submit(wrong, client, number) for number in range(room + 1)]
        within(lambda: turns._strangers.waiting == room)
        refused = wrong(client, 200)
        problem_of(refused, 429, "too-many-logins")
        assert int(refused.headers["Retry-After"]) >= 1
        from_address(client, "10.9.9.9")
        assert client.post("/v1/auth/login", json={"email": ana.email, "password": PASSWORD}).status_code == 200
        held.set()
        assert {answer.result().status_code for answer in waiting} <= {401, 429}


def test_accounts_that_are_known_at_one_address_do_not_wait_for_each_other(
    log_in: Any, client: Client, held: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    accounts = password_turns.AT_ONCE + password_turns.KNOWN.lane + 2
    people = [log_in(email=f"p{number}@empresa.example", permissions=()) for number in range(accounts)]
    turns = client.transport.app.state.application.password_turns  # type: ignore[attr-defined]
    monkeypatch.setattr(turns._known, "_room", replace(password_turns.KNOWN, longest_s=60))
    with ThreadPoolExecutor(accounts) as programs:
        answers = [programs.submit(try_to_log_in, client, person.email, "127.0.0.1") for person in people]
        within(lambda: turns._known.waiting == accounts - password_turns.AT_ONCE)
        held.set()
        assert [answer.result().status_code for answer in answers] == [401] * accounts


@pytest.fixture
def crowded(client: Client, monkeypatch: pytest.MonkeyPatch) -> Crowd:
    turns = client.transport.app.state.application.password_turns  # type: ignore[attr-defined]

    @contextmanager
    def lasting() -> Iterator[None]:
        with monkeypatch.context() as full:
            for queue in (turns._strangers, turns._known):
                full.setattr(queue, "_room", Room(0, 0, 1.0))
            full.setattr(password_turns, "STRANGERS_AT_ONCE", 0)
            full.setattr(password_turns, "AT_ONCE", 0)
            yield

    return lasting


@pytest.mark.parametrize("address", ["10.9.9.9", "127.0.0.1"])
def test_a_login_that_was_refused_because_many_wait_is_no_failed_try(ana: Person, client: Client, crowded: Crowd, address: str) -> None:
    with crowded():
        for _ in range(30):
            problem_of(try_to_log_in(client, ana.email, address, PASSWORD), 429, "too-many-logins")
    assert try_to_log_in(client, ana.email, address, PASSWORD).status_code == 200


def test_a_password_that_could_not_be_set_because_many_wait_is_no_failed_try(
    ana: Person, client: Client, center: Any, crowded: Crowd
) -> None:
    link = center.bus.execute(IssuePasswordLink(email=ana.email), operator("Empresa")).result["token"]
    body = {"token": link, "password": "Outra#Vez1"}
    with crowded():
        for _ in range(30):
            problem_of(client.post("/v1/auth/password", json=body), 429, "too-many-logins")
    assert client.post("/v1/auth/password", json=body).status_code == 204


def test_a_password_that_could_not_be_changed_because_many_wait_is_no_failed_try(ana: Person, crowded: Crowd) -> None:
    body = {"current": PASSWORD, "password": "Ainda#Melh0r"}
    with crowded():
        for _ in range(30):
            problem_of(ana.post("/v1/auth/own-password", body), 429, "too-many-logins")
    assert ana.post("/v1/auth/own-password", body).status_code == 204
