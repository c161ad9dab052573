"""The OpenAPI document: FastAPI's document of the routes, completed with what FastAPI cannot know."""

from __future__ import annotations

import json
import re
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

import discovery
from api import live_messages, problem_types, watch_messages, webhook_document
from api.access import CORRELATION_ID, ETAG_PATTERN, IDEMPOTENCY_KEY, IF_MATCH, IF_POSITION, KEY_PATTERN, LONGEST_KEY, REPLAYED
from api.field_types import MAX_POSITION
from api.openapi_examples import add_examples
from api.openapi_permissions import permission_for_others, permission_of, permissions_of_some
from api.openapi_results import describe_results
from api.problem import ProblemDetails
from api.problem_documents import documented
from api.request_ids import REQUEST_ID
from api.versions import document_versions
from domain.access import ANYONE

TITLE = "Atende"

DESCRIPTION = """\
An event-sourced contact center. Commands are acknowledged when they are on disk; figures are folded from the log of events.

* **Log in** at `/v1/auth/login`, then send `Authorization: Bearer <access token>`. The company (tenant) is the token's:
  resources of other companies return 404.
* **API keys** (`/v1/api-keys`) are for programs: `Authorization: Bearer atk_…` on every route. They have their own permissions, rate limit and end.
* **Idempotency-Key** on any POST: a repeat with the same key within 24 hours returns the first result, without secrets that are shown once, and is not executed again.
* **Read your own writes**: a command returns a `position` of the log; send it as `If-Position` with a query, and the response
  waits until the figures cover that position.
* **as_of**: every response with figures has the log position that it covers. The same request with that `as_of` returns the same for ever. A
  position selects what was known at it, a moment selects the state of the center then.
* **Limits**: 300 requests without a valid access token at once, then 20 a second; headers of 32 KB within 10 s, a body within 60 s. Who
  sends more gets 429 (with `Retry-After`), 431 or 408. A client has 256 connections unless the server is set up otherwise.
* **Problems** are `application/problem+json` (RFC 9457). `x-problem-types` of their schema lists every `type` with meaning and remedy.
* **Request-Id** is on every answer, in the log and in the events' correlation.
* Durations are whole milliseconds (`_ms`), percentages have two decimals, a ratio over zero cases is null. Instants are ISO 8601.
"""

_COMMANDS = frozenset({"post", "put", "patch", "delete"})
_KEY = {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY, "pattern": KEY_PATTERN}
_OF_COMMANDS: list[dict[str, Any]] = [
    {
        "name": IDEMPOTENCY_KEY,
        "in": "header",
        "required": False,
        "description": "A unique key for this command, for example a UUID. A repeat with the same key within 24 hours is not executed again and returns the same response, without secrets that are shown once (one-time tokens, API keys). Later the key counts as new.",
        "schema": _KEY,
        "example": "5a0f2a1e-7a0a-4a62-9a39-3f0a1c6b9a10",
    },
    {
        "name": IF_MATCH,
        "in": "header",
        "required": False,
        "description": "The `version` of what the command changes, in quotes, as `GET /v1/changes/{id}` or an earlier command has said it. If it was changed since, nothing is done: 409, `version-conflict`.",
        "schema": {"type": "string", "pattern": ETAG_PATTERN},
        "example": '"7"',
    },
    {
        "name": CORRELATION_ID,
        "in": "header",
        "required": False,
        "description": "Recorded in every event of this command, to find them by, as by the `Request-Id`.",
        "schema": _KEY,
        "example": "crm-4711",
    },
]
_OF_ALL = {
    "name": REQUEST_ID,
    "in": "header",
    "required": False,
    "description": "Your own id of this request, to find it in the server's log and in the events; a new UUID without it, or if it is not well-formed.",
    "schema": {"type": "string"},
    "example": "0f8fad5b-d9cb-469f-a165-70867728950e",
}
_ANSWERED_ID = {
    "description": "The id of the request: in the server's log, and in its events, which it finds (`correlation_id` of `GET /v1/interactions`).",
    "schema": _KEY,
}
_REPLAYED = {
    "description": "Present if this is the answer to an earlier request with the same Idempotency-Key, and nothing was executed again.",
    "schema": {"type": "string", "enum": ["true"]},
}
_OF_QUERIES = {
    "name": IF_POSITION,
    "in": "header",
    "required": False,
    "description": "Wait until the figures cover this log position (a command's `position`).",
    "schema": {"type": "integer", "minimum": 0, "maximum": MAX_POSITION},
    "example": 1204,
}
"""The headers that `Access` reads itself, so that FastAPI does not document them."""


