"""Which permission each route needs, for the OpenAPI document: that of the command or the query that the route uses."""

from __future__ import annotations

from collections.abc import Iterator
from types import CodeType

from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from api.access import Access
from commands.handler_context import HANDLERS
from domain.access import ANYONE
from projections.query_bus import QUERIES


def permission_of(route: APIRoute) -> str | None:
    """The permission that the route needs; ANYONE: any user of the company; None: no access token at all.

    A route names no permission. Its query is known to its dependency; its command is one that its function names.
    """
    access = next(_accesses(route.dependant), None)
    if access is None:
        return None
    if access.query is not None:
        return QUERIES[access.query].permission
    named = set(_names(route.endpoint.__code__))
    needed = {command.permission for command in HANDLERS if command.__name__ in named} - {ANYONE}
    assert len(needed) <= 1, f"{route.name} uses commands of several permissions: {needed}"
    return next(iter(needed), ANYONE)


def _accesses(dependant: Dependant) -> Iterator[Access]:
    for inner in dependant.dependencies:
        if isinstance(inner.call, Access):
            yield inner.call
        yield from _accesses(inner)


def _names(code: CodeType) -> Iterator[str]:
    """The names that a function uses, with those of the functions inside it."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)
