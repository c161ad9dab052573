"""Routes for the blacklist of an IVR (URA): numbers whose calls are turned away."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Response
from pydantic import Field

from api.access import Authenticated, RequestContext, authorised
from api.field_types import Body, IvrId, Phone, Receipt, Shape
from api.problem_documents import documented, of_command
from api.slice_router import SliceRouter
from commands.ivr import BlockCaller, UnblockCaller
from projections.queries.settings import blocked_callers

router = SliceRouter(
    prefix="/v1/ivrs",
    tags=["ivr"],
    responses=documented("unauthenticated", "not-allowed", "invalid", "unavailable", "clock"),
)


class NewBlockedCaller(Body):
    """A number whose calls are turned away."""

    phone: Annotated[
        Phone,
        Field(
            description="country code (Brazil's if it is missing), area code, number, in any spelling; 8 digits or more",
            examples=["+55 11 98765-4321"],
        ),
    ]


class UnblockedCaller(Body):
    """A caller who is taken off the blacklist."""

    contact_id: Annotated[UUID, Field(description="from the list", examples=["40ca8005-24cc-572c-9dd4-4d30c9eb3e0b"])]


class BlockedCallerDetail(Shape):
    """A caller on the blacklist."""

    contact_id: Annotated[UUID, Field(description="the contact whose numbers are blocked")]
    phone: Annotated[
        str, Field(description="as it was entered; `(anonimizado)` once the contact was forgotten", examples=["+55 11 98765-4321"])
    ]


class BlockedCallerList(Shape):
    """The blacklist of an IVR."""

    items: Annotated[list[BlockedCallerDetail], Field(description="the oldest entry first")]


@router.get("/{ivr_id}/blocked-callers", summary="The blacklist of an IVR", responses=documented("not-found"))
async def list_blocked_callers(ivr_id: IvrId, context: Annotated[RequestContext, authorised(blocked_callers)]) -> BlockedCallerList:
    """Callers whose calls the IVR turns away."""
    found = await context.ask(blocked_callers, ivr_id)
    return BlockedCallerList(items=[BlockedCallerDetail(contact_id=one.contact, phone=one.number) for one in found])


@router.post(
    "/{ivr_id}/blocked-callers", status_code=201, summary="Block a caller", responses=of_command("not-found"), response_model=Receipt
)
async def block_caller(ivr_id: IvrId, body: NewBlockedCaller, context: Authenticated) -> Response:
    """Turns away the calls of this number from now on. A repeat changes nothing."""
    return await context.do(BlockCaller(ivr=ivr_id, number=body.phone), 201)


@router.post("/{ivr_id}/unblock-caller", summary="Unblock a caller", responses=of_command("not-found"), response_model=Receipt)
async def unblock_caller(ivr_id: IvrId, body: UnblockedCaller, context: Authenticated) -> Response:
    """Takes the caller's calls again."""
    return await context.do(UnblockCaller(ivr=ivr_id, contact=body.contact_id))
