"""The catalogue of all events as it is on the wire: for each name its version, its fields, their types and defaults.

A default counts: a field that has its default is not written down, so that another default would change the past.
"""

from __future__ import annotations

import importlib
import json
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

import domain
from domain.base import CATALOGUE, Event

GOLDEN = Path(__file__).parents[1] / "golden" / "events.json"


def all_events() -> dict[str, type[Event]]:
    """The events of the product, by name: those that tests define are not among them."""
    for module in pkgutil.walk_packages(domain.__path__, "domain."):
        importlib.import_module(module.name)
    return {topic: event for topic, event in sorted(CATALOGUE.items()) if event.__module__.startswith("domain.")}


def catalogue() -> dict[str, dict[str, Any]]:
    """Names, versions, fields; what all events have; and the structures that fields are made of."""
    common = fields_of(Event)
    events = all_events()
    structures = {_name(kind): kind for event in events.values() for kind in _structures(event)}
    return {
        "every event": {"fields": common},
        "events": {
            topic: {"version": event.VERSION, "fields": {name: said for name, said in fields_of(event).items() if name not in common}}
            for topic, event in events.items()
        },
        "structures": {name: fields_of(kind) for name, kind in sorted(structures.items())},
    }


def fields_of(kind: type[msgspec.Struct]) -> dict[str, str]:
    """Each field in its order, as "type" or "type = default"."""
    return {field.name: _said(field) for field in msgspec.structs.fields(kind)}


def _said(field: msgspec.structs.FieldInfo) -> str:
    default = "" if field.default is msgspec.NODEFAULT else f" = {field.default!r}"
    if field.default_factory is not msgspec.NODEFAULT:
        default = f" = {field.default_factory()!r}"
    return _name(field.type) + default


def _name(kind: Any) -> str:
    """A type as it reads in the source, with the module if it is one of ours: names of structures may repeat."""
    if isinstance(kind, type) and not hasattr(kind, "__args__"):
        kind = f"{kind.__module__}.{kind.__qualname__}" if issubclass(kind, msgspec.Struct) else kind.__name__
    said = re.sub(r"\b(domain|typing|uuid|domain\.base)\.(?=\w)", "", str(kind))
    # An instant is a number on the wire, whatever it means.
    return re.sub(r"Optional\[(\w+)\]", r"\1 | None", re.sub(r"Annotated\[(\w+), '[\w-]+'\]", r"\1", said))


def _structures(kind: Any) -> Iterator[type[msgspec.Struct]]:
    for argument in getattr(kind, "__args__", ()):
        yield from _structures(argument)
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        if not issubclass(kind, Event):
            yield kind
        for field in msgspec.structs.fields(kind):
            yield from _structures(field.type)


def written() -> str:
    """The catalogue as the golden file has it, a line for each event and structure."""
    lines = [
        f" {json.dumps(part)}: {{\n" + ",\n".join(f"  {json.dumps(name)}: {json.dumps(said)}" for name, said in entries.items()) + "\n }"
        for part, entries in catalogue().items()
    ]
    return "{\n" + ",\n".join(lines) + "\n}\n"


if __name__ == "__main__":
    GOLDEN.write_text(written(), encoding="utf-8")
