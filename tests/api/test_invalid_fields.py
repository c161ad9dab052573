"""What is wrong with a field is said in plain sentences that name it, for every kind of error that a request can cause."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any, get_args

import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from pydantic_core import core_schema

import discovery
from api.invalid_fields import _WORDS, _WORDS_OF, FEW, NOT_VALID, _forms, form, worded
from tests.api.test_auth import problem_of
from tests.kit.pasts import cover

_OF_BOUNDS = {
    "ge": "greater_than_equal", "le": "less_than_equal", "gt": "greater_than", "lt": "less_than", "multiple_of": "multiple_of",
    "pattern": "string_pattern_mismatch",
}  # fmt: skip

RAISES: dict[str, tuple[str, ...]] = {
    "bool": ("bool_type", "bool_parsing"),
    "datetime": (
        "datetime_type",
        "datetime_parsing",
        "datetime_object_invalid",
        "datetime_from_date_parsing",
        "timezone_aware",
    ),
    "dict": ("dict_type",),
    "float": ("float_type", "float_parsing", "finite_number"),
    "function-after": ("value_error",),
    "function-before": ("value_error",),
    "int": ("int_type", "int_parsing", "int_parsing_size", "int_from_float"),
    "literal": ("literal_error",),
    "model": ("model_type", "model_attributes_type"),
    "model-fields": ("missing", "extra_forbidden", "model_attributes_type"),
    "str": ("string_type", "string_unicode"),
    "tuple": ("tuple_type",),
    "uuid": ("uuid_type", "uuid_parsing"),
    **dict.fromkeys(("default", "definitions", "definition-ref", "model-field", "no-info", "nullable", "with-info"), ()),
}
"""The types of error that a part of a model raises, besides those of its bounds. A model with a part of another kind has to be added here."""


def parts(node: Any) -> Iterator[dict[str, Any]]:
    """All parts of a model's schema."""
    if isinstance(node, dict):
        if isinstance(node.get("type"), str):
            yield node
        for name, value in node.items():
            if name not in ("serialization", "metadata"):
                yield from parts(value)
    elif isinstance(node, list | tuple):
        for value in node:
            yield from parts(value)


def parts_of_requests() -> Iterator[dict[str, Any]]:
    """The parts of what all routes read."""

    def fields(dependant: Dependant) -> Iterator[Any]:
        yield from (
            *dependant.path_params,
            *dependant.query_params,
            *dependant.header_params,
            *dependant.cookie_params,
            *dependant.body_params,
        )
        for inner in dependant.dependencies:
            yield from fields(inner)

    for router in discovery.found("api", "router").values():
        for route in router.routes:
            if isinstance(route, APIRoute):
                for field in fields(route.dependant):
                    yield from parts(field._type_adapter.core_schema)


def raised_by(part: dict[str, Any]) -> set[str]:
    """The types of error that a part of a model can raise."""
    bounds = {error for bound, error in _OF_BOUNDS.items() if part.get(bound) is not None}
    sizes = ("string_too_short", "string_too_long") if part["type"] == "str" else ("too_short", "too_long")
    bounds |= {size for size, bound in zip(sizes, ("min_length", "max_length"), strict=True) if part.get(bound) is not None}
    return bounds | set(RAISES[part["type"]])


def said(kind: str, **context: Any) -> str:
    return worded({"type": kind, "loc": ("body", "x"), "msg": "Input should be a valid thing", "ctx": context})


def test_every_type_of_error_that_a_request_can_cause_has_words_of_its_own():
    raised = {error for part in parts_of_requests() for error in raised_by(part)}
    assert len(raised) > 20
    assert raised - {*_WORDS, *_WORDS_OF, "extra_forbidden"} == set()


def test_every_form_of_a_text_is_said_in_words():
    patterns = {part["pattern"] for part in parts_of_requests() if part.get("pattern") is not None}
    assert len(patterns) > 15
    assert patterns - set(_forms) == set()
    with pytest.raises(AssertionError, match="two ways"):
        form(next(iter(patterns)), "should be something else")


