"""The document names the problems that a route may answer with."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from types import FunctionType

from fastapi.routing import APIRoute

import discovery
from api.route_commands import commands_of, names_used
from commands.handler_context import HANDLERS

_MISSES = re.compile(r"raise NotFound\(|context\.get\((?!Company,)")
"""A function that can find nothing. The caller's own company is always there."""


def test_every_command_that_may_find_nothing_says_so(document):
    routers = discovery.found("api", "router").values()
    routes = [route for router in routers for route in router.routes if isinstance(route, APIRoute)]
    missing = [route for route in routes if any(_may_miss(HANDLERS[command]) for command in commands_of(route.endpoint))]
    assert len(missing) > 40
    silent = [
        f"{method} {route.path}"
        for route in missing
        for method in route.methods
        if "404" not in document["paths"][route.path_format][method.lower()]["responses"]
    ]
    assert silent == []


def _may_miss(handler) -> bool:
    sources = [inspect.getsource(function) for function in _called(inspect.unwrap(handler), set())]
    return any(_MISSES.search(source) and "except NotFound" not in source for source in sources)


def _called(function: FunctionType, seen: set[FunctionType]) -> Iterator[FunctionType]:
    """The function, and those of the project that it names, and so on. Methods of aggregates are left out: an aggregate is got before it is asked."""
    if function in seen:
        return
    seen.add(function)
    yield function
    for name in names_used(function.__code__):
        named = function.__globals__.get(name)
        if isinstance(named, FunctionType) and named.__module__.startswith("commands."):
            yield from _called(inspect.unwrap(named), seen)
