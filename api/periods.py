"""The period of a question about figures: as the request names it, or else today (dashboards) or the last 30 days (reports)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import Field

from api.field_types import Instant, Shape
from api.problem import invalid
from projections.figures.intervals import Clock, how_many, iso, start_of_day

TODAY, LAST_30_DAYS = 1, 30

MOST_ROWS = 2_000
"""The most intervals in one answer: a chart shows no more, and a year by half-hours would be 17,520."""

_LONGEST_FIRST: tuple[Clock, ...] = ("month", "week", "day", "hour", "half-hour")


@dataclass(frozen=True)
class Period:
    """[since, until) in ms; `until_ms` None: to the end of all data; `since_ms` None: from its beginning. now_ms: the instant that counts as now."""

    since_ms: int | None
    until_ms: int | None
    now_ms: int

    def as_dict(self, where: ZoneInfo, by: str | None) -> dict[str, Any]:
        """The period as `OfPeriod.period` shows it."""
        shown = [None if at_ms is None else iso(at_ms, where) for at_ms in (self.since_ms, self.until_ms)]
        return {"from": shown[0], "to": shown[1], "by": by}

    def clock(self, asked: Clock | None, usual: Clock, where: ZoneInfo) -> Clock:
        """The length of the intervals: as asked, else the usual one, or the shortest longer one that gives at most MOST_ROWS rows.

        Raises Problem (422) for an asked one that gives more.
        """
        if asked is None:
            longer = _LONGEST_FIRST[: _LONGEST_FIRST.index(usual) + 1]
            return next((clock for clock in reversed(longer) if self._rows(clock, where) <= MOST_ROWS), "month")
        if (rows := self._rows(asked, where)) > MOST_ROWS:
            detail = (
                f"gives {rows} intervals of the period, and an answer has at most {MOST_ROWS}: choose a longer one, or move `from` and `to`"
            )
            raise invalid("by", detail)
        return asked

    def _rows(self, clock: Clock, where: ZoneInfo) -> int:
        """How many intervals the period touches: those at its ends count whole."""
        since = self.since_ms or 0
        until = max(self.now_ms, since + 1) if self.until_ms is None else self.until_ms
        return how_many(clock, since, until, where, MOST_ROWS)


def period(since_ms: int | None, until_ms: int | None, now_ms: int, days: int | None, where: ZoneInfo) -> Period:
    """The period that begins at `since`; without it, with the first of the last `days` days (None: of all data) before `until`, or before now."""
    if since_ms is None and days is not None:
        last_ms = now_ms if until_ms is None else until_ms - 1
        since_ms = start_of_day(last_ms, where, days_before=days - 1)
    return Period(since_ms, until_ms, now_ms)


class AnsweredPeriod(Shape):
    """The period that the answer covers: the one that the request names, or the default."""

    from_: Annotated[
        Instant | None,
        Field(alias="from", description="its first instant; null: the beginning of all data", examples=["2026-03-02T00:00:00-03:00"]),
    ]
    to: Annotated[Instant | None, Field(description="the instant before which it ends; null: now", examples=["2026-03-03T00:00:00-03:00"])]
    by: Annotated[
        str | None,
        Field(
            description="length of its intervals, adapted to the period if the request names none; null: no intervals", examples=["hour"]
        ),
    ]