def test_no_type_of_error_speaks_in_the_words_of_the_library():
    for kind in get_args(core_schema.ErrorType):
        context = defaultdict(lambda: 1, expected="'a' or 'b'", pattern="^x$", error=ValueError("should be even"))
        words = worded({"type": kind, "loc": ("query", "x"), "msg": "Input should be a valid thing", "ctx": context})
        assert words.split()[0] in ("is", "has", "should"), kind
        assert "Input" not in words, kind
    assert said("callable_type") == NOT_VALID


def test_allowed_values_are_listed_where_they_are_few():
    assert said("literal_error", expected="'asc' or 'desc'") == "should be one of asc, desc"
    assert said("literal_error", expected="'voice'") == "should be voice"
    assert said("literal_error", expected="'', 'inbound' or 'outbound'") == 'should be one of "", inbound, outbound'
    many = ", ".join(f"'{number}'" for number in range(FEW + 1))
    assert said("literal_error", expected=many) == f"should be one of the {FEW + 1} values that the documentation of the field lists"


NUMBER = "should be a telephone number: digits, after a + if need be, with blanks, brackets, points, dashes or slashes between them"


@pytest.mark.parametrize(
    ("request_line", "sent", "place", "sentence"),
    [
        ("POST /v1/queues", {}, "/name", "name is required"),
        ("POST /v1/queues", {"name": "a", "sla_ms": 1.5}, "/sla_ms", "sla_ms should be a whole number"),
        ("POST /v1/queues", {"name": "a", "sla_ms": -1}, "/sla_ms", "sla_ms should be 0 or more"),
        ("POST /v1/queues", {"name": ""}, "/name", "name should have 1 character or more"),
        ("POST /v1/queues", {"name": "a", "agents": "Ana"}, "/agents", "agents should be a list"),
        ("POST /v1/queues", [], "", "the body should be a JSON object"),
        ("POST /v1/ivrs", {"name": "a", "menu": [{"digit": "x", "queue": "v"}]}, "/menu/0/digit", "menu.0.digit should be one key: a digit, * or #"),
        ("POST /v1/interactions", {"at": "2026-03-02T10:00:00"}, "/at", "at should have an offset, as -03:00 or Z"),
        ("POST /v1/interactions", {"at": "1999-01-01T00:00:00Z"}, "/at", "at should be between the years 2000 and 2100"),
        ("POST /v1/interactions", {"from": "1"}, "/from", "from is unknown: no field of this request has this name; did you mean from_number?"),
        ("POST /v1/queues", {"name": "a", "sla": 1}, "/sla", "sla is unknown: no field of this request has this name; did you mean sla_ms?"),
        ("POST /v1/ivrs", {"name": "a", "menu": [{"digt": "1", "digit": "1", "queue": "v"}]}, "/menu/0/digt", "menu.0.digt is unknown: no field of this request has this name; did you mean digit?"),
        ("GET /v1/interactions", {"queues": "a"}, "queues", "queues is unknown: no parameter of this request has this name; did you mean queue?"),
        ("GET /v1/live", {"since": 1}, "since", "since is unknown: no parameter of this request has this name; known are after"),
        ("POST /v1/interactions", {"at": "2099-01-01T00:00:00Z"}, "/at", "at: this instant is in the future"),
        ("POST /v1/interactions/search", {"phone": "abc"}, "/phone", f"phone {NUMBER}"),
        ("POST /v1/contacts/forget", {"phone": "abc"}, "/phone", f"phone {NUMBER}"),
        ("GET /v1/interactions", {"order": "up"}, "order", "order should be one of asc, desc"),
        ("GET /v1/interactions", {"count": "perhaps"}, "count", "count should be true or false"),
        ("GET /v1/interactions/x", {}, "interaction_id", "interaction_id should be a UUID, as 40ca8005-24cc-572c-9dd4-4d30c9eb3e0b"),
        ("GET /v1/reports/agents", {"by": "queue"}, "by", "by should be one of agent, half-hour, hour, day, week, month"),
        ("GET /v1/queues", {"at_least": 10**9}, "at_least", "at_least lies after the end of the log, which is position 4"),
        ("GET /v1/interactions", {"timezone": "Mars"}, "timezone", "timezone: 'Mars' is not a time zone, as America/Sao_Paulo is"),
    ],
)  # fmt: skip
def test_a_wrong_field_is_named_and_what_to_send_is_said(ana, request_line, sent, place, sentence):
    method, path = request_line.split()
    asked = {"json": sent} if method == "POST" else {"params": sent}
    problem = problem_of(ana.ask(method, path, **asked), 422, "invalid")
    (error,) = problem["errors"]
    assert error == {"pointer" if method == "POST" else "parameter": place, "detail": sentence}
    assert problem["detail"] == sentence


