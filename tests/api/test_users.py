"""The list of users comes from rows: sealed there, opened for who may manage users, unreadable once somebody is forgotten."""

from __future__ import annotations

from uuid import UUID

import pytest

from domain.access import PERMISSIONS, Scope
from store.keyring import Additions
from tests.kit.pasts import cover


@pytest.fixture
def bia(ana):
    made = ana.post("/v1/users", {"name": "Bia Lima", "email": "bia@empresa.example", "permissions": ["gerenciar-relatorio"]}).json()
    ana.fresh = {"If-Position": str(made["position"])}
    return made["id"]


def listed(person, **more):
    answer = person.get("/v1/users", **more)
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


def test_a_user_of_the_list_reads_as_the_user_alone(ana, bia):
    found = listed(ana, headers=ana.fresh)
    assert [user["email"] for user in found] == ["ana@empresa.example", "bia@empresa.example"]
    for user in found:
        assert ana.get(f"/v1/users/{user['id']}").json() == user
    assert found[0]["permissions"] == list(PERMISSIONS)
    assert [user["has_password"] for user in found] == [True, False]


def test_a_change_of_a_user_is_listed_and_the_past_stays(ana, bia):
    before = ana.get("/v1/users", headers=ana.fresh).json()["as_of"]
    ana.ask("PUT", f"/v1/users/{bia}/permissions", json={"level": "manager", "permissions": ["gerenciar-service"]})
    done = ana.post(f"/v1/users/{bia}/deactivate").json()["position"]
    now = listed(ana, headers={"If-Position": str(done)})[1]
    assert (now["level"], now["permissions"], now["active"]) == ("manager", ["gerenciar-service"], False)
    then = listed(ana, params={"as_of": before})[1]
    assert (then["level"], then["permissions"], then["active"]) == ("user", ["gerenciar-relatorio"], True)


def test_a_renamed_user_is_listed_by_the_new_name_and_the_address_is_checked(ana, bia):
    done = ana.ask("PATCH", f"/v1/users/{bia}", json={"name": "Bia Lima Reis", "email": "bia.reis@empresa.example"}).json()
    now = listed(ana, headers={"If-Position": str(done["position"])})[1]
    assert (now["name"], now["email"]) == ("Bia Lima Reis", "bia.reis@empresa.example")
    for body, status, pointer in (
        ({"email": "bia"}, 422, "/email"),
        ({"name": " "}, 422, "/name"),
        ({"email": "ana@empresa.example"}, 409, None),
    ):
        answer = ana.ask("PATCH", f"/v1/users/{bia}", json=body)
        assert answer.status_code == status, answer.text
        assert [problem["pointer"] for problem in answer.json().get("errors", [])] == ([pointer] if pointer else [])


def test_the_rows_hold_no_name_and_no_address_and_nobody_reads_one_who_was_forgotten(center, ana, bia):
    cover(center)
    rows = center.warehouse.execute("SELECT * FROM users") + center.warehouse.execute("SELECT * FROM users_versions")
    assert len(rows) >= 4
    assert "Bia Lima" not in repr(rows)
    assert "empresa.example" not in repr(rows)
    additions = Additions()
    additions.destroyed.add(UUID(bia))
    center.store.save_keys(additions)
    forgotten = listed(ana)[1]
    assert (forgotten["name"], forgotten["email"]) == ("(anonimizado)", "(anonimizado)")
    assert listed(ana)[0]["email"] == "ana@empresa.example"


def test_who_may_see_certain_agents_alone_sees_the_users_whose_agents_they_are(client, center, ana, bia):
    ana.post("/v1/agents", {"agent": "Bia", "user_id": bia})
    cover(center)
    client.transport.app.state.application.scope_of = lambda _: Scope(agents=frozenset({"Bia"}))
    assert [user["id"] for user in listed(ana)] == [bia]
    assert ana.get(f"/v1/users/{bia}").status_code == 200
    me = ana.get("/v1/me").json()
    assert me["email"] == "ana@empresa.example"
    assert ana.get(f"/v1/users/{me['id']}").status_code == 404
