"""Sources of rows for queries: the rows as they are now, or as they were when the log ended at a position.

`source("visits")` goes behind FROM. It gives one row a thing, without withdrawn rows, restricted
to the company of the query and to what the user may see; the parameter `as_of` must be given if a position was. Rings, holds,
IVR options and tags are in one table and are selected by their kinds.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from domain.access import WHOLE_COMPANY, Scope
from projections.engine.folding import CALLS, ROWS
from projections.engine.scoping import condition, narrowed
from projections.engine.telephones import INSTANTS, WITH_ANSWER, named
from projections.engine.warehouse import WarehouseError

FACTS = tuple(sorted({*CALLS, *(row.TABLE for row in ROWS)}))
"""Tables of the newest version of each row, those of all folds that there are; each has its `_versions`."""

PARTS = ("rings", "holds", "options", "tags")
"""The kinds of rows in `interaction_parts`."""

AUDIT = "events"
"""The table of all events, as they were stored."""

# `/* scoped */` follows the name of each table in the sources below: SQL that names a table without it would bypass the scope.

_NOW = "SELECT {columns} FROM {table} /* scoped */ FINAL WHERE tenant = {{tenant:UUID}}{only} AND removed = 0"

# The newest version of each id is looked for in three narrow columns first; FINAL handles repeats that are not merged yet.
_THEN = """
SELECT {columns} FROM {table}_versions /* scoped */ FINAL
WHERE tenant = {{tenant:UUID}}{only} AND removed = 0 AND (id, version) IN (
    SELECT id, max(version) FROM {table}_versions /* scoped */ WHERE tenant = {{tenant:UUID}}{only} AND position <= {{as_of:UInt64}} GROUP BY id
)"""

# The same while rows of newer events are sent along with the query, as a table of that query: what they replace is left out of the warehouse's.
_THEN_WITH_TAIL = """
SELECT {columns} FROM {table}_versions /* scoped */ FINAL
WHERE tenant = {{tenant:UUID}}{only} AND removed = 0 AND (id, version) IN (
    SELECT id, max(version) FROM {table}_versions /* scoped */ WHERE tenant = {{tenant:UUID}}{only} AND position <= {{as_of:UInt64}} GROUP BY id
) AND id NOT IN (SELECT id FROM tail_{table}){within}
UNION ALL
SELECT {columns} FROM tail_{table} WHERE tenant = {{tenant:UUID}}{only_of_tail} AND removed = 0{within}"""

_WRITTEN = "SELECT {columns} FROM {table} /* scoped */ WHERE tenant = {{tenant:UUID}}{only} AND removed = 0"
_VERSIONS = "SELECT * FROM {table}_versions /* scoped */ FINAL WHERE tenant = {{tenant:UUID}}"
_NEWEST = """
SELECT id, max(version) AS version FROM {table} /* scoped */
WHERE tenant = {{tenant:UUID}} AND interaction IN {{calls:Array(UUID)}} AND id IN {{ids:Array(UUID)}} GROUP BY id
"""
_EVENTS = "SELECT {columns} FROM events /* scoped */ WHERE tenant = {{tenant:UUID}}"
_EVENTS_OF_TAIL = " UNION ALL SELECT {columns} FROM tail_events WHERE tenant = {{tenant:UUID}}"

_OF_VISIT = "tenant, id, version, position, interaction, visit, k, queue, queue_id, agent, from_ms, until_ms"
_OF_CALL = "tenant, id, version, position, interaction, k, text"
_NAMES_OF_PARTS = {"rings": (*_OF_VISIT.split(", "), "outcome", "kind"), "holds": (*_OF_VISIT.split(", "), "kind")}
_COLUMNS = {"rings": f"{_OF_VISIT}, text AS outcome", "holds": _OF_VISIT, "options": _OF_CALL, "tags": _OF_CALL}

_OF_CALLS = {
    "visits": " AND id IN (SELECT id FROM {table} /* scoped */ WHERE tenant = {{tenant:UUID}} AND interaction IN {{calls:Array(UUID)}})",
    "interactions": " AND id IN {{calls:Array(UUID)}}",
    "attempts": " AND id IN {{calls:Array(UUID)}}",
    **dict.fromkeys(PARTS, " AND interaction IN {{calls:Array(UUID)}}"),
}

_TAIL_OF_CALLS = {**_OF_CALLS, "visits": " AND interaction IN {{calls:Array(UUID)}}"}

Tailed = Callable[[str], Sequence[str] | None]
"""The columns of the rows of a table that are sent along with the query; None without any."""


def _no_tail(_: str) -> None:
    return None


_BARE = re.compile(rf"\b(?:FROM|JOIN)\s+(?:{'|'.join((*FACTS, AUDIT))})(?:_versions)?\b(?!\s*/\* scoped)", re.IGNORECASE)


class ScopeMissing(WarehouseError):
    """SQL that reads a table by its bare name, without the user's scope. The author forgot `TemporalView.rows_of`."""


