"""The OpenAPI document for tests: every operation, with a request that it accepts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

METHODS = ("get", "post", "put", "patch", "delete")
STREAMS = ("/v1/live", "/v1/watch")
"""Paths whose answers do not end."""


@dataclass(frozen=True)
class Operation:
    """One operation of the document."""

    method: str
    path: str
    definition: dict[str, Any]
    document: dict[str, Any]

    def parameters(self, location: str) -> dict[str, dict[str, Any]]:
        """Its parameters in a location: path, query or header."""
        return {parameter["name"]: parameter for parameter in self.definition.get("parameters", ()) if parameter["in"] == location}

    @property
    def body(self) -> Any:
        """A body that it accepts, made of the examples of its fields; None if it has no body."""
        content = self.definition.get("requestBody", {}).get("content", {}).get("application/json")
        return None if content is None else example_of(content["schema"], self.document)

    @property
    def file(self) -> bytes | None:
        """A file that it accepts as the body; None if it takes none."""
        content = self.definition.get("requestBody", {}).get("content", {}).get("application/octet-stream")
        return None if content is None else str(content["example"]).encode()

    @property
    def answer(self) -> dict[str, dict[str, Any]]:
        """The successful answer, by its types of content."""
        return next((answer.get("content", {}) for status, answer in self.definition["responses"].items() if status.startswith("2")), {})

    @property
    def is_paged(self) -> bool:
        """Whether it answers a page of a list."""
        schema = self.answer.get("application/json", {}).get("schema", {})
        name = schema.get("$ref", "").rpartition("/")[2]
        return "next" in self.document["components"]["schemas"].get(name, {}).get("properties", {})

    @property
    def is_csv(self) -> bool:
        """Whether it answers a CSV too."""
        return "text/csv" in self.answer

    @property
    def needed(self) -> dict[str, Any]:
        """The required query parameters, with examples."""
        query = self.parameters("query")
        return {name: example_of(one["schema"], self.document) for name, one in query.items() if one.get("required")}

    def at(self, id: str) -> str:
        """Its path with this id in it."""
        return "".join(part if "}" not in part else id + part.partition("}")[2] for part in self.path.split("{"))


def operations(document: dict[str, Any]) -> Iterator[Operation]:
    """All operations of the document."""
    for path, methods in document["paths"].items():
        for method in METHODS:
            if method in methods:
                yield Operation(method, path, methods[method], document)


def example_of(schema: dict[str, Any], document: dict[str, Any]) -> Any:
    """A value that the schema allows."""
    if "$ref" in schema:
        return example_of(document["components"]["schemas"][schema["$ref"].rpartition("/")[2]], document)
    if schema.get("examples"):
        return schema["examples"][0]
    if "enum" in schema:
        return schema["enum"][0]
    if schema.get("type") == "object":
        needed = schema.get("required", [])
        return {name: example_of(part, document) for name, part in schema.get("properties", {}).items() if name in needed}
    raise AssertionError(f"no example in {schema}")
