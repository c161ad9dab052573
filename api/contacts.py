"""Routes for contacts: make a person's data unreadable for ever (LGPD)."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Response
from pydantic import ConfigDict, Field, ValidationInfo, field_validator

from api.access import REPLAYED, RequestContext, authorised
from api.field_types import Body, Phone, Shape
from api.problem_documents import documented, of_command
from api.slice_router import SliceRouter
from commands.contacts import ForgetContact, KnownContact, known_contact
from commands.handler_context import RepeatedReceipt
from domain.base import NOBODY
from domain.errors import NotFound
from projections.queries.contacts import interactions_of_contact

TAG = {"name": "contacts", "description": "Contacts (contatos): who calls and is called."}

router = SliceRouter(prefix="/v1/contacts", tags=["contacts"], responses=documented("unauthenticated", "invalid", "unavailable", "clock"))


class ToForget(Body):
    """The contact to forget: by exactly one of its id and one of its phone numbers."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"phone": "(31) 97791-6159", "dry_run": True}, {"contact_id": "7b9d2f0e-5a4b-7c1e-9a77-0d5d8a8c6f10"}]
        }
    )

    contact_id: Annotated[UUID | None, Field(description="the contact's id")] = None
    phone: Annotated[Phone | None, Field(description="one of its phone numbers, in any spelling", validate_default=True)] = None
    dry_run: Annotated[bool, Field(description="only say what would be forgotten")] = False

    @field_validator("phone")
    @classmethod
    def _names_one_contact(cls, phone: str | None, info: ValidationInfo) -> str | None:
        if "contact_id" in info.data and (info.data["contact_id"] is None) == (phone is None):
            raise ValueError("should be sent, or contact_id in its place, and not both")
        return phone


class Forgetting(Shape):
    """What was found of the contact, and whether it is forgotten now."""

    contact_id: Annotated[UUID, Field(description="the contact's id, which stays in figures and histories")]
    name: Annotated[str, Field(description="as it was found; empty for an unknown name", examples=["Ana Souza"])]
    phones: Annotated[list[str], Field(description="as they were found", examples=[["5531977916159"]])]
    interactions: Annotated[int, Field(description="its interactions: they stay in every figure, without name and number", examples=[12])]
    open_interaction_ids: Annotated[list[UUID], Field(description="those that go on; the contact cannot be forgotten before they end")]
    forgotten: Annotated[bool, Field(description="whether its data is unreadable now")]
    position: Annotated[int | None, Field(description="log position of the forgetting; null if nothing was done", examples=[1204])] = None


@router.post("/forget", summary="Forget a contact", responses=of_command("not-found", "not-reached"))
async def forget_contact(
    body: ToForget, context: Annotated[RequestContext, authorised(interactions_of_contact)], response: Response
) -> Forgetting:
    """Destroys the key of the contact's data, for ever: nobody, not even the operator, can read who it was. Every figure stays.

    `dry_run` says what was found and changes nothing. A contact with an open interaction is refused (409). A repeat finds the contact by its id only; one by number
    with the same `Idempotency-Key` gets 409 `idempotency-key-forgotten`, which says that the first was executed.
    """
    context.asker.scope.must_be_whole()
    application = context.application
    found = await application.ask(
        lambda: known_contact(application.center.store, context.tenant, contact=body.contact_id, phone=body.phone or "")
    )
    by_phone = body.contact_id is None
    if found is None:
        if not body.dry_run:
            # The idempotency key may tell that the contact was forgotten: the command is refused with what it tells.
            await application.execute(ForgetContact(contact=body.contact_id or NOBODY, by_phone=by_phone), context.caller)
        raise NotFound("contact-unknown", "no such contact")
    # An interaction that began a moment ago counts too.
    await application.reach(application.center.store.head(), "contact")
    interactions = await context.ask(interactions_of_contact, found.id)
    if body.dry_run:
        return _shaped(found, interactions.total, interactions.open, forgotten=found.forgotten)
    command = ForgetContact(contact=found.id, interactions=interactions.open, by_phone=by_phone)
    receipt = await application.execute(command, context.caller)
    if isinstance(receipt, RepeatedReceipt):
        response.headers[REPLAYED] = "true"
    return _shaped(found, interactions.total, (), forgotten=True, position=receipt.position)


def _shaped(found: KnownContact, total: int, going_on: tuple[UUID, ...], *, forgotten: bool, position: int | None = None) -> Forgetting:
    return Forgetting(
        contact_id=found.id,
        name=found.name,
        phones=list(found.phones),
        interactions=total,
        open_interaction_ids=list(going_on),
        forgotten=forgotten,
        position=position,
    )
