"""Routes for monitoring (B2), and the live stream."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection
from typing import Annotated, Any, Concatenate, Literal, ParamSpec
from uuid import UUID

from fastapi import Depends, Header, Query, Response
from pydantic import Field
from sse_starlette import EventSourceResponse, ServerSentEvent

from api.access import LAST_EVENT_ID, Access, RequestContext, authorised
from api.answer_changes import Table
from api.asked import BOARD_EVERY_S, Asked, Watchable
from api.fair_turns import Claim
from api.field_types import Instant, Position, Shape
from api.figure_parameters import OfSome, past_of
from api.figures import AgentsNow, Noted, figures
from api.live_scope import LiveScope
from api.live_stream import Quiet, as_sent
from api.problem import Problem, invalid, invalid_header
from api.problem_documents import QUERY, documented
from api.slice_router import SliceRouter
from projections.engine.progress import ProjectionsStopped
from projections.engine.warehouse import WarehouseError
from projections.queries.agent_states import State
from projections.queries.calls_now import OngoingState
from projections.queries.monitoring import agents_belonged, interactions_seen, monitor
from store.database import StoreUnavailable

P = ParamSpec("P")

TAG = {"name": "monitoring", "description": "The current state of the center: agents and waiting calls, and the live stream."}

router = SliceRouter(
    prefix="/v1", tags=["monitoring"], responses=documented("unauthenticated", "not-allowed", "invalid", "unavailable", "clock")
)

QUIET_S = 15.0
"""Seconds without messages after which a keep-alive is sent."""

_EXAMPLE = """\
id: 1204
event: interaction
data: {"version":1,"position":1204,"occurred_at":"2026-03-02T17:05:09.250Z","type":"interaction","interaction_id":"40ca8005-24cc-572c-9dd4-4d30c9eb3e0b","call":"crm-4711","protocol":4711,"steps":[{"kind":"answered","queue":"vendas","agent":"Ana"}]}

: alive
id: 1219

