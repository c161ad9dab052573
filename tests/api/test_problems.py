"""Whatever is wrong with a request, the answer is a problem that says what, and never a 500."""

import json
from uuid import UUID

import pytest

from api.app import MAX_BODY
from tests.kit.http import PASSWORD

SOME = UUID("00000000-0000-4000-8000-000000000001")


def problem_of(answer, *statuses):
    assert answer.status_code in statuses, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["status"] == answer.status_code
    assert body["type"].startswith("urn:problem-type:atende:")
    assert body["title"]
    assert body["detail"]
    return body


@pytest.mark.parametrize("path", ["/", "/v1", "/v1/nothing", "/v1/queues/", "/v2/queues", "//", "/v1/queues/%00", "/%ff"])
def test_an_unknown_route_is_not_found(ana, path):
    problem_of(ana.get(path), 404, 405, 422)


def test_a_method_that_a_route_does_not_have(ana):
    answer = ana.ask("DELETE", "/v1/auth/login")
    assert problem_of(answer, 405)["type"].endswith("method-not-allowed")
    assert answer.headers["allow"] == "POST"


@pytest.mark.parametrize(
    "body",
    [b"{", b"", b'{"name": }', b"\xff\xfe", b'{"name": "\xff"}', b"[" * 5_000, b'{"name":"a","sla_ms":' + b"9" * 5_000 + b"}", b"\x00"],
)
def test_a_body_that_is_not_json(ana, body):
    problem_of(ana.ask("POST", "/v1/queues", content=body, headers={"content-type": "application/json"}), 400, 422)


def test_a_body_of_another_kind(ana):
    problem_of(ana.ask("POST", "/v1/queues", content=b"name=vendas", headers={"content-type": "application/x-www-form-urlencoded"}), 422)


async def _in_pieces(piece, count):
    for _ in range(count):
        yield piece


@pytest.mark.parametrize("content", [lambda: b" " * (MAX_BODY + 1), lambda: _in_pieces(b" " * 1_000, MAX_BODY // 1_000 + 1)])
def test_a_body_that_is_too_large(ana, content):
    answer = ana.ask("POST", "/v1/queues", content=content(), headers={"content-type": "application/json"})
    assert problem_of(answer, 413)["type"].endswith("too-large")


def test_a_body_as_large_as_it_may_be(ana):
    body = b'{"name":"vendas"}'.ljust(MAX_BODY)
    assert ana.ask("POST", "/v1/queues", content=body, headers={"content-type": "application/json"}).status_code == 201


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "   "),
        ("name", "a\x00b"),
        ("name", "a\nb"),
        ("name", "\ud800"),
        ("name", "a" * 121),
        ("name", None),
        ("name", 7),
        ("sla_ms", -1),
        ("sla_ms", 10**30),
        ("sla_ms", 1.5),
        ("sla_ms", "x"),
        ("sla_target", 100.1),
        ("sla_target", float("nan")),
        ("sla_target", float("inf")),
        ("sla_target", 1e400),
        ("internal_number", "12"),
        ("internal_number", "١٢٣"),
        ("profile", "best"),
        ("agents", ["a", ""]),
        ("agents", "Ana"),
        ("unknown", 1),
    ],
)
def test_each_wrong_field_is_named(ana, field, value):
    body = json.dumps({"name": "vendas"} | {field: value}).encode()
    answer = ana.ask("POST", "/v1/queues", content=body, headers={"content-type": "application/json"})
    pointers = [error["pointer"] for error in problem_of(answer, 422)["errors"]]
    assert pointers
    assert all(pointer.startswith(f"/{field}") for pointer in pointers)


def test_all_wrong_fields_are_named_at_once(ana):
    errors = problem_of(ana.post("/v1/queues", {"name": "", "sla_ms": -1, "agents": [""]}), 422)["errors"]
    assert {error["pointer"] for error in errors} == {"/name", "/sla_ms", "/agents/0"}


