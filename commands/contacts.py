"""Commands that register and forget contacts. A first call creates its contact automatically (`HandlerContext.contact_for`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from commands.handler_context import Command, Done, HandlerContext, handles
from domain.access import FORGET_CONTACTS, MANAGE_CONTACTS
from domain.contacts import Contact
from domain.errors import AlreadyExists, InvalidField
from domain.personal_data import normalised_phone
from domain.voice.interactions import Interaction
from store.event_store import Store, project


class RegisterContact(Command, frozen=True, kw_only=True):
    """Register a contact by name, with up to ten phones (country code, area code, number).

    A contact without a name who has called from one of them gets this name. Raises AlreadyExists for a named one.
    """

    permission: ClassVar[str] = MANAGE_CONTACTS
    name: str
    phones: tuple[str, ...] = ()


class ForgetContact(Command, frozen=True, kw_only=True):
    """Forget a contact for good (LGPD): nobody, not even the operator, can read any more who it was.

    interactions: the contact's open interactions, as the caller found them. The command is refused while one of them is still open.
    by_phone: the contact was found by its number, by which nobody finds it afterwards: whether a repeat means the same contact cannot be told.
    """

    permission: ClassVar[str] = FORGET_CONTACTS
    contact: UUID
    interactions: tuple[UUID, ...] = ()
    by_phone: bool = False


@handles(RegisterContact)
def register_contact(command: RegisterContact, context: HandlerContext) -> Done:
    """The contact can be found by its phones from now on."""
    phones = tuple(dict.fromkeys(normalised_phone(phone) for phone in command.phones))
    if any(not any(character.isdigit() for character in phone) for phone in phones):
        raise InvalidField("phones", "a phone has digits")
    owners = {phone: context.whose("phone", phone) for phone in phones}
    known = {owner for owner in owners.values() if owner is not None}
    if len(known) > 1:
        raise AlreadyExists("phones-of-several-contacts", "these phones belong to more than one contact")
    contact = context.get(Contact, known.pop()) if known else context.add(Contact(context.new_id(), context.tenant))
    new = [phone for phone in phones if owners[phone] is None]
    contact.register(command.name, new, context.metadata)
    for phone in new:
        context.name("phone", phone, contact.id)
    return Done(contact)


@handles(ForgetContact)
def forget_contact(command: ForgetContact, context: HandlerContext) -> Done:
    """The key is destroyed before the event is saved, so the event proves that it is destroyed. A repeat destroys the key again."""
    contact = context.get(Contact, command.contact)
    contact.forget([context.get(Interaction, interaction) for interaction in command.interactions], context.metadata)
    context.forget(contact.id)
    return Done(contact, known_again=not command.by_phone)


@dataclass(frozen=True)
class KnownContact:
    """A contact as those may see it who may forget it. name: "" while it is unknown. phones: in the form of `normalised_phone`."""

    id: UUID
    name: str
    phones: tuple[str, ...]
    forgotten: bool


def known_contact(store: Store, tenant: UUID, *, contact: UUID | None = None, phone: str = "") -> KnownContact | None:
    """The contact of the company with this id, or with this phone number in any spelling; None if there is none."""
    if contact is None:
        contact = store.keyring.find(store.keyring.tag(tenant, "phone", normalised_phone(phone)))
    found = project(store.stream(contact), Contact) if contact is not None else None
    if found is None or found.tenant != tenant:
        return None
    opened = store.keyring.open
    return KnownContact(found.id, opened(found.name) if found.name else "", tuple(opened(phone) for phone in found.phones), found.forgotten)
