"""Forget a contact by the API: who may, whom it finds, and what it says before and after."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest

from commands.users import SetPermissions
from domain.access import PERMISSIONS
from tests.api.test_auth import problem_of
from tests.kit.http import operator

NUMBER = "5531977916159"
FORGET = "/v1/contacts/forget"


@pytest.fixture
def called(ana):
    """A call of NUMBER that has ended."""
    call = ana.post("/v1/interactions", {"from_number": "31977916159"}).json()["id"]
    ana.post(f"/v1/interactions/{call}/end", {})
    return call


@pytest.mark.parametrize("spelling", ["(31) 97791-6159", "031977916159", "+55 31 97791-6159", "5531977916159", "3177916159"])
def test_a_dry_run_finds_the_contact_by_any_spelling_and_changes_nothing(ana, center, called, spelling):
    head = center.store.head()
    found = ana.post(FORGET, {"phone": spelling, "dry_run": True})
    assert found.status_code == 200, found.text
    told = found.json()
    assert (told["phones"], told["interactions"], told["open_interaction_ids"], told["forgotten"], told["position"]) == (
        [NUMBER],
        1,
        [],
        False,
        None,
    )
    assert center.store.head() == head
    assert ana.post(FORGET, {"contact_id": told["contact_id"], "dry_run": True}).json() == told


def test_a_forgotten_contact_is_named_in_the_answer_and_found_by_its_number_no_more(ana, center, called):
    done = ana.post(FORGET, {"phone": "(31) 97791-6159"}).json()
    assert (done["phones"], done["forgotten"]) == ([NUMBER], True)
    assert done["position"] == center.store.head()
    problem_of(ana.post(FORGET, {"phone": NUMBER}), 404, "contact-unknown")
    again = ana.post(FORGET, {"contact_id": done["contact_id"]}).json()
    assert (again["phones"], again["forgotten"], again["interactions"]) == ([], True, 1)


def test_a_repeat_by_number_says_that_the_contact_was_forgotten_and_not_that_there_never_was_one(ana, called):
    key = {"Idempotency-Key": "pedido-1"}
    assert ana.post(FORGET, {"phone": NUMBER}, headers=key).status_code == 200
    problem_of(ana.post(FORGET, {"phone": NUMBER}, headers=key), 409, "idempotency-key-forgotten")
    ana.post("/v1/interactions", {"from_number": NUMBER})
    problem_of(ana.post(FORGET, {"phone": NUMBER}, headers=key), 409, "idempotency-key-forgotten")
    problem_of(ana.post(FORGET, {"phone": "5511900000000"}, headers={"Idempotency-Key": "pedido-2"}), 404, "contact-unknown")


def test_a_repeat_by_id_gets_the_same_answer_and_says_that_it_is_one(ana, called):
    key = {"Idempotency-Key": "pedido-1"}
    contact = ana.post(FORGET, {"phone": NUMBER, "dry_run": True}).json()["contact_id"]
    first = ana.post(FORGET, {"contact_id": contact}, headers=key)
    again = ana.post(FORGET, {"contact_id": contact}, headers=key)
    assert (again.status_code, again.json()["position"], again.headers["Idempotency-Replayed"]) == (200, first.json()["position"], "true")
    assert "Idempotency-Replayed" not in first.headers


def test_a_contact_whose_call_goes_on_is_not_forgotten(ana):
    call = ana.post("/v1/interactions", {"from_number": NUMBER}).json()["id"]
    assert ana.post(FORGET, {"phone": NUMBER, "dry_run": True}).json()["open_interaction_ids"] == [call]
    refused = ana.post(FORGET, {"phone": NUMBER})
    assert (refused.status_code, refused.json()["detail"]) == (409, "the contact has an open interaction")
    assert ana.post(FORGET, {"phone": NUMBER, "dry_run": True}).json()["phones"] == [NUMBER]


def test_nobody_forgets_without_the_permission_of_its_own(log_in, ana, called):
    others = tuple(permission for permission in PERMISSIONS if permission != "anonimizar-contatos")
    rui = log_in("Empresa", "rui@empresa.example", others)
    for dry_run in (True, False):
        refused = rui.post(FORGET, {"phone": NUMBER, "dry_run": dry_run})
        assert (refused.status_code, refused.json()["permission"]) == (403, "anonimizar-contatos")
    eva = log_in("Empresa", "eva@empresa.example", ("anonimizar-contatos",))
    assert eva.post(FORGET, {"phone": NUMBER}).json()["forgotten"]


def test_a_key_that_is_limited_to_queues_forgets_nobody_and_learns_nothing_of_who_is_there(ana, client, called, any_permissions):
    queue = ana.post("/v1/queues", {"name": "vendas"}).json()["id"]
    body = {"name": "Quadro", "permissions": ["anonimizar-contatos", "gerenciar-relatorio"], "queue_ids": [queue]}
    key = ana.post("/v1/api-keys", body).json()["result"]["key"]
    contact = ana.post(FORGET, {"phone": NUMBER, "dry_run": True}).json()["contact_id"]
    answers = [
        client.post(FORGET, json={**whom, "dry_run": dry_run}, headers={"Authorization": f"Bearer {key}"})
        for whom in ({"phone": NUMBER}, {"phone": "5511900000000"}, {"contact_id": contact}, {"contact_id": str(uuid4())})
        for dry_run in (True, False)
    ]
    assert {(answer.status_code, answer.text) for answer in answers} == {(403, answers[0].text)}
    assert answers[0].json()["type"].endswith("scope-too-narrow")
    assert not ana.post(FORGET, {"contact_id": contact, "dry_run": True}).json()["forgotten"]


def test_who_has_lost_the_permission_forgets_nobody_however_long_the_token_lives(log_in, ana, center, called):
    eva = log_in("Empresa", "eva@empresa.example", ("anonimizar-contatos",))
    center.bus.execute(SetPermissions(user=UUID(eva.tokens["user_id"]), level="user", permissions=()), operator("Empresa"))
    assert eva.post(FORGET, {"phone": NUMBER}).status_code == 403
    assert not ana.post(FORGET, {"phone": NUMBER, "dry_run": True}).json()["forgotten"]


def test_contacts_of_another_company_are_not_found(log_in, ana, called):
    contact = ana.post(FORGET, {"phone": NUMBER, "dry_run": True}).json()["contact_id"]
    bia = log_in("Outra", "bia@outra.example")
    assert [bia.post(FORGET, body).status_code for body in ({"phone": NUMBER}, {"contact_id": contact})] == [404, 404]
    assert not ana.post(FORGET, {"contact_id": contact, "dry_run": True}).json()["forgotten"]


@pytest.mark.parametrize(
    "body", [{}, {"phone": NUMBER, "contact_id": "7b9d2f0e-5a4b-7c1e-9a77-0d5d8a8c6f10"}, {"phone": ""}, {"phne": NUMBER}]
)
def test_a_body_that_does_not_name_one_contact_is_refused(ana, body):
    assert ana.post(FORGET, body).status_code == 422
