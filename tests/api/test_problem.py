"""A server behind the API is away, or the clock is wrong: the caller gets what is known, and when to try again."""

from __future__ import annotations

import re
import threading
from collections.abc import Sequence
from typing import Any
from uuid import uuid4

import pytest

from api.field_types import MOST_PROBLEMS
from commands.command_bus import Answer, Request
from projections.engine.chdb_warehouse import ChdbWarehouse
from projections.engine.warehouse import WarehouseUnreachable
from store.clock import ClockOff, ClockWatch
from store.database import CommitUnsure, StoreUnavailable
from tests.kit.http import Client, Person, TimedCenter

SECRET = "postgresql at db.internal: connection refused"


def problem(answer: Any) -> str:
    """The kind of a problem that may pass; nothing that it says is about the servers behind."""
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert answer.headers["content-type"] == "application/problem+json"
    assert "db.internal" not in answer.text
    return str(answer.json()["type"].rpartition(":")[2])


def failing(error: Exception) -> Any:
    def fail(*_: Any, **__: Any) -> Any:
        raise error

    return fail


@pytest.mark.parametrize(
    ("error", "kind"),
    [(StoreUnavailable(SECRET), "unavailable"), (CommitUnsure(SECRET), "outcome-unknown"), (ClockOff("off by 3,600 s"), "clock")],
)
def test_a_command_that_could_not_be_done(
    center: TimedCenter, ana: Person, monkeypatch: pytest.MonkeyPatch, error: Exception, kind: str
) -> None:
    monkeypatch.setattr(center.bus, "_execute", failing(error))
    assert problem(ana.post("/v1/queues", {"name": "vendas"})) == kind
    assert f'outcome="{kind}"' in ana.get("/metrics").text


def test_the_same_key_returns_the_result_of_a_command_whose_outcome_was_not_known(
    center: TimedCenter, ana: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    execute, key = center.bus._execute, {"Idempotency-Key": "once"}

    def lost(requests: Sequence[Request]) -> list[Answer]:
        execute(requests)
        raise CommitUnsure(SECRET)

    monkeypatch.setattr(center.bus, "_execute", lost)
    answer = ana.post("/v1/queues", {"name": "vendas"}, headers=key)
    assert problem(answer) == "outcome-unknown"
    assert "same Idempotency-Key" in answer.json()["detail"]
    monkeypatch.undo()
    assert ana.post("/v1/queues", {"name": "vendas"}, headers=key).json()["version"] == 1
    assert [row["name"] for row in ana.get("/v1/queues", params={"at_least": center.store.end()}).json()["items"]] == ["vendas"]


@pytest.mark.parametrize("path", ["/v1/queues", "/v1/dashboards/inbound", "/v1/reports/queues", "/v1/monitoring"])
def test_a_question_while_the_figures_are_away(ana: Person, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    monkeypatch.setattr(ChdbWarehouse, "rows", failing(WarehouseUnreachable(SECRET)))
    assert problem(ana.get(path)) == "unavailable"


def test_a_login_while_the_store_is_away(center: TimedCenter, client: Client, ana: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(center.store.recorder, "transaction", failing(StoreUnavailable(SECRET)))
    assert problem(client.post("/v1/auth/refresh", json={"refresh_token": ana.tokens["refresh_token"]})) == "unavailable"


def test_readiness_reports_each_of_them(center: TimedCenter, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    assert client.get("/readyz").json() == {"status": "ready", "position": 0, "covered": 0}
    with monkeypatch.context() as away:
        away.setattr(center.store.recorder, "max_notification_id", failing(StoreUnavailable(SECRET)))
        assert problem(client.get("/readyz")) == "unavailable"
    with monkeypatch.context() as away:
        away.setattr(ChdbWarehouse, "execute", failing(WarehouseUnreachable(SECRET)))
        assert problem(client.get("/readyz")) == "unavailable"
    with monkeypatch.context() as wrong:
        watch = ClockWatch(center.bus.clock, center.store.recorder.db)
        wrong.setattr(watch, "_look", failing(ClockOff("off by 3,600 s")))
        wrong.setattr(center.bus, "watch", watch)
        answer = client.get("/readyz")
        assert (problem(answer), answer.json()["detail"]) == ("clock", "off by 3,600 s")
    assert client.get("/readyz").status_code == 200
    assert client.get("/healthz").status_code == 200


def test_metrics_show_whether_the_store_answers(center: TimedCenter, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def reachable() -> str:
        return str(re.search(r"^atende_store_reachable (\S+)$", client.get("/metrics").text, re.MULTILINE)[1])

    assert reachable() == "1.0"
    recorder = center.store.recorder
    with monkeypatch.context() as away:
        away.setattr(recorder, "max_notification_id", failing(StoreUnavailable(SECRET)))
        assert reachable() == "0.0"
    silent = threading.Event()
    with monkeypatch.context() as away:
        away.setattr("api.application_state._ANSWERS_S", 0.05)
        away.setattr(recorder, "max_notification_id", silent.wait)
        assert reachable() == "0.0"
    silent.set()
    assert reachable() == "1.0"


def test_a_position_that_another_process_wrote_a_moment_ago_is_one(
    center: TimedCenter, ana: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana.post("/v1/queues", {"name": "vendas"})
    end = center.store.end()
    monkeypatch.setattr(center.store, "head", lambda: end - 1)
    assert ana.get("/v1/queues", params={"at_least": end}).status_code == 200
    assert ana.get("/v1/queues", params={"at_least": end + 1}).status_code == 422


def test_an_answer_names_twenty_wrong_fields_at_most(client: Client, ana: Person) -> None:
    many = {f"f{number}": number for number in range(2_000)}
    for answer in (ana.post("/v1/queues", {"name": "vendas", **many}), ana.ask("PUT", f"/v1/users/{uuid4()}/permissions", json=many)):
        assert answer.status_code == 422
        assert len(answer.json()["errors"]) <= MOST_PROBLEMS
    few = {f"f{number}": number for number in range(3)}
    answer = ana.post("/v1/queues", {"name": "vendas", **few})
    assert [error["pointer"] for error in answer.json()["errors"]] == ["/f0", "/f1", "/f2"]


@pytest.mark.parametrize("path", ["login", "refresh", "logout", "password"])
def test_a_request_without_a_token_says_little(client: Client, path: str) -> None:
    body = {f"f{number}": number for number in range(60_000)}
    answer = client.post(f"/v1/auth/{path}", json=body)
    assert answer.status_code == 413
    assert len(answer.content) < 1_000
