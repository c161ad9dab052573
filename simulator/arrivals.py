"""When customers call, and from which number: a Poisson process over the curve of a day, with repeat callers."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from domain.base import SECOND
from simulator.center import Curve
from simulator.dice import Dice


class Arrivals:
    """The times between calls. `calls_a_day`: calls on an ordinary weekday."""

    def __init__(self, dice: Dice, zone: str, curve: Curve, calls_a_day: float) -> None:
        self._dice = dice
        self._zone = ZoneInfo(zone)
        self._curve = curve
        self._busiest = max(curve.hours) * max(curve.weekdays)
        self._mean_s = sum(curve.hours) * 3600 / self._busiest / calls_a_day

    def next_after(self, now_us: int) -> int:
        """The time until the next call in microseconds: drawn at the busiest rate and thinned to the rate of the hour."""
        at = now_us
        while True:
            at += self._dice.waiting(self._mean_s)
            local = datetime.fromtimestamp(at // SECOND, self._zone)
            rate = self._curve.hours[local.hour] * self._curve.weekdays[local.weekday()]
            if self._dice.chance(rate / self._busiest):
                return at - now_us


REGULARS = 0.35
"""The share of calls from customers who have called before."""

_AREAS = ("11", "11", "11", "21", "31", "41", "47", "48", "51", "71", "81", "85", "92")


class Callers:
    """The customers, by telephone number. The last `remembered` ones may call again."""

    def __init__(self, dice: Dice, remembered: int = 5_000) -> None:
        self._dice = dice
        self._remembered = remembered
        self._known: list[str] = []

    def somebody(self) -> str:
        """The number of the next caller: a mobile phone, eleven digits with the area code first."""
        if self._known and self._dice.chance(REGULARS):
            return self._dice.one_of(self._known)
        number = f"{self._dice.one_of(_AREAS)}9{7 + int(self._dice.share() * 2)}{int(self._dice.share() * 10_000_000):07d}"
        if len(self._known) < self._remembered:
            self._known.append(number)
        else:
            self._known[int(self._dice.share() * self._remembered)] = number
        return number
