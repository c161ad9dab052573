"""Callbacks that callers of an IVR asked for, page by page."""

from __future__ import annotations

from uuid import UUID

import msgspec

from domain.access import ATTEND
from domain.base import FORGOTTEN
from domain.callbacks import Callback
from domain.errors import NotFound, Refused
from projections.engine.temporal_view import CompanyRows
from projections.query_bus import CompanyLog, query

_PAGE = """
SELECT id, requested, requested_ms, interaction, ivr, queue, contact, number, outcome, ended_ms
FROM {callbacks} WHERE requested > {{after:UInt64}} {only} ORDER BY requested LIMIT {{limit:UInt32}}"""


class ListedCallback(msgspec.Struct, frozen=True):
    """A callback of the list. requested: position of its first event. number: sealed, for the keyring to open. outcome: "" while it is open."""

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
    """At most `limit` callbacks in the order in which they were asked for, after the position `after`; and the position that the answer covers.

    is_open: only those that have no outcome. A caller who sees only some queues sees the callbacks of these.
    """
    only = "AND outcome = ''" if is_open else ""
    return rows.answer(
        as_of,
        moment_ms,
        lambda view: view.ask(ListedCallback, _PAGE.format(callbacks=view.rows_of("callbacks"), only=only), after=after, limit=limit),
    )


class CallbackToDial(msgspec.Struct, frozen=True):
    """Whom to call, and for which queue."""

    number: str
    queue: str


@query(ATTEND, CompanyLog)
def callback_to_dial(log: CompanyLog, id: UUID) -> CallbackToDial:
    """A callback that is open. Raises NotFound, and Refused for one that has ended or whose caller was forgotten."""
    found = log.find(Callback, id)
    if not log.scope.sees_queue(found.queue):
        raise NotFound("callback-unknown", "no such callback")
    number = log.open(found.number)
    if found.outcome or number == FORGOTTEN:
        raise Refused("callback-ended", "the callback has ended already, or its caller was forgotten")
    return CallbackToDial(number, found.queue)
