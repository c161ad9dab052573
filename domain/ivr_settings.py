"""The settings of an IVR (URA): its number, business hours, holidays, messages, menu, and what it does when a caller has to wait."""

from __future__ import annotations

import re
from datetime import date, datetime

import msgspec
from msgspec.structs import replace

from domain.errors import InvalidField
from domain.names import checked_name
from domain.personal_data import may_name_a_person
from domain.texts import LONGEST_SAID, checked_text
from domain.time_zones import is_time_zone

DIGITS = "0123456789*#"
MOST_ATTEMPTS = 10
MOST_HOLIDAYS = 200
SHORTEST_CHOICE_MS, LONGEST_CHOICE_MS = 1_000, 30_000
SHORTEST_QUEUE_WAIT_MS, LONGEST_QUEUE_WAIT_MS = 10_000, 4 * 3_600_000
MOST_WAITING = 1_000

_PLACEHOLDER = re.compile(r"\{(\w*)\}")
_LEAP_YEAR = 2000


class Message(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a caller hears: `text` spoken by `voice`, or the uploaded `file` (.mp3 or .wav). All empty: nothing.

    media: the SHA-256 of the file as it is played, in hexadecimal; "" while the file is only named and was not uploaded.
    """

    text: str = ""
    voice: str = ""
    file: str = ""
    media: str = ""


SILENCE = Message()


class Hours(msgspec.Struct, frozen=True):
    """Open on a weekday (0 = Monday) from `opens` until before `closes`, both "hh:mm" in the IVR's time zone; "24:00" is the end of the day."""

    weekday: int
    opens: str
    closes: str


class Holiday(msgspec.Struct, frozen=True, omit_defaults=True):
    """A day on which the IVR is closed from midnight to midnight, whatever its hours. day: "2026-11-20", or "12-25" for that day of every year."""

    day: str
    name: str = ""


class Option(msgspec.Struct, frozen=True):
    """Keying `digit` leads to `queue`."""

    digit: str
    queue: str


class IvrSettings(msgspec.Struct, frozen=True, omit_defaults=True):
    """Number, business hours, messages and menu of an IVR.

    always_open: 24x7, without holidays; else it is open during `hours` of the IANA time zone `timezone`, except on `holidays`.
    menu: options in the order in which they are read out. attempts: how often a caller may key nothing or something invalid. choice_wait_ms: how
    long it waits for a key. fallback_queue: the queue of callers who have used up their attempts, and of all callers if there is no menu; "": the call ends.
    queue_wait_ms: how long a caller waits in a queue at most. callback_from: with so many callers waiting, a new one may ask to be called back; 0 = never.

    welcome greets. prompt reads out the menu ("": it is made from the menu). invalid, no_choice: heard after a wrong key, after none. closed is heard
    out of hours and by blocked callers, unanswered when nobody answered in time. protocol, position and wait are heard before the queue; callback
    offers to call back (key 1), callback_kept confirms it.
    """

    country: str = "55"
    area_code: str = ""
    number: str = ""
    always_open: bool = True
    timezone: str = "America/Sao_Paulo"
    hours: tuple[Hours, ...] = ()
    holidays: tuple[Holiday, ...] = ()
    welcome: Message = SILENCE
    prompt: Message = SILENCE
    invalid: Message = SILENCE
    no_choice: Message = SILENCE
    closed: Message = SILENCE
    unanswered: Message = SILENCE
    protocol: Message = SILENCE
    position: Message = SILENCE
    wait: Message = SILENCE
    callback: Message = SILENCE
    callback_kept: Message = SILENCE
    menu: tuple[Option, ...] = ()
    attempts: int = 3
    choice_wait_ms: int = 5_000
    fallback_queue: str = ""
    queue_wait_ms: int = 600_000
    callback_from: int = 0


MESSAGES = tuple(name for name in IvrSettings.__struct_fields__ if isinstance(getattr(IvrSettings(), name), Message))
"""The names of an IVR's messages."""

PLACEHOLDERS = {"protocol": "protocol", "position": "position", "wait": "minutes"}
"""The value that a message may contain: `{protocol}` the call's protocol number, `{position}` the place in the queue, `{minutes}` the estimated wait."""


def check(settings: IvrSettings) -> None:
    """Raises InvalidField for the first field with an invalid value."""
    for field in ("country", "area_code", "number"):
        digits = getattr(settings, field)
        if digits and not (digits.isascii() and digits.isdigit()):
            raise InvalidField(field, "only digits")
    if not is_time_zone(settings.timezone):
        raise InvalidField("timezone", f"no such time zone: {settings.timezone}")
    for hours in settings.hours:
        _check_hours(hours)
    _check_holidays(settings.holidays)
    for field in MESSAGES:
        _check_message(field, getattr(settings, field))
    _check_menu(settings.menu)
    _within("attempts", settings.attempts, 1, MOST_ATTEMPTS)
    _within("choice_wait_ms", settings.choice_wait_ms, SHORTEST_CHOICE_MS, LONGEST_CHOICE_MS)
    _within("queue_wait_ms", settings.queue_wait_ms, SHORTEST_QUEUE_WAIT_MS, LONGEST_QUEUE_WAIT_MS)
    _within("callback_from", settings.callback_from, 0, MOST_WAITING)


def as_kept(settings: IvrSettings) -> IvrSettings:
    """The settings as the log keeps them. Raises InvalidField for a text or a name that is none."""
    messages = {field: _kept(field, getattr(settings, field)) for field in MESSAGES}
    holidays = tuple(replace(day, name=checked_name(day.name, "holidays", "a holiday") if day.name else "") for day in settings.holidays)
    return replace(settings, holidays=holidays, **messages)


def _kept(field: str, message: Message) -> Message:
    """A message as it is kept: a file whose name may be a person's number or CPF is named after the message instead."""
    text = checked_text(message.text, field, LONGEST_SAID) if message.text else ""
    return replace(message, text=text, file=f"{field}{message.file[-4:]}" if may_name_a_person(message.file) else message.file)


def minute_of(clock: str) -> int:
    """The minute of the day of a clock "hh:mm"."""
    hours, _, minutes = clock.partition(":")
    return int(hours) * 60 + int(minutes)


def _within(field: str, value: int, least: int, most: int) -> None:
    if not least <= value <= most:
        raise InvalidField(field, f"from {least} to {most}")


def _check_hours(hours: Hours) -> None:
    if not 0 <= hours.weekday <= 6:
        raise InvalidField("hours", "a weekday is a number from 0 (Monday) to 6")
    if not (_is_clock(hours.opens) and _is_clock(hours.closes)):
        raise InvalidField("hours", "opening and closing are hh:mm, from 00:00 to 24:00")
    if minute_of(hours.opens) >= minute_of(hours.closes):
        raise InvalidField("hours", "opening must be before closing; hours after midnight belong to the next weekday")


def _is_clock(clock: str) -> bool:
    if clock == "24:00":
        return True
    try:
        return datetime.strptime(clock, "%H:%M").strftime("%H:%M") == clock
    except ValueError:
        return False


def _check_holidays(holidays: tuple[Holiday, ...]) -> None:
    if len(holidays) > MOST_HOLIDAYS:
        raise InvalidField("holidays", f"at most {MOST_HOLIDAYS}")
    seen: set[str] = set()
    for holiday in holidays:
        if not _is_date(holiday.day):
            raise InvalidField("holidays", "a day is 2026-11-20, or 12-25 for every year")
        if holiday.day in seen:
            raise InvalidField("holidays", f"{holiday.day} is there twice")
        seen.add(holiday.day)


def _is_date(text: str) -> bool:
    whole = text if len(text) > len("12-25") else f"{_LEAP_YEAR}-{text}"
    try:
        return date.fromisoformat(whole).isoformat() == whole
    except ValueError:
        return False


def _check_message(field: str, message: Message) -> None:
    if message.text and message.file:
        raise InvalidField(field, "a message is spoken text or a file, not both")
    if message.file and not message.file.lower().endswith((".mp3", ".wav")):
        raise InvalidField(field, "a message's file is .mp3 or .wav")
    if message.media and not message.file:
        raise InvalidField(field, "uploaded audio has the name of its file")
    allowed = PLACEHOLDERS.get(field)
    if any(name != allowed for name in _PLACEHOLDER.findall(message.text)):
        raise InvalidField(field, f"only {{{allowed}}} stands in braces here" if allowed else "nothing stands in braces here")


def _check_menu(menu: tuple[Option, ...]) -> None:
    seen: set[str] = set()
    for option in menu:
        if len(option.digit) != 1 or option.digit not in DIGITS:
            raise InvalidField("menu", f"a menu's digit is one of {DIGITS}")
        if option.digit in seen:
            raise InvalidField("menu", f"the digit {option.digit} is in the menu twice")
        seen.add(option.digit)
