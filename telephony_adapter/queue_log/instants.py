"""The instants of a queue_log: epoch in the file; epoch, local or zoned text in the realtime table."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta, tzinfo

from domain.base import SECOND
from domain.personal_data import shape
from domain.voice.facts import Clock

LATEST_US = (1 << 32) * SECOND
"""Instants from here on (the year 2106) are damage: no Asterisk counts further."""

EARLIEST_US = 100_000_000 * SECOND
"""Instants before this one (in 1973) are damage: the rest of a line that was cut off in its first field."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


_FINER = {13: 1000, 16: 1}
"""Epochs in finer units than seconds, by their digits: the microseconds of one unit."""


class NoInstant(ValueError):
    """This text is no instant."""


def from_epoch(text: str) -> tuple[int, Clock]:
    """Microseconds UTC and their clock: `log` for whole seconds, `log.f` for finer ones (13 digits are ms, 16 are us). Raises NoInstant."""
    whole, _, fraction = text.partition(".")
    if not (whole.isascii() and whole.isdigit() and (not fraction or (fraction.isascii() and fraction.isdigit()))):
        raise NoInstant(f"no instant: {shape(text)!r}")
    finer = _FINER.get(len(whole))
    if finer is not None and not fraction:
        return int(whole) * finer, "log.f"
    at = int(whole) * SECOND
    if not EARLIEST_US <= at < LATEST_US or whole[0] == "0":
        raise NoInstant(f"an instant that cannot be: {shape(text)!r}")
    # Fractions of a microsecond are cut, never rounded.
    return (at + int(fraction[:6].ljust(6, "0")), "log.f") if fraction else (at, "log")


class TableInstants:
    """The `time` column of a realtime table. `zone`: of text without a zone."""

    def __init__(self, zone: tzinfo) -> None:
        self._zone = zone
        self._change: dict[str, bool] = {}

    def read(self, text: str) -> tuple[int, Clock]:
        """Microseconds UTC and the clock, as `from_epoch`. Raises NoInstant."""
        text = text.strip()
        if ":" not in text:
            return from_epoch(text)
        try:
            moment = datetime.fromisoformat(_iso(text))
        except ValueError as error:
            raise NoInstant(f"no instant: {shape(text)!r}") from error
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=self._zone)
        at = _us(moment)
        if not 0 <= at < LATEST_US:
            raise NoInstant(f"an instant that cannot be: {shape(text)!r}")
        return at, "log.f" if "." in text or "," in text else "log"

    def again(self, text: str) -> int | None:
        """The later instant of a local time that occurs twice, because clocks are set back in that night; None for any other."""
        text = text.strip()
        if ":" not in text or not self._changes(text):
            return None
        moment = datetime.fromisoformat(_iso(text))
        if moment.tzinfo is not None:
            return None
        first, second = (_us(moment.replace(tzinfo=self._zone, fold=fold)) for fold in (0, 1))
        return second if second > first else None

    def _changes(self, text: str) -> bool:
        """Whether clocks are changed around the day of that instant. It is calculated once per day: ten characters hold a date in every form of ISO 8601."""
        known = self._change.get(text[:10])
        if known is None:
            day = datetime.combine(datetime.fromisoformat(_iso(text)).date(), time.min)
            offsets = {(day + timedelta(hours=hours)).replace(tzinfo=self._zone).utcoffset() for hours in (-1, 30)}
            known = self._change[text[:10]] = len(offsets) > 1
        return known


def _us(moment: datetime) -> int:
    return (moment - _EPOCH) // _MICROSECOND


def _iso(text: str) -> str:
    """Convert formats of databases that are not ISO 8601: a zone separated from the time, or named UTC."""
    date, gap, rest = text.partition(" ")
    time, apart, zone = rest.partition(" ")
    if not apart:
        return text
    return f"{date}{gap}{time}{'Z' if zone.strip() in ('UTC', 'GMT') else zone.strip()}"
