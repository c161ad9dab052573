"""What a question reads from: the rows as they are now, or as they were when the log ended at a position.

`source("visits")` goes behind FROM. What comes out is one row a thing, those that no longer hold left out, restricted
to the company of the question; the parameter `as_of` must be given where a position was. `rings` and `holds` lie in
their visits' rows and come out one row each.
"""

from __future__ import annotations

FACTS = ("visits", "interactions", "attempts", "ivr_calls", "ivrs", "agent_spans", "agents", "queues", "sources")
"""Tables of the newest version of each row; each has its `_versions`."""

_NOW = "SELECT * FROM {table} FINAL WHERE tenant = {{tenant:UUID}} AND removed = 0"

# The newest version of each id is looked for in three narrow columns first; a repeat that is not merged yet is no matter to FINAL.
_THEN = """
SELECT * FROM {table}_versions FINAL
WHERE tenant = {{tenant:UUID}} AND removed = 0 AND (id, version) IN (
    SELECT id, max(version) FROM {table}_versions WHERE tenant = {{tenant:UUID}} AND position <= {{as_of:UInt64}} GROUP BY id
)"""

_IN_VISIT = "SELECT tenant, id AS visit, {n} AS n, version, position, interaction, whole, queue, queue_id, {columns} FROM ({visits}) ARRAY JOIN {arrays}"

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


def source(table: str, as_of: int | None = None) -> str:
    """The rows of `table` (a fact table, `rings` or `holds`) now, or as known at the log position `as_of`: a subquery in parentheses."""
    if table in _UNROLLED:
        return f"({_UNROLLED[table].format(visits=_rows('visits', as_of))})"
    return f"({_rows(table, as_of)})"


def _rows(table: str, as_of: int | None) -> str:
    if table not in FACTS:
        raise KeyError(table)
    return (_NOW if as_of is None else _THEN).format(table=table)
