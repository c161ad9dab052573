"""Which permissions each route needs, for the OpenAPI document: those that the command or the query names which the route uses."""

from __future__ import annotations

from collections.abc import Iterator

from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from api.access import Access
from api.changes import get_last_change
from api.route_commands import commands_of, names_used, permission_of_commands
from api.watch import watch_answers
from api.watch_questions import watchables
from commands.handler_context import DEPLOYMENT, OWN
from domain.access import ANYONE
from projections.queries.changes import PERMISSION_OF
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
    return permission_of_commands(route.endpoint)


def permission_for_others(route: APIRoute) -> str | None:
    """The further permission to use the route for an agent of somebody else; None where it is about no agent, or only ever about one's own."""
    needed = {
        command.permission_for_others
        for command in commands_of(route.endpoint)
        if command.permission_for_others not in ("", OWN, DEPLOYMENT, command.permission)
    }
    assert len(needed) <= 1, f"{route.name} uses commands that need several permissions for others: {needed}"
    return next(iter(needed), None)


def permissions_of_some(route: APIRoute) -> list[str]:
    """The permissions of the queries among which a route that ANYONE may use chooses by who asks, or by what is asked; none for other routes.

    Whoever has none of them is refused.
    """
    if permission_of(route) != ANYONE:
        return []
    if route.endpoint is get_last_change:
        return sorted(set(PERMISSION_OF.values()))
    if route.endpoint is watch_answers:
        chosen = {one.query for one in watchables().values()}
    else:
        known = [route.endpoint.__globals__.get(name) for name in names_used(route.endpoint.__code__)]
        chosen = {query for query in QUERIES if query in known}
    return sorted({QUERIES[query].permission for query in chosen} - {ANYONE})


def _accesses(dependant: Dependant) -> Iterator[Access]:
    for inner in dependant.dependencies:
        if isinstance(inner.call, Access):
            yield inner.call
        yield from _accesses(inner)
