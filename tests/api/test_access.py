"""What belongs to another company does not exist: not by its id, not by its name, on no route that there is or will be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from commands.api_keys import CreateApiKey
from domain.access import Scope
from domain.ids import agent_id, company_id, queue_id
from tests.api.test_two_companies import asked, company, figures, queries
from tests.kit.http import Person, operator
from tests.kit.openapi import Operation, operations
from tests.kit.pasts import cover, live_through

__all__ = ["company", "figures", "queries"]

OURS, THEIRS = company_id("Empresa"), company_id("Outra")


@dataclass(frozen=True)
class Companies:
    """Ana's company, which is empty, and another with queues, agents, IVRs, users and calls that go on and that have ended."""

    ana: Person
    bia: Person
    document: dict[str, Any]
    ids: list[str]


@pytest.fixture
def companies(center, log_in, document):
    ana, bia = log_in("Empresa"), log_in("Outra", "bia@outra.example")
    live_through(center, "Outra", 1)
    center.bus.execute(CreateApiKey(name="CRM", permissions=()), operator("Outra"))
    ids = {str(recorded.event.originator_id) for recorded in center.store.read(0, 100_000) if recorded.event.tenant == THEIRS}
    # The two tokens were written before the hour passed.
    for person in (ana, bia):
        person.stay()
    return Companies(ana, bia, document, sorted(ids))


def of(companies: Companies, topic: str, center) -> str:
    """The id of something of the other company."""
    return next(
        str(recorded.event.originator_id)
        for recorded in center.store.read(0, 100_000)
        if recorded.event.tenant == THEIRS and topic == recorded.event.TOPIC
    )


def with_ids(companies: Companies) -> list[Operation]:
    found = [operation for operation in operations(companies.document) if operation.parameters("path")]
    assert len(found) > 20
    return found


def test_no_route_finds_anything_by_another_companys_id(companies, center):
    head = center.store.head()
    known = [
        of(companies, topic, center)
        for topic in (
            "queue.registered",
            "agent.logged_in",
            "ivr.registered",
            "user.registered",
            "interaction.arrived",
            "contact.appeared",
            "api_key.created",
        )
    ]
    for operation in with_ids(companies):
        for id in known:
            answer = companies.ana.ask(operation.method.upper(), operation.at(id), json=operation.body)
            assert answer.status_code == 404, f"{operation.method} {operation.at(id)}: {answer.status_code} {answer.text}"
            # That is the code of a path that does not exist.
            assert not answer.json()["type"].endswith(":not-found"), operation.path
    assert center.store.head() == head


def test_no_route_finds_anything_by_the_id_of_something_else(companies, center):
    """The same with ids of one's own company, where they are of another kind: a queue is no user."""
    head = center.store.head()
    kinds = {"queue_id": "queue.registered", "agent_id": "agent.logged_in", "ivr_id": "ivr.registered", "user_id": "user.registered", "interaction_id": "interaction.arrived", "api_key_id": "api_key.created"}  # fmt: skip
    things = {"queue.registered", "ivr.registered", "user.registered"}
    for operation in with_ids(companies):
        kind, *_ = operation.parameters("path")
        for topic in set(kinds.values()) - (things if kind == "thing_id" else {kinds.get(kind)}):
            path = operation.at(of(companies, topic, center))
            answer = companies.bia.ask(operation.method.upper(), path, json=operation.body)
            assert answer.status_code == 404, f"{operation.method} {path}: {answer.status_code} {answer.text}"
    assert center.store.head() == head


def test_no_question_finds_anything_by_another_companys_name(companies, center):
    """Every question that takes a name, with one that the other company has."""
    requests = 0
    names = {
        "queue": companies.bia.get("/v1/queues").json()["items"][0]["name"],
        "agent": companies.bia.get("/v1/agents").json()["items"][0]["name"],
        "ivr": companies.bia.get("/v1/ivrs").json()["items"][0]["name"],
    }
    for operation in (one for one in operations(companies.document) if one.method == "get"):
        for name in operation.parameters("query").keys() & names.keys():
            requests += 1
            params = (
                operation.needed
                | {name: names[name]}
                | ({"by": "ivr"} if operation.path.startswith("/v1/reports") and name == "ivr" else {})
            )
            answer = companies.ana.get(operation.path, params=params)
            assert answer.json()["notes"] == [f"no {'IVR' if name == 'ivr' else name} {names[name]}"], (
                f"{operation.path} {name}: {answer.text}"
            )
            assert companies.bia.get(operation.path, params=params).status_code == 200
    assert requests > 10


