"""Clients name the version of the API that they were made for, and answers say of which version they are."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from api import versions
from api.versions import NEWEST, SUPPORTED, Deprecation
from tests.api.test_auth import problem_of
from tests.kit.openapi import operations

HEADER = "Atende-Version"


@pytest.mark.parametrize("headers", [{}, *({HEADER: version} for version in SUPPORTED)])
def test_an_answer_repeats_the_version_in_use(ana, headers):
    answer = ana.get("/v1/me", headers=headers)
    assert answer.status_code == 200
    assert answer.headers[HEADER] == headers.get(HEADER, NEWEST)


def test_a_refusal_says_the_version_too(client):
    assert client.get("/v1/me").headers[HEADER] == NEWEST


@pytest.mark.parametrize("version", ["2020-01-01", "1", "", "2026-11-29 "[:-2]])
def test_an_unknown_version_is_refused_by_its_name_and_nothing_is_done(ana, version):
    answer = ana.post("/v1/queues", {"name": "vendas"}, headers={HEADER: version})
    (error,) = problem_of(answer, 422, "invalid")["errors"]
    assert error["header"] == HEADER
    assert NEWEST in error["detail"]
    assert ana.get("/v1/queues").json()["items"] == []


def test_what_is_outside_of_the_api_has_no_version(client):
    assert HEADER not in client.get("/healthz", headers={HEADER: "1"}).headers


def test_every_operation_of_the_api_documents_its_version(document):
    for operation in operations(document):
        if operation.path.startswith("/v1/"):
            assert operation.parameters("header")[HEADER]["schema"]["enum"] == list(SUPPORTED)
            assert all(HEADER in answer["headers"] for answer in operation.definition["responses"].values())


@pytest.mark.parametrize("deprecated", [NEWEST, "register_queue"])
def test_answers_of_what_is_deprecated_say_since_when_until_when_and_what_to_do(ana, monkeypatch, deprecated):
    """A version, and a single operation."""
    one = Deprecation(datetime(2027, 1, 1, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC), "https://atende.example/versions")
    monkeypatch.setattr(versions, "DEPRECATED", {deprecated: one})
    for body in ({"name": "vendas"}, {}):
        headers = ana.post("/v1/queues", body).headers
        assert headers["Deprecation"] == "@1798761600"
        assert headers["Sunset"] == "Sat, 01 Jan 2028 00:00:00 GMT"
        assert headers["Link"] == '<https://atende.example/versions>; rel="deprecation"'
    assert ("Deprecation" in ana.get("/v1/queues").headers) == (deprecated == NEWEST)


def test_the_document_says_which_operations_are_deprecated(client, monkeypatch):
    one = Deprecation(datetime(2027, 1, 1, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC), "https://atende.example/versions")
    monkeypatch.setattr(versions, "DEPRECATED", {"register_queue": one})
    queues = client.get("/openapi.json").json()["paths"]["/v1/queues"]
    assert queues["post"]["deprecated"]
    assert {"Deprecation", "Sunset", "Link"} <= queues["post"]["responses"]["201"]["headers"].keys()
    assert "deprecated" not in queues["get"]
