"""The client in Python: no operation is lost, retries repeat nothing, problems are exceptions, lists and the stream are whole."""

from __future__ import annotations

import importlib
import inspect
import json
import pkgutil
import socket
import sys
from uuid import UUID

import httpx
import pytest
from hypothesis import given, settings

from api.answer_changes import changes
from api.app import described
from api.problem import KINDS
from api.versions import NEWEST
from tests.kit.changing_answers import TABLES, answers
from tests.kit.generated_clients import PYTHON, run
from tests.kit.http import PASSWORD
from tests.kit.openapi import operations
from tests.kit.served import COMPANY, EMAIL, served_center

LOG = b"1772470800|1772470800.1|vendas|NONE|ENTERQUEUE||5511987654321|1\nno line\n"


@pytest.fixture(scope="session")
def atende_client(clients):
    return importlib.import_module("atende_client")


class Server:
    """Answers requests in the order given: a response, or an exception that is raised. Remembers requests and waits."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.requests: list[httpx.Request] = []
        self.tokens: list[str | None] = []
        self.waits: list[float] = []

    def __call__(self, request):
        self.requests.append(request)
        self.tokens.append(request.headers.get("Authorization"))
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def keys(self):
        return [request.headers.get("Idempotency-Key") for request in self.requests]


def connected(atende_client, server, **more):
    return atende_client.Atende("http://center", "token", transport=httpx.MockTransport(server), sleep=server.waits.append, **more)


def refusal(status, code, headers=(), **more):
    body = {"type": f"urn:problem-type:atende:{code}", "title": code, "status": status, "detail": "why", **more}
    return httpx.Response(status, json=body, headers=dict(headers))


def test_every_operation_of_the_document_is_a_function(atende_client):
    api = importlib.import_module("atende_client.v1.api")
    functions = {atende_client.follow_live_events.__name__, atende_client.watch_answers.__name__}
    for module in pkgutil.iter_modules(api.__path__):
        functions |= set(importlib.import_module(f"atende_client.v1.api.{module.name}").__all__)
    document = list(operations(described().openapi()))
    csv = {f"{operation.definition['operationId']}_csv" for operation in document if operation.is_csv}
    assert functions == csv | {operation.definition["operationId"] for operation in document}


def test_the_written_part_has_strict_types(clients):
    run([sys.executable, "-m", "mypy"], {}, PYTHON)
    run([sys.executable, "-m", "mypy", "--strict", "generate.py"], {"MYPYPATH": str(PYTHON.parents[1])}, PYTHON.parent)


def test_a_command_is_repeated_with_its_key_after_429_503_and_a_lost_connection(atende_client):
    server = Server(
        refusal(503, "outcome-unknown", {"Retry-After": "2"}),
        httpx.ConnectError("refused"),
        httpx.ReadError("cut off"),
        refusal(429, "too-many-requests", {"Retry-After": "7"}),
        httpx.Response(200, json={}),
    )
    with connected(atende_client, server) as atende:
        atende.post("/v1/queues", json={"name": "vendas"})
    assert server.keys()[0]
    assert len(set(server.keys())) == 1
    assert [request.content for request in server.requests] == [b'{"name":"vendas"}'] * 5
    assert server.waits[0] == 2
    assert server.waits[3] == 7
    assert 0 < server.waits[1] < server.waits[2] * 2


def test_commands_have_keys_of_their_own_or_that_of_the_caller_and_queries_none(atende_client):
    server = Server(*(httpx.Response(200, json={}) for _ in range(4)))
    with connected(atende_client, server) as atende:
        atende.post("/v1/queues")
        atende.delete("/v1/queues/1")
        atende.post("/v1/queues", headers={"Idempotency-Key": "mine"})
        atende.get("/v1/queues")
    first, second, own, query = server.keys()
    assert first != second
    assert (own, query) == ("mine", None)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 422, 500])
def test_other_refusals_are_not_repeated(atende_client, status):
    server = Server(refusal(status, "x"))
    with connected(atende_client, server) as atende, pytest.raises(atende_client.Problem):
        atende.post("/v1/queues")
    assert server.waits == []


def test_logging_in_is_never_repeated_and_has_no_key(atende_client):
    server = Server(httpx.ReadError("cut off"))
    with pytest.raises(atende_client.Unreachable):
        atende_client.Atende.log_in("http://center", "a@b.example", "x", "Empresa", transport=httpx.MockTransport(server))
    assert server.keys() == [None]


def test_retries_end(atende_client):
    server = Server(*(refusal(503, "unavailable", {"Retry-After": "1"}) for _ in range(3)))
    with connected(atende_client, server, retries=2) as atende, pytest.raises(atende_client.Unavailable) as raised:
        atende.get("/v1/me")
    assert server.waits == [1, 1]
    assert raised.value.retry_after_s == 1


def test_each_kind_of_problem_is_an_exception_with_its_code(atende_client):
    for code, (status, _) in KINDS.items():
        errors = [{"pointer": "/name", "detail": "wrong"}]
        server = Server(refusal(status, code, errors=errors, permission="gerenciar-service"))
        with connected(atende_client, server, retries=0) as atende, pytest.raises(atende_client.Problem) as raised:
            atende.get("/v1/me")
        problem = raised.value
        assert (problem.status, problem.code, problem.detail, problem.permission) == (status, code, "why", "gerenciar-service")
        assert problem.errors == (atende_client.FieldProblem("/name", "wrong"),)
        if status in (401, 403, 404, 409, 422, 429, 503):
            assert type(problem) is not atende_client.Problem


def test_an_error_of_a_proxy_is_a_problem_too(atende_client):
    server = Server(httpx.Response(502, text="<html>Bad Gateway"))
    with connected(atende_client, server) as atende, pytest.raises(atende_client.Problem) as raised:
        atende.get("/v1/me")
    assert (raised.value.status, raised.value.code) == (502, "")


def test_an_expired_token_is_renewed_once(atende_client):
    tokens = {"access_token": "new", "refresh_token": "next"}
    server = Server(refusal(401, "unauthenticated"), httpx.Response(200, json=tokens), *(httpx.Response(200, json={}) for _ in range(2)))
    with connected(atende_client, server, refresh_token="first") as atende:
        atende.post("/v1/queues", json={"name": "vendas"})
        atende.get("/v1/me")
    assert [request.url.path for request in server.requests] == ["/v1/queues", "/v1/auth/refresh", "/v1/queues", "/v1/me"]
    assert json.loads(server.requests[1].content) == {"refresh_token": "first"}
    assert [server.tokens[n] for n in (0, 2, 3)] == ["Bearer token", "Bearer new", "Bearer new"]
    assert server.requests[2].content == b'{"name":"vendas"}'


def test_every_request_names_the_version_of_the_api(atende_client):
    server = Server(httpx.Response(200, json={}))
    with connected(atende_client, server) as atende:
        atende.get("/v1/me")
    assert server.requests[0].headers["Atende-Version"] == NEWEST


def test_every_goes_through_all_pages_with_the_same_filters(atende_client):
    page = importlib.import_module("atende_client.v1.api.queues").list_queues
    server = Server(*(httpx.Response(200, json={"items": [], "next": cursor, "as_of": 1}) for cursor in ("a", "b", None)))
    with connected(atende_client, server) as atende:
        assert list(atende_client.every(page, atende, limit=1)) == []
    assert [dict(request.url.params) for request in server.requests] == [
        {"limit": "1"}, {"limit": "1", "cursor": "a"}, {"limit": "1", "cursor": "b"},
    ]  # fmt: skip


PAGED = [operation for operation in operations(described().openapi()) if operation.is_paged]
OF_CSV = [operation for operation in operations(described().openapi()) if operation.is_csv]
NOBODY = UUID(int=1)


def function_of(operation, ending=""):
    name = operation.definition["operationId"] + ending
    module = importlib.import_module(f"atende_client.v1.api.{operation.definition['tags'][0].replace('-', '_')}")
    return getattr(module, name)


@pytest.mark.parametrize("operation", PAGED, ids=lambda operation: operation.definition["operationId"])
def test_every_goes_through_each_list_that_has_pages(atende_client, operation):
    server = Server(*(httpx.Response(200, json=page(operation, cursor)) for cursor in ("a", None)))
    function = function_of(operation)
    filters = {"limit": 1}
    if "body" in inspect.signature(function).parameters:
        filters = {"body": importlib.import_module("atende_client.v1.models").InteractionSearch(limit=1)}
    with connected(atende_client, server) as atende:
        assert list(atende_client.every(function, atende, *[NOBODY] * len(operation.parameters("path")), **filters)) == []
    asked = [dict(request.url.params) or json.loads(request.content) for request in server.requests]
    assert [one.get("cursor") for one in asked] == [None, "a"]
    assert [int(one["limit"]) for one in asked] == [1, 1]


def page(operation, cursor):
    """A page without items; what else it has is the example of the document."""
    return operation.answer["application/json"]["example"] | {"items": [], "next": cursor}


def test_there_are_lists_with_pages_and_csv():
    assert {"list_interactions", "search_interactions", "list_queues"} <= {operation.definition["operationId"] for operation in PAGED}
    assert {"list_interactions", "get_queue_report"} <= {operation.definition["operationId"] for operation in OF_CSV}


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    with served_center(tmp_path_factory.mktemp("served") / "data") as served:
        yield served


def logged_in(atende_client, served):
    return atende_client.Atende.log_in(served.address, EMAIL, PASSWORD, COMPANY)


@pytest.fixture
def atende(atende_client, served):
    with logged_in(atende_client, served) as atende:
        yield atende


@pytest.fixture(scope="module")
def import_id(atende_client, served):
    """An import of a file in which a line is wrong."""
    with logged_in(atende_client, served) as atende:
        headers = {"Content-Type": "application/octet-stream"}
        return UUID(atende.post("/v1/imports", params={"name": "queue_log"}, content=LOG, headers=headers).json()["id"])


@pytest.mark.parametrize("operation", OF_CSV, ids=lambda operation: operation.definition["operationId"])
def test_a_csv_of_a_served_center_is_text(atende, import_id, operation):
    text = function_of(operation, "_csv")(atende, *[import_id] * len(operation.parameters("path")))
    assert text.splitlines()[0].split(";")[0] in ("Arquivo", "Serviço", "IVR", "Agente", "DATA")


def closed_port():
    with socket.socket() as it:
        it.bind(("127.0.0.1", 0))
        return it.getsockname()[1]


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ConnectionRefusedError(111, "Connection refused"), "refused"),
        (socket.gaierror(-2, "Name or service not known"), "unknown-host"),
        (TimeoutError("timed out"), "timed-out"),
        (ConnectionResetError(104, "reset by peer"), "lost"),
    ],
)
def test_a_center_that_does_not_answer_says_why(atende_client, error, reason):
    raised_by = httpx.ConnectError("[Errno]")
    raised_by.__cause__ = error
    with connected(atende_client, Server(raised_by), retries=0) as atende, pytest.raises(atende_client.Unreachable) as raised:
        atende.get("/v1/queues?call=5531977916159")
    assert raised.value.reason == reason
    assert str(raised.value).startswith("cannot reach http://center/: ")
    assert "5531977916159" not in str(raised.value)


def test_a_refused_connection_and_a_timeout_are_told_apart(atende_client):
    refused = atende_client.Atende(f"http://127.0.0.1:{closed_port()}", "token", retries=0)
    with refused, pytest.raises(atende_client.Unreachable) as raised:
        refused.get("/v1/me")
    assert raised.value.reason == "refused"
    with (
        connected(atende_client, Server(httpx.ReadTimeout("timed out")), retries=0) as late,
        pytest.raises(atende_client.Unreachable) as raised,
    ):
        late.get("/v1/me")
    assert raised.value.reason == "timed-out"


def test_what_a_command_tells_has_typed_fields(atende_client):
    models = importlib.import_module("atende_client.v1.models")
    receipt = {"id": str(NOBODY), "version": 1, "position": 1}
    made = models.WebhookSecretReceipt.from_dict({**receipt, "result": {"secret": "whsec_x"}})
    again = models.WebhookSecretReceipt.from_dict({**receipt, "result": {}})
    assert (made.result.secret, bool(again.result.secret)) == ("whsec_x", False)
    assert models.BegunCallReceipt.from_dict({**receipt, "result": {"call": "crm-1", "protocol": 7}}).result.protocol == 7


def stream(text):
    return httpx.Response(200, text=text, headers={"Content-Type": "text/event-stream"})


def test_the_stream_goes_on_where_it_was_cut_off(atende_client):
    server = Server(
        stream('id: 5\nevent: agent\ndata: {"a": 1}\n\n: alive\nid: 9\n\nid: 10\nevent: agent\ndata: {"cut'),
        httpx.ConnectError("refused"),
        *(refusal(503, "unavailable") for _ in range(6)),
        stream('id: 10\nevent: agent\ndata: {"a": 2}\n\n'),
        refusal(403, "not-allowed"),
    )
    with connected(atende_client, server, retries=5) as atende:
        events = atende_client.follow_live_events(atende, after=4, sleep=server.waits.append)
        assert [next(events) for _ in range(2)] == [
            atende_client.LiveEvent(5, "agent", {"a": 1}),
            atende_client.LiveEvent(10, "agent", {"a": 2}),
        ]
        with pytest.raises(atende_client.NotAllowed):
            next(events)
    positions = [request.headers["Last-Event-ID"] for request in server.requests]
    assert positions == ["4", *["9"] * 8, "10"]


def message(id, type, **data):
    return f"id: {id}\n{without_id(int(id), type, **data)}"


def without_id(position, type, **data):
    return f"event: {type}\ndata: {json.dumps({'q': 0, 'position': position, **data})}\n\n"


@settings(max_examples=30)
@given(before=answers(), after=answers())
def test_a_watched_answer_is_kept_by_what_changes_also_over_a_lost_connection(atende_client, before, after):
    server = Server(
        stream(f": watching\n\n{message('5', 'answer', answer=before)}: alive\nid: 6\n\n"),
        httpx.ConnectError("refused"),
        stream(message("9", "change", **changes(before, after, TABLES))),
    )
    with connected(atende_client, server) as atende:
        watched = atende_client.watch_answers(atende, ["/v1/monitoring?queue=vendas"], sleep=server.waits.append)
        first, second = next(watched), next(watched)
    assert (first.position, first.answer) == (5, {**before, "as_of": 5})
    assert (second.question, second.position, second.answer) == ("/v1/monitoring?queue=vendas", 9, {**after, "as_of": 9})
    assert [request.headers.get("Last-Event-ID") for request in server.requests] == [None, "6", "6"]
    assert server.requests[0].url.params.get_list("q") == ["/v1/monitoring?queue=vendas"]


def test_the_first_answers_to_several_questions_have_no_id_and_a_stream_that_is_lost_among_them_begins_anew(atende_client):
    server = Server(
        stream(f": watching\n\n{message('5', 'answer', answer={'n': 0})}"),
        stream(f": watching\n\nretry: 9\n\n{without_id(7, 'answer', answer={'n': 1})}"),
        stream(f": watching\n\n{without_id(8, 'answer', answer={'n': 2})}{message('8', 'answer', q=1, answer={'m': 3})}"),
        stream(f": watching\n\n{message('9', 'change', fields={'n': 4})}"),
    )
    questions = ["/v1/dashboards/inbound", "/v1/monitoring"]
    with connected(atende_client, server) as atende:
        watched = atende_client.watch_answers(atende, questions, sleep=server.waits.append)
        told = [next(watched) for _ in range(5)]
    assert [one.answer for one in told] == [
        {"n": 0, "as_of": 5},
        {"n": 1, "as_of": 7},
        {"n": 2, "as_of": 8},
        {"m": 3, "as_of": 8},
        {"n": 4, "as_of": 9},
    ]
    assert [questions.index(one.question) for one in told] == [0, 0, 0, 1, 0]
    assert [request.headers.get("Last-Event-ID") for request in server.requests] == [None, "5", None, "8"]


@pytest.mark.parametrize(("question", "key"), [("/v1/reports/agents", "agent"), ("/v1/reports/queues?by=half-hour", "start")])
def test_the_rows_of_a_watched_report_are_told_apart_by_what_names_them(atende_client, question, key):
    rows = [{key: "a", "answered": 1}, {key: "b", "answered": 2}]
    changed = {"tables": {"items": {"removed": ["a"], "changed": [{key: "b", "answered": 3}, {key: "c", "_at": 0, "answered": 0}]}}}
    server = Server(stream(message("1", "answer", answer={"items": rows}) + message("2", "change", **changed)))
    with connected(atende_client, server) as atende:
        watched = atende_client.watch_answers(atende, [question])
        next(watched)
        assert next(watched).answer["items"] == [{key: "c", "answered": 0}, {key: "b", "answered": 3}]


def test_the_stream_of_a_served_center_is_followed(atende_client, atende, served):
    before = served.center.store.head()
    atende.post("/v1/queues", json={"name": "suporte"})
    event = next(event for event in atende_client.follow_live_events(atende, after=before) if event.type == "queue")
    board = next(atende_client.watch_answers(atende, ["/v1/monitoring"]))
    assert event.type == "queue"
    assert event.position > before
    assert board.answer["agents"]["available"] == []


def test_all_questions_to_a_served_center_are_watched(atende_client, atende):
    questions = {"/v1/dashboards/inbound", "/v1/monitoring"}
    watched = atende_client.watch_answers(atende, sorted(questions))
    seen = {next(watched).question}
    # What happens changes both answers: one that was lost is noticed by its change.
    atende.post("/v1/queues", json={"name": "financeiro"})
    call = atende.post("/v1/interactions", json={"from_number": "5511987654321"}).json()["id"]
    atende.post(f"/v1/interactions/{call}/offer", json={"queue": "financeiro"})
    while seen != questions:
        seen.add(next(watched).question)
