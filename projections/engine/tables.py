"""What a question reads from: the rows as they are now, or as they were when the log ended at a position.

`source("visits")` goes behind FROM. What comes out is one row a thing, those that no longer hold left out, restricted
to the company of the question; the parameter `as_of` must be given where a position was. Rings, holds, IVR options and
tags lie in one table and come out of it by their kinds.
"""

from __future__ import annotations

FACTS = ("visits", "interaction_parts", "interactions", "attempts", "ivr_calls", "ivrs", "agent_spans", "agents", "queues", "sources")
"""Tables of the newest version of each row; each has its `_versions`."""

PARTS = ("rings", "holds", "options", "tags")
"""What lies in `interaction_parts`."""

_NOW = "SELECT {columns} FROM {table} FINAL WHERE tenant = {{tenant:UUID}}{only} AND removed = 0"

# The newest version of each id is looked for in three narrow columns first; a repeat that is not merged yet is no matter to FINAL.
_THEN = """
SELECT {columns} FROM {table}_versions FINAL
WHERE tenant = {{tenant:UUID}}{only} AND removed = 0 AND (id, version) IN (
    SELECT id, max(version) FROM {table}_versions WHERE tenant = {{tenant:UUID}}{only} AND position <= {{as_of:UInt64}} GROUP BY id
)"""

_OF_VISIT = "tenant, id, version, position, interaction, visit, k, queue, queue_id, agent, from_ms, until_ms"
_OF_CALL = "tenant, id, version, position, interaction, k, text"
_COLUMNS = {"rings": f"{_OF_VISIT}, text AS outcome", "holds": _OF_VISIT, "options": _OF_CALL, "tags": _OF_CALL}

_OF_CALLS = {
    "visits": " AND id IN (SELECT id FROM {table} WHERE tenant = {{tenant:UUID}} AND interaction IN {{calls:Array(UUID)}})",
    "interactions": " AND id IN {{calls:Array(UUID)}}",
    "attempts": " AND id IN {{calls:Array(UUID)}}",
    **dict.fromkeys(PARTS, " AND interaction IN {{calls:Array(UUID)}}"),
}


def source(table: str, as_of: int | None = None, *, of_calls: bool = False) -> str:
    """The rows of `table` (one of FACTS or PARTS) now, or as known at the log position `as_of`: a subquery in parentheses.

    of_calls: only those of the interactions in the parameter `calls`, found without a look at all others.
    """
    if table not in FACTS and table not in PARTS:
        raise KeyError(table)
    stored = "interaction_parts" if table in PARTS else table
    # What a part is and whose it is never changes, so that either may be asked of any version.
    only = f" AND kind = '{table.removesuffix('s')}'" if table in PARTS else ""
    if of_calls:
        only = _OF_CALLS[table].format(table=stored if as_of is None else f"{stored}_versions") + only
    return f"({(_NOW if as_of is None else _THEN).format(columns=_COLUMNS.get(table, '*'), table=stored, only=only)})"
