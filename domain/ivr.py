"""An IVR (URA): a number that customers call, its business hours, its messages and its menu."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from msgspec.structs import replace

from domain.base import Aggregate, Event, EventMetadata, Personal
from domain.errors import AlreadyExists, InvalidField, NotFound, Refused
from domain.ivr_settings import MESSAGES, IvrSettings, Message, as_kept, check
from domain.names import checked_name

MOST_BLOCKED = 10_000


class IvrEvent(Event, frozen=True, kw_only=True):
    """Something about an IVR itself, not about its calls."""

    SLICE: ClassVar[str] = "ivr"


class IvrRegistered(IvrEvent, frozen=True, kw_only=True):
    """An IVR was registered, by an administrator or because a source named it (see `cause`)."""

    TOPIC: ClassVar[str] = "ivr.registered"
    name: str
    settings: IvrSettings


class IvrSettingsSet(IvrEvent, frozen=True, kw_only=True):
    """These hours, messages and menu apply from now on."""

    TOPIC: ClassVar[str] = "ivr.settings_set"
    settings: IvrSettings


class IvrDeleted(IvrEvent, frozen=True, kw_only=True):
    """The IVR was removed from the settings; its history stays."""

    TOPIC: ClassVar[str] = "ivr.deleted"


class CallerBlocked(IvrEvent, frozen=True, kw_only=True):
    """Calls from this contact's numbers are turned away from now on (blacklist). number: as it was entered, forgotten with the contact."""

    TOPIC: ClassVar[str] = "ivr.caller_blocked"
    contact: UUID
    number: Personal


class CallerUnblocked(IvrEvent, frozen=True, kw_only=True):
    """Calls from this contact are taken again."""

    TOPIC: ClassVar[str] = "ivr.caller_unblocked"
    contact: UUID


class Ivr(Aggregate):
    """One IVR. Its id derives from its name, which never changes, except in its spelling, because dialplans use it.

    spelling: the first spelling of the name, in which observations of it are recorded. An IVR that was deleted may be registered in another.
    blocked: the contacts on its blacklist, with the number of each as it was entered.
    """

    KIND = "ivr"
    EVENTS = IvrEvent

    def __init__(self, id: UUID, tenant: UUID) -> None:
        super().__init__(id, tenant)
        self.name = ""
        self.spelling = ""
        self.settings = IvrSettings()
        self.exists = False
        self.blocked: dict[UUID, Personal] = {}

    def register(self, name: str, settings: IvrSettings, metadata: EventMetadata, at: int | None = None) -> None:
        """Register the IVR, at `at` (a source's instant in microseconds) or now."""
        if self.exists:
            raise AlreadyExists("ivr-exists", f"there is an IVR {name} already")
        name = checked_name(name, "name", "an IVR")
        check(settings)
        settings = as_kept(settings)
        self.trigger(IvrRegistered, metadata, metadata.recorded_at if at is None else at, name=name, settings=settings)

    def set_settings(self, settings: IvrSettings, metadata: EventMetadata) -> None:
        """Change hours, messages and menu from now on."""
        self._must_exist()
        check(settings)
        settings = as_kept(settings)
        if settings != self.settings:
            self.trigger(IvrSettingsSet, metadata, metadata.recorded_at, settings=settings)

    def set_audio(self, message: str, file: str, media: str, metadata: EventMetadata) -> None:
        """Play an uploaded file (its name and its SHA-256) as the message of this name from now on, instead of what it was."""
        if message not in MESSAGES:
            raise InvalidField("name", f"an IVR's messages are {', '.join(MESSAGES)}")
        self.set_settings(replace(self.settings, **{message: Message(file=file, media=media)}), metadata)

    def block(self, contact: UUID, number: Personal, metadata: EventMetadata) -> None:
        """Turn away the calls of a contact. A repeat changes nothing."""
        self._must_exist()
        if contact in self.blocked:
            return
        if len(self.blocked) >= MOST_BLOCKED:
            raise Refused("too-many-blocked", f"an IVR has at most {MOST_BLOCKED} blocked callers")
        self.trigger(CallerBlocked, metadata, metadata.recorded_at, contact=contact, number=number)

    def unblock(self, contact: UUID, metadata: EventMetadata) -> None:
        """Take the calls of a contact again. Raises NotFound if they are taken already."""
        self._must_exist()
        if contact not in self.blocked:
            raise NotFound("contact-unknown", "no such contact is on the blacklist of this IVR")
        self.trigger(CallerUnblocked, metadata, metadata.recorded_at, contact=contact)

    def delete(self, metadata: EventMetadata) -> None:
        """Remove it from the settings."""
        self._must_exist()
        self.trigger(IvrDeleted, metadata, metadata.recorded_at)

    def apply(self, event: Event) -> None:
        match event:
            case IvrRegistered(name=name, settings=settings):
                self.name, self.spelling, self.settings, self.exists = name, self.spelling or name, settings, True
            case IvrSettingsSet(settings=settings):
                self.settings = settings
            case IvrDeleted():
                self.exists = False
            case CallerBlocked(contact=contact, number=number):
                self.blocked[contact] = number
            case CallerUnblocked(contact=contact):
                self.blocked.pop(contact, None)

    def _must_exist(self) -> None:
        if not self.exists:
            raise NotFound("ivr-unknown", "no such IVR")
