"""The paths of the API, for what is said of a request that was refused before it got to a route.

They are those of the OpenAPI document, which takes seconds to make: the first request that is refused must not wait for it, nor all others with it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache

from fastapi.routing import APIRoute

import discovery
from api.response_headers import with_head

NOWHERE = "(none)"
"""In the place of a path that no route has."""


@dataclass(frozen=True)
class _Known:
    """One path: how it begins, how it is written, and its methods."""

    beginning: str
    pattern: re.Pattern[str]
    methods: tuple[str, ...]


@cache
def _all() -> dict[str, _Known]:
    """Every path by its template, as `/v1/queues/{queue_id}`."""
    found: dict[str, _Known] = {}
    routers = discovery.found("api", "router").values()
    for route in (route for router in routers for route in router.routes if isinstance(route, APIRoute) and route.include_in_schema):
        template, earlier = route.path_format, found.get(route.path_format)
        methods = {*(earlier.methods if earlier else ()), *(route.methods or ())}
        found[template] = _Known(template.partition("{")[0], route.path_regex, tuple(sorted(methods)))
    return found


def is_named(path: str) -> bool:
    """Whether a path is one of the API without parameters: `/v1/agents/log-in` names no agent."""
    return path in _all()


@lru_cache(maxsize=1_000)
def templates(path: str) -> tuple[str, ...]:
    """The templates that a path may mean; whoever sends many paths that are none costs little."""
    if is_named(path):
        return (path,)
    return tuple(name for name, known in _all().items() if path.startswith(known.beginning) and known.pattern.match(path))


def template(path: str) -> str:
    """The template of a path: with the names of its parameters in the place of their values."""
    return next(iter(templates(path)), NOWHERE)


def methods(path: str) -> list[str]:
    """The methods that are allowed at a path; none if it is none of the API's. Several routes may share a path, and the framework names only one of them."""
    return with_head(sorted({method for name in templates(path) for method in _all()[name].methods}))
