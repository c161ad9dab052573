"""The settings of queues by the API."""

from __future__ import annotations

from uuid import UUID

from commands.queues import SetQueueAgents
from tests.api.test_auth import problem_of
from tests.kit.http import operator
from tests.kit.pasts import cover


def test_the_agents_of_a_queue_exist_and_a_wrong_name_is_named(ana, center):
    ana.post("/v1/agents/log-in", {"agent": "Ana"})
    problem = problem_of(ana.post("/v1/queues", {"name": "vendas", "agents": ["Ana", "Ninguém"]}), 404, "agent-unknown")
    assert [error["pointer"] for error in problem["errors"]] == ["/agents/1"]
    queue = ana.post("/v1/queues", {"name": "vendas", "agents": ["ANA"]}).json()["id"]
    path = f"/v1/queues/{queue}/agents"
    problem_of(ana.ask("PUT", path, json={"agents": ["Ninguém"]}), 404, "agent-unknown")
    # What the queue names already, for example because the deployment itself has set it, may stay.
    center.bus.execute(SetQueueAgents(queue=UUID(queue), agents=("Ana", "Ramal 20")), operator("Empresa"))
    assert ana.ask("PUT", path, json={"agents": ["ramal 20"]}).status_code == 200


def test_what_can_be_changed_says_the_version_that_a_command_expects(ana, center):
    queue = ana.post("/v1/queues", {"name": "vendas"}).json()["id"]
    ivr = ana.post("/v1/ivrs", {"name": "principal"}).json()["id"]
    changes = {f"/v1/queues/{queue}": {"sla_ms": 1}, f"/v1/ivrs/{ivr}": {"attempts": 2}, "/v1/company": {"sla_ms": 1}}
    for path, change in changes.items():
        version = {"If-Match": f'"{ana.get(path).json()["version"]}"'}
        assert ana.ask("PATCH", path, json=change, headers=version).status_code == 200, path
        problem_of(
            ana.ask("PATCH", path, json={name: 2_000 if value == 1 else 3 for name, value in change.items()}, headers=version),
            409,
            "version-conflict",
        )
    me = ana.get("/v1/me").json()
    cover(center)
    assert ana.get("/v1/users").json()["items"][0]["version"] == me["version"] == ana.get(f"/v1/users/{me['id']}").json()["version"]
