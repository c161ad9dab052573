"""Whole examples of bodies and answers for the OpenAPI document, made of the examples of their fields."""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]

_REF = "#/components/schemas/"
_ID = "40ca8005-24cc-572c-9dd4-4d30c9eb3e0b"
_BY_FORMAT = {"uuid": _ID, "date-time": "2026-03-02T14:05:09.250-03:00"}
_BY_TYPE: dict[str, Any] = {"string": "text", "integer": 12, "number": 12.5, "boolean": True, "null": None}


def add_examples(document: dict[str, Any]) -> None:
    """Give every body and every answer of the document that has a schema and no example of its own a whole one."""
    schemas = document["components"]["schemas"]
    for operations in document["paths"].values():
        for operation in operations.values():
            contents = [operation.get("requestBody", {}).get("content", {})]
            contents += [answer.get("content", {}) for answer in operation["responses"].values()]
            for content in contents:
                for media in content.values():
                    if not media.keys() & {"example", "examples"} and media.get("schema"):
                        media["example"] = example_of(media["schema"], schemas)


def example_of(schema: Schema, schemas: dict[str, Schema]) -> Any:
    """A value that the schema allows: its own example if it has one, else one made of its parts."""
    if "$ref" in schema:
        return example_of(schemas[schema["$ref"].removeprefix(_REF)], schemas)
    for given in ("examples", "enum"):
        if schema.get(given):
            return schema[given][0]
    if "const" in schema:
        return schema["const"]
    for choice in ("anyOf", "oneOf", "allOf"):
        if choice in schema:
            return example_of(schema[choice][0], schemas)
    return _by_type(schema, schemas)


def _by_type(schema: Schema, schemas: dict[str, Schema]) -> Any:
    match schema.get("type"):
        case "object":
            return _object(schema, schemas)
        case "array":
            if "prefixItems" in schema:
                return [example_of(item, schemas) for item in schema["prefixItems"]]
            items = schema.get("items")
            return [example_of(items, schemas)] if items else []
        case "integer" | "number" as kind if schema.get("default") is None:
            return min(_BY_TYPE[kind], schema.get("maximum", _BY_TYPE[kind]))
        case str() as kind:
            return schema["default"] if schema.get("default") is not None else _BY_FORMAT.get(schema.get("format", ""), _BY_TYPE[kind])
        case _:
            return {}


def _object(schema: Schema, schemas: dict[str, Schema]) -> dict[str, Any]:
    more = schema.get("additionalProperties")
    if "properties" not in schema:
        key = example_of(schema["propertyNames"], schemas) if "propertyNames" in schema else "name"
        return {key: example_of(more, schemas)} if isinstance(more, dict) else {}
    return {name: example_of(part, schemas) for name, part in schema["properties"].items()}
