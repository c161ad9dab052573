"""Which field or parameter somebody may have meant by a name that the request does not have."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from typing import Any, get_args

from fastapi import Request
from pydantic import BaseModel

from api.invalid_fields import FEW


def hint(name: str, known: Sequence[str]) -> str:
    """A known name like this one, or all of them if they are few; behind what is wrong with the name."""
    near = get_close_matches(name.lower(), known, n=1, cutoff=0.55) or [one for one in known if name.lower() in one.split("_")][:1]
    if near:
        return f"; did you mean {near[0]}?"
    return f"; known are {', '.join(known)}" if 0 < len(known) <= FEW else ""


def known_at(request: Request, place: Sequence[int | str]) -> list[str]:
    """The names of the request beside an unknown one. place: where it is, as validation names it: ("body", "menu", 0, "digt")."""
    route = request.scope.get("route")
    fields = getattr(getattr(route, "dependant", None), "body_params" if place[0] == "body" else "query_params", ())
    models = [model for field in fields for model in _models(field.field_info.annotation)]
    for step in place[1:-1]:
        if isinstance(step, str):
            models = [inner for model in models if (known := _fields(model).get(step)) is not None for inner in _models(known)]
    return [name for model in models for name in _fields(model)]


def _fields(model: type[BaseModel]) -> dict[str, Any]:
    return {field.alias or name: field.annotation for name, field in model.model_fields.items()}


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    """The models of a field: itself, or those of which it is a list, or which it may be."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inside in get_args(annotation):
        yield from _models(inside)
