"""The center as it stands (B2), and what happens in it, live."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, Query
from sse_starlette import EventSourceResponse, ServerSentEvent

from api.asking import Asking, may
from api.house import House
from api.live import Message
from api.problem import documented
from api.shapes import Position

router = APIRouter(prefix="/v1", tags=["monitoring"], responses=documented("unauthenticated", "not-allowed", "invalid"))

MONITOR = "gerenciar-atendimento"

QUIET_S = 15.0
"""A silent line says after so many seconds that it is alive."""

_EXAMPLE = """\
id: 1204
event: interaction.answered
data: {"position":1204,"topic":"interaction.answered","id":"40ca8005-24cc-572c-9dd4-4d30c9eb3e0b","version":4,"occurred_at":"2026-03-02T17:05:09.250Z","recorded_at":"2026-03-02T17:05:09.251Z","what":{"facts":[],"call":{"call":"crm-4711","direction":"inbound"}}}

: alive
id: 1219

"""


@router.get(
    "/live",
    summary="What happens, as it happens",
    response_class=EventSourceResponse,
    responses={
        200: {
            "description": "Server-sent events without end",
            "content": {"text/event-stream": {"schema": {"type": "string"}, "example": _EXAMPLE}},
        }
    },
)
async def live(
    asking: Annotated[Asking, may(MONITOR)],
    after: Annotated[
        Position | None,
        Query(description="begin behind this position of the log: the `as_of` of a board that was read before; now if it is left out"),
    ] = None,
    last_event_id: Annotated[
        Position | None, Header(description="what a client that reconnects has had last; it takes over from `after`")
    ] = None,
) -> EventSourceResponse:
    """Every event of the center's calls, agents, queues, IVRs and sources, in the order of the log, without personal data.

    `id` is the event's position in the log: its sequence number. A client that reconnects sends the last one as
    `Last-Event-ID` (an EventSource does so by itself) and goes on with no gap and no double, however long it was away.
    A silent line tells every 15 s how far the log has been followed. The stream ends when the access token expires:
    come back with a new one.
    """
    house = asking.house
    position = last_event_id if last_event_id is not None else after
    if position is None:
        position = house.center.store.head()
    else:
        house.must_exist(position, "after" if last_event_id is None else "Last-Event-ID")
    return EventSourceResponse(_events(house, asking.tenant, position, house.tokens.seconds_left(asking.claims)), ping=0)


async def _events(house: House, tenant: UUID, position: int, lifetime_s: float) -> AsyncIterator[ServerSentEvent]:
    async for told in house.feed.after(tenant, position, QUIET_S, lifetime_s):
        if isinstance(told, Message):
            yield ServerSentEvent(told.data, event=told.topic, id=str(told.position), sep="\n")
        else:
            yield ServerSentEvent(comment="alive", id=str(told.position), sep="\n")
