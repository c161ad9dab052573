"""One word for one thing, in every operation and every answer of the OpenAPI document."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from projections.figures.definitions import TABLE
from tests.commands.catalogue import all_events
from tests.kit.openapi import operations

CODE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")

NO_CODES = {
    "permissions": "the manual's names of permissions",
    "events": "the names of kinds of messages",
    "token_type": "of OAuth 2.0",
    "level": "the manual's names of levels of users",
}
"""Fields whose values are names that others have given."""

INSTANTS = {"at", "now", "since", "start", "covered_to", "expires_at"}
"""Instants whose names end with neither `_at` nor `_since`."""

DURATIONS_OF_OTHERS = {"expires_in": "of OAuth 2.0, in seconds"}

IDS_OF_OTHERS = {"correlation_id", "request_id", "message_id"}
"""Ids that clients give or that a standard prescribes: any text."""

LED_BY_OTHER_NAMES = {
    "company_id": "thing_id", "open_interaction_ids": "interaction_id", "request_id": "correlation_id", "visit_id": "id", "webhook_ids": "webhook_id",
}  # fmt: skip
"""Ids of answers, and under which name requests take them, or another answer has them."""

OF_A_HEADER = {"message_id"}

HOW_TO_ANSWER = {
    "limit", "cursor", "as_of", "at_least", "after", "timezone", "from", "to", "by", "buckets", "format", "order", "count", "names", "attribution", "q",
}  # fmt: skip
"""Parameters that say how to answer, and select nothing by a value of an answer."""

SELECTED = {
    "time_from": "started_at", "time_to": "started_at", "min_duration_ms": "duration_ms", "max_duration_ms": "duration_ms", "supervisor": "agent",
    "except_agent": "agent", "except_agent_id": "agent_id", "except_queue": "queue", "except_queue_id": "queue_id", "tag": "tags", "interface": "interfaces", "message": "messages",
}  # fmt: skip
"""Parameters that select by the value of a field of another name."""

BANNED = {
    "rows": "items", "results": "items", "data_rows": "items", "did": "to_number", "caller": "from_number", "number_from": "from_number",
    "phone_number": "phone", "sla_seconds": "sla_ms", "threshold": "sla_ms", "answered_in_time": "answered_within_sla", "tmo_ms": "aht_ms", "tma_ms": "aht_ms", "date": "started_at",
    "time": "started_at", "correlation": "correlation_id", "tz": "timezone", "zone": "timezone", "what": "kind", "why": "reason",
}  # fmt: skip
"""Names of fields and parameters that the API does not use, and the word that it uses."""

ACTIONS = {
    "/v1/interactions": {
        "": "arrived", "dial": "dialled", "dial-answered": "dial_answered", "dial-failed": "dial_failed", "ivr/enter": "ivr_entered",
        "ivr/option": "ivr_option", "ivr/out-of-hours": "ivr_out_of_hours", "ivr/leave": "ivr_left", "offer": "offered", "ring": "rang",
        "ring-no-answer": "ring_no_answer", "answer": "answered", "hold": "held", "resume": "resumed", "release": "released",
        "abandon": "abandoned", "time-out": "timed_out", "leave-by-key": "left_by_key", "withdraw": "withdrawn", "wrap-up": "wrap_up",
        "note": "note", "quality": "quality", "end": "hung_up",
    },
    "/v1/agents": {"log-in": "logged_in", "log-out": "logged_out", "pause": "paused", "resume": "resumed"},
}  # fmt: skip
"""What a program says to have happened, by the route to which it says so, and the word of the event. `hang-up` is what a supervisor has the PBX do."""

COUNTS = {"recording_days"}
"""Whole days that people choose and count; they are compared with nothing that is in milliseconds."""

UNIT = re.compile(r"_(s|sec|secs|seconds|minutes|(?<!of_)hours|days|us)$")


def fields(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Each field of each body and answer: the schema's name, the field's, its schema."""
    for name, schema in document["components"]["schemas"].items():
        for field, its in schema.get("properties", {}).items():
            yield name, field, its


