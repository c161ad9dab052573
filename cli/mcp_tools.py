"""The tools that an assistant may use: questions of the HTTP API, each with the parameters and descriptions of its route.

A tool is made from the OpenAPI document of the center that answers, so that both always say the same. Every tool only reads.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

ROUTES: Mapping[str, str] = {
    "inbound_dashboard": "/v1/dashboards/inbound",
    "outbound_dashboard": "/v1/dashboards/outbound",
    "ivr_dashboard": "/v1/dashboards/ivr",
    "queue_report": "/v1/reports/queues",
    "ivr_report": "/v1/reports/ivr",
    "agent_report": "/v1/reports/agents",
    "outbound_report": "/v1/reports/outbound",
    "agents_now": "/v1/monitoring",
    "interactions": "/v1/interactions",
    "interaction_history": "/v1/interactions/{interaction_id}/history",
    "queues": "/v1/queues",
    "definitions": "/v1/definitions",
}
"""The route of each tool."""

_OF_ATTEMPTS = {"answered": "outbound_answered", "aht_ms": "outbound_aht_ms"}
_DEFINED_AS: Mapping[str, Mapping[str, str]] = {"outbound_dashboard": _OF_ATTEMPTS, "outbound_report": _OF_ATTEMPTS}
"""By tool, the fields whose definition has another key: there they count attempts, elsewhere visits."""

_LEFT_OUT = frozenset({"at_least", "format"})
"""Parameters that are for programs: an assistant neither writes nor saves files."""

_USED_BY_ALL = ("rounding", "bounds")


class NotOffered(Exception):
    """The center has no such route: it is of another version."""


@dataclass(frozen=True)
class Question:
    """A tool: the route that it asks, and the JSON Schema of its arguments."""

    name: str
    path: str
    title: str
    description: str
    schema: dict[str, Any]

    def missing(self, arguments: Mapping[str, Any]) -> list[str]:
        """The arguments that the tool needs and that these lack, or leave empty."""
        return [name for name in self.schema["required"] if arguments.get(name) in (None, "")]

    def request(self, arguments: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        """The path and the query parameters of a request with these arguments. The API refuses what it does not know."""
        asked = {name: value for name, value in arguments.items() if value is not None}
        path = self.path
        for name in self.schema["properties"]:
            if "{" + name + "}" in path:
                path = path.replace("{" + name + "}", quote(str(asked.pop(name, "")), safe=""))
        return path, asked


def questions(document: Mapping[str, Any]) -> dict[str, Question]:
    """All tools, by their names, as the OpenAPI document describes their routes. Raises NotOffered."""
    return {name: _question(name, path, document) for name, path in ROUTES.items()}


def _question(name: str, path: str, document: Mapping[str, Any]) -> Question:
    operation = document["paths"].get(path, {}).get("get")
    if operation is None:
        raise NotOffered(f"the center has no GET {path}: it is of another version")
    taken = [one for one in operation.get("parameters", ()) if one["in"] in ("path", "query") and one["name"] not in _LEFT_OUT]
    schema = {
        "type": "object",
        "properties": {one["name"]: _described(one) for one in taken},
        "required": [one["name"] for one in taken if one.get("required")],
        "additionalProperties": False,
    }
    return Question(name, path, operation["summary"], operation.get("description", operation["summary"]), schema)


def _described(parameter: Mapping[str, Any]) -> dict[str, Any]:
    described = dict(parameter["schema"])
    if parameter.get("description"):
        described["description"] = parameter["description"]
    return described


def used(definitions: Mapping[str, str], answer: object, tool: str) -> dict[str, str]:
    """The definitions of the figures that an answer of a tool has, by their fields, and of the SLA profiles and attributions that it names."""
    fields: set[str] = set(_USED_BY_ALL)
    texts: set[str] = set()
    _collect(answer, fields, texts)
    meant = {**definitions, **{field: definitions[key] for field, key in _DEFINED_AS.get(tool, {}).items() if key in definitions}}
    return {name: meaning for name, meaning in meant.items() if name in fields or (" " in name and name.rpartition(" ")[2] in texts)}


def _collect(value: object, fields: set[str], texts: set[str]) -> None:
    """Add the names of all fields of an answer, and all its texts."""
    if isinstance(value, dict):
        fields.update(value)
        value = list(value.values())
    if isinstance(value, list):
        for inside in value:
            _collect(inside, fields, texts)
    elif isinstance(value, str):
        texts.add(value)
