"""An agent's phone reports what it heard: a leg of its own, and the call's figures are those of its worst leg."""

from __future__ import annotations

from uuid import uuid4


def test_what_an_agent_heard_is_in_the_history_and_the_worst_leg_gives_the_calls_band(center, ana):
    ana.post("/v1/queues", {"name": "vendas"})
    ana.post("/v1/agents/log-in", {"agent": "Ana", "queues": ["vendas"]})
    body = {"agent": "Ana", "jitter_ms": 80.25, "loss_percent": 0.5}
    assert ana.post("/v1/phone/quality", body).status_code == 404
    call = ana.post("/v1/interactions", {"from_number": "5511987654321"}).json()["id"]
    ana.post(f"/v1/interactions/{call}/offer", {"queue": "vendas"})
    ana.post(f"/v1/interactions/{call}/answer", {"agent": "Ana"})
    assert ana.post(f"/v1/interactions/{call}/quality", {"jitter_ms": 3, "loss_percent": 0.75}).status_code == 200
    assert ana.post("/v1/phone/quality", body | {"interaction_id": str(uuid4())}).status_code == 404
    ana.post(f"/v1/interactions/{call}/end")
    answer = ana.post("/v1/phone/quality", body)
    assert (answer.status_code, answer.json()["id"]) == (200, call)
    center.cover(center.store.end(), lambda _done, _total: None)
    facts = [fact for event in ana.get(f"/v1/interactions/{call}/history").json()["items"] for fact in event["content"]["facts"]]
    heard = [(fact.get("agent"), fact.get("by"), fact["text"]) for fact in facts if fact["kind"] == "quality"]
    assert heard == [(None, None, "3.0;0.75"), ("Ana", "downlink", "80.25;0.5")]
    (row,) = ana.get("/v1/interactions", params={"quality": "medium"}).json()["items"]
    assert (row["id"], row["jitter_ms"], row["loss_percent"], row["quality_label"]) == (call, 80.25, 0.75, "Média")


def test_nobody_reports_for_an_agent_of_another(log_in, ana):
    ana.post("/v1/agents/log-in", {"agent": "Ana"})
    other = log_in(email="caio@empresa.example", permissions=("gerenciar-atendimento",))
    assert other.post("/v1/phone/quality", {"agent": "Ana", "jitter_ms": 1, "loss_percent": 0}).status_code == 403
