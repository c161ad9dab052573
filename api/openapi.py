"""The OpenAPI document: what FastAPI knows of the routes, and what it cannot know by itself."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from api import live_messages
from api.access import CORRELATION_ID, IDEMPOTENCY_KEY, IF_POSITION, KEY_PATTERN, LONGEST_KEY
from api.field_types import MAX_POSITION
from api.problem import ProblemDetails

TITLE = "Atende"

DESCRIPTION = """\
An event-sourced contact center. Commands are acknowledged when they are on disk; figures are folded from the log of events.

* **Log in** at `/v1/auth/login`, then send `Authorization: Bearer <access token>`. The company (tenant) is the token's:
  what belongs to another company does not exist (404).
* **Idempotency-Key** on any POST: the same key again gives the first outcome again, nothing happens twice.
* **Read your own writes**: a command answers with a `position` of the log; send it as `If-Position` with a question, and it
  is answered once the figures cover that position.
* **as_of**: every figure says which position of the log it covers. Asked again with that `as_of` it is the same for ever; a
  position asks what was known then, a moment asks how the center stood then.
* **Problems** are `application/problem+json` (RFC 9457).
* Durations are whole milliseconds (`_ms`), percentages have two decimals, a ratio over nothing is null. Instants are ISO 8601.
"""

_COMMANDS = frozenset({"post", "put", "patch", "delete"})
_KEY = {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY, "pattern": KEY_PATTERN}
_OF_COMMANDS: list[dict[str, Any]] = [
    {
        "name": IDEMPOTENCY_KEY,
        "in": "header",
        "required": False,
        "description": "A key of your own for this command (a UUID, say): sent again with the same key, it is not done again, and answers the same.",
        "schema": _KEY,
        "example": "5a0f2a1e-7a0a-4a62-9a39-3f0a1c6b9a10",
    },
    {
        "name": CORRELATION_ID,
        "in": "header",
        "required": False,
        "description": "Written into every event that this command makes, to find them by.",
        "schema": _KEY,
        "example": "crm-4711",
    },
]
_OF_QUESTIONS = {
    "name": IF_POSITION,
    "in": "header",
    "required": False,
    "description": "Answer only once the figures cover this position of the log (a command's `position`).",
    "schema": {"type": "integer", "minimum": 0, "maximum": MAX_POSITION},
    "example": 1204,
}
"""What an `Access` reads by itself, told by hand."""


def describe(app: FastAPI) -> None:
    """Let `app` give its complete OpenAPI document."""

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _document(app)
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]


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
    schemas["Problem"] = problem
    for name, schema in live_messages.schemas().items():
        assert name not in schemas, f"two schemas are called {name}"
        schemas[name] = schema
    for operations in document["paths"].values():
        for method, operation in operations.items():
            parameters = operation.setdefault("parameters", [])
            if method in _COMMANDS and "security" in operation:
                parameters.extend(_OF_COMMANDS)
            elif any(parameter["name"] == "at_least" for parameter in parameters):
                parameters.append(_OF_QUESTIONS)
    # FastAPI's own error shapes are never sent.
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    return document
