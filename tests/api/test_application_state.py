"""Two APIs over one deployment: what one has written the other knows; one whose clock is wrong takes no commands."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from api.app import create_app
from bootstrap import Distributed
from commands.companies import RegisterCompany
from commands.users import AppointAdministrator, SetPassword
from domain.ids import company_id
from settings import read
from tests.kit.clocks import Shifted
from tests.kit.distributed import Deployment
from tests.kit.http import PASSWORD, Client, Person, operator, serving

COMPANY = "Duas APIs"


@pytest.fixture
def clock() -> Shifted:
    return Shifted()


@pytest.fixture
def apis(shared_deployment: Deployment, clock: Shifted) -> Iterator[list[Client]]:
    """The second has the clock of the test."""
    with ExitStack() as stack:
        clients = []
        for time in (None, clock):
            center = Distributed(shared_deployment.folder / "none", read(shared_deployment.settings), time)
            stack.callback(center.close)
            center.covered()
            clients.append(stack.enter_context(serving(create_app(center))))
        yield clients


@pytest.fixture
def ana(shared_deployment: Deployment, apis: list[Client], password_hash: str) -> list[Person]:
    """An administrator who is logged in by the first API and uses both."""
    bus = shared_deployment.bus
    if company_id(COMPANY) not in shared_deployment.store.companies():
        bus.execute(RegisterCompany(name=COMPANY), operator(COMPANY))
    email = "ana@empresa.example"
    token = bus.execute(AppointAdministrator(email=email), operator(COMPANY)).result["token"]
    bus.execute(SetPassword(token=token, hashed=password_hash), operator(COMPANY))
    answer = apis[0].post("/v1/auth/login", json={"email": email, "password": PASSWORD, "company": COMPANY})
    assert answer.status_code == 200, answer.text
    return [Person(api, email, answer.json()) for api in apis]


def kind(answer: Any) -> str:
    assert answer.status_code == 503
    return str(answer.json()["type"].rpartition(":")[2])


def test_what_one_has_written_the_other_shows_as_soon_as_it_is_asked_for(ana: list[Person]) -> None:
    for number in range(6):
        writer, reader = ana[number % 2], ana[1 - number % 2]
        made = writer.post("/v1/queues", {"name": f"fila {number}"})
        assert made.status_code == 201
        shown = reader.get("/v1/queues", headers={"If-Position": str(made.json()["position"])})
        assert shown.status_code == 200, shown.text
        assert f"fila {number}" in {row["name"] for row in shown.json()["items"]}


def test_the_same_key_at_another_api_gives_the_same_outcome(ana: list[Person]) -> None:
    key = {"Idempotency-Key": "one of both"}
    first, second = (person.post("/v1/interactions", {}, headers=key) for person in ana)
    assert first.json() == second.json()


@pytest.mark.parametrize("by_s", [3600, -3600])
def test_one_whose_clock_is_off_by_an_hour_says_so_and_takes_no_commands(
    apis: list[Client], ana: list[Person], clock: Shifted, by_s: int
) -> None:
    assert [api.get("/readyz").status_code for api in apis] == [200, 200]
    clock.by_s = by_s
    answer = apis[1].get("/readyz")
    assert kind(answer) == "clock"
    assert " s ahead of the store's" in answer.json()["detail"] if by_s > 0 else " s behind the store's" in answer.json()["detail"]
    assert kind(ana[1].post("/v1/interactions", {})) == "clock"
    assert kind(ana[1].get("/v1/queues")) == "clock"
    assert kind(apis[1].post("/v1/auth/login", json={"email": "a@b.example", "password": PASSWORD})) == "clock"
    assert apis[0].get("/readyz").status_code == 200
    clock.by_s = 0
    assert apis[1].get("/readyz").status_code == 200
    assert ana[1].post("/v1/interactions", {}).status_code == 201
