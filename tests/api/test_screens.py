"""A screen of a wall: a device shows queues until it is revoked, whoever logs out, and sees nothing else."""

from __future__ import annotations

import asyncio
from uuid import UUID

import pytest
from cachetools import TTLCache

from api import active_screens
from api.active_screens import REMEMBERED_S, ActiveScreens
from commands.queues import RegisterQueue, RenameQueue
from domain.screens import LINK_VALID_US
from tests.api.test_auth import problem_of
from tests.kit.http import operator
from tests.kit.openapi import STREAMS, operations
from tests.kit.pasts import cover

PAGE = {"Origin": "http://center"}


class Device:
    """A browser on the wall. Its cookies are its own."""

    def __init__(self, client):
        self.client = client
        self.cookie = ""
        self.access = {}

    def connect(self, token):
        answer = self.client.post("/v1/auth/screen", json={"token": token}, headers=PAGE | {"Cookie": ""})
        return self._took(answer)

    def renew(self):
        answer = self.client.post("/v1/auth/screen/refresh", headers=PAGE | {"Cookie": f"atende_screen={self.cookie}"})
        return self._took(answer)

    def _took(self, answer):
        if answer.status_code == 200:
            self.cookie = answer.cookies["atende_screen"]
            self.access = answer.json()
        return answer

    def ask(self, method, path, **more):
        return self.client.request(
            method, path, headers={"Authorization": f"Bearer {self.access['access_token']}"} | more.pop("headers", {}), **more
        )

    def get(self, path, **more):
        return self.ask("GET", path, **more)


@pytest.fixture
def queues(center, ana):
    """The ids of two queues."""
    return [center.bus.execute(RegisterQueue(name=name), operator("Empresa")).id for name in ("vendas", "suporte")]


@pytest.fixture
def screen(ana, queues, client):
    """A device that is a screen for the first queue, and the screen's id."""
    made = ana.post("/v1/screens", {"name": "Sala 2", "queue_ids": [str(queues[0])]})
    assert made.status_code == 201, made.text
    device = Device(client)
    assert device.connect(made.json()["result"]["token"]).status_code == 200
    device.id = made.json()["id"]
    return device


def test_a_screen_may_ask_as_often_as_a_user(screen, center):
    assert screen.get("/v1/company").headers["RateLimit-Policy"] == f'"screen";q={center.user_requests};w=60'


def test_a_device_becomes_a_screen_by_a_link_that_is_used_once_within_a_day(ana, queues, client, center):
    made = ana.post("/v1/screens", {"name": "Sala 2"}).json()
    device, other = Device(client), Device(client)
    answer = device.connect(made["result"]["token"])
    cookie = answer.headers["set-cookie"]
    assert answer.json()["name"] == "Sala 2"
    assert all(part in cookie for part in ("HttpOnly", "SameSite=strict", "Path=/v1/auth", "atende_screen="))
    problem_of(other.connect(made["result"]["token"]), 409, "link-used")
    problem_of(other.connect("A" * 54), 409, "link-used")
    late = ana.post(f"/v1/screens/{made['id']}/link").json()["result"]["token"]
    center.clock.pass_s(LINK_VALID_US / 1_000_000)
    problem_of(other.connect(late), 409, "link-expired")
    assert device.renew().status_code == 200


def test_another_device_takes_the_place_of_the_first_one(ana, screen, client):
    token = ana.post(f"/v1/screens/{screen.id}/link").json()["result"]["token"]
    assert screen.get("/v1/wall").status_code == 200
    other = Device(client)
    assert other.connect(token).status_code == 200
    problem_of(screen.get("/v1/wall"), 401, "unauthenticated")
    problem_of(screen.renew(), 401, "unauthenticated")
    assert other.get("/v1/wall").status_code == 200


def test_a_screen_survives_lost_renewals_months_and_the_logout_of_its_creator(ana, screen, center, client):
    first = screen.cookie
    for _ in range(3):
        assert client.post("/v1/auth/screen/refresh", headers=PAGE | {"Cookie": f"atende_screen={first}"}).status_code == 200
    ana.post("/v1/auth/logout", {"refresh_token": ana.tokens["refresh_token"]})
    center.clock.pass_s(100 * 24 * 3600)
    problem_of(screen.get("/v1/wall"), 401, "unauthenticated")
    assert screen.renew().status_code == 200
    assert screen.get("/v1/wall").status_code == 200


def test_the_cookie_of_a_screen_is_taken_from_pages_of_the_center_only(screen, client):
    for origin in ({}, {"Origin": "http://evil.example"}):
        cookie = {"Cookie": f"atende_screen={screen.cookie}"}
        problem_of(client.post("/v1/auth/screen/refresh", headers=origin | cookie), 403, "not-allowed")
    problem_of(client.post("/v1/auth/screen", json={"token": "x"}, headers={"Origin": "http://evil.example"}), 403, "not-allowed")
    problem_of(client.post("/v1/auth/screen/refresh", headers=PAGE | {"Cookie": "atende_screen="}), 401, "unauthenticated")


