"""Every answer names its request, and the log and the events name it too."""

from __future__ import annotations

import logging
import re
from typing import Any
from uuid import UUID

import httpx
import pytest

from api import request_ids, stranger_limit
from api.request_ids import RequestIdFilter
from domain.access import FORGET_CONTACTS, PERMISSIONS


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


CPF = "52998224725"
LINE = re.compile(r"request_id=(\S+) method=(\S+) route=(\S+) status=(\d+) code=(\S+) duration_ms=\d+")

REFUSED: list[tuple[str, str, dict[str, Any], str, int, str]] = [
    ("GET", f"/v1/queues?limit={CPF}&cursor=x", {"headers": {"Authorization": ""}}, "/v1/queues", 401, "unauthenticated"),
    ("GET", f"/v1/interactions/{CPF}", {"headers": {"Authorization": "Bearer x"}}, "/v1/interactions/{interaction_id}", 401, "unauthenticated"),
    ("POST", "/v1/contacts/forget", {"json": {"phone": CPF}}, "/v1/contacts/forget", 403, "permission-missing"),
    ("GET", f"/v1/queues/{UUID(int=1)}", {}, "/v1/queues/{queue_id}", 404, "queue-unknown"),
    ("HEAD", f"/v1/queues/{UUID(int=1)}", {}, "/v1/queues/{queue_id}", 404, "queue-unknown"),
    ("GET", f"/v1/nothing/{CPF}", {}, "(none)", 404, "not-found"),
    ("DELETE", "/v1/queues", {}, "/v1/queues", 405, "method-not-allowed"),
    ("POST", f"/v1/interactions/{UUID(int=1)}/offer", {"json": {"queue": CPF}}, "/v1/interactions/{interaction_id}/offer", 404, "call-unknown"),
    ("POST", "/v1/queues", {"json": {"name": "vendas"}}, "/v1/queues", 409, "queue-exists"),
    ("POST", "/v1/auth/login", {"json": {"email": CPF * 1_000}}, "/v1/auth/login", 413, "too-large"),
    ("POST", "/v1/queues", {"content": CPF, "headers": {"Content-Type": "text/plain"}}, "/v1/queues", 415, "unsupported-media-type"),
    ("POST", "/v1/queues", {"json": {"nome": CPF}}, "/v1/queues", 422, "invalid"),
    ("GET", f"/v1/queues/{CPF}", {}, "/v1/queues/{queue_id}", 422, "invalid"),
]  # fmt: skip


def lines(caplog, id: str) -> list[tuple[str, ...]]:
    """The lines of the log about a request."""
    said = [record.getMessage() for record in caplog.records if record.name == request_ids.__name__]
    return [found.groups()[1:] for line in said if (found := LINE.fullmatch(line)) and found[1] == id]


@pytest.fixture
def bia(log_in):
    """Somebody who may do all but forget."""
    bia = log_in(email="bia@empresa.example", permissions=tuple(set(PERMISSIONS) - {FORGET_CONTACTS}))
    bia.post("/v1/queues", {"name": "vendas"})
    return bia


def test_each_request_is_one_line_of_the_log_with_its_id_and_without_a_value_of_it(bia, caplog):
    caplog.set_level(logging.INFO, request_ids.__name__)
    for number, (method, path, more, route, status, code) in enumerate(REFUSED):
        headers = {**more.get("headers", {}), "Request-Id": f"r-{number}"}
        assert bia.ask(method, path, **{**more, "headers": headers}).status_code == status, path
        assert lines(caplog, f"r-{number}") == [(method, route, str(status), code)]
    assert bia.get("/v1/queues", headers={"Request-Id": "done"}).status_code == 200
    assert lines(caplog, "done") == [("GET", "/v1/queues", "200", "-")]
    assert CPF not in caplog.text


def test_a_request_that_is_one_too_many_is_a_line_too(client, caplog, monkeypatch):
    monkeypatch.setattr(stranger_limit, "BURST", 1)
    caplog.set_level(logging.INFO, request_ids.__name__)
    client.post("/v1/auth/login", json={})
    assert client.post("/v1/auth/login", json={}, headers={"Request-Id": "r"}).status_code == 429
    assert lines(caplog, "r") == [("POST", "/v1/auth/login", "429", "too-many-requests")]


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
