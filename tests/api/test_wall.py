"""The wall shows of each queue who waits, who is free, and the service level of today beside its target; and no customer's data."""

from __future__ import annotations

import pytest

from tests.kit.pasts import cover

NUMBER = "5511987654321"


@pytest.fixture
def busy(ana):
    """A queue with a call that was answered in time and two that wait, another one in which nothing happens, and a renamed one."""

    def do(path, body):
        answer = ana.post(path, body)
        assert answer.is_success, answer.text
        return answer.json()["id"]

    do("/v1/queues", {"name": "vendas", "sla_target": 90, "sla_ms": 30_000})
    do("/v1/queues", {"name": "suporte"})
    old = do("/v1/queues", {"name": "cobranca"})
    do("/v1/agents/log-in", {"agent": "Ana", "queues": ["vendas"]})
    do("/v1/agents/log-in", {"agent": "Bruno", "queues": ["vendas", "suporte"]})
    do("/v1/agents/log-in", {"agent": "Carla"})
    do("/v1/agents/log-in", {"agent": "Davi", "queues": ["cobranca"]})
    for name, queue in (("1", "vendas"), ("2", "vendas"), ("3", "vendas"), ("4", "cobranca")):
        call = do("/v1/interactions", {"call": f"crm-{name}", "from_number": NUMBER})
        do(f"/v1/interactions/{call}/offer", {"queue": queue})
        if name == "1":
            do(f"/v1/interactions/{call}/ring", {"agent": "Bruno"})
            do(f"/v1/interactions/{call}/answer", {"agent": "Bruno"})
    do("/v1/agents/pause", {"agent": "Carla", "reason": "almoço"})
    do(f"/v1/queues/{old}/rename", {"name": "financeiro"})
    return ana


def test_each_queue_shows_who_waits_who_is_free_and_todays_service_level(busy, center):
    cover(center)
    wall = busy.get("/v1/wall").json()
    rows = {row["queue"]: row for row in wall["queues"]}
    assert list(rows) == ["financeiro", "suporte", "vendas"]
    sales = rows["vendas"]
    assert (sales["waiting"], sales["sla_target"], sales["sla_ms"]) == (2, 90, 30_000)
    assert sales["waiting_since"] is not None
    assert [sales["agents"][group] for group in ("available", "on_call", "paused", "logged")] == [1, 1, 1, 3]
    assert (sales["today"]["offered"], sales["today"]["answered"], sales["today"]["sla_percent"]) == (3, 1, 33.33)
    support = rows["suporte"]
    assert (support["waiting"], support["waiting_since"], support["agents"]["on_call"]) == (0, None, 1)
    renamed = rows["financeiro"]
    assert (renamed["waiting"], renamed["today"]["offered"], renamed["agents"]["available"]) == (1, 1, 1)
    assert [wall["agents"][group] for group in ("available", "on_call", "paused")] == [2, 1, 1]


def test_the_wall_shows_the_queues_that_are_asked_for_and_no_customer(busy, center):
    cover(center)
    answer = busy.get("/v1/wall", params={"queue": ["suporte", "nenhuma"]})
    assert [row["queue"] for row in answer.json()["queues"]] == ["suporte"]
    assert answer.json()["notes"] == ["no queue nenhuma"]
    assert [answer.json()["agents"][group] for group in ("available", "on_call", "paused")] == [0, 1, 1]
    assert NUMBER not in busy.get("/v1/wall").text


def test_the_wall_of_a_position_stays_as_it_is(busy, center):
    cover(center)
    before = busy.get("/v1/wall").json()
    busy.post("/v1/agents/log-out", {"agent": "Ana"})
    cover(center)
    assert busy.get("/v1/wall", params={"as_of": before["as_of"]}).json()["queues"] == before["queues"]
    assert busy.get("/v1/wall").json()["queues"] != before["queues"]
