"""An IVR (URA): a number that customers call, its business hours, its messages and its menu."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from domain.base import SECOND, Aggregate, Event, EventMetadata
from domain.errors import AlreadyExists, InvalidField, NotFound
from domain.names import checked_name
from domain.time_zones import is_time_zone

DIGITS = "0123456789*#"
ATTEMPTS = 3
"""How often a caller may choose no option, or an invalid one, before the IVR ends the call."""


class Message(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a caller hears: `text` spoken by `voice`, or an uploaded `file` (.mp3 or .wav). All empty: nothing."""

    text: str = ""
    voice: str = ""
    file: str = ""


class Hours(msgspec.Struct, frozen=True):
    """Open on a weekday (0 = Monday) from `opens` until before `closes`, both "hh:mm" in the IVR's time zone; "24:00" is the end of the day."""

    weekday: int
    opens: str
    closes: str


class Option(msgspec.Struct, frozen=True):
    """Keying `digit` leads to `queue`."""

    digit: str
    queue: str


class IvrSettings(msgspec.Struct, frozen=True, omit_defaults=True):
    """Number, business hours, messages and menu of an IVR.

    always_open: 24x7; else it is open during `hours` of the IANA time zone `timezone`. `menu`: options in the order in which they are read out.
    welcome greets, closed is heard out of hours, unanswered is heard when nobody answered in time.
    """

    country: str = "55"
    area_code: str = ""
    number: str = ""
    always_open: bool = True
    timezone: str = "America/Sao_Paulo"
    hours: tuple[Hours, ...] = ()
    welcome: Message = Message()
    closed: Message = Message()
    unanswered: Message = Message()
    menu: tuple[Option, ...] = ()


class Step(msgspec.Struct, frozen=True):
    """What the IVR does for a caller after it has played `messages`.

    closed: it ends the call, out of hours. ask: it waits for a digit. queue: it offers the call to `queue`. end: it ends the call.
    """

    kind: Literal["closed", "ask", "queue", "end"]
    messages: tuple[Message, ...] = ()
    queue: str = ""


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


class Ivr(Aggregate):
    """One IVR. Its id derives from its name, which never changes, except in its spelling, because dialplans use it.

    spelling: the first spelling of the name, in which observations of it are recorded. An IVR that was deleted may be registered in another.
    """

    KIND = "ivr"
    EVENTS = IvrEvent

    def __init__(self, id: UUID, tenant: UUID) -> None:
        super().__init__(id, tenant)
        self.name = ""
        self.spelling = ""
        self.settings = IvrSettings()
        self.exists = False

    def register(self, name: str, settings: IvrSettings, metadata: EventMetadata, at: int | None = None) -> None:
        """Register the IVR, at `at` (a source's instant in microseconds) or now."""
        if self.exists:
            raise AlreadyExists("ivr-exists", f"there is an IVR {name} already")
        name = checked_name(name, "name", "an IVR")
        _check(settings)
        self.trigger(IvrRegistered, metadata, metadata.recorded_at if at is None else at, name=name, settings=settings)

    def set_settings(self, settings: IvrSettings, metadata: EventMetadata) -> None:
        """Change hours, messages and menu from now on."""
        self._must_exist()
        _check(settings)
        if settings != self.settings:
            self.trigger(IvrSettingsSet, metadata, metadata.recorded_at, settings=settings)

    def delete(self, metadata: EventMetadata) -> None:
        """Remove it from the settings."""
        self._must_exist()
        self.trigger(IvrDeleted, metadata, metadata.recorded_at)

    def open_at(self, instant_us: int) -> bool:
        """Whether the IVR takes calls at an instant (microseconds), by the wall clock of its zone."""
        settings = self.settings
        if settings.always_open:
            return True
        local = datetime.fromtimestamp(instant_us // SECOND, ZoneInfo(settings.timezone))
        minute = local.hour * 60 + local.minute
        return any(hours.weekday == local.weekday() and _minute(hours.opens) <= minute < _minute(hours.closes) for hours in settings.hours)

    def next_step(self, instant_us: int, keyed: tuple[str, ...] = (), unanswered: bool = False) -> Step:
        """The next step for a caller who arrived at an instant (microseconds) and has keyed `keyed` since ("" = an attempt without a key).

        `unanswered`: the caller is back from a queue where nobody answered in time.
        """
        settings = self.settings
        if unanswered:
            return Step("end", _played(settings.unanswered))
        if not self.open_at(instant_us):
            return Step("closed", _played(settings.closed))
        if not settings.menu:
            return Step("end", _played(settings.welcome))
        if not keyed:
            return Step("ask", _played(settings.welcome))
        for option in settings.menu:
            if option.digit == keyed[-1]:
                return Step("queue", queue=option.queue)
        return Step("ask") if len(keyed) < ATTEMPTS else Step("end")

    def apply(self, event: Event) -> None:
        match event:
            case IvrRegistered(name=name, settings=settings):
                self.name, self.spelling, self.settings, self.exists = name, self.spelling or name, settings, True
            case IvrSettingsSet(settings=settings):
                self.settings = settings
            case IvrDeleted():
                self.exists = False

    def _must_exist(self) -> None:
        if not self.exists:
            raise NotFound("ivr-unknown", "no such IVR")


def _played(message: Message) -> tuple[Message, ...]:
    return () if message == Message() else (message,)


def _minute(clock: str) -> int:
    hours, _, minutes = clock.partition(":")
    return int(hours) * 60 + int(minutes)


def _check(settings: IvrSettings) -> None:
    for field in ("country", "area_code", "number"):
        digits = getattr(settings, field)
        if digits and not (digits.isascii() and digits.isdigit()):
            raise InvalidField(field, "only digits")
    if not is_time_zone(settings.timezone):
        raise InvalidField("timezone", f"no such time zone: {settings.timezone}")
    for hours in settings.hours:
        _check_hours(hours)
    for field in ("welcome", "closed", "unanswered"):
        _check_message(field, getattr(settings, field))
    _check_menu(settings.menu)


def _check_hours(hours: Hours) -> None:
    if not 0 <= hours.weekday <= 6:
        raise InvalidField("hours", "a weekday is a number from 0 (Monday) to 6")
    if not (_is_clock(hours.opens) and _is_clock(hours.closes)):
        raise InvalidField("hours", "opening and closing are hh:mm, from 00:00 to 24:00")
    if _minute(hours.opens) >= _minute(hours.closes):
        raise InvalidField("hours", "opening must be before closing; hours after midnight belong to the next weekday")


def _is_clock(clock: str) -> bool:
    if clock == "24:00":
        return True
    try:
        return datetime.strptime(clock, "%H:%M").strftime("%H:%M") == clock
    except ValueError:
        return False


def _check_message(field: str, message: Message) -> None:
    if message.text and message.file:
        raise InvalidField(field, "a message is spoken text or a file, not both")
    if message.file and not message.file.lower().endswith((".mp3", ".wav")):
        raise InvalidField(field, "a message's file is .mp3 or .wav")


def _check_menu(menu: tuple[Option, ...]) -> None:
    seen: set[str] = set()
    for option in menu:
        if len(option.digit) != 1 or option.digit not in DIGITS:
            raise InvalidField("menu", f"a menu's digit is one of {DIGITS}")
        if option.digit in seen:
            raise InvalidField("menu", f"the digit {option.digit} is in the menu twice")
        seen.add(option.digit)
