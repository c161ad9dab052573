"""A contact (contato): somebody who calls or is called. Data that names the person is sealed, and can be forgotten for good."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar
from uuid import UUID

from domain.base import Aggregate, Event, EventMetadata, Personal
from domain.errors import AlreadyExists, InvalidField, NotFound, Refused
from domain.names import checked_name
from domain.voice.interactions import Interaction

MOST_PHONES = 10
LONGEST_NAME = 200


class ContactEvent(Event, frozen=True, kw_only=True):
    """Something about a contact."""

    SLICE: ClassVar[str] = "contacts"


class ContactAppeared(ContactEvent, frozen=True, kw_only=True):
    """The first call from, or to, an unknown number."""

    TOPIC: ClassVar[str] = "contact.appeared"
    phone: Personal


class ContactRegistered(ContactEvent, frozen=True, kw_only=True):
    """Somebody registered the contact, with a name; it may have appeared before."""

    TOPIC: ClassVar[str] = "contact.registered"
    name: Personal
    phones: tuple[Personal, ...] = ()


class ContactForgotten(ContactEvent, frozen=True, kw_only=True):
    """The contact's key is destroyed (LGPD): nobody can read any more who it was. All figures stay."""

    TOPIC: ClassVar[str] = "contact.forgotten"


class Contact(Aggregate):
    """One person or organisation, under a random id."""

    KIND = "contact"
    EVENTS = ContactEvent

    def __init__(self, id: UUID, tenant: UUID) -> None:
        super().__init__(id, tenant)
        self.name: Personal | None = None
        self.phones: tuple[Personal, ...] = ()
        self.forgotten = False

    def appear(self, phone: str, metadata: EventMetadata) -> None:
        """Create the contact from a phone number, without a name."""
        self.trigger(ContactAppeared, metadata, metadata.recorded_at, phone=Personal(self.id, phone))

    def register(self, name: str, new_phones: Iterable[str], metadata: EventMetadata) -> None:
        """Set the name, and add these phones to the known ones. Refused for a contact that has a name."""
        if self.forgotten:
            raise NotFound("contact-unknown", "no such contact")
        if self.name is not None:
            raise AlreadyExists("contact-exists", "a contact with one of these phones is registered already")
        name = checked_name(name, "name", "a contact", LONGEST_NAME)
        added = tuple(Personal(self.id, phone) for phone in new_phones)
        if len(self.phones) + len(added) > MOST_PHONES:
            raise InvalidField("phones", f"a contact has at most {MOST_PHONES} phones")
        self.trigger(ContactRegistered, metadata, metadata.recorded_at, name=Personal(self.id, name), phones=added)

    def forget(self, interactions: Iterable[Interaction], metadata: EventMetadata) -> None:
        """Forget the contact. Refused while one of these interactions with it is open."""
        if any(interaction.is_open_with(self.id) for interaction in interactions):
            raise Refused("contact-in-call", "the contact has an open interaction")
        if not self.forgotten:
            self.trigger(ContactForgotten, metadata, metadata.recorded_at)

    def apply(self, event: Event) -> None:
        match event:
            case ContactAppeared(phone=phone):
                self.phones = (*self.phones, phone)
            case ContactRegistered(name=name, phones=phones):
                self.name = name
                self.phones = (*self.phones, *phones)
            case ContactForgotten():
                self.name, self.phones, self.forgotten = None, (), True
