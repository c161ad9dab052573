"""The center as it stands (B2), and what happens in it, live."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Header, Query, Response
from pydantic import Field
from sse_starlette import EventSourceResponse, ServerSentEvent

from api.access import Asking, asks
from api.field_types import Position, Shape
from api.figure_parameters import OfSome, past_of
from api.figures import AgentsNow, Lineage, figures
from api.live_scope import Sight
from api.live_stream import Quiet
from api.problem import QUESTION, Problem, documented
from projections.queries.agent_states import State
from projections.queries.monitoring import interaction_seen, monitor

TAG = {"name": "monitoring", "description": "The center as it stands: agents and waiting calls, and the live stream."}

router = APIRouter(
    prefix="/v1", tags=["monitoring"], responses=documented("unauthenticated", "not-allowed", "invalid", "unavailable", "clock")
)

QUIET_S = 15.0
"""A silent line says after so many seconds that it is alive."""

_EXAMPLE = """\
id: 1204
event: interaction
data: {"version":1,"position":1204,"occurred_at":"2026-03-02T17:05:09.250Z","type":"interaction","interaction":"40ca8005-24cc-572c-9dd4-4d30c9eb3e0b","steps":[{"what":"answered","queue":"vendas","agent":"Ana"}]}

: alive
id: 1219

"""

_ITEM: dict[str, Any] = {
    "type": "object",
    "required": ["id"],
    "properties": {
        "id": {"type": "string", "pattern": "^[0-9]+$", "description": "position of the log: the sequence number to resume from"},
        "event": {"type": "string", "description": "the type of the message; none on a silent line"},
        "data": {"type": "string", "contentMediaType": "application/json", "contentSchema": {"$ref": "#/components/schemas/LiveMessage"}},
    },
}

Instant = Annotated[str | None, Field(description="ISO 8601 with offset", examples=["2026-03-02T14:05:09-03:00"])]


class StandingAgent(Shape):
    """How one agent stands."""

    agent: Annotated[str, Field(examples=["Ana"])]
    state: State
    since: Annotated[Instant, Field(description="since when; null for one who never came in")]
    reason: Annotated[str, Field(description="of the pause", examples=["almoço"])]
    queue: Annotated[str, Field(description="of the call at hand; empty without one", examples=["vendas"])]
    interaction: Annotated[UUID | None, Field(description="the call at hand")]
    on_hold: Annotated[bool, Field(description="whether the customer of that call hears music")]
    queues: Annotated[list[str], Field(description='in which the agent is in; "" stands for all', examples=[["vendas", "suporte"]])]


class AgentsByGroup(Shape):
    """The four groups of the screen."""

    available: Annotated[list[StandingAgent], Field(description="Disponíveis: free or being rung, the longest idle first")]
    on_call: Annotated[list[StandingAgent], Field(description="Em Chamada: talking or wrapping up, by name")]
    paused: Annotated[list[StandingAgent], Field(description="Pausados, by name")]
    offline: Annotated[list[StandingAgent], Field(description="by name")]


class Waiting(Shape):
    """A customer who waits for an agent."""

    interaction: UUID
    call: Annotated[str, Field(description="the id that its source gave it", examples=["crm-4711"])]
    queue: Annotated[str, Field(examples=["vendas"])]
    place: Annotated[int, Field(ge=1, description="place in that queue")]
    since: Annotated[str, Field(description="ISO 8601 with offset", examples=["2026-03-02T14:05:09-03:00"])]
    ringing: Annotated[list[str], Field(description="the agents whose phones ring for it", examples=[["Ana"]])]


class Board(Lineage):
    """B2: the center as it stands at one instant."""

    at: Annotated[str, Field(description="the instant, ISO 8601 with offset", examples=["2026-03-02T14:05:09-03:00"])]
    covered_to: Annotated[Instant, Field(description="where the sources' knowledge ends, if before the instant asked about")]
    agents: AgentsByGroup
    counts: AgentsNow
    waiting: Annotated[list[Waiting], Field(description="who waits, the longest first")]


@router.get("/monitoring", summary="B2, the center as it stands", responses=QUESTION, response_model=Board)
async def monitoring(asking: Annotated[Asking, asks(monitor)], asked: Annotated[OfSome, Query()]) -> Response:
    """Agents available (the longest idle first), on a call, paused (with reason and since when), offline; who waits. `as_of` any past.

    The `as_of` of the answer is where to begin the live stream (`after`), which then tells all that changes.
    """
    past = await past_of(asking, asked)
    return figures(await asking.ask(monitor, past.question(asked, "total")))


@router.get(
    "/live",
    summary="What happens, as it happens",
    response_class=EventSourceResponse,
    responses={
        200: {
            "description": "Server-sent events without end",
            "content": {"text/event-stream": {"itemSchema": _ITEM, "example": _EXAMPLE}},
        }
    },
)
async def live(
    asking: Annotated[Asking, asks(interaction_seen)],
    after: Annotated[
        Position | None,
        Query(
            description="begin behind this position of the log: the `as_of` of a board that was read before; now if it is left out",
            examples=[1204],
        ),
    ] = None,
    last_event_id: Annotated[
        Position | None, Header(description="what a client that reconnects has had last; it takes over from `after`", examples=[1219])
    ] = None,
) -> EventSourceResponse:
    """What happens to the calls, agents, queues, IVRs and sources that the asker may see, in the order of the log, without customers' data.

    Each message has a `type` and a `version` (`LiveMessage`); a client passes over types that it does not know. `id` is the position in the log: the
    sequence number. A client that reconnects sends the last one as `Last-Event-ID` (an EventSource does so by itself) and goes on with no gap and no
    double, however long it was away. A silent line tells every 15 s how far the log has been followed. The stream ends when the access token
    expires, and when the server can no longer follow the log: come back, with a new token where the old one has expired.
    """
    application = asking.application
    if application.feed.failed:
        raise Problem("unavailable", "the log cannot be followed now", headers={"Retry-After": "2"})
    position = last_event_id if last_event_id is not None else after
    if position is None:
        position = application.center.store.head()
    else:
        await application.must_exist(position, "after" if last_event_id is None else "Last-Event-ID")
    if not asking.asker.scope.is_whole:
        # What may be seen of calls that go on is asked of the rows.
        await application.reach(position, "after" if last_event_id is None else "Last-Event-ID")
    return EventSourceResponse(_messages(asking, position), ping=0)


async def _messages(asking: Asking, position: int) -> AsyncIterator[ServerSentEvent]:
    async def seen_in_rows(interaction: UUID) -> bool:
        return await asking.ask(interaction_seen, interaction)

    sight = Sight(asking.asker, seen_in_rows)
    lifetime_s = asking.application.tokens.seconds_left(asking.claims)
    may_listen = partial(asking.application.active_users.includes, asking.claims)
    async for news in asking.application.feed.after(asking.tenant, position, QUIET_S, lifetime_s, may_listen):
        if isinstance(news, Quiet):
            yield ServerSentEvent(comment="alive", id=str(news.position), sep="\n")
            continue
        said = await sight.of(news.said)
        if said is not None:
            data = news.data if said is news.said else said.model_dump_json()
            yield ServerSentEvent(data, event=said.type, id=str(said.position), sep="\n")
