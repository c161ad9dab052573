"""The ids beside the names of a report's rows: a name may change or pass to another, an id never does."""

from __future__ import annotations

from uuid import UUID

import msgspec

from projections.figures.metrics import QueryContext, Row

_NAMED = {
    # Where a person and an interface have the same name, the row is the person's.
    "agent": ("agents", "SELECT id, name, name AS spelling FROM {rows} ORDER BY person"),
    "ivr": ("ivrs", "SELECT id, name, spelling FROM {rows}"),
}


class _Named(msgspec.Struct):
    id: UUID
    name: str
    spelling: str


def id_key(by: str) -> str | None:
    """The key of the id of a row that is a queue, an agent or an IVR; None of any other."""
    return f"{by}_id" if by in ("queue", *_NAMED) else None


def identified(on: QueryContext, rows: list[Row], by: str) -> list[Row]:
    """The rows with `queue_id`, `agent_id` or `ivr_id` after the name; None where nobody in the settings has the name."""
    key = id_key(by)
    if key is None:
        return rows
    ids = _queues(on) if by == "queue" else _others(on, by)
    return [{by: row[by], key: str(ids[row[by]]) if row[by] in ids else None} | row for row in rows]


def _queues(on: QueryContext) -> dict[str, UUID]:
    """The id of each queue in the settings, by the names that its visits may have."""
    known = on.queues.known
    now = {queue.name: queue.owner for queue in known if queue.id == queue.owner}
    return now | {queue.spelling: queue.owner for queue in known} if on.question.names == "as-was" else now


def _others(on: QueryContext, by: str) -> dict[str, UUID]:
    table, names = _NAMED[by]
    found = on.view.ask(_Named, names.format(rows=on.view.rows_of(table)))
    return {one.spelling: one.id for one in found} | {one.name: one.id for one in found}