def test_a_field_that_the_domain_refuses_is_named(ana):
    answer = ana.post("/v1/ivrs", {"name": "principal", "menu": [{"digit": "1", "queue": "nenhuma"}]})
    assert problem_of(answer, 422)["errors"][0]["pointer"] == "/menu"
    answer = ana.post("/v1/ivrs", {"name": "principal", "zone": "Marte/Olympus"})
    assert problem_of(answer, 422)["errors"][0]["pointer"] == "/zone"


@pytest.mark.parametrize(
    "at", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2026-01-01T00:00:00", "ontem", 10**18, -1, "2026-02-30T00:00:00Z"]
)
def test_an_absurd_instant_is_refused(ana, at):
    assert problem_of(ana.post("/v1/interactions", {"at": at}), 422)["errors"][0]["pointer"] == "/at"


@pytest.mark.parametrize("id", ["x", "00000000", "%00", "1" * 400])
def test_a_text_that_is_no_id_is_refused(ana, id):
    assert problem_of(ana.post(f"/v1/queues/{id}/activate"), 422)["errors"][0]["parameter"] == "queue"


def test_nothing_that_was_sent_is_echoed(ana):
    secret = "5511987654321x"
    for answer in (
        ana.post("/v1/interactions", {"number": secret}),
        ana.post("/v1/interactions", {"call": secret + "\n"}),
        ana.post("/v1/auth/login", {"email": secret, "password": PASSWORD + secret}),
        ana.get("/v1/live", params={"after": secret}),
        ana.get(f"/v1/users/{secret}"),
    ):
        assert answer.status_code in (401, 422)
        assert secret not in answer.text


@pytest.mark.parametrize("key", ["ü", "a b", "a" * 201, ""])
def test_a_key_that_cannot_be(ana, key):
    answer = ana.post("/v1/queues", {"name": "vendas"}, headers={b"Idempotency-Key": key.encode()})
    assert problem_of(answer, 422)["errors"][0]["header"].lower() == "idempotency-key"


def test_the_state_of_things_refuses(ana):
    assert problem_of(ana.post("/v1/agents/pause", {"agent": "Ana", "reason": "almoço"}), 404)["type"].endswith("not-found")
    ana.post("/v1/agents/log-in", {"agent": "Ana"})
    assert problem_of(ana.post("/v1/agents/resume", {"agent": "Ana"}), 409)["type"].endswith("refused")
    ana.post("/v1/queues", {"name": "vendas"})
    assert problem_of(ana.post("/v1/queues", {"name": "vendas"}), 409)["type"].endswith("already-exists")


def test_a_defect_is_a_problem_too(ana, center, monkeypatch):
    def broken(*_):
        raise RuntimeError("5511987654321")

    ana.client.transport.raise_app_exceptions = False
    monkeypatch.setattr(center.door, "execute_soon", broken)
    body = problem_of(ana.post("/v1/queues", {"name": "vendas"}), 500)
    assert body["type"].endswith("internal")
    assert "5511987654321" not in json.dumps(body)


def test_a_command_of_a_thing_of_another_kind(ana):
    """An id that belongs to something else is no id of this kind."""
    queue = ana.post("/v1/queues", {"name": "vendas"}).json()["id"]
    call = ana.post("/v1/interactions", {}).json()["id"]
    user = ana.get("/v1/me").json()["id"]
    company = ana.get("/v1/company").json()["id"]
    for id in (call, user, company, SOME):
        problem_of(ana.post(f"/v1/queues/{id}/activate"), 404)
    for id in (queue, user, company, SOME):
        problem_of(ana.post(f"/v1/interactions/{id}/end"), 404)
    for id in (queue, call, company, SOME):
        problem_of(ana.post(f"/v1/users/{id}/activate"), 404)
        problem_of(ana.get(f"/v1/users/{id}"), 404)
