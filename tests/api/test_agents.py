"""An agent belongs to a user, who acts as that agent; what one may see of agents and queues follows the scope."""

from __future__ import annotations

import pytest

from domain.access import Scope
from tests.api.test_auth import problem_of


@pytest.fixture
def bia(ana, log_in):
    """A user of level user with an agent."""
    person = log_in(email="bia@empresa.example", permissions=("gerenciar-atendimento", "gerenciar-agentes"))
    person.agent = ana.post("/v1/agents", {"agent": "Bia", "user_id": person.tokens["user_id"]}).json()
    return person


def test_an_agent_shows_whose_it_is(ana, bia):
    position = {"If-Position": str(bia.agent["position"])}
    agent = ana.get(f"/v1/agents/{bia.agent['id']}", headers=position).json()
    assert agent == {"id": bia.agent["id"], "name": "Bia", "queues": [], "user_id": bia.tokens["user_id"], "interfaces": []}
    freed = ana.ask("PUT", f"/v1/agents/{bia.agent['id']}/user", json={"user_id": None}).json()
    assert ana.get(f"/v1/agents/{bia.agent['id']}", headers={"If-Position": str(freed["position"])}).json()["user_id"] is None


def test_a_user_acts_as_the_own_agent_only(ana, bia):
    assert bia.post("/v1/agents/log-in", {"agent": "Bia"}).status_code == 200
    problem = problem_of(bia.post("/v1/agents/log-in", {"agent": "Carla"}), 403, "agent-of-another-user")
    assert "permission" not in problem
    assert "level user" in problem["detail"]


def test_who_acts_for_another_is_in_the_history(ana, bia):
    ana.post("/v1/agents/log-in", {"agent": "Bia"})
    ana.post("/v1/queues", {"name": "vendas"})
    call = ana.post("/v1/interactions", {"call": "crm-1", "from_number": "5511987654321"}).json()["id"]
    ana.post(f"/v1/interactions/{call}/offer", {"queue": "vendas"})
    ana.post(f"/v1/interactions/{call}/ring", {"agent": "Bia"})
    done = bia.post(f"/v1/interactions/{call}/answer", {"agent": "Bia"})
    assert done.status_code == 200, done.text
    events = ana.get(f"/v1/interactions/{call}/history", headers={"If-Position": str(done.json()["position"])}).json()["items"]
    assert [event["on_behalf_of"] for event in events[-2:]] == ["agent:Bia", None]
    assert [event["actor"] for event in events[-2:]] == [f"user:{ana.tokens['user_id']}", f"user:{bia.tokens['user_id']}"]


@pytest.mark.parametrize(("body", "status"), [({"user_id": "40ca8005-24cc-572c-9dd4-4d30c9eb3e0b"}, 404), ({"user_id": 7}, 422), ({}, 422)])
def test_an_agent_is_given_to_a_user_that_there_is(ana, bia, body, status):
    assert ana.ask("PUT", f"/v1/agents/{bia.agent['id']}/user", json=body).status_code == status


def test_giving_agents_to_users_needs_the_permission(bia):
    for answer in (
        bia.post("/v1/agents", {"agent": "X", "user_id": bia.tokens["user_id"]}),
        bia.ask("PUT", f"/v1/agents/{bia.agent['id']}/user", json={"user_id": None}),
    ):
        assert problem_of(answer, 403, "not-allowed")["permission"] == "gerenciar-usuário"


def test_nobody_gives_themselves_an_agent_as_whom_they_may_not_act(ana, bia, log_in):
    """Whoever has an agent acts as this agent: the permission to manage users alone would be one to act for everybody."""
    eva = log_in(email="eva@empresa.example", permissions=("gerenciar-usuário", "gerenciar-atendimento"))
    free = ana.post("/v1/agents/log-in", {"agent": "Carla"}).json()["id"]
    for answer in (
        eva.ask("PUT", f"/v1/agents/{free}/user", json={"user_id": eva.tokens["user_id"]}),
        eva.post("/v1/agents", {"agent": "X", "user_id": eva.tokens["user_id"]}),
    ):
        assert "permission" not in problem_of(answer, 403, "agent-of-another-user"), "it is the level that does not allow it"
    assert eva.post("/v1/agents/pause", {"agent": "Carla", "reason": "x"}).status_code == 403
    assert ana.ask("PUT", f"/v1/agents/{free}/user", json={"user_id": ana.tokens["user_id"]}).status_code == 200


def test_agents_are_given_to_and_taken_from_users_below_ones_own_level_only(ana, bia, log_in):
    eva = log_in(email="eva@empresa.example", permissions=("gerenciar-usuário", "gerenciar-atendimento"))
    own = ana.post("/v1/agents", {"agent": "Ana", "user_id": ana.tokens["user_id"]}).json()["id"]
    for agent, user in ((own, None), (own, eva.tokens["user_id"]), (bia.agent["id"], None)):
        problem_of(eva.ask("PUT", f"/v1/agents/{agent}/user", json={"user_id": user}), 403, "level-too-low")


def test_a_restricted_user_sees_only_their_part_over_http(client, ana):
    for queue, agent in (("vendas", "Ana"), ("suporte", "Bruno")):
        made = ana.post("/v1/queues", {"name": queue}).json()
        ana.post("/v1/agents/log-in", {"agent": agent, "queues": [queue]})
    for queue in ana.get("/v1/queues", headers={"If-Position": str(made["position"])}).json()["items"]:
        done = ana.ask("PUT", f"/v1/queues/{queue['id']}/agents", json={"agents": ["Ana", "Bruno"]}).json()
    client.transport.app.state.application.scope_of = lambda _: Scope(queues=frozenset({"vendas"}), agents=frozenset({"Ana"}))
    position = {"If-Position": str(done["position"])}
    (queue,) = ana.get("/v1/queues", headers=position).json()["items"]
    assert (queue["name"], queue["agents"]) == ("vendas", ["Ana"])
    assert ana.get(f"/v1/queues/{queue['id']}").json()["agents"] == ["Ana"]
    assert ana.get(f"/v1/queues/{made['id']}").status_code == 404
    assert [agent["name"] for agent in ana.get("/v1/agents").json()["items"]] == ["Ana"]
    board = ana.get("/v1/monitoring").json()
    assert board["counts"]["logged"] == 1
    assert "Bruno" not in str(board)
    answer = ana.get("/v1/reports/queues", params={"queue": "suporte"}).json()
    assert (answer["items"], answer["notes"]) == ([], ["no queue suporte"])


def test_an_agent_logs_in_to_and_out_of_queues_that_exist_only_and_the_wrong_name_is_named(ana):
    ana.post("/v1/queues", {"name": "vendas"})
    for action in ("log-in", "log-out"):
        ana.post("/v1/agents/log-in", {"agent": "Ana"})
        problem = problem_of(
            ana.post(f"/v1/agents/{action}", {"agent": "Ana", "queues": ["VENDAS", "nenhuma", "outra"]}), 404, "queue-unknown"
        )
        assert [error["pointer"] for error in problem["errors"]] == ["/queues/1", "/queues/2"]
    for action in ("log-out", "pause", "resume", "heartbeat"):
        named = {"agent": "Ninguém"} | ({"reason": "almoço"} if action == "pause" else {})
        problem = problem_of(ana.post(f"/v1/agents/{action}", named), 404, "agent-unknown")
        assert problem["errors"][0]["pointer"] == "/agent"
    assert ana.post("/v1/agents/log-out", {"agent": "Ana", "queues": ["vendas"]}).status_code == 200
