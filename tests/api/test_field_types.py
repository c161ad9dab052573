"""A body of thousands of wrong items costs the server no more than one of a few."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from api import problem
from api.field_types import MOST_PROBLEMS
from tests.api.test_auth import problem_of
from tests.api.test_invalid_fields import parts_of_requests
from tests.api.test_openapi import SOME_ID
from tests.kit.openapi import Operation, operations

MANY = ("list", "tuple", "set", "frozenset", "dict", "generator")
FLOODS: list[list[object]] = [[1] * 60_000, [{}] * 30_000, [{"a": 1}] * 14_000, ["x"] * 30_000]
"""Items of which no body may have so many; all of these are smaller than the largest request."""


def test_everything_in_a_request_that_holds_many_has_a_greatest_number_and_ends_at_the_first_wrong_one():
    lists = [part for part in parts_of_requests() if part["type"] in MANY]
    assert len(lists) > 20
    for part in lists:
        assert part["max_length"] <= 1_000
        assert part["fail_fast"]


def lists_of(operation: Operation) -> Iterator[tuple[str, int]]:
    """Every list of a body: its pointer, and the greatest number of items."""
    content = operation.definition.get("requestBody", {}).get("content", {}).get("application/json")
    if content is not None:
        yield from _lists(content["schema"], "", operation.document)


def _lists(schema: dict[str, Any], pointer: str, document: dict[str, Any]) -> Iterator[tuple[str, int]]:
    if "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    for one in (schema, *schema.get("anyOf", ())):
        if one.get("type") == "array":
            yield pointer, one["maxItems"]
        if one is not schema and "$ref" in one:
            yield from _lists(one, pointer, document)
    for name, part in schema.get("properties", {}).items():
        yield from _lists(part, f"{pointer}/{name}", document)


def with_list(body: dict[str, Any], pointer: str, items: list[object]) -> dict[str, Any]:
    """The body with these items in the list at a pointer."""
    name, _, rest = pointer.removeprefix("/").partition("/")
    return {**body, name: with_list(body.get(name) or {}, rest, items) if rest else items}


@pytest.fixture
def found(monkeypatch) -> list[int]:
    """How many errors the validation of each refused request has found."""
    counts: list[int] = []
    told = problem._of_validation

    def counted(request, error):
        counts.append(len(error.errors()))
        return told(request, error)

    monkeypatch.setattr(problem, "_of_validation", counted)
    return counts


def test_a_flood_in_any_list_is_refused_for_its_length_before_its_items_are_validated(ana, document, found):
    seen = set()
    for operation in operations(document):
        for pointer, most in lists_of(operation):
            seen.add(pointer)
            for flood in (*FLOODS, [1] * (most + 1)):
                answer = ana.ask(operation.method.upper(), operation.at(SOME_ID), json=with_list(operation.body, pointer, flood))
                errors = problem_of(answer, 422, "invalid")["errors"]
                said = f"{pointer[1:].replace('/', '.')} should have {most} items or fewer"
                assert errors == [{"pointer": pointer, "detail": said}], operation.path
            answer = ana.ask(operation.method.upper(), operation.at(SOME_ID), json=with_list(operation.body, pointer, [1] * most))
            errors = problem_of(answer, 422, "invalid")["errors"]
            pointers = [error["pointer"] for error in errors if error["pointer"].startswith(pointer)]
            # Some take a word in the place of a list.
            assert pointers in ([f"{pointer}/0"], [f"{pointer}/0", pointer]), operation.path
    assert {"/agents", "/menu", "/changes/menu", "/keys", "/tag", "/permissions"} <= seen
    assert max(found) <= MOST_PROBLEMS


def test_the_first_wrong_item_of_a_list_is_named_with_all_that_is_wrong_with_it(ana):
    wrong = {"name": "principal", "menu": [{"a": 1}] * 12}
    pointers = [error["pointer"] for error in problem_of(ana.post("/v1/ivrs", wrong), 422, "invalid")["errors"]]
    assert pointers == ["/menu/0/digit", "/menu/0/queue", "/menu/0/a"]


def test_who_may_not_send_a_command_is_told_so_before_its_body_is_validated(log_in, found):
    nobody = log_in(permissions=())
    for body in ({"name": "x", "agents": [1] * 60_000}, {}):
        assert problem_of(nobody.post("/v1/queues", body), 403, "not-allowed")["permission"] == "gerenciar-service"
    assert found == []