"""

_ITEM: dict[str, Any] = {
    "type": "object",
    "required": ["id"],
    "properties": {
        "id": {"type": "string", "pattern": "^[0-9]+$", "description": "position of the log: the sequence number to resume from"},
        "event": {"type": "string", "description": "the type of the message; none in a keep-alive"},
        "data": {"type": "string", "contentMediaType": "application/json", "contentSchema": {"$ref": "#/components/schemas/LiveMessage"}},
    },
}

_MaybeInstant = Annotated[Instant | None, Field(examples=["2026-03-02T14:05:09-03:00"])]


class AgentState(Shape):
    """The state of one agent."""

    agent: Annotated[str, Field(examples=["Ana"])]
    agent_id: Annotated[UUID, Field(description="the agent's id: a name may pass to another agent")]
    state: State
    state_label: Annotated[str, Field(examples=["Em conversa"])]
    since: Annotated[_MaybeInstant, Field(description="since when; null for an agent who never logged in")]
    reason: Annotated[str | None, Field(description="reason of the pause; null without one", examples=["almoço"])]
    queue: Annotated[
        str | None, Field(description="queue of the current call; null without one, or if the caller may not see it", examples=["vendas"])
    ]
    queue_id: Annotated[UUID | None, Field(description="the id of that queue")]
    interaction_id: Annotated[UUID | None, Field(description="the current call; null without one, or if the caller may not see it")]
    on_hold: Annotated[bool, Field(description="whether the customer of that call is on hold")]
    logged_in_since: Annotated[
        _MaybeInstant, Field(description="when the agent logged in; null for one who is offline, or whose log-in no source saw")
    ]
    queues: Annotated[
        list[str], Field(description='queues in which the agent is logged in; "" means all', examples=[["vendas", "suporte"]])
    ]


class AgentsByGroup(Shape):
    """The four groups of the screen."""

    available: Annotated[list[AgentState], Field(description="Disponíveis: free or being rung, the longest idle first")]
    on_call: Annotated[list[AgentState], Field(description="Em Chamada: talking or wrapping up, by name")]
    paused: Annotated[list[AgentState], Field(description="Pausados, by name")]
    offline: Annotated[list[AgentState], Field(description="by name")]


class CallIdentity(Shape):
    """What a person or a program knows a call by."""

    call: Annotated[str | None, Field(description="the id from its source; null while it is not known", examples=["crm-4711"])]
    protocol: Annotated[int | None, Field(description="protocol number; null while it is not known", examples=[10538])]
    direction: Literal["inbound", "outbound"]
    direction_label: Annotated[str, Field(examples=["Inbound"])]
    from_number: Annotated[
        str | None,
        Field(description="the number that calls: the customer's, of an inbound call; null if it is not known", examples=["5511987654321"]),
    ]
    to_number: Annotated[
        str | None,
        Field(
            description="the number that is called: the company's, of an inbound call; null if it is not known", examples=["551140028922"]
        ),
    ]


class Waiting(CallIdentity):
    """A customer who waits for an agent."""

    visit_id: Annotated[UUID, Field(description="the visit to the queue: a call may wait in several")]
    interaction_id: UUID
    queue: Annotated[str, Field(examples=["vendas"])]
    queue_id: UUID
    place: Annotated[int, Field(ge=1, description="place in that queue")]
    since: Annotated[Instant, Field(examples=["2026-03-02T14:05:09-03:00"])]
    sla_ms: Annotated[int, Field(ge=0, description="the queue's threshold of the service level for this visit", examples=[20_000])]
    ringing: Annotated[list[str], Field(description="the agents who are rung for it", examples=[["Ana"]])]


class OngoingCall(CallIdentity):
    """A call that is talked, on hold, in an IVR, or dialled and not answered yet."""

    interaction_id: UUID
    state: OngoingState
    state_label: Annotated[str, Field(description="the state in pt-BR", examples=["Em conversa"])]
    since: Annotated[Instant, Field(description="since when it is in that state", examples=["2026-03-02T14:05:09-03:00"])]
    queue: Annotated[str | None, Field(description="null without one", examples=["vendas"])]
    queue_id: UUID | None
    agent: Annotated[str | None, Field(description="who talks, or for whom it is dialled; null if nobody", examples=["Ana"])]
    ivr: Annotated[str | None, Field(description="the IVR in which it is; null if in none", examples=["principal"])]


class LiveBoard(Noted):
    """B2: the state of the center at one instant."""

    at: Annotated[
        Instant,
        Field(description="the instant that is shown: of the last event, or of `as_of`", examples=["2026-03-02T14:05:09-03:00"]),
    ]
    covered_to: Annotated[_MaybeInstant, Field(description="the end of the sources' coverage, if it is before the requested instant")]
    agents: AgentsByGroup
    counts: AgentsNow
    waiting: Annotated[list[Waiting], Field(description="the customers who wait, the longest first")]
    calls: Annotated[list[OngoingCall], Field(description="the calls that go on, the longest in its state first")]


@router.get("/monitoring", summary="B2, the state of the center", responses=QUERY, response_model=LiveBoard)
async def get_monitoring(context: Annotated[RequestContext, authorised(monitor)], params: Annotated[OfSome, Query()]) -> Response:
    """Agents available (the longest idle first), on a call, paused (with reason and since when), offline; customers who wait; calls that go on. `as_of` selects any past.

    Begin the live stream after the `as_of` of the response (`after`) to get all later changes.
    """
    answer = await (await ask_board(context, params)).answer(context)
    return figures(answer)


async def ask_board(context: RequestContext, params: OfSome) -> Asked:
    """The question of the board."""
    question = (await past_of(context, params)).question(params, "total")
    return Asked(monitor, question, more=(context.application.center.store.keyring.open_text,))


TABLES = (
    Table("agents", "agent", ("available", "on_call", "paused", "offline")),
    Table("waiting", "visit_id"),
    Table("calls", "interaction_id"),
)
WATCHABLE = (Watchable("/v1/monitoring", OfSome, monitor, ask_board, BOARD_EVERY_S, lambda _: TABLES),)


async def _one_stream(context: Annotated[RequestContext, Depends(Access(interactions_seen))]) -> AsyncIterator[RequestContext]:
    """The context of a client that listens; its stream counts until it has ended."""
    with context.application.live_streams.one((context.tenant, context.credential.name)):
        yield context


@router.get(
    "/live",
    summary="What happens, as it happens",
    response_class=EventSourceResponse,
    responses={
        200: {
            "description": "Server-sent events without end",
            "content": {"text/event-stream": {"x-item-schema": _ITEM, "example": _EXAMPLE}},
        }
    },
)
async def follow_live_events(
    context: Annotated[RequestContext, Depends(_one_stream)],
    after: Annotated[
        Position | None,
        Query(
            description="begin after this log position: the `as_of` of a board that was read before; now by default",
            examples=[1204],
        ),
    ] = None,
    last_event_id: Annotated[
        Position | None,
        Header(
            alias=LAST_EVENT_ID, description="the last position that a reconnecting client has received; overrides `after`", examples=[1219]
        ),
    ] = None,
) -> EventSourceResponse:
    """The events of calls, agents, queues, IVRs and sources that the user may see, in the order of the log, without customers' data.

    Each message has a `type` and a `version` (`LiveMessage`); clients ignore types that they do not know. `id` is the position in the log: the
    sequence number. A client that reconnects sends the last one as `Last-Event-ID` (an EventSource does so by itself) and resumes without gaps and
    repeats, however long it was away. Every 15 s without messages a keep-alive is sent with the position reached. The stream ends when the access token
    expires, or when the server can no longer follow the log: reconnect, with a new token if the old one has expired. A user or API key has at most 10 of
    these streams at a time (429 `too-many-streams`).
    """
    application = context.application
    if application.feed.failed:
        raise Problem("unavailable", "the log cannot be followed now", headers={"Retry-After": "2"})
    name, refused = ("after", invalid) if last_event_id is None else (LAST_EVENT_ID, invalid_header)
    position = last_event_id if last_event_id is not None else after
    if position is None:
        position = application.center.store.head()
    else:
        await application.must_exist(position, name, refused)
    if not context.asker.scope.is_whole:
        # The rows decide which current calls the user may see.
        await application.reach(position, name, refused)
    return EventSourceResponse(_messages(context, position), ping=0)


async def _messages(context: RequestContext, position: int) -> AsyncIterator[ServerSentEvent | bytes]:
    live_scope = LiveScope(
        context.asker,
        lambda calls: _in_rows(context, interactions_seen, calls),
        lambda agents: _in_rows(context, agents_belonged, agents, position),
    )
    credential = context.credential
    feed, left_s = context.application.feed, credential.seconds_left()
    async for news in feed.after(context.tenant, position, QUIET_S, left_s, credential.is_valid, who=credential.name):
        if isinstance(news, Quiet):
            yield ServerSentEvent(comment="alive", id=str(news.position), sep="\n")
            continue
        try:
            seen = zip(news, await live_scope.of([rendered.message for rendered in news]), strict=True)
        except (StoreUnavailable, WarehouseError, ProjectionsStopped):
            return  # The client reconnects, and is told then if it lasts.
        sent = [rendered.sent if message is rendered.message else as_sent(message) for rendered, message in seen if message is not None]
        if sent:
            yield b"".join(sent)


async def _in_rows(
    context: RequestContext,
    query: Callable[Concatenate[Any, Collection[UUID], P], set[UUID]],
    ids: Collection[UUID],
    *args: P.args,
    **kwargs: P.kwargs,
) -> set[UUID]:
    """What the rows know of these, for a stream that has begun. All streams ask in turn, one at a time, so that nobody's questions about figures wait for them."""
    async with context.application.scope_turns.turn((context.tenant, context.credential.name), [Claim("rows", 1)], bounded=False):
        return await context.application.query(query, context.asker, ids, *args, **kwargs)
