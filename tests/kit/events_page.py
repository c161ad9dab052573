"""docs/events.md: the messages of the live stream and the catalogue of events, made from their classes. Run as a module, it writes the page."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, get_args

from api import live_messages, watch_messages, webhook_document
from domain.agent_events import EVENT_OF_KIND
from domain.base import Event
from domain.voice.facts import CallKind, PresenceKind
from domain.voice.happenings import SAID, UNSAID
from domain.voice.interaction_events import BY_KIND
from domain.webhook_messages import KINDS
from tests.commands.catalogue import all_events, catalogue
from tests.kit.compose import ROOT

PAGE = ROOT / "docs" / "events.md"

_HEAD = """\
# Events and messages

This page is made from the classes (`python -m tests.kit.events_page`); a test fails if it is not current.

## Messages of the live stream

`GET /v1/live` sends these, in the order of the log ([api.md](api.md#the-live-stream)). Ignore types and fields that you do not know.
"""

_WORDS = """\
## Words of what happens

What happened has one word everywhere: it is the name of the event after its dot in the history and on Kafka, the `kind` of a step of the live stream and of a fact,
and the type of a webhook's message after its dot. Live stream and webhooks say what changed in the field of the last column.
"""

_WATCHED = """\
## Messages of watched answers

`GET /v1/watch` sends these ([api.md](api.md#screens-that-stay-up-to-date)).
"""

_POSTED = """\
## Messages of webhooks

A webhook posts these to a server of yours ([api.md](api.md#webhooks)). The examples are what a short day of a center gives.
"""

_CATALOGUE = """
## The catalogue of events

Every fact about the center is an event of the log. They are what Kafka carries, and the names in the history of an interaction.
A name is for ever ([ADR 0009](adr/0009-event-names-are-forever.md)); a version says in which form the fields are written. Instants are microseconds since 1970, UTC.
A field that has its default is not written. `Personal` is a datum about a person, sealed with the person's own key.
"""


def page() -> str:
    """The page as it should be."""
    known = catalogue()
    events = all_events()
    lines = [
        _HEAD,
        *_messages(live_messages.schemas()),
        _WORDS,
        *_words_of_facts(),
        _WATCHED,
        *_messages(watch_messages.schemas()),
        _POSTED,
        *_posted(),
        _CATALOGUE,
        "### Every event\n",
        *_fields(known["every event"]["fields"]),
    ]
    for topic, event in events.items():
        lines += [f"\n### {topic}\n", f"{_words(event)} Version {event.VERSION}.\n", *_fields(known["events"][topic]["fields"])]
    lines.append("\n## Structures of fields")
    for name, fields in known["structures"].items():
        lines += [f"\n### {name}\n", *_fields(fields)]
    return "\n".join(lines) + "\n"


def _messages(schemas: dict[str, Any]) -> Iterator[str]:
    for name, schema in schemas.items():
        if "properties" in schema:
            yield f"### {name}\n"
            yield f"{_one_line(schema.get('description', ''))}\n"
            yield "| field | meaning |\n|---|---|"
            for field, part in schema["properties"].items():
                yield f"| `{field}` | {_one_line(part.get('description') or _value(part))} |"
            yield ""


def _words_of_facts() -> Iterator[str]:
    yield "| event | meaning | webhook | says |\n|---|---|---|---|"
    both: tuple[tuple[tuple[str, ...], Mapping[str, type[Event]]], ...] = (
        (get_args(CallKind), BY_KIND),
        (get_args(PresenceKind), EVENT_OF_KIND),
    )
    for kinds, events in both:
        for event in (events[kind] for kind in kinds if kind in events):
            said, _ = SAID.get(event.word(), ("", ""))
            yield f"| `{event.TOPIC}` | {_words(event)} | {'yes' if event.TOPIC in KINDS else ''} | {said and f'`{said}`'} |"
    yield ""
    yield "No message says what may name a customer or a private line, nor a digit that somebody keyed. Left out are:\n"
    yield from (f"* `{kind}`: {why}." for kind, why in UNSAID.items())
    yield ""


def _posted() -> Iterator[str]:
    operations, schemas = webhook_document.described()
    yield from _messages(schemas)
    for kind, operation in operations.items():
        post = operation["post"]
        example = json.dumps(post["requestBody"]["content"]["application/json"]["example"], ensure_ascii=False)
        yield f"### The message {kind}\n"
        yield f"{post['summary']}\n"
        yield f"```json\n{example}\n```\n"


def _value(part: dict[str, Any]) -> str:
    if "const" in part:
        return f"always `{part['const']}`"
    if part.get("type") == "array":
        return f"a list of {_value(part['items'])}"
    return str(part.get("$ref", part.get("type", ""))).rpartition("/")[2]


def _fields(fields: dict[str, str]) -> Iterator[str]:
    if not fields:
        yield "No fields of its own."
        return
    yield "| field | type |\n|---|---|"
    for name, said in fields.items():
        yield "| `{}` | `{}` |".format(name, said.replace("|", "\\|"))


def _words(event: type[Any]) -> str:
    return _one_line(inspect.getdoc(event) or "")


def _one_line(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
