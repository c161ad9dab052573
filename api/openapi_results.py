"""The receipts of commands in the OpenAPI document: each with the results that its command declares."""

from __future__ import annotations

from typing import Any

import msgspec
from fastapi.routing import APIRoute

from api.field_types import Receipt
from api.route_commands import commands_of
from commands.handler_context import Result

_SCHEMAS = "#/components/schemas/"


def describe_results(routes: list[APIRoute], document: dict[str, Any]) -> None:
    """Give every answer that is a receipt the results of the command of its route."""
    schemas = document["components"]["schemas"]
    by_id = {operation["operationId"]: operation for operations in document["paths"].values() for operation in operations.values()}
    for route in routes:
        for answer in by_id[route.name]["responses"].values():
            media = answer.get("content", {}).get("application/json", {})
            if media.get("schema") == {"$ref": _SCHEMAS + Receipt.__name__}:
                media["schema"] = {"$ref": _SCHEMAS + _receipt(result_of(route), schemas)}


def result_of(route: APIRoute) -> type[Result]:
    """What the command of a route tells besides its receipt."""
    declared = {command.RESULT for command in commands_of(route.endpoint)}
    assert len(declared) == 1, f"{route.name} uses commands of several results: {declared}"
    return next(iter(declared))


def _receipt(result: type[Result], schemas: dict[str, Any]) -> str:
    """The name of the schema of a receipt with these results; it is added to the schemas."""
    common = schemas[Receipt.__name__]
    if result is Result:
        return Receipt.__name__
    name = f"{result.__name__}Receipt"
    if name not in schemas:
        _, parts = msgspec.json.schema_components([result], ref_template=_SCHEMAS + "{name}")
        for part, schema in parts.items():
            assert part not in schemas, f"two schemas are called {part}"
            # Results may be added to an answer: clients ignore what they do not know.
            schemas[part] = {word: said for word, said in schema.items() if word != "additionalProperties"} | {
                "description": result.__doc__
            }
        described = {word: said for word, said in common.items() if word != "examples"}
        properties = common["properties"] | {"result": {"$ref": _SCHEMAS + result.__name__}}
        schemas[name] = described | {"title": name, "properties": properties}
    return name
