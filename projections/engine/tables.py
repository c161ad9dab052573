"""What a question reads from: the rows as they are now, or as they were when the log ended at a position.

`source("visits")` goes behind FROM. What comes out is one row a thing, those that no longer hold left out, restricted
to the company of the question and to what its asker may see; the parameter `as_of` must be given where a position was. `rings` and `holds` lie in
their visits' rows and come out one row each.
"""

from __future__ import annotations

import re

from domain.access import WHOLE_COMPANY, Scope
from projections.engine.folding import CALLS, ROWS
from projections.engine.scoping import AGENTS, condition, narrowed
from projections.engine.warehouse import WarehouseError

FACTS = tuple(sorted({*CALLS, *(row.TABLE for row in ROWS)}))
"""Tables of the newest version of each row, those of all folds that there are; each has its `_versions`."""

AUDIT = "events"
"""The table of all events, as they were stored."""

# `/* scoped */` stands behind the name of each table in the sources below: SQL that names a table without it would pass the scope by.

_NOW = "SELECT * FROM {table} /* scoped */ FINAL WHERE tenant = {{tenant:UUID}} AND removed = 0"

# The newest version of each id is looked for in three narrow columns first; a repeat that is not merged yet is no matter to FINAL.
_THEN = """
SELECT * FROM {table}_versions /* scoped */ FINAL
WHERE tenant = {{tenant:UUID}} AND removed = 0 AND (id, version) IN (
    SELECT id, max(version) FROM {table}_versions /* scoped */ WHERE tenant = {{tenant:UUID}} AND position <= {{as_of:UInt64}} GROUP BY id
)"""

_WRITTEN = "SELECT * FROM {table} /* scoped */ WHERE tenant = {{tenant:UUID}} AND removed = 0"
_VERSIONS = "SELECT * FROM {table}_versions /* scoped */ FINAL WHERE tenant = {{tenant:UUID}}"
_NEWEST = (
    "SELECT id, max(version) AS version FROM {table} /* scoped */ WHERE tenant = {{tenant:UUID}} AND id IN {{ids:Array(UUID)}} GROUP BY id"
)
_OF_AGENTS = "(SELECT * FROM {parts} WHERE has({agents}, agent))"
_EVENTS = "SELECT * FROM events /* scoped */ WHERE tenant = {tenant:UUID}"

_IN_VISIT = "SELECT tenant, id AS visit, {n} AS n, version, position, interaction, whole, queue, queue_id, {columns} FROM {visits} ARRAY JOIN {arrays}"

_UNROLLED = {
    "rings": _IN_VISIT.format(
        n="ring_n",
        columns="ring_agent AS agent, ring_from AS from_ms, ring_until AS until_ms, ring_outcome AS outcome, offered_ms",
        arrays="arrayEnumerate(ring_agents) AS ring_n, ring_agents AS ring_agent, ring_from_ms AS ring_from, ring_until_ms AS ring_until, "
        "ring_outcomes AS ring_outcome",
        visits="{visits}",
    ),
    "holds": _IN_VISIT.format(
        n="hold_n",
        columns="agent, hold_from AS from_ms, hold_until AS until_ms, offered_ms",
        arrays="arrayEnumerate(hold_from_ms) AS hold_n, hold_from_ms AS hold_from, hold_until_ms AS hold_until",
        visits="{visits}",
    ),
}


_BARE = re.compile(rf"\b(?:FROM|JOIN)\s+(?:{'|'.join((*FACTS, AUDIT))})(?:_versions)?\b(?!\s*/\* scoped)", re.IGNORECASE)


class ScopeMissing(WarehouseError):
    """SQL that reads a table by its bare name, whatever the asker may see. The author forgot `TemporalView.rows_of`."""


def must_be_scoped(sql: str) -> None:
    """Refuse SQL that reads a table otherwise than by one of the sources here."""
    found = _BARE.search(sql)
    if found is not None:
        raise ScopeMissing(f"{found[0]} passes by what the asker may see: ask the view for the rows of a table")


def source(table: str, as_of: int | None = None, scope: Scope = WHOLE_COMPANY) -> str:
    """The rows of `table` (a fact table, `rings` or `holds`) now, or as known at the log position `as_of`: a subquery in parentheses."""
    if table in _UNROLLED:
        # An agent may be rung for a visit that somebody else answers: the parts are seen by their own agents.
        visits = _rows("visits", as_of, Scope(queues=scope.queues))
        parts = f"({_UNROLLED[table].format(visits=f'({visits})')})"
        return parts if scope.people is None else _OF_AGENTS.format(parts=parts, agents=AGENTS)
    return f"({_rows(table, as_of, scope)})"


def written(table: str, scope: Scope) -> str:
    """What was written of `table`, older versions of a row among it: quicker to read than `source`; see `newest`."""
    return f"({narrowed(table, scope, _WRITTEN.format(table=table) + _condition(table, None, scope))})"


def newest(table: str) -> str:
    """A SELECT of `id` and newest `version` of the rows with these `ids`, in any scope: no secret to who knows the id."""
    return _NEWEST.format(table=table)


def versions(table: str, scope: Scope) -> str:
    """Every version that a row of `table` has had."""
    return f"({narrowed(table, scope, _VERSIONS.format(table=table) + _condition(table, None, scope))})"


def events(as_of: int | None, scope: Scope) -> str:
    """The events of all that may be seen, up to the log position `as_of`; one that was written twice may come twice."""
    known = "" if as_of is None else " AND position <= {as_of:UInt64}"
    return f"({_EVENTS}{known}{_condition(AUDIT, as_of, scope)})"


def _rows(table: str, as_of: int | None, scope: Scope) -> str:
    if table not in FACTS:
        raise KeyError(table)
    rows = (_NOW if as_of is None else _THEN).format(table=table)
    return narrowed(table, scope, rows + _condition(table, as_of, scope))


def _condition(table: str, as_of: int | None, scope: Scope) -> str:
    def read(name: str) -> str:
        return source("interactions", as_of) if name == "every_interaction" else source(name, as_of, scope)

    return condition(table, scope, read)
