"""The hours, days, weeks and months of a company's own clock, as half-open stretches of instants.

Instants are milliseconds since 1970, UTC. Intervals follow the wall clock: in São Paulo a day in which daylight
saving began has 23 hours, and an hour that the clock showed twice is two intervals.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property, lru_cache
from math import gcd
from typing import Literal
from zoneinfo import ZoneInfo

from domain.errors import InvalidField
from domain.time_zones import is_time_zone

Clock = Literal["half-hour", "hour", "day", "week", "month"]
"""The length of an interval. Weeks begin on Monday."""

MOST_INTERVALS = 100_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_STEP_MS = {"half-hour": 1_800_000, "hour": 3_600_000}
_DAY_MS = 86_400_000
_MS = timedelta(milliseconds=1)


@dataclass(frozen=True)
class Intervals:
    """Intervals that follow one another: the i-th is [edges[i], edges[i + 1])."""

    edges: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.edges) - 1

    def index(self, instant_ms: int) -> int:
        """The interval that an instant belongs to; -1 before the first, `len` from the last one's end on."""
        return bisect_right(self.edges, instant_ms) - 1

    @cached_property
    def grain(self) -> int:
        """The greatest length (ms) of which the distance from the first edge to every other edge is a multiple."""
        return gcd(*(edge - self.edges[0] for edge in self.edges[1:]))


@lru_cache(maxsize=64)
def zone(name: str) -> ZoneInfo:
    """The IANA time zone `name`. Raises InvalidField if there is none."""
    if not is_time_zone(name):
        raise InvalidField("timezone", f"{name!r} is not a time zone, as America/Sao_Paulo is")
    return ZoneInfo(name)


def moment(instant_ms: int, where: ZoneInfo) -> datetime:
    """The wall clock time at an instant."""
    return (_EPOCH + instant_ms * _MS).astimezone(where)


# A board of thousands of agents shows the same instants again and again, and the change of zone is a third of its time.
@lru_cache(maxsize=65_536)
def iso(instant_ms: int, where: ZoneInfo) -> str:
    """An instant as ISO 8601 with the zone's offset; with milliseconds only if they are not zero."""
    return moment(instant_ms, where).isoformat(timespec="milliseconds" if instant_ms % 1000 else "seconds")


def intervals(clock: Clock, since_ms: int, until_ms: int, where: ZoneInfo) -> Intervals:
    """The whole intervals that [since, until) touches. Raises InvalidField if they are more than a report can hold."""
    try:
        starts = _clock_starts if clock in _STEP_MS else _date_starts
        return Intervals(starts(clock, since_ms, until_ms, where))
    except OverflowError as error:
        raise InvalidField("from", "beyond the calendar") from error


def how_many(clock: Clock, since_ms: int, until_ms: int, where: ZoneInfo, most: int) -> int:
    """How many intervals [since, until) touches; of hours that are more than `most` without those at the ends, about how many. Raises InvalidField beyond the calendar."""
    if clock in _STEP_MS:
        about = max(0, until_ms - since_ms) // _STEP_MS[clock]
        return about if about > most else len(intervals(clock, since_ms, until_ms, where))
    try:
        first, last = (moment(instant_ms, where).date() for instant_ms in (since_ms, max(since_ms, until_ms - 1)))
    except OverflowError as error:
        raise InvalidField("from", "beyond the calendar") from error
    if clock == "month":
        return 12 * (last.year - first.year) + last.month - first.month + 1
    days = 7 if clock == "week" else 1
    # The first day of the calendar was a Monday.
    return (last.toordinal() - 1) // days - (first.toordinal() - 1) // days + 1


def _offset(instant_ms: int, where: ZoneInfo) -> int:
    offset = moment(instant_ms, where).utcoffset()
    assert offset is not None
    return offset // _MS


def _change_between(before_ms: int, after_ms: int, where: ZoneInfo) -> int:
    """The first instant after `before` from which on the clock's offset is that of `after`."""
    new = _offset(after_ms, where)
    while after_ms - before_ms > 1:
        middle = (before_ms + after_ms) // 2
        if _offset(middle, where) == new:
            after_ms = middle
        else:
            before_ms = middle
    return after_ms


def _clock_starts(clock: Clock, since_ms: int, until_ms: int, where: ZoneInfo) -> tuple[int, ...]:
    """Edges at each full hour (or half hour) of the wall clock, and where the clock's offset changes between two."""
    length = _STEP_MS[clock]
    if (until_ms - since_ms) // length > MOST_INTERVALS:
        raise _too_many(clock)
    start = since_ms - (since_ms + _offset(since_ms, where)) % length
    if _offset(start, where) != _offset(since_ms, where):
        start = _change_between(start, since_ms, where)
    edges = [start]
    while edges[-1] < until_ms:
        offset = _offset(edges[-1], where)
        # A zone's offset changes at most once within a day.
        if _offset(edges[-1] + _DAY_MS, where) == offset and (edges[-1] + offset) % length == 0:
            edges.extend(range(edges[-1] + length, min(edges[-1] + _DAY_MS, until_ms + length - 1) + 1, length))
            continue
        following = edges[-1] + length - (edges[-1] + offset) % length
        if _offset(following - 1, where) != offset:
            following = _change_between(edges[-1], following - 1, where)
        edges.append(following)
    return tuple(edges)


def _date_starts(clock: Clock, since_ms: int, until_ms: int, where: ZoneInfo) -> tuple[int, ...]:
    if (until_ms - since_ms) // _DAY_MS > MOST_INTERVALS:
        raise _too_many(clock)
    first, following = _DATES[clock]
    day = first(moment(since_ms, where).date())
    edges = [_midnight(day, where)]
    while edges[-1] < until_ms:
        day = following(day)
        edges.append(_midnight(day, where))
    return tuple(edges)


def start_of_day(instant_ms: int, where: ZoneInfo, *, days_before: int = 0) -> int:
    """The first instant of the day to which an instant belongs, or of a day before it. Raises InvalidField beyond the calendar."""
    try:
        return _midnight(moment(instant_ms, where).date() - timedelta(days=days_before), where)
    except OverflowError as error:
        raise InvalidField("to", "beyond the calendar") from error


def _midnight(day: date, where: ZoneInfo) -> int:
    """The first instant of a day; if the clock skips midnight, the instant of the skip."""
    local = datetime(day.year, day.month, day.day, tzinfo=where)
    instant = (local.astimezone(UTC) - _EPOCH) // _MS
    if moment(instant, where).replace(tzinfo=None) == local.replace(tzinfo=None):
        return instant
    return _change_between(instant - _DAY_MS, instant, where)


def _first_of_following(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


_DATES: dict[str, tuple[Callable[[date], date], Callable[[date], date]]] = {
    "day": (lambda day: day, lambda day: day + timedelta(days=1)),
    "week": (lambda day: day - timedelta(days=day.weekday()), lambda day: day + timedelta(days=7)),
    "month": (lambda day: day.replace(day=1), _first_of_following),
}
"""Per clock: the first day of the interval that a day belongs to, and of the next one."""


def _too_many(clock: Clock) -> InvalidField:
    return InvalidField("by", f"that would be more than {MOST_INTERVALS} rows by {clock}: ask for a shorter time")
