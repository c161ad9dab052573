"""The OpenAPI document is complete, and kept: permissions, fields, and the shape of each response."""

from __future__ import annotations

import json
import re

import pytest
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from api.app import MAX_BODY
from api.field_types import MOST_PROBLEMS
from api.invalid_fields import UNKNOWN_FIELD
from api.problem import PREFIX
from cli.console import terminal
from cli.openapi import write_openapi
from commands.queues import RegisterQueue
from domain.access import ACT_FOR_OTHERS, ATTEND, PERMISSIONS, REPORTS, USED_BY_KEYS, USED_BY_LIMITED_KEYS
from domain.api_keys import MOST_REQUESTS_PER_MINUTE
from projections.queries.changes import PERMISSION_OF
from tests.api.test_auth import problem_of
from tests.kit.http import Program, operator
from tests.kit.openapi import STREAMS, operations

SOME_ID = "40ca8005-24cc-572c-9dd4-4d30c9eb3e0b"
JSON = {"Content-Type": "application/json"}


def ask(who, operation, headers=None):
    """Send an operation as its examples show, without a token where `who` is the bare client."""
    request = who.ask if hasattr(who, "ask") else who.request
    more = {"headers": headers} if headers else {}
    body = {"json": operation.body} if operation.file is None else {"content": operation.file}
    return request(operation.method.upper(), operation.at(SOME_ID), params=operation.needed, **body, **more)


def test_nobody_asks_anything_without_logging_in(client, document):
    closed = [operation for operation in operations(document) if "security" in operation.definition]
    open_ = {operation.path for operation in operations(document)} - {operation.path for operation in closed}
    own = {f"/v1/auth/{what}" for what in ("login", "refresh", "logout", "password", "password-rules", "screen", "screen/refresh")}
    assert open_ == own | {"/healthz", "/readyz", "/metrics"}
    for operation in closed:
        for headers in ({}, {"Authorization": "Bearer x"}):
            problem_of(ask(client, operation, headers), 401, "unauthenticated")


def test_a_refusal_names_the_missing_permission(log_in, document):
    nobody = log_in(permissions=())
    for operation in operations(document):
        if "security" not in operation.definition:
            continue
        answer, said = ask(nobody, operation), operation.definition["x-permission"]
        if operation.path in {"/v1/watch", "/v1/timeline"}:
            # Each question of a watch needs the permission of its own GET; the time bar, that of dashboards or of the board.
            assert problem_of(answer, 403, "not-allowed")["permission"] == ATTEND
            assert operation.definition["x-permissions-of-some"] == [ATTEND, REPORTS]
        elif operation.path == "/v1/changes/{thing_id}":
            # What has the id decides.
            problem_of(answer, 404, "settings-unknown")
            assert operation.definition["x-permissions-of-some"] == sorted(set(PERMISSION_OF.values()))
        elif "403" in operation.definition["responses"]:
            assert problem_of(answer, 403, "not-allowed")["permission"] == said, operation.path
            assert f"`{said}`" in operation.definition["description"]
        else:
            assert (said, operation.definition.get("x-permissions-of-some")) == ("", None), operation.path
            assert answer.status_code in (200, 204, 404), f"{operation.method} {operation.path}: {answer.text}"


