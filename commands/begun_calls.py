"""How a call is begun and known: by the integration's own id of it, under which it is recorded unless that may name a person."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from msgspec import Meta

from commands.handler_context import DoneWith, HandlerContext, Result
from commands.observations import observe
from domain.access import REPORTS
from domain.base import FORGOTTEN, Personal
from domain.ids import interaction_id
from domain.personal_data import may_name_a_person, normalised_phone
from domain.voice.facts import Fact
from domain.voice.interactions import Interaction
from store.event_store import Store


class BegunCall(Result, frozen=True, kw_only=True):
    """How a call is known."""

    call: Annotated[
        str,
        Meta(
            description="your own id of the call, as it is recorded: a UUID in its place if it may be a telephone number or a CPF, and without one",
            examples=["crm-4711"],
        ),
    ]
    protocol: Annotated[int, Meta(description="PROTOCOLO", examples=[4711])]


def begin_call(context: HandlerContext, call: str, fact: Fact) -> DoneWith[BegunCall]:
    """Record that the call begins with this fact, unless it was begun as the same call before."""
    stated, call = call, _recorded_id(call, context)
    identity = interaction_id(context.tenant, call)
    interaction = context.load(Interaction, identity) or context.add(Interaction(identity, context.tenant))
    if interaction.call is None:
        observe(context, interaction, call, (fact,))
    else:
        direction = "outbound" if fact.kind == "dialled" else "inbound"
        given, number = _readable(fact.private, context), _readable(interaction.call.number, context)
        sender = context.caller.user
        interaction.must_begin_as(direction, given, number, reads_past=sender is None or REPORTS in sender.permissions)
    assert interaction.call is not None
    if stated not in ("", call) and context.whose("call", stated) is None:
        context.name("call", stated, identity)
        if interaction.call.contact is not None:
            context.own(identity, interaction.call.contact)
    return DoneWith(interaction, BegunCall(call=interaction.call.call, protocol=interaction.call.protocol))


def _readable(number: Personal | None, context: HandlerContext) -> str:
    """A telephone number as it is compared; "" for none, and for one that was forgotten."""
    plain = context.keyring.open(number) if number is not None else ""
    return "" if plain == FORGOTTEN else normalised_phone(plain)


def _recorded_id(call: str, context: HandlerContext) -> str:
    """The id under which a call is recorded: the integration's own, unless it may name a person.

    Such an id is in the key store's index alone, by which a repeat finds the same call until its contact is forgotten. An id that a call has in the log
    already, from a source or an earlier release, is readable there and goes on meaning that call.
    """
    if not may_name_a_person(call) or context.load(Interaction, interaction_id(context.tenant, call)) is not None:
        return call or str(context.new_id())
    known = context.whose("call", call)
    interaction = context.load(Interaction, known) if known is not None else None
    return interaction.call.call if interaction is not None and interaction.call is not None else str(context.new_id())


def recorded_call(store: Store, tenant: UUID, call: str) -> UUID:
    """The id of the call that a source or an integration knows by this id. One that may name a person leads to it until its contact is forgotten."""
    sealed = store.keyring.find(store.keyring.tag(tenant, "call", call)) if may_name_a_person(call) else None
    return sealed or interaction_id(tenant, call)