def describe(app: FastAPI) -> None:
    """Make `app` return its complete OpenAPI document."""

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _document(app)
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]


def _of_every_route(method: str) -> dict[str, dict[str, Any]]:
    """The problem responses that are given before a route is reached, or for any body."""
    kinds = ("too-many-requests", "unsupported-media-type") if method in _COMMANDS else ("too-many-requests",)
    return {str(status): answer for status, answer in documented(*kinds).items()}


def _document(app: FastAPI) -> dict[str, Any]:
    document = get_openapi(
        title=app.title,
        version=app.version,
        description=app.description,
        routes=app.routes,
        tags=app.openapi_tags,
        license_info=app.license_info,
    )
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    problem = ProblemDetails.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(problem.pop("$defs", {}))
    problem["properties"]["type"]["x-problem-types"] = problem_types.for_openapi()
    schemas["Problem"] = problem
    for name, schema in (live_messages.schemas() | watch_messages.schemas()).items():
        assert name not in schemas, f"two schemas are called {name}"
        schemas[name] = schema
    document["webhooks"], messages = webhook_document.described()
    schemas.update(messages)
    for operations in document["paths"].values():
        for method, operation in operations.items():
            operation["responses"] = _of_every_route(method) | operation["responses"]
            parameters = operation.setdefault("parameters", [])
            parameters.append(_OF_ALL)
            for status, answer in operation["responses"].items():
                answer["headers"] = {**answer.get("headers", {}), REQUEST_ID: _ANSWERED_ID}
                if method in _COMMANDS and "security" in operation and str(status).startswith("2"):
                    answer["headers"][REPLAYED] = _REPLAYED
            if method in _COMMANDS and "security" in operation:
                parameters.extend(_OF_COMMANDS)
            elif any(parameter["name"] == "at_least" for parameter in parameters):
                parameters.append(_OF_QUERIES)
    # FastAPI's own error shapes are never sent.
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    routes = _routes()
    _say_permissions(routes, document)
    describe_results(routes, document)
    document_versions(document)
    add_examples(document)
    renamed: dict[str, Any] = json.loads(_PAGE.sub(lambda found: f"{found[1] or found[2]}Page", json.dumps(document)))
    return renamed


_PAGE = re.compile(r"\bPage(?:_(\w+?)_|\[(\w+)\])")


def _routes() -> list[APIRoute]:
    """All routes of the document."""
    routers: list[APIRouter] = list(discovery.found("api", "router").values())
    return [route for router in routers for route in router.routes if isinstance(route, APIRoute) and route.include_in_schema]


def _say_permissions(routes: list[APIRoute], document: dict[str, Any]) -> None:
    """Say of each operation which permission it needs: in words, and for programs as `x-permission` (empty: any user; absent: no token).

    Where who asks, or what is asked, decides between several, `x-permissions-of-some` lists them. `x-permission-for-others` is what acting as an
    agent of another user needs besides.
    """
    by_id = {operation["operationId"]: operation for operations in document["paths"].values() for operation in operations.values()}
    for route in routes:
        permission, operation = permission_of(route), by_id[route.name]
        some, others = permissions_of_some(route), permission_for_others(route)
        operation["description"] = f"{operation['description']}\n\n{_of_some(some) if some else _in_words(permission)}"
        if permission is not None:
            operation["x-permission"] = permission
        if some:
            operation["x-permissions-of-some"] = some
        if others is not None:
            operation["description"] += _FOR_OTHERS.format(others)
            operation["x-permission-for-others"] = others


_FOR_OTHERS = " As an agent of another user also the permission `{}`, and the level `manager` or `admin`."


def _of_some(permissions: list[str]) -> str:
    listed = ", ".join(f"`{permission}`" for permission in permissions)
    return f"Needs one of the permissions {listed}; which one, what is asked decides."


def _in_words(permission: str | None) -> str:
    if permission is None:
        return "Needs no access token."
    return "Any user of the company may do this." if permission == ANYONE else f"Needs the permission `{permission}`."