def kinds(schema: dict[str, Any]) -> list[dict[str, Any]]:
    """The schemas that a value may have, itself or as an item of a list, but null."""
    parts = [part for option in schema.get("anyOf", [schema]) for part in option.get("anyOf", [option])]
    flat = [part["items"] if part.get("type") == "array" and "items" in part else part for part in parts]
    return [part for part in flat if part.get("type") != "null"]


def codes(schema: dict[str, Any]) -> list[Any]:
    return [
        value for kind in kinds(schema) for value in kind.get("enum", [kind["const"]] if "const" in kind else []) if isinstance(value, str)
    ]


def in_answers(document: dict[str, Any]) -> set[str]:
    """The names of the schemas of which answers consist."""
    found: set[str] = set()

    def collect(value: Any) -> None:
        if isinstance(value, dict):
            name = value.get("$ref", "").rpartition("/")[2]
            if name and name not in found:
                found.add(name)
                collect(document["components"]["schemas"][name])
            for inner in value.values():
                collect(inner)
        elif isinstance(value, list):
            for inner in value:
                collect(inner)

    for operation in operations(document):
        collect(operation.definition["responses"])
    return found


def test_a_list_is_called_items(document):
    for operation in operations(document):
        for status, answer in operation.definition["responses"].items():
            schema = answer.get("content", {}).get("application/json", {}).get("schema", {})
            if not status.startswith("2") or "$ref" not in schema:
                continue
            properties = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]["properties"]
            if "next" in properties or operation.path.startswith("/v1/reports") or operation.path.endswith("/history"):
                assert properties["items"]["type"] == "array", operation.path


def test_an_instant_is_a_date_time_and_says_so(document):
    for name, field, schema in fields(document):
        if (field.endswith(("_at", "_since")) or field in INSTANTS) and name != "LiveAction":
            assert [kind.get("format") for kind in kinds(schema)] == ["date-time"], (name, field)
        elif any(kind.get("format") == "date-time" for kind in kinds(schema)):
            assert field in ("from", "to") or (name, field) == ("WebhookMessage", "timestamp"), (name, field)


def test_a_duration_is_in_milliseconds(document):
    names = [(name, field, schema) for name, field, schema in fields(document)]
    names += [
        (operation.path, name, one["schema"]) for operation in operations(document) for name, one in operation.parameters("query").items()
    ]
    for name, field, schema in names:
        assert field in COUNTS or not UNIT.search(field), (name, field)
        if field.endswith("_ms") and field != "jitter_ms":
            assert {kind.get("additionalProperties", kind)["type"] for kind in kinds(schema)} == {"integer"}, (name, field)
        assert "seconds" not in schema.get("description", "") or field in DURATIONS_OF_OTHERS, (name, field)


def test_a_code_is_lower_case_with_hyphens(document):
    found = [(name, field, schema) for name, field, schema in fields(document)]
    found += [
        (operation.path, name, one["schema"]) for operation in operations(document) for name, one in operation.parameters("query").items()
    ]
    for name, field, schema in found:
        for code in codes(schema):
            assert field in NO_CODES or code == "" or CODE.fullmatch(code), (name, field, code)


def test_what_a_person_reads_has_its_label_beside_it(document):
    answers = in_answers(document)
    labelled = {"direction", "state", "status", "quality", "end", "outcome", "jitter_band", "loss_band"}
    for name, field, schema in fields(document):
        # A program reads what a command tells; a person reads the thing itself.
        of_a_command = f"{name}Receipt" in document["components"]["schemas"]
        of_the_center = not of_a_command and not name.startswith("Webhook") and name not in ("Alive", "Ready", "MessageData")
        if name in answers and field in labelled and codes(schema) and of_the_center:
            assert f"{field}_label" in document["components"]["schemas"][name]["properties"], (name, field)


