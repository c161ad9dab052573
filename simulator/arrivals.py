"""When customers call, and from which number: a Poisson process over the curve of a day, with people who call again."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from domain.base import SECOND
from simulator.dice import Dice

HOURLY = (
    0.2, 0.1, 0.1, 0.1, 0.1, 0.2, 0.6, 2.0, 6.0, 9.5, 11.0, 10.5,
    7.5, 7.0, 9.5, 10.0, 9.0, 7.0, 4.5, 2.8, 1.2, 0.6, 0.3, 0.2,
)  # fmt: skip
"""How much of a day's calls come in each hour of the center's zone, in percent."""

WEEKDAYS = (1.15, 1.05, 1.0, 1.0, 0.95, 0.45, 0.08)
"""The size of a weekday, Monday first, beside an ordinary one."""

_DAY = sum(HOURLY)
_BUSIEST = max(HOURLY) / _DAY / 3600 * max(WEEKDAYS)


class Arrivals:
    """The gaps between one call and the next."""

    def __init__(self, dice: Dice, zone: str, calls_a_day: float) -> None:
        self._dice = dice
        self._zone = ZoneInfo(zone)
        self._mean_s = 1 / (_BUSIEST * calls_a_day)

    def next_after(self, now_us: int) -> int:
        """How long until the next call (microseconds): drawn at the busiest rate, thinned to that of the hour."""
        at = now_us
        while True:
            at += self._dice.waiting(self._mean_s)
            local = datetime.fromtimestamp(at // SECOND, self._zone)
            if self._dice.chance(_rate(local) / _BUSIEST):
                return at - now_us


def _rate(local: datetime) -> float:
    """Of the calls of an ordinary day, the part that comes in a second of this hour."""
    return HOURLY[local.hour] / _DAY / 3600 * WEEKDAYS[local.weekday()]


REGULARS = 0.35
"""So many of the calls come from somebody who has called before."""

_AREAS = ("11", "11", "11", "21", "31", "41", "47", "48", "51", "71", "81", "85", "92")


class Callers:
    """The customers, by their telephone numbers; the last `remembered` of them may call again."""

    def __init__(self, dice: Dice, remembered: int = 5_000) -> None:
        self._dice = dice
        self._remembered = remembered
        self._known: list[str] = []

    def somebody(self) -> str:
        """The number of who calls: eleven digits, area code first, of a mobile phone."""
        if self._known and self._dice.chance(REGULARS):
            return self._dice.one_of(self._known)
        number = f"{self._dice.one_of(_AREAS)}9{7 + int(self._dice.share() * 2)}{int(self._dice.share() * 10_000_000):07d}"
        if len(self._known) < self._remembered:
            self._known.append(number)
        else:
            self._known[int(self._dice.share() * self._remembered)] = number
        return number
