"""The instants that a person writes: a date or ISO 8601, with `Z`, an offset or neither (then in a time zone that is given)."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from cli.console import Mistake

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LONGEST_POSITION = 15


def zone(name: str) -> ZoneInfo:
    """The IANA time zone `name`."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise Mistake(f"{name!r} is not a time zone, as America/Sao_Paulo is") from error


def instant(text: str, where: ZoneInfo) -> int:
    """Milliseconds since 1970 of `text`; a date is its first instant in `where`."""
    try:
        if len(text) == len("2026-11-23"):
            day = date.fromisoformat(text)
            moment = datetime(day.year, day.month, day.day, tzinfo=where)
        else:
            told = datetime.fromisoformat(text)
            moment = told if told.tzinfo else told.replace(tzinfo=where)
        since = moment.astimezone(UTC) - _EPOCH
    except (ValueError, OverflowError) as error:
        raise Mistake(f"{text!r} is neither a date nor an instant, as 2026-11-23 or 2026-11-23T14:30:00-03:00 is") from error
    return since.days * 86_400_000 + since.seconds * 1_000 + since.microseconds // 1_000


def position_or_instant(text: str, where: ZoneInfo) -> tuple[int | None, int | None]:
    """A position of the log, or else an instant in milliseconds: the two ways to ask of the past."""
    if text.isdecimal() and len(text) <= _LONGEST_POSITION:
        return int(text), None
    return None, instant(text, where)