def test_an_id_is_called_an_id_and_nothing_else_is(document):
    found = [(name, field, schema) for name, field, schema in fields(document)]
    found += [
        (operation.path, name, one["schema"])
        for operation in operations(document)
        for place in ("query", "path")
        for name, one in operation.parameters(place).items()
    ]
    for name, field, schema in found:
        is_called_id = field in ("id", "ids") or field.endswith(("_id", "_ids"))
        is_id = any(kind.get("format") == "uuid" for kind in kinds(schema))
        assert is_id == is_called_id or field in IDS_OF_OTHERS, (name, field)


def taken(document: dict[str, Any]) -> set[str]:
    """The names of the parameters, and of the fields of bodies."""
    found = {name for operation in operations(document) for place in ("query", "path") for name in operation.parameters(place)}
    for operation in operations(document):
        content = operation.definition.get("requestBody", {}).get("content", {}).get("application/json", {})
        name = content.get("schema", {}).get("$ref", "").rpartition("/")[2]
        found |= set(document["components"]["schemas"].get(name, {}).get("properties", ()))
    return found


def read(document: dict[str, Any]) -> set[str]:
    """The names of the fields of answers and of the live stream's messages."""
    answers = in_answers(document)
    return {field for name, field, _ in fields(document) if name in answers or name.endswith("Message")}


def test_what_an_answer_names_by_an_id_can_be_asked_for(document):
    known = taken(document)
    for name, field, _ in fields(document):
        if field.endswith(("_id", "_ids")) and field not in OF_A_HEADER:
            assert LED_BY_OTHER_NAMES.get(field, field) in known or field == "visit_id", (name, field)
    visit = document["components"]["schemas"]["VisitOfCall"]["properties"]
    assert LED_BY_OTHER_NAMES["visit_id"] in visit


def test_what_a_filter_takes_is_read_in_an_answer(document):
    known = read(document)
    for operation in operations(document):
        for name in operation.parameters("query").keys() - HOW_TO_ANSWER:
            assert SELECTED.get(name, name) in known, (operation.path, name)
        assert "phone" not in operation.parameters("query"), "a number never stands in a URL"


def test_a_thing_has_one_name(document):
    for name, field, _ in fields(document):
        assert field not in BANNED, (name, field)
    for operation in operations(document):
        for name in operation.parameters("query"):
            assert name not in BANNED, (operation.path, name)


def test_bodies_take_no_unknown_fields(document):
    seen = set()

    def check(schema: dict[str, Any]) -> None:
        for kind in kinds(schema):
            name = kind.get("$ref", "").rpartition("/")[2]
            if name and name not in seen:
                seen.add(name)
                body = document["components"]["schemas"][name]
                assert body["additionalProperties"] is False, name
                for inner in body["properties"].values():
                    check(inner)

    for operation in operations(document):
        for kind, body in operation.definition.get("requestBody", {}).get("content", {}).items():
            if kind == "application/json":
                check(body["schema"])
    assert len(seen) > 20


def test_a_route_by_which_something_is_said_to_happen_has_the_word_of_its_event(document):
    for prefix, actions in ACTIONS.items():
        paths = {path.replace("/{interaction_id}", "") for path, operations in document["paths"].items() if "post" in operations}
        assert {f"{prefix}/{action}".rstrip("/") for action in actions} <= paths
        kind = prefix.removeprefix("/v1/").removesuffix("s")
        assert {f"{kind}.{word}" for word in actions.values()} <= all_events().keys()
        for action, word in actions.items():
            named = action.replace("/", "_").replace("-", "_")
            assert action in ("", "end") or named[:1] == word[:1], (action, word)


def test_a_figure_is_defined_by_the_name_that_answers_give_it(document):
    """A figure of attempts has the name of that of visits; its definition begins with `outbound_`."""
    known = {field for _, field, _ in fields(document)}
    terms = {part for one in TABLE for part in re.findall(r"[a-z_]+", f"{one.numerator} {one.denominator}")}
    for one in TABLE:
        if one.kind == "figure":
            assert one.key in known | terms or one.key.removeprefix("outbound_") in known, one.key
            assert one.key not in BANNED
            assert not one.key.endswith("_in_time"), one.key
