"""Every answer names its request, and the log and the events name it too."""

from __future__ import annotations

import logging
from uuid import UUID

import httpx
import pytest

from api.request_ids import RequestIdFilter


@pytest.mark.parametrize("path", ["/healthz", "/v1/queues", "/v1/nothing", "/v1/agents/log-in"])
def test_every_answer_has_the_id_of_its_request(client, path):
    answers = [client.request("GET", path), client.request("GET", path)]
    ids = {UUID(answer.headers["Request-Id"]) for answer in answers}
    assert len(ids) == 2


def test_a_request_that_is_refused_for_its_size_has_an_id_too(client):
    answer = client.post("/v1/auth/login", json={"email": "x" * 10_000})
    assert answer.status_code == 413
    assert UUID(answer.headers["Request-Id"])


def test_an_unexpected_error_has_the_id_in_the_answer_and_in_the_log(client, ana, center, monkeypatch, caplog):
    monkeypatch.setattr(center.queries, "bound", lambda *_: 1 / 0)
    client.transport.raise_app_exceptions = False
    assert isinstance(client.transport, httpx.ASGITransport)
    answer = ana.get("/v1/queues", headers={"Request-Id": "mine-1"})
    assert (answer.status_code, answer.headers["Request-Id"]) == (500, "mine-1")
    assert any("request_id=mine-1" in record.getMessage() for record in caplog.records)


def test_a_clients_own_id_is_kept_if_it_is_well_formed(client):
    assert client.request("GET", "/healthz", headers={"Request-Id": "crm-4711"}).headers["Request-Id"] == "crm-4711"
    for unfit in ("two words", "x" * 201, ""):
        assert UUID(client.request("GET", "/healthz", headers={"Request-Id": unfit}).headers["Request-Id"])


def test_the_events_of_a_command_have_the_id_as_their_correlation_unless_the_client_correlates_them(ana, center):
    def correlation(**headers: str) -> str:
        answer = ana.post("/v1/interactions", {}, headers=headers)
        return center.store.stream(UUID(answer.json()["id"]))[-1].correlation

    assert correlation(**{"Request-Id": "r-1"}) == "r-1"
    assert correlation(**{"Request-Id": "r-1", "X-Correlation-Id": "order-9"}) == "order-9"
    assert UUID(correlation())


def test_the_events_of_a_command_have_the_id_beside_a_correlation_of_the_clients_own(ana, center):
    def request(**headers: str) -> str:
        answer = ana.post("/v1/interactions", {}, headers=headers)
        return center.store.stream(UUID(answer.json()["id"]))[-1].request

    assert request(**{"Request-Id": "r-1", "X-Correlation-Id": "order-9"}) == "r-1"
    assert request(**{"Request-Id": "r-1"}) == request(**{"Request-Id": "r-1", "X-Correlation-Id": "r-1"}) == ""


def test_log_lines_outside_of_a_request_have_no_id():
    record = logging.makeLogRecord({})
    assert RequestIdFilter().filter(record)
    assert record.request_id == "-"
