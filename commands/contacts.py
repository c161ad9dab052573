"""Contacts registered by people, and forgotten at their own wish. Those that call come to be by themselves (`HandlerContext.contact_for`)."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from commands.handler_context import Command, Done, HandlerContext, handles
from domain.access import MANAGE_CONTACTS
from domain.contacts import Contact, normalised
from domain.errors import AlreadyExists, InvalidField
from domain.voice.interactions import Interaction


class RegisterContact(Command, frozen=True, kw_only=True):
    """Register a contact by name, with up to ten phones (country code, area code, number).

    A contact who has called from one of them, and has no name yet, gets this one. Raises AlreadyExists for a named one.
    """

    permission: ClassVar[str] = MANAGE_CONTACTS
    name: str
    phones: tuple[str, ...] = ()


class ForgetContact(Command, frozen=True, kw_only=True):
    """Forget a contact for good (LGPD): nobody, not even the operator, can read any more who it was.

    interactions: those of the contact that were open when whoever asks looked them up. While one of them still is, it is refused.
    """

    permission: ClassVar[str] = MANAGE_CONTACTS
    contact: UUID
    interactions: tuple[UUID, ...] = ()


@handles(RegisterContact)
def register_contact(command: RegisterContact, context: HandlerContext) -> Done:
    """Let the contact be found by its phones from now on."""
    phones = tuple(dict.fromkeys(normalised(phone) for phone in command.phones))
    if any(not any(character.isdigit() for character in phone) for phone in phones):
        raise InvalidField("phones", "a phone has digits")
    owners = {phone: context.whose("phone", phone) for phone in phones}
    known = {owner for owner in owners.values() if owner is not None}
    if len(known) > 1:
        raise AlreadyExists("these phones belong to more than one contact")
    contact = context.get(Contact, known.pop()) if known else context.add(Contact(context.new_id(), context.tenant))
    new = [phone for phone in phones if owners[phone] is None]
    contact.register(command.name, new, context.metadata)
    for phone in new:
        context.name("phone", phone, contact.id)
    return Done(contact)


@handles(ForgetContact)
def forget_contact(command: ForgetContact, context: HandlerContext) -> Done:
    """The key is destroyed before the event is saved: what the log says is done is done. Asked again, the key is destroyed again."""
    contact = context.get(Contact, command.contact)
    contact.forget([context.get(Interaction, interaction) for interaction in command.interactions], context.metadata)
    context.forget(contact.id)
    return Done(contact)
