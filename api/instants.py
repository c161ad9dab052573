"""Instants as the API writes them, and as people and programs write them to it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from api.problem import invalid

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def iso(ms: int) -> str:
    """An instant (ms since 1970) as ISO 8601 in UTC with milliseconds, "2026-01-02T03:04:05.678Z"."""
    return datetime.fromtimestamp(ms / 1_000, UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def instant(parameter: str, text: str, where: ZoneInfo) -> int:
    """The ms since 1970 of a date (its first instant in `where`) or an ISO 8601 text with `Z`, an offset or neither (then in `where`)."""
    try:
        if len(text) == len("2026-03-02"):
            day = date.fromisoformat(text)
            moment = datetime(day.year, day.month, day.day, tzinfo=where)
        else:
            moment = datetime.fromisoformat(text)
            moment = moment if moment.tzinfo else moment.replace(tzinfo=where)
        since = moment.astimezone(UTC) - _EPOCH
    except (ValueError, OverflowError) as error:
        raise invalid(parameter, "neither a date nor an instant, as 2026-03-02 or 2026-03-02T14:30:00-03:00 is") from error
    return since.days * 86_400_000 + since.seconds * 1_000 + since.microseconds // 1_000