def test_each_permission_opens_what_names_it_and_nothing_else(log_in, document):
    closed = [operation for operation in operations(document) if operation.definition.get("x-permission")]
    named = {operation.definition["x-permission"] for operation in closed}
    assert named == {
        "gerenciar-relatorio", "gerenciar-atendimento", "gerenciar-service", "gerenciar-phone", "gerenciar-usuário", "gerenciar-empresas",
        "gerenciar-chaves", "gerenciar-conectores", "gerenciar-api", "gerenciar-blacklist", "anonimizar-contatos", "supervisionar-ligacoes", "ouvir-gravacoes",
    }  # fmt: skip
    # What all the others do not open together, none of them opens alone.
    others = log_in(email="others@empresa.example", permissions=tuple(set(PERMISSIONS) - named))
    for operation in closed:
        refused = problem_of(ask(others, operation), 403, "not-allowed")
        assert refused["permission"] == operation.definition["x-permission"], operation.path
    for permission in named:
        one = log_in(email=f"{permission.encode().hex()}@empresa.example", permissions=(permission,))
        for operation in closed:
            needed = operation.definition["x-permission"]
            if needed != permission:
                assert problem_of(ask(one, operation), 403, "not-allowed")["permission"] == needed, (permission, operation.path)
            elif operation.path not in STREAMS:
                answer = ask(one, operation)
                if answer.status_code == 403:
                    # Who may act as an agent is another question, and so is whom a user of level user may manage, and what they give,
                    # and who may watch what a webhook posts.
                    problem = answer.json()
                    of_others = problem.get("permission") in {operation.definition.get("x-permission-for-others"), ATTEND} - {permission}
                    detail = problem["detail"]
                    assert of_others or "level" in detail or "nobody gives" in detail, (permission, operation.path)


def test_the_document_says_what_acting_for_others_needs_where_it_is_refused_without(log_in, document, ana):
    said = {(one.method, one.path): one.definition.get("x-permission-for-others") for one in operations(document)}
    queue, agent = {"queue": "vendas"}, {"agent": "Ana"}
    ana.post("/v1/queues", {"name": "vendas"})
    ana.post("/v1/agents/log-in", {"agent": "Ana", "queues": ["vendas"]})
    allowed = {"permissions": ["gerenciar-atendimento", "supervisionar-ligacoes"], "level": "manager"}
    other = log_in(email="bia@empresa.example", permissions=())
    changed = ana.ask("PUT", f"/v1/users/{other.tokens['user_id']}/permissions", json=allowed)
    assert changed.status_code == 200, changed.text
    other.stay()
    call = ana.post("/v1/interactions", {}).json()["id"]
    steps = [
        ("offer", queue),
        ("ring", agent),
        ("answer", agent),
        ("hold", {}),
        ("resume", {}),
        ("note", {"note": "x"}),
        ("release", {}),
        ("wrap-up", {}),
    ]
    paths = {f"/v1/interactions/{{interaction_id}}/{step}": (f"/v1/interactions/{call}/{step}", body) for step, body in steps}
    paths |= {f"/v1/agents/{step}": (f"/v1/agents/{step}", body) for step, body in (
        ("pause", agent | {"reason": "almoço"}), ("resume", agent), ("heartbeat", agent), ("log-in", agent), ("log-out", agent))}  # fmt: skip
    for path, (at, body) in paths.items():
        refused = other.post(at, body)
        missing = refused.json().get("permission") if refused.status_code == 403 else None
        assert said["post", path] == missing, path
        ana.post(at, body)
    assert sum(permission == ACT_FOR_OTHERS for permission in said.values()) > 15
    assert said["post", "/v1/phone/session"] is None, "a phone is only ever opened for one's own agent"


@pytest.fixture
def limited(ana, client, center, any_permissions):
    """A key that is limited to a queue and has every permission, as one of before the rule might; and ids of settings of each kind."""
    queue = center.bus.execute(RegisterQueue(name="vendas"), operator("Empresa")).id
    ivr = ana.post("/v1/ivrs", {"name": "principal"}).json()["id"]
    webhook = ana.post("/v1/webhooks", {"url": "https://crm.example/x", "events": ["agent.paused"]}).json()["id"]
    of = {"company": operator("Empresa").tenant, "queue": queue, "user": ana.tokens["user_id"], "ivr": ivr, "webhook": webhook}
    body = {"name": "board", "permissions": list(PERMISSIONS), "queue_ids": [str(queue)], "requests_per_minute": MOST_REQUESTS_PER_MINUTE}
    return Program(client, ana.post("/v1/api-keys", body).json()["result"]["key"]), of


