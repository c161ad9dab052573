"""Call-backs that callers of an IVR asked for, page by page."""

from __future__ import annotations

from uuid import UUID

import msgspec

from domain.access import ATTEND
from projections.engine.temporal_view import CompanyRows
from projections.query_bus import query

_PAGE = """
SELECT id, requested, requested_ms, interaction, ivr, queue, contact, number, outcome, ended_ms
FROM {callbacks} WHERE requested > {{after:UInt64}} {only} ORDER BY requested LIMIT {{limit:UInt32}}"""


class ListedCallback(msgspec.Struct, frozen=True):
    """A call-back of the list. requested: position of its first event. number: sealed, for the keyring to open. outcome: "" while it is open."""

    id: UUID
    requested: int
    requested_ms: int
    interaction: UUID
    ivr: str
    queue: str
    contact: UUID
    number: str
    outcome: str
    ended_ms: int | None


@query(ATTEND, CompanyRows)
def callbacks(
    rows: CompanyRows, after: int, limit: int, *, is_open: bool = False, as_of: int | None = None, moment_ms: int | None = None
) -> tuple[list[ListedCallback], int]:
    """At most `limit` call-backs in the order in which they were asked for, after the position `after`; and the position that the answer covers.

    is_open: only those that have no outcome. A caller who sees only some queues sees the call-backs of these.
    """
    only = "AND outcome = ''" if is_open else ""
    return rows.answer(
        as_of,
        moment_ms,
        lambda view: view.ask(ListedCallback, _PAGE.format(callbacks=view.rows_of("callbacks"), only=only), after=after, limit=limit),
    )