@pytest.mark.parametrize(("path", "header"), [("/v1/queues", "If-Position"), ("/v1/live", "Last-Event-ID"), ("/v1/queues", "If-Match")])
@pytest.mark.parametrize("value", ["x", "1000000000"])
def test_a_wrong_header_is_named_as_the_documentation_writes_it(ana, path, header, value):
    (error,) = problem_of(ana.get(path, headers={header: value}), 422, "invalid")["errors"]
    assert error["header"] == header
    assert error["detail"].startswith(f"{header} ")


def test_a_plus_that_a_url_has_made_a_blank_is_hinted_at(ana):
    (error,) = problem_of(ana.get("/v1/dashboards/inbound?from=2026-03-02T00:00:00+03:00"), 422, "invalid")["errors"]
    assert error["parameter"] == "from"
    assert "%2B" in error["detail"]


def test_a_change_by_an_unknown_name_says_which_names_there_are(ana):
    queue = ana.post("/v1/queues", {"name": "vendas"}).json()["id"]
    (error,) = problem_of(ana.ask("PATCH", f"/v1/queues/{queue}", json={"title": "x"}), 422, "invalid")["errors"]
    assert error["pointer"] == "/title"
    assert error["detail"].endswith(
        "; known are sla_target, sla_ms, tolerated_ms, internal_number, on_screen, sla_profile, wrap_up_ms, recording"
    )


SPELT = ("5511987654321", "+55 11 98765-4321", "(11) 98765-4321", "11.98765.4321", "011 98765 4321", "(+55) 11/98765-4321")


def test_every_number_is_accepted_in_the_same_spellings_and_refused_by_its_field(ana, center):
    ivr = ana.post("/v1/ivrs", {"name": "principal"}).json()["id"]
    places = (
        ("/v1/interactions", "from_number"), ("/v1/interactions", "to_number"), ("/v1/interactions/dial", "to_number"),
        ("/v1/interactions/search", "phone"), (f"/v1/ivrs/{ivr}/blocked-callers", "phone"),
    )  # fmt: skip
    for path, field in places:
        for number in SPELT:
            answer = ana.post(path, {field: number})
            assert answer.is_success, (path, number, answer.text)
        for wrong in ("11 98765-4321 ramal 2", "tel:5511987654321", "5511987654321\u0000", "+", "1" * 41):
            (error,) = problem_of(ana.post(path, {field: wrong}), 422, "invalid")["errors"]
            assert error["pointer"] == f"/{field}"
    cover(center)
    found = ana.post("/v1/interactions/search", {"phone": "+55 11 98765-4321"}).json()["items"]
    # The number of a call is kept without what stands between the digits, and all spellings are one customer.
    assert len({row["contact_id"] for row in found}) == 1
    assert {row["from_number"] for row in found if row["direction"] == "inbound"} >= {"5511987654321", "11987654321"}


def test_a_wrong_character_is_named_by_the_field_of_the_body_whatever_the_command_calls_it(ana):
    queue = ana.post("/v1/queues", {"name": "vendas"}).json()["id"]
    ivr = ana.post("/v1/ivrs", {"name": "principal"}).json()["id"]
    call = ana.post("/v1/interactions", {}).json()["id"]
    sent = (
        ("PATCH", "/v1/company", "timezone"), ("PATCH", f"/v1/ivrs/{ivr}", "timezone"), ("POST", f"/v1/queues/{queue}/rename", "name"),
        ("POST", f"/v1/interactions/{call}/note", "note"), ("POST", f"/v1/ivrs/{ivr}/blocked-callers", "phone"), ("POST", "/v1/calls", "to_number"),
        ("POST", "/v1/users/password-link", "email"),
    )  # fmt: skip
    for method, path, field in sent:
        (error,) = problem_of(ana.ask(method, path, json={field: "11 98765-4321\0"}), 422, "invalid")["errors"]
        assert error["pointer"] == f"/{field}", path
