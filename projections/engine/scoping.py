"""What a user may see of each table: the one module where a scope becomes conditions of SQL.

`projections.engine.tables` puts them into every source of rows, so that no author of a query can forget them. A row is visible if its queue
and its agent are; values of other queues and agents are removed from it.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from domain.access import Scope
from projections.engine.warehouse import Value
from projections.folds.agents import AgentRow
from projections.folds.queues import QueueRow
from projections.folds.sources import SourceRow

QUEUES = "{scope_queues:Array(String)}"
AGENTS = "{scope_agents:Array(String)}"
BELONGING = "{scope_belonging:Array(String)}"
"""The agents who belong to the visible queues: `TemporalView.belonging`."""

_QUEUE = f"has({QUEUES}, queue)"
_AGENT = f"has({AGENTS}, agent)"
_PART = "((kind IN ('ring', 'hold') AND {own}) OR (kind IN ('option', 'tag') AND interaction IN (SELECT id FROM <interactions>)))"
_OWN_VISIT = "isNotNull(visit) AND assumeNotNull(visit) IN (SELECT id FROM <visits>)"
_OF_CALL = (
    "whole IN (SELECT whole FROM <every_interaction> WHERE id IN (SELECT interaction FROM <visits>) OR id IN (SELECT id FROM <attempts>))"
)
_OF_AGENT = "id IN (SELECT assumeNotNull(user) FROM <agents> WHERE isNotNull(user))"
_OF_ANYTHING = "(id IN (SELECT id FROM <interactions>) OR id IN (SELECT id FROM <agents>))"
# The name columns get an alias first: an old server would take the filtered ones for them.
_SELECT = "SELECT {columns} FROM (SELECT *, {names} FROM ({rows})) AS r"
_NAMED = re.compile("<([a-z_]+)>")

_BY_QUEUE: dict[str, str] = {
    "visits": _QUEUE,
    "interaction_parts": _PART.format(own=_QUEUE),
    "attempts": _QUEUE,
    "callbacks": _QUEUE,
    "ivr_calls": _QUEUE,
    "queues": f"has({QUEUES}, name)",
    "agents": f"has({BELONGING}, name)",
    "agent_spans": f"has({BELONGING}, agent)",
    "telephones": f"has({BELONGING}, member)",
    "interactions": _OF_CALL,
    "events": _OF_ANYTHING,
}
"""Per table: the condition for a row to be visible to a user who may see certain queues only. A table that is missing here belongs to no queue."""

_BY_AGENT: dict[str, str] = {
    "visits": _AGENT,
    "interaction_parts": _PART.format(own=_AGENT),
    "attempts": _AGENT,
    # As a visit that nobody answered.
    "callbacks": "1 = 0",
    "ivr_calls": _OWN_VISIT,
    "agents": f"has({AGENTS}, name)",
    "agent_spans": _AGENT,
    "telephones": f"has({AGENTS}, member)",
    "interactions": _OF_CALL,
    "users": _OF_AGENT,
    "events": _OF_ANYTHING,
}
"""The same for a user who may see certain agents only."""

_NARROWED: dict[str, dict[str, tuple[str, str]]] = {
    "agents": {"queues": (QUEUES, "queues")},
    "queues": {"agents": (AGENTS, "agents")},
    "sources": dict.fromkeys(("missed_queues", "missed_counts"), (QUEUES, "missed_queues")),
}
"""Per table, columns with an element for each of several names: what must be visible for an element to stay, and the column of its names."""

_COLUMNS: dict[str, tuple[str, ...]] = {
    "agents": AgentRow.__struct_fields__,
    "queues": QueueRow.__struct_fields__,
    "sources": SourceRow.__struct_fields__,
}
"""All columns of the tables of which some are narrowed: no SQL for "all columns but these" works on both engines."""


def condition(table: str, scope: Scope, read: Callable[[str], str]) -> str:
    """The conditions to add to the WHERE of a source of `table`: "" without a restriction.

    read: returns the source of another table within the scope; for `every_interaction`, without a scope.
    """
    wanted = []
    if scope.queues is not None and table in _BY_QUEUE:
        wanted.append(_BY_QUEUE[table])
    if scope.people is not None and table in _BY_AGENT:
        wanted.append(_BY_AGENT[table])
    return "".join(f" AND {_filled(part, read)}" for part in dict.fromkeys(wanted))


def _filled(part: str, read: Callable[[str], str]) -> str:
    """A condition with the sources that it names in place of `<name>`."""
    return _NAMED.sub(lambda found: read(found[1]), part)


def narrowed(table: str, scope: Scope, rows: str) -> str:
    """`rows` of `table` (a SELECT), in which only those names are left that may be seen."""
    columns = {
        column: f"arrayFilter((element, name) -> name = '' OR has({seen}, name), r.{column}, r.by_{names}) AS {column}"
        for column, (seen, names) in _NARROWED.get(table, {}).items()
        if (scope.queues if seen is QUEUES else scope.people) is not None
    }
    if not columns:
        return rows
    names = ", ".join(dict.fromkeys(f"{names} AS by_{names}" for _, names in _NARROWED[table].values()))
    return _SELECT.format(
        columns=", ".join(columns.get(column, f"r.{column} AS {column}") for column in _COLUMNS[table]), names=names, rows=rows
    )


def parameters(scope: Scope) -> dict[str, Value]:
    """The values that the conditions name."""
    params: dict[str, Value] = {}
    if scope.queues is not None:
        params["scope_queues"] = sorted(scope.queues)
    if scope.people is not None:
        params["scope_agents"] = sorted(scope.people)
    return params