def must_be_scoped(sql: str) -> None:
    """Refuse SQL that reads a table other than through one of the sources here."""
    found = _BARE.search(sql)
    if found is not None:
        raise ScopeMissing(f"{found[0]} bypasses the user's scope: use TemporalView.rows_of for the rows of a table")


def source(
    table: str,
    as_of: int | None = None,
    scope: Scope = WHOLE_COMPANY,
    *,
    of_calls: bool = False,
    tailed: Tailed = _no_tail,
    by_telephone: bool = False,
) -> str:
    """The rows of `table` (one of FACTS or PARTS) now, or as known at the log position `as_of`: a subquery in parentheses.

    of_calls: only those of the interactions in the parameter `calls`, found without reading all others. tailed: which rows of events up to
    `as_of` are sent along with the query. by_telephone: rows that name a telephone get the agent who had it (`projections.engine.telephones`).
    """
    select = _NOW if as_of is None else _THEN
    return f"({_selected(select, table, as_of, scope, of_calls=of_calls, tailed=tailed, by_telephone=by_telephone)})"


def written(table: str, scope: Scope, *, by_telephone: bool = False) -> str:
    """The rows of `table` as written, with older versions among them: faster to read than `source`; see `newest`."""
    return f"({_selected(_WRITTEN, table, None, scope, by_telephone=by_telephone)})"


def newest(table: str) -> str:
    """A SELECT of `id` and newest `version` of the rows with these `ids` of these `calls`, in any scope: the caller knows the ids already."""
    return _NEWEST.format(table=_stored(table))


def versions(table: str, scope: Scope) -> str:
    """Every version that rows of `table` have had."""
    return f"({_selected(_VERSIONS, table, None, scope)})"


def events(as_of: int | None, scope: Scope, columns: str = "*", tailed: Tailed = _no_tail, *, by_telephone: bool = False) -> str:
    """The events of all that is visible, up to the log position `as_of`; an event that was written twice may be returned twice."""
    known = "" if as_of is None else " AND position <= {as_of:UInt64}"
    within = _condition(AUDIT, as_of, scope, tailed, by_telephone=by_telephone)
    sent = tailed(AUDIT)
    if sent is None:
        return f"({_EVENTS.format(columns=columns)}{known}{within})"
    names = ", ".join(sent) if columns == "*" else columns
    return f"({_EVENTS.format(columns=names)}{known}{within}{_EVENTS_OF_TAIL.format(columns=names)}{within})"


def _stored(table: str) -> str:
    if table not in FACTS and table not in PARTS:
        raise KeyError(table)
    return "interaction_parts" if table in PARTS else table


def _selected(
    select: str,
    table: str,
    as_of: int | None,
    scope: Scope,
    *,
    of_calls: bool = False,
    tailed: Tailed = _no_tail,
    by_telephone: bool = False,
) -> str:
    stored = _stored(table)
    # A part's kind and owner never change, so any version can be used to filter by them.
    only = f" AND kind = '{table.removesuffix('s')}'" if table in PARTS else ""
    only_of_tail = _TAIL_OF_CALLS[table].format() + only if of_calls else only
    if of_calls:
        only = _OF_CALLS[table].format(table=stored if as_of is None else f"{stored}_versions") + only
    visible = _condition(stored, as_of, scope, tailed, by_telephone=by_telephone)
    # Who may see a row follows from the agent's name, so that is found first.
    named_first = by_telephone and table in INSTANTS
    within = "" if named_first else visible
    sent = tailed(stored)
    columns = _COLUMNS.get(table, "*" if sent is None else ", ".join(sent))
    if named_first and table in PARTS:
        columns += ", kind"
    if sent is None:
        rows = select.format(columns=columns, table=stored, only=only) + within
    else:
        rows = _THEN_WITH_TAIL.format(columns=columns, table=stored, only=only, only_of_tail=only_of_tail, within=within)
    if named_first:
        rows = _with_names(table, rows, as_of, tailed, of_calls=of_calls) + visible
    return narrowed(stored, scope, rows)


def _with_names(table: str, rows: str, as_of: int | None, tailed: Tailed, *, of_calls: bool) -> str:
    """The rows of a table of calls with the agents who had the telephones that rows name; conditions may follow."""
    columns = _NAMES_OF_PARTS.get(table) or tuple(CALLS[table]((), ()))
    rows = f"({rows})"
    if table == "holds":
        talks = {talk: source(talk, as_of, of_calls=of_calls, tailed=tailed) for talk in ("visits", "attempts")}
        rows = WITH_ANSWER.format(columns=", ".join(columns), rows=rows, **talks)
    return named(table, columns, rows)


def _condition(table: str, as_of: int | None, scope: Scope, tailed: Tailed = _no_tail, *, by_telephone: bool = False) -> str:
    def read(name: str) -> str:
        if name == "every_interaction":
            return source("interactions", as_of, tailed=tailed)
        return source(name, as_of, scope, tailed=tailed, by_telephone=by_telephone)

    return condition(table, scope, read)
