"""The PBX has the telephone of a browser while its session is open, with its credential, and nothing of it afterwards."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from uuid import uuid4

import httpx2
import pytest

from commands.agents import LogIn
from commands.command_bus import CommandBus
from commands.handler_context import Caller
from commands.phones import ClosePhone, OpenPhone, phone_password
from domain.access import PERMISSIONS
from domain.ids import agent_id, phone_id
from domain.phones import PhoneEvent
from settings import Asterisk
from store.event_store import Store
from telephony_adapter.control.pbx import Pbx, PbxRefuses
from telephony_adapter.control.phones import BrowserPhones, telephone
from tests.kit.buses import store
from tests.kit.clocks import Settable
from tests.kit.stores import location, on_server, own_database

__all__ = ["location", "on_server", "own_database", "store"]

TENANT = uuid4()
CALLER = Caller(TENANT, "user:test", frozenset(PERMISSIONS))
ASTERISK = Asterisk("10.0.0.5", "atende", "secret", control=True, ari="http://pbx:8088", phone="wss://pbx/ws")


class Ari:
    """ARI's objects, by kind and name, and what was asked of it."""

    def __init__(self) -> None:
        self.objects: dict[str, list[dict[str, str]]] = {}
        self.asked: list[str] = []
        self.refuses = False

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        path = request.url.path.removeprefix("/ari/asterisk/config/dynamic/res_pjsip/")
        self.asked.append(f"{request.method} {path.split('/')[0]}")
        if self.refuses:
            return httpx2.Response(403, json={"message": "password was 5feceb66"})
        if request.method == "PUT":
            self.objects[path] = json.loads(request.content)["fields"]
        elif path not in self.objects:
            return httpx2.Response(404, json={"message": "Not Found"})
        elif request.method == "DELETE":
            del self.objects[path]
            return httpx2.Response(204)
        return httpx2.Response(200, json=self.objects[path])


@pytest.fixture
def ari() -> Ari:
    return Ari()


@pytest.fixture
def bus(store: Store) -> CommandBus:
    bus = CommandBus(store, Settable())
    bus.execute(LogIn(agent="Ana"), CALLER)
    return bus


@pytest.fixture
def pbx(store: Store, ari: Ari) -> Iterator[Pbx]:
    with httpx2.Client(base_url="http://pbx:8088/ari/", transport=httpx2.MockTransport(ari)) as client:
        yield Pbx(ASTERISK, TENANT, None, store, lambda: 0, client)  # type: ignore[arg-type]


def perform(store: Store, pbx: Pbx) -> None:
    """Perform what the newest event of Ana's phone asks for."""
    event = list(store.stream(phone_id(TENANT, agent_id(TENANT, "Ana"))))[-1]
    assert isinstance(event, PhoneEvent)
    assert list(BrowserPhones().perform(event, pbx)) == []


def test_a_session_is_a_telephone_with_its_credential_and_its_end_removes_it(store: Store, bus: CommandBus, pbx: Pbx, ari: Ari) -> None:
    opened = bus.execute(OpenPhone(agent="Ana"), CALLER).result
    perform(store, pbx)
    name = opened["username"]
    assert set(ari.objects) == {f"auth/{name}", f"aor/{name}", f"endpoint/{name}"}
    password = {"attribute": "password", "value": phone_password(store.keyring, TENANT, opened["session"])}
    assert password in ari.objects[f"auth/{name}"]
    assert [asked for asked in ari.asked if asked.startswith("PUT")] == ["PUT auth", "PUT aor", "PUT endpoint"]
    bus.execute(ClosePhone(agent="Ana"), CALLER)
    perform(store, pbx)
    assert ari.objects == {}
    perform(store, pbx)


def test_a_renewed_session_writes_nothing_and_a_new_one_another_credential(store: Store, bus: CommandBus, pbx: Pbx, ari: Ari) -> None:
    session = bus.execute(OpenPhone(agent="Ana"), CALLER).result["session"]
    perform(store, pbx)
    before = dict(ari.objects)
    ari.asked.clear()
    bus.execute(OpenPhone(agent="Ana", session=session), CALLER)
    perform(store, pbx)
    assert ari.asked == ["GET auth"]
    bus.execute(OpenPhone(agent="Ana"), CALLER)
    perform(store, pbx)
    assert ari.objects != before


def test_a_refusal_says_nothing_of_the_credential(store: Store, bus: CommandBus, pbx: Pbx, ari: Ari) -> None:
    bus.execute(OpenPhone(agent="Ana"), CALLER)
    ari.refuses = True
    with pytest.raises(PbxRefuses) as refused:
        perform(store, pbx)
    assert str(refused.value) == "ARI GET auth: status 403"


@pytest.mark.parametrize("changed", [{"phone": ""}, {"ari": ""}])
def test_a_pbx_without_phones_in_the_browser_is_left_alone(
    store: Store, bus: CommandBus, pbx: Pbx, ari: Ari, changed: dict[str, str]
) -> None:
    bus.execute(OpenPhone(agent="Ana"), CALLER)
    perform(store, replace(pbx, asterisk=replace(ASTERISK, **changed), ari=None if "ari" in changed else pbx.ari))
    assert ari.asked == []


def test_the_telephone_of_a_browser_of_this_machine_uses_the_loopback() -> None:
    far, near = (telephone("web_1", 'Ana "x" \\', "p", replace(ASTERISK, host=host))["endpoint"] for host in ("10.0.0.5", "127.0.0.1"))
    assert "media_address" not in far
    assert near["media_address"] == "127.0.0.1"
    assert far["callerid"] == '"Ana x " <web_1>'