def test_a_refusal_names_no_permission_that_the_caller_has(limited, document):
    board, of = limited
    closed = [operation for operation in operations(document) if "security" in operation.definition and operation.path not in STREAMS]
    answers = [ask(board, operation) for operation in closed] + [board.get(f"/v1/changes/{id}") for id in of.values()]
    refused = [problem_of(answer, 403, "not-allowed") for answer in answers if answer.status_code == 403]
    assert {problem["type"].removeprefix(PREFIX) for problem in refused} == {"api-key-reads-only", "scope-too-narrow"}
    assert not any("permission" in problem for problem in refused)
    assert all("limited to" in problem["detail"] for problem in refused)


def test_a_new_key_has_only_permissions_of_which_it_has_a_use(limited, document):
    board, of = limited
    of_routes = [operation for operation in operations(document) if operation.definition.get("x-permission")]
    assert {operation.definition["x-permission"] for operation in of_routes} | {ACT_FOR_OTHERS} == USED_BY_KEYS
    opened = {
        operation.definition["x-permission"]
        for operation in of_routes
        if operation.path not in STREAMS and ask(board, operation).status_code != 403
    }
    seen = {PERMISSION_OF[kind] for kind, id in of.items() if board.get(f"/v1/changes/{id}").status_code == 200}
    assert opened | seen == USED_BY_LIMITED_KEYS


def test_a_path_has_ids_alone_named_after_what_they_are_ids_of(document):
    for operation in operations(document):
        for name, told in operation.parameters("path").items():
            assert name.endswith("_id"), operation.path
            assert told["schema"]["format"] == "uuid", operation.path


def test_a_field_that_is_not_known_is_refused_by_its_name(ana, document):
    for operation in operations(document):
        if operation.method != "get" and operation.file is None:
            body = (operation.body or {}) | {"feild": 1}
            answer = ana.ask(operation.method.upper(), operation.at(SOME_ID), json=body)
            errors = problem_of(answer, 422, "invalid")["errors"]
            details = [error["detail"] for error in errors if error["pointer"] == "/feild"]
            # A hint of the fields that there are follows.
            assert [detail.startswith(f"feild {UNKNOWN_FIELD}") for detail in details] == [True], operation.path
        answer = ana.ask(operation.method.upper(), operation.at(SOME_ID), json=operation.body, params=operation.needed | {"form": 1})
        assert problem_of(answer, 422, "invalid")["errors"][0]["parameter"] == "form", operation.path


def test_an_operation_without_a_body_takes_an_empty_one_alone(ana, document):
    without = [one for one in operations(document) if one.method != "get" and "requestBody" not in one.definition]
    assert len(without) > 15
    many = {f"f{number}": number for number in range(100)}
    for operation in without:

        def sent(operation=operation, **body):
            return ana.ask(operation.method.upper(), operation.at(SOME_ID), params=operation.needed, **body)

        for empty in (b"{}", b""):
            assert sent(content=empty, headers=JSON).status_code not in (400, 415, 422), operation.path
        (error,) = problem_of(sent(json=[]), 422, "invalid")["errors"]
        assert error == {"pointer": "", "detail": "the body should be a JSON object"}, operation.path
        problem_of(sent(content=b"{", headers=JSON), 400, "malformed")
        assert len(problem_of(sent(json=many), 422, "invalid")["errors"]) == MOST_PROBLEMS, operation.path


def test_a_field_that_is_missing_or_of_another_kind_is_refused_by_its_name(ana, document):
    for operation in operations(document):
        for name in operation.body or ():
            for wrong in ({}, {name: {"a": 1}}):
                body = {key: value for key, value in operation.body.items() if key != name} | wrong
                answer = ana.ask(operation.method.upper(), operation.at(SOME_ID), json=body)
                if answer.status_code == 422:
                    said = {error.get("pointer"): error["detail"] for error in answer.json()["errors"]}
                    assert said[f"/{name}"].startswith((f"{name} ", f"{name}:")), operation.path
                    assert "Input" not in answer.text, operation.path
                else:
                    assert (wrong, answer.status_code) != ({name: {"a": 1}}, 200), operation.path


