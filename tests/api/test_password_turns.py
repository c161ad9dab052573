"""Wrong passwords, however many, keep nobody waiting whose device or address is known, and are refused at once when too many wait."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import httpx
import pytest

from api import auth, password_turns
from tests.api.test_auth import problem_of
from tests.api.test_stranger_limit import from_address
from tests.kit.http import PASSWORD, Client, Person
from tests.kit.waiting import DEADLINE_S, within

WRONG = "Seja#Mal1"


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


def wrong(client: Client, number: int) -> httpx.Response:
    """A wrong password for another account each time, from another address each time."""
    transport = httpx.ASGITransport(client.transport.app, client=(f"10.0.{number}.1", 50_000))

    async def send() -> httpx.Response:
        async with httpx.AsyncClient(transport=transport, base_url="http://center") as stranger:
            return await stranger.post("/v1/auth/login", json={"email": f"e{number}@empresa.example", "password": WRONG})

    answer: httpx.Response = client._portal.call(send)
    return answer


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


def test_a_login_that_was_refused_because_many_wait_is_no_failed_try(ana: Person, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    turns = client.transport.app.state.application.password_turns  # type: ignore[attr-defined]
    from_address(client, "10.9.9.9")
    client._http.cookies.clear()
    body = {"email": ana.email, "password": PASSWORD}
    with monkeypatch.context() as full:
        full.setattr(turns._strangers, "_room", password_turns.Room(0, 0, 1.0))
        full.setattr(password_turns, "STRANGERS_AT_ONCE", 0)
        for _ in range(30):
            problem_of(client.post("/v1/auth/login", json=body), 429, "too-many-logins")
    assert client.post("/v1/auth/login", json=body).status_code == 200
