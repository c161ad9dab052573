"""How calls are found by what names them: by a customer's telephone number and by an own id, which only the key store may know, and right after a command."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from api.access import RequestContext
from api.figure_parameters import OfPast, Past, past_of
from commands.begun_calls import recorded_call
from commands.contacts import known_contact
from projections.queries.one_interaction import last_position
from store.event_store import Store

NOBODY = UUID(int=0)
"""The id of a contact that does not exist: it finds nothing."""


@dataclass(frozen=True)
class LookedUp:
    """contact: the customer with the number of the search, NOBODY if no contact has it. call: the call with the own id of the search. None: not asked for.

    The ids stand for what may name a person: a cursor can be read by whoever has it, and a digest of a number could be guessed.
    """

    contact: UUID | None = None
    call: UUID | None = None


async def looked_up(context: RequestContext, phone: str | None, call: str) -> LookedUp:
    """Whom the number of a search names, and which call its own id. None and "": not asked for."""
    return await context.application.ask(_found, context.application.center.store, context.tenant, phone, call)


async def is_contact(context: RequestContext, id: UUID) -> bool:
    """Whether a contact of the company has this id."""
    return await context.application.ask(known_contact, context.application.center.store, context.tenant, contact=id) is not None


async def past_of_call(context: RequestContext, call: UUID, params: OfPast) -> Past:
    """The past of a question about one call. Now, the answer has the call's last event, so that who has just changed it reads what came of it.

    Raises Problem (503) if the rows do not have it in time.
    """
    past = await past_of(context, params)
    if past.as_of is None:
        await context.application.reach(await context.ask(last_position, call), "interaction_id")
    return past


def _found(store: Store, tenant: UUID, phone: str | None, call: str) -> LookedUp:
    contact = None
    if phone is not None:
        known = known_contact(store, tenant, phone=phone)
        contact = known.id if known is not None else NOBODY
    return LookedUp(contact, recorded_call(store, tenant, call) if call else None)