def test_a_path_that_is_no_id_is_refused_by_its_name(ana, document):
    for operation in operations(document):
        if names := list(operation.parameters("path")):
            answer = ana.ask(operation.method.upper(), operation.at("x"), json=operation.body)
            assert [error["parameter"] for error in problem_of(answer, 422, "invalid")["errors"]] == names


def test_a_body_that_is_no_object_is_refused_in_words_that_say_what_to_send(ana):
    (error,) = problem_of(ana.ask("POST", "/v1/queues", content=b"[]", headers={"Content-Type": "application/json"}), 422, "invalid")[
        "errors"
    ]
    assert error == {"pointer": "", "detail": "the body should be a JSON object"}
    (error,) = problem_of(ana.post("/v1/queues", {}), 422, "invalid")["errors"]
    assert error == {"pointer": "/name", "detail": "name is required"}


@pytest.mark.parametrize("body", [b"{", b"\xff", b'{"name": "x"', b"[" * 100_000])
def test_what_is_no_json_is_refused(ana, body):
    answer = ana.ask("POST", "/v1/queues", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in (400, 422)
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_body_that_is_too_large_is_refused(ana):
    problem_of(ana.ask("POST", "/v1/queues", content=b" " * (MAX_BODY + 1)), 413, "too-large")


def test_a_refusal_does_not_wait_for_the_document_to_be_made(ana, client):
    refused = [ana.ask("PUT", "/v1/queues"), ana.post("/v1/queues", {"nome": "x"}), ana.ask("GET", "/v1/agents/log-in")]
    assert [answer.status_code for answer in refused] == [405, 422, 405]
    assert client.transport.app.openapi_schema is None


def test_a_path_that_is_none_is_refused_in_words_that_say_where_the_paths_are(ana):
    assert problem_of(ana.get("/v1/nope"), 404, "not-found")["detail"] == "the API has no such path: /docs lists its paths"


def test_every_method_of_a_path_is_named(ana):
    answer = ana.ask("PUT", "/v1/queues")
    assert problem_of(answer, 405, "method-not-allowed")["detail"] == "this path takes GET, HEAD, POST"
    assert answer.headers["allow"] == "GET, HEAD, POST"
    for headers in ({}, {"If-Match": "0"}):
        assert ana.ask("GET", "/v1/agents/log-in", headers=headers).headers["allow"] == "POST"


def test_the_document_explains_itself(document):
    names = set()
    for operation in operations(document):
        told = operation.definition
        assert told["summary"], operation.path
        assert told["description"], operation.path
        assert len(told["tags"]) == 1
        names.add(told["operationId"])
        for place in ("path", "query", "header"):
            for name, parameter in operation.parameters(place).items():
                words = str(parameter)
                assert "description" in words, (operation.path, name)
                assert any(word in words for word in ("example", "enum", "const", "default")), (operation.path, name)
        for status, answer in told["responses"].items():
            assert answer["description"], operation.path
            assert status == "204" or answer["content"], (operation.path, status)
    assert len(names) == sum(1 for _ in operations(document))
    assert {tag["name"] for tag in document["tags"]} == {operation.definition["tags"][0] for operation in operations(document)}


def test_the_document_is_served(client, document):
    assert client.get("/openapi.json").json() == document


def test_the_document_is_valid(document):
    OpenAPIV31SpecValidator(document).validate()


def test_every_body_and_every_answer_has_an_example_of_its_schema(document):
    resolver = {"$defs": document["components"]["schemas"]}
    seen = 0
    for operation in operations(document):
        contents = [operation.definition.get("requestBody", {}).get("content", {})]
        contents += [answer.get("content", {}) for answer in operation.definition["responses"].values()]
        for media_type, media in (pair for content in contents for pair in content.items()):
            examples = [one["value"] for one in media.get("examples", {}).values()] or [media["example"]]
            schema = json.loads(json.dumps(media.get("schema", {}) | resolver).replace("#/components/schemas/", "#/$defs/"))
            for example in examples:
                seen += 1
                errors = [error.message for error in OAS31Validator(schema).iter_errors(example)]
                assert not errors, (operation.method, operation.path, media_type, errors)
    assert seen > 200


COMMANDS: list[tuple[str, dict[str, object], set[str], set[str]]] = [
    ("/v1/queues", {"name": "vendas"}, set(), set()),
    ("/v1/agents/log-in", {"agent": "Ana", "queues": ["vendas"], "lease_ms": 60_000}, {"queues"}, set()),
    ("/v1/agents/heartbeat", {"agent": "Ana"}, {"expires_at"}, set()),
    ("/v1/interactions", {"call": "crm-1"}, {"call", "protocol"}, set()),
    ("/v1/users", {"name": "Bia", "email": "bia@empresa.example", "level": "user", "permissions": []}, set(), {"token"}),
    ("/v1/webhooks", {"url": "https://8.8.8.8/hook", "events": ["interaction.answered"]}, set(), {"secret"}),
    ("/v1/api-keys", {"name": "CRM", "permissions": ["gerenciar-relatorio"]}, {"prefix"}, {"key"}),
    ("/v1/screens", {"name": "Sala 2"}, set(), {"token"}),
]
"""Commands, the results that every answer has, and those that are shown once."""


def test_what_a_command_tells_is_in_the_document_by_name_and_a_repeat_lacks_secrets_alone(ana, document):
    schemas = document["components"]["schemas"]
    for path, body, always, once in COMMANDS:
        answers = [ana.post(path, body, headers={"Idempotency-Key": path}) for _ in range(2)]
        assert [answer.is_success for answer in answers] == [True, True], answers[0].text
        assert [set(answer.json()["result"]) for answer in answers] == [always | once, always], path
        content = document["paths"][path]["post"]["responses"][str(answers[0].status_code)]["content"]
        receipt = schemas[content["application/json"]["schema"]["$ref"].rpartition("/")[2]]
        result = (
            schemas[receipt["properties"]["result"]["$ref"].rpartition("/")[2]] if always | once else {"properties": {}, "required": []}
        )
        assert (set(result["properties"]), set(result["required"])) == (always | once, always), path


def test_names_in_the_document_are_words_of_the_product(document):
    for operation in operations(document):
        assert re.fullmatch(r"[a-z]+(_[a-z]+)+", operation.definition["operationId"]), operation.path
    for name in document["components"]["schemas"]:
        assert re.fullmatch(r"([A-Z][a-z]+)+", name), name


def test_the_document_is_written_without_a_server(document, capsys):
    with terminal() as console:
        write_openapi(console)
    assert json.loads(capsys.readouterr().out) == document


def test_a_request_made_of_the_documents_examples_is_well_formed(ana, document):
    for operation in operations(document):
        if operation.path.startswith("/v1/auth") or operation.path in STREAMS:
            continue
        answer = ask(ana, operation)
        assert answer.status_code in (200, 201, 202, 404, 409), f"{operation.method} {operation.path}: {answer.text}"


def test_the_documentation_opens_without_internet(client):
    page = client.get("/docs")
    assert page.status_code == 200
    assets = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len(assets) == 4
    for asset in assets:
        assert asset.startswith("/docs/"), asset
        assert client.get(asset).status_code == 200
    assert "//" not in re.sub(r"<!--.*?-->", "", page.text, flags=re.DOTALL).replace("// ", "")
