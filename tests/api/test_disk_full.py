"""A full disk: commands are refused whole, the server says so, and goes on by itself when there is room."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from api.app import create_app
from tests.kit.http import Person, TimedCenter, administrator, serving
from tests.kit.small_disk import SmallDisk, small_disk
from tests.kit.waiting import within

MOST = 500
"""Commands that may still fit into what SQLite has allocated."""


@pytest.fixture(params=[".", "warehouse"])
def disk(tmp_path, request) -> Iterator[SmallDisk]:
    (tmp_path / "data").mkdir(mode=0o700)
    with small_disk(tmp_path / "data" / request.param) as mounted:
        yield mounted


@pytest.fixture
def center(tmp_path, disk) -> Iterator[TimedCenter]:
    opened = TimedCenter(tmp_path / "data")
    yield opened
    opened.close()


@pytest.fixture
def ana(center) -> Iterator[Person]:
    app = create_app(center)
    with serving(app) as client:
        yield Person(client, "ana@empresa.example", {"access_token": administrator(app, center, "Empresa")})


def ready(ana: Person) -> int:
    return ana.client.get("/readyz").status_code


@pytest.mark.parametrize("disk", ["."], indirect=True)
def test_a_command_without_room_is_refused_whole_and_accepted_when_there_is_room(ana, center, disk):
    first = ana.post("/v1/interactions", {}).json()
    within(lambda: center.covered() >= first["position"])
    assert ready(ana) == 200
    disk.fill()

    refused = next(
        answer
        for answer in (ana.post("/v1/interactions", {"from_number": "5531977916159"}) for _ in range(MOST))
        if answer.status_code != 201
    )

    head = center.store.head()
    assert refused.status_code == 503
    assert int(refused.headers["Retry-After"]) > 0
    assert refused.json()["type"].endswith(":unavailable")
    assert "disk" in refused.json()["detail"]
    assert ready(ana) == 503
    assert ana.post("/v1/queues", {"name": "vendas"}).status_code == 503
    assert center.store.end() == center.store.head() == head
    assert ana.get("/v1/queues").status_code == 200

    disk.make_room()
    key = {"Idempotency-Key": "k-1"}
    done = ana.post("/v1/interactions", {"from_number": "5531977916159"}, headers=key)
    assert done.status_code == 201
    assert ana.post("/v1/interactions", {"from_number": "5531977916159"}, headers=key).json() == done.json()
    within(lambda: center.covered() >= done.json()["position"])
    assert ready(ana) == 200
    assert center.store.head() > head
    assert center.store._location.verify().flaw is None


@pytest.mark.parametrize("disk", ["warehouse"], indirect=True)
def test_commands_go_on_while_the_disk_of_the_figures_is_full_and_the_figures_follow_later(ana, center, disk):
    first = ana.post("/v1/interactions", {}).json()
    within(lambda: center.covered() >= first["position"])
    disk.fill()

    later = ana.post("/v1/interactions", {})
    assert later.status_code == 201
    within(lambda: ready(ana) == 503)
    assert "disk" in ana.client.get("/readyz").json()["detail"]
    assert ana.post("/v1/interactions", {}).status_code == 201
    assert center.covered() < later.json()["position"]

    disk.make_room()
    within(lambda: center.covered() >= center.store.head())
    assert ready(ana) == 200