def test_commands_find_no_agent_of_another_company(companies):
    agent = companies.bia.get("/v1/agents").json()["items"][0]["name"]
    for what in ("log-out", "pause", "resume"):
        body = {"agent": agent} | ({"reason": "almoço"} if what == "pause" else {})
        assert companies.ana.post(f"/v1/agents/{what}", body).status_code == 404


def test_lists_and_figures_of_a_new_company_are_empty(companies):
    ana = companies.ana
    for path in ("/v1/queues", "/v1/agents", "/v1/ivrs"):
        assert ana.get(path).json()["items"] == []
    assert [user["email"] for user in ana.get("/v1/users").json()["items"]] == ["ana@empresa.example"]
    for path in ("/v1/reports/queues", "/v1/reports/ivr", "/v1/reports/agents"):
        assert ana.get(path).json()["items"] == []
    assert ana.get("/v1/interactions", params={"medium": "voice"}).json()["items"] == []
    board = ana.get("/v1/monitoring").json()
    assert (board["waiting"], board["counts"]["logged"]) == ([], 0)


def test_the_same_name_in_two_companies_is_two_things(companies):
    queue = companies.bia.get("/v1/queues").json()["items"][0]
    made = companies.ana.post("/v1/queues", {"name": queue["name"], "sla_ms": 7_000}).json()
    assert made["id"] == str(queue_id(OURS, queue["name"])) != queue["id"]
    assert companies.bia.get(f"/v1/queues/{queue['id']}").json()["sla_ms"] == queue["sla_ms"] != 7_000
    agent = companies.bia.get("/v1/agents").json()["items"][0]
    made = companies.ana.post("/v1/agents/log-in", {"agent": agent["name"]}).json()
    assert made["id"] == str(agent_id(OURS, agent["name"])) != agent["id"]


def test_no_route_answers_who_is_limited_to_queues_with_an_agent_of_another(company, figures, center, client):
    """Every GET of the document, those of agents by the id too: neither the agent nor the reason of the pause."""
    one = company("Empresa")
    admin = one.person
    one.do("/v1/queues", name="suporte")
    carla = one.do("/v1/agents/log-in", agent="Carla", queues=["suporte"])
    call = one.do("/v1/interactions", call="hers", from_number=one.number)
    for step, body in (
        ("offer", {"queue": "suporte"}),
        ("ring", {"agent": "Carla"}),
        ("answer", {"agent": "Carla"}),
        ("release", {}),
        ("end", {}),
    ):
        one.do(f"/v1/interactions/{call}/{step}", **body)
    one.do("/v1/agents/pause", agent="Carla", reason="segredo")
    cover(center)

    def naming_her() -> set[str]:
        answers = {operation.path: asked(admin, operation, one.ids) for operation in figures}
        assert {answer.status_code for answer in answers.values()} <= {200, 403}
        return {path for path, answer in answers.items() if "Carla" in answer.text or "segredo" in answer.text}

    assert naming_her() >= {"/v1/monitoring", "/v1/reports/agents", "/v1/agents", "/v1/interactions"}
    client.transport.app.state.application.scope_of = lambda _: Scope(queues=frozenset({"vendas"}))
    assert naming_her() == set()
    assert admin.get(f"/v1/agents/{carla}").status_code == 404
    assert [agent["name"] for agent in admin.get("/v1/agents").json()["items"]] == ["Ana"]
    # She helps out, and is seen from then on.
    one.do("/v1/agents/log-in", agent="Carla", queues=["vendas"])
    cover(center)
    assert naming_her() >= {"/v1/monitoring", "/v1/reports/agents", "/v1/agents"}
