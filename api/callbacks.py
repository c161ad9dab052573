"""Routes for callbacks: callers of an IVR who asked to be called back instead of waiting."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from fastapi import Query, Response
from pydantic import Field

from api.access import Authenticated, RequestContext, authorised
from api.calls import own_agent
from api.field_types import Body, CallbackId, Instant, Name, Receipt, Shape
from api.figure_parameters import Past
from api.instants import iso
from api.lists import Key, Listing, Page, Paged, part_of
from api.problem_documents import QUERY, documented, of_command
from api.slice_router import SliceRouter
from commands.callbacks import ConcludeCallback
from commands.calls import PlaceCall
from domain.callbacks import CallbackOutcome
from projections.queries.callbacks import ListedCallback, callback_to_dial, callbacks
from projections.queries.labels import CallbackState, labelled

TAG = {"name": "callbacks", "description": "Callers of an IVR who asked to be called back."}

router = SliceRouter(prefix="/v1/callbacks", tags=["callbacks"], responses=documented("unauthenticated", "invalid", "unavailable", "clock"))


class OfCallbacks(Paged):
    """Parameters of the list."""

    state: Annotated[Literal["open", "any"], Field(description="`open`: those that nobody has concluded yet")] = "open"


class CallbackDetail(Shape):
    """A callback."""

    id: UUID
    state: Annotated[
        CallbackState,
        Field(
            description="`open`: the caller waits for it; `reached`: somebody talked to the caller; `lost`: nobody did, or will",
            examples=["open"],
        ),
    ]
    state_label: Annotated[str, Field(examples=["Aguardando"])]
    requested_at: Annotated[Instant, Field(examples=["2026-03-02T17:05:09.250Z"])]
    ended_at: Annotated[Instant | None, Field(description="null while it is open", examples=[None])]
    queue: Annotated[str, Field(description="chosen by the caller", examples=["vendas"])]
    ivr: Annotated[str, Field(examples=["principal"])]
    from_number: Annotated[
        str, Field(description="the number to call; `(anonimizado)` once the contact was forgotten", examples=["5511987654321"])
    ]
    contact_id: UUID
    interaction_id: Annotated[UUID, Field(description="the call in which the caller asked for it")]


class CallbackResult(Body):
    """How a callback ended."""

    outcome: Annotated[
        CallbackOutcome, Field(description="`reached`: somebody talked to the caller; `lost`: nobody did, or will", examples=["reached"])
    ]


@router.get("", summary="Callers who asked to be called back", responses=QUERY)
async def list_callbacks(
    context: Annotated[RequestContext, authorised(callbacks)], params: Annotated[OfCallbacks, Query()]
) -> Page[CallbackDetail]:
    """In the order in which they asked for it."""

    async def fetch(past: Past, after: Key, limit: int) -> tuple[list[ListedCallback], int]:
        return await context.ask(
            callbacks, int(after[0]), limit, is_open=params.state == "open", as_of=past.as_of, moment_ms=past.moment_ms
        )

    part = await part_of(context, params, Listing("callbacks", (0,), fetch, lambda row: (row.requested,)))
    keyring = context.application.center.store.keyring
    return Page(
        items=[
            CallbackDetail(
                id=row.id,
                **labelled("state", "callback_state", row.outcome or "open"),
                requested_at=iso(row.requested_ms),
                ended_at=iso(row.ended_ms) if row.ended_ms is not None else None,
                queue=row.queue,
                ivr=row.ivr,
                from_number=keyring.open_text(row.number),
                contact_id=row.contact,
                interaction_id=row.interaction,
            )
            for row in part.rows
        ],
        next=part.next,
        as_of=part.as_of,
    )


class CallingAgent(Body):
    """Who calls back."""

    agent: Annotated[Name | None, Field(description="who calls; if omitted, the agent that belongs to the caller", examples=["Ana"])] = None


@router.post(
    "/{callback_id}/call", status_code=201, summary="Call somebody back", responses=of_command("not-found"), response_model=Receipt
)
async def dial_callback(
    callback_id: CallbackId, body: CallingAgent, context: Annotated[RequestContext, authorised(callback_to_dial)]
) -> Response:
    """The PBX rings the agent first and then the caller who asked for it, as `POST /v1/calls` does; `id` is the new interaction. The callback stays open until it is concluded.

    Refused as `POST /v1/calls`, and for a callback that has ended.
    """
    found = await context.ask(callback_to_dial, callback_id)
    agent = await own_agent(context, body.agent, "agent")
    return await context.do(PlaceCall(agent=agent, number=found.number, queue=found.queue), 201)


@router.post("/{callback_id}/conclude", summary="State how a callback ended", responses=of_command("not-found"), response_model=Receipt)
async def conclude_callback(callback_id: CallbackId, body: CallbackResult, context: Authenticated) -> Response:
    """Whoever called back, or gives it up, states it here; the callback is open until then."""
    return await context.do(ConcludeCallback(callback=callback_id, outcome=body.outcome))