def test_a_screen_sees_its_queues_and_nothing_else(ana, screen, center, document):
    cover(center)
    assert [queue["queue"] for queue in screen.get("/v1/wall").json()["queues"]] == ["vendas"]
    assert screen.get("/v1/wall", params={"queue": "suporte"}).json()["queues"] == []
    assert screen.get("/v1/company").json()["name"] == "Empresa"
    allowed = {"/v1/wall", "/v1/company", "/v1/definitions", *STREAMS}
    for operation in operations(document):
        if "security" in operation.definition and (operation.method != "get" or operation.path not in allowed):
            answer = screen.ask(operation.method.upper(), operation.at(screen.id), json=operation.body, params=operation.needed)
            problem_of(answer, 403, "not-allowed")
    problem_of(screen.get("/v1/live"), 403, "screen-shows-queues")
    problem_of(screen.get("/v1/watch", params={"q": "/v1/monitoring"}), 403, "screen-shows-queues")


def test_a_revoked_screen_is_refused_at_once_and_by_other_processes_within_two_seconds(screen, ana, center, client, monkeypatch):
    now = [100.0]
    monkeypatch.setattr(active_screens, "TTLCache", lambda size, ttl, _: TTLCache(size, ttl, lambda: now[0]))
    application = client.transport.app.state.application
    elsewhere = ActiveScreens(center.store, center.clock, application.tokens)
    valid = asyncio.run(elsewhere.credential(application.tokens.read(screen.access["access_token"]))).is_valid
    assert asyncio.run(valid())
    assert screen.get("/v1/wall").status_code == 200
    assert ana.post(f"/v1/screens/{screen.id}/revoke").status_code == 200
    problem_of(screen.get("/v1/wall"), 401, "unauthenticated")
    now[0] += REMEMBERED_S + 0.01
    assert not asyncio.run(valid())
    assert REMEMBERED_S < 2
    problem_of(screen.renew(), 401, "unauthenticated")
    problem_of(ana.post(f"/v1/screens/{screen.id}/link"), 409, "screen-revoked")


def test_the_streams_of_a_screen_end_when_a_queue_is_renamed_and_then_show_its_new_name(screen, queues, center, client, monkeypatch):
    now = [100.0]
    monkeypatch.setattr(active_screens, "TTLCache", lambda size, ttl, _: TTLCache(size, ttl, lambda: now[0]))
    application = client.transport.app.state.application
    screens = ActiveScreens(center.store, center.clock, application.tokens)
    claims = application.tokens.read(screen.access["access_token"])
    valid = asyncio.run(screens.credential(claims)).is_valid
    center.bus.execute(RenameQueue(queue=queues[0], name="comercial"), operator("Empresa"))
    now[0] += REMEMBERED_S + 0.01
    assert not asyncio.run(valid())
    assert "comercial" in asyncio.run(screens.credential(claims)).scope.queues


def test_screens_are_listed_with_their_last_use_and_without_a_secret(ana, screen, queues, center):
    assert screen.get("/v1/wall").status_code == 200
    cover(center)
    listed = ana.get("/v1/screens")
    (row,) = listed.json()["items"]
    assert (row["id"], row["name"], row["queue_ids"]) == (screen.id, "Sala 2", [str(queues[0])])
    assert (row["revoked"], row["link_expires_at"]) == (False, None)
    assert row["connected_at"] is not None
    assert row["last_used_at"] is not None
    assert screen.cookie not in listed.text
    ana.post(f"/v1/screens/{screen.id}/revoke")
    cover(center)
    (row,) = ana.get("/v1/screens").json()["items"]
    assert (row["revoked"], row["connected_at"]) == (True, None)


def test_who_makes_screens_manages_keys_and_may_watch_the_center(log_in, ana):
    for permissions, missing in (
        (("gerenciar-atendimento",), "gerenciar-chaves"),
        (("gerenciar-chaves",), "gerenciar-atendimento"),
    ):
        person = log_in(email=f"{missing[-5:]}@empresa.example", permissions=permissions)
        assert problem_of(person.post("/v1/screens", {"name": "x"}), 403, "permission-missing")["permission"] == missing
    key = ana.post("/v1/api-keys", {"name": "k", "permissions": ["gerenciar-chaves", "gerenciar-atendimento"]}).json()["result"]["key"]
    answer = ana.client.post("/v1/screens", json={"name": "x"}, headers={"Authorization": f"Bearer {key}"})
    problem_of(answer, 403, "api-key-makes-keys")


def test_a_wrong_field_of_a_new_screen_is_named(ana):
    for field, value in (("name", " "), ("queue_ids", []), ("queue_ids/0", [str(UUID(int=9))])):
        answer = ana.post("/v1/screens", {"name": "x", field.partition("/")[0]: value})
        assert problem_of(answer, 422, "invalid")["errors"][0]["pointer"] == f"/{field}"


def test_another_company_finds_no_screen(screen, log_in):
    other = log_in("Outra", "bia@outra.example")
    assert other.get("/v1/screens").json()["items"] == []
    for path in ("link", "revoke"):
        problem_of(other.post(f"/v1/screens/{screen.id}/{path}"), 404, "screen-unknown")
    assert screen.get("/v1/wall").status_code == 200
