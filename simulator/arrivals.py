"""When customers call, and from which number: a Poisson process over the curve of a day, with people who call again."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from domain.base import SECOND
from simulator.center import Curve
from simulator.dice import Dice


class Arrivals:
    """The gaps between one call and the next, of so many `calls_a_day` on an ordinary day."""

    def __init__(self, dice: Dice, zone: str, curve: Curve, calls_a_day: float) -> None:
        self._dice = dice
        self._zone = ZoneInfo(zone)
        self._curve = curve
        self._busiest = max(curve.hours) * max(curve.weekdays)
        self._mean_s = sum(curve.hours) * 3600 / self._busiest / calls_a_day

    def next_after(self, now_us: int) -> int:
        """How long until the next call (microseconds): drawn at the busiest rate, thinned to that of the hour."""
        at = now_us
        while True:
            at += self._dice.waiting(self._mean_s)
            local = datetime.fromtimestamp(at // SECOND, self._zone)
            rate = self._curve.hours[local.hour] * self._curve.weekdays[local.weekday()]
            if self._dice.chance(rate / self._busiest):
                return at - now_us


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
