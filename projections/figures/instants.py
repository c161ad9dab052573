"""Parse the instants that people and programs write in a question: a date, or ISO 8601 with `Z`, an offset or neither."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from domain.errors import InvalidField

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def instant(field: str, text: str, where: ZoneInfo) -> int:
    """Milliseconds since 1970 of `text`; a date is its first instant in `where`, and a text without an offset is local time there.

    Raises InvalidField, which names `field` and does not repeat `text`.
    """
    try:
        # Digits alone are no instant, though a short form of ISO 8601 has nothing else: they may be milliseconds, or a position.
        said = text if text[4:5] == "-" else ""
        if len(said) == len("2026-11-23"):
            day = date.fromisoformat(said)
            moment = datetime(day.year, day.month, day.day, tzinfo=where)
        else:
            moment = datetime.fromisoformat(said)
            moment = moment if moment.tzinfo else moment.replace(tzinfo=where)
        since = moment.astimezone(UTC) - _EPOCH
    except (ValueError, OverflowError) as error:
        # A + in a URL means a blank.
        hint = "; in a URL the + of an offset is written %2B" if " " in text else ""
        raise InvalidField(field, f"this is neither a date nor an instant, as 2026-11-23 or 2026-11-23T14:30:00-03:00 is{hint}") from error
    return since.days * 86_400_000 + since.seconds * 1_000 + since.microseconds // 1_000
