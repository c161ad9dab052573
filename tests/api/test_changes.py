"""Who changed a setting last, and a command that names the version that it was made for."""

from __future__ import annotations

from uuid import uuid4

import pytest

from tests.api.test_auth import problem_of
from tests.kit.http import Person, Program


def test_a_change_since_the_version_that_was_read_is_told_and_not_written_over(ana: Person, log_in) -> None:
    queue = ana.post("/v1/queues", {"name": "vendas"}).json()["id"]
    read = ana.get(f"/v1/changes/{queue}").json()
    bia = log_in(email="bia@empresa.example", permissions=("gerenciar-service",))
    assert bia.ask("PATCH", f"/v1/queues/{queue}", json={"sla_target": 70}, headers={"If-Match": f'"{read["version"]}"'}).status_code == 200
    late = ana.ask("PATCH", f"/v1/queues/{queue}", json={"sla_target": 90}, headers={"If-Match": f'"{read["version"]}"'})
    problem_of(late, 409, "version-conflict")
    assert ana.get(f"/v1/queues/{queue}").json()["sla_target"] == 70
    change = ana.get(f"/v1/changes/{queue}").json()
    assert (change["version"], change["event"].split(".")[0]) == (read["version"] + 1, "queue")
    assert change["actor"] == f"user:{bia.get('/v1/me').json()['id']}"
    assert change["actor_name"] == bia.get("/v1/me").json()["name"]
    again = ana.ask("PATCH", f"/v1/queues/{queue}", json={"sla_target": 90}, headers={"If-Match": f'"{change["version"]}"'})
    assert again.json()["version"] == change["version"] + 1


def test_a_change_by_a_program_has_the_name_of_its_key(ana: Person, client) -> None:
    made = ana.post("/v1/api-keys", {"name": "CRM", "permissions": ["gerenciar-service"]}).json()
    queue = Program(client, made["result"]["key"]).post("/v1/queues", {"name": "vendas"}).json()["id"]
    change = ana.get(f"/v1/changes/{queue}").json()
    assert (change["actor"], change["actor_name"]) == (f"key:{made['id']}", "CRM")


@pytest.mark.parametrize("written", ["7", '"x"', 'W/"7"', "*", ""])
def test_a_version_that_is_none_is_refused_by_its_header(ana: Person, written: str) -> None:
    errors = problem_of(ana.ask("PATCH", "/v1/company", json={}, headers={"If-Match": written}), 422, "invalid")["errors"]
    assert [error["header"] for error in errors] == ["If-Match"]


def test_changes_are_shown_to_those_who_may_make_them_and_of_oneself(ana: Person, log_in) -> None:
    nobody = log_in(email="bia@empresa.example", permissions=())
    me, her = nobody.get("/v1/me").json()["id"], ana.get("/v1/me").json()["id"]
    assert nobody.get(f"/v1/changes/{me}").status_code == 200
    assert problem_of(nobody.get(f"/v1/changes/{her}"), 403, "not-allowed")["permission"] == "gerenciar-usuário"
    company = ana.get("/v1/company").json()["id"]
    assert problem_of(nobody.get(f"/v1/changes/{company}"), 403, "not-allowed")["permission"] == "gerenciar-empresas"
    problem_of(ana.get(f"/v1/changes/{uuid4()}"), 404, "settings-unknown")
    other = log_in("Outra", "zoe@outra.example")
    problem_of(other.get(f"/v1/changes/{company}"), 404, "settings-unknown")
