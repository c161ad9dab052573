"""Random numbers from a seed. Every part of the center has its own dice, so that one more draw in one part changes no other part."""

from __future__ import annotations

import math
from collections.abc import Sequence
from random import Random
from typing import TypeVar

from domain.base import SECOND

T = TypeVar("T")


class Dice:
    """Chances, choices and durations. Durations are microseconds, whole multiples of `grain_us` and never zero."""

    def __init__(self, seed: int, name: str, grain_us: int) -> None:
        self._random = Random(f"{seed}/{name}")
        self._grain = grain_us

    def chance(self, probability: float) -> bool:
        """Return True with this probability."""
        return self._random.random() < probability

    def share(self) -> float:
        """A number from 0 up to 1, uniform."""
        return self._random.random()

    def one_of(self, things: Sequence[T]) -> T:
        """One of them, with equal probability."""
        return things[int(self._random.random() * len(things))]

    def weighted(self, things: Sequence[tuple[T, float]]) -> T:
        """One of them, by weights with the sum 1."""
        left = self._random.random()
        for thing, weight in things:
            left -= weight
            if left < 0:
                return thing
        return things[-1][0]

    def between(self, low_s: float, high_s: float) -> int:
        """A duration between two limits, uniform."""
        return self._whole(low_s + (high_s - low_s) * self._random.random())

    def waiting(self, mean_s: float) -> int:
        """The time until something that may happen at any moment (exponential)."""
        return self._whole(-mean_s * math.log(1.0 - self._random.random()))

    def working(self, mean_s: float, spread: float = 0.7) -> int:
        """The duration of a piece of work (lognormal with this mean): mostly short, sometimes very long."""
        return self._whole(self._random.lognormvariate(math.log(mean_s) - spread * spread / 2, spread))

    def quality(self) -> tuple[float, float]:
        """The voice quality of a call: jitter in ms and lost packets in percent; usually good, sometimes bad."""
        jitter = self._random.lognormvariate(math.log(18), 0.9)
        loss = self._random.lognormvariate(math.log(0.3), 1.1)
        return round(jitter, 2), round(min(loss, 100.0), 2)

    def _whole(self, seconds: float) -> int:
        return max(round(seconds * SECOND / self._grain), 1) * self._grain
