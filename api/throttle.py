"""Slow down password guessing: per e-mail and per address, in memory."""

from __future__ import annotations

import math
from collections.abc import Callable

from cachetools import LRUCache

from api.problem import Problem
from api.rate_limit import note_tries

FREE_TRIES = {"email": 5, "address": 20}
"""Tries without a wait. Many people may share one address."""

WINDOW_S = 300.0
"""Failures are forgotten after this many seconds without another one; it is also the longest wait."""

_MOST_SUBJECTS = 50_000


class LoginThrottle:
    """After the free tries each failed one doubles the wait, up to WINDOW_S.

    A try counts when it begins, so that many at once gain nothing, and is no longer counted when it succeeds. clock: returns
    monotonic seconds. The memory is bounded: the least recently used entries are forgotten first.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._tries: LRUCache[tuple[str, str], tuple[int, float]] = LRUCache(_MOST_SUBJECTS)

    def begin(self, email: str, address: str) -> None:
        """Count a try, or refuse it (429, with Retry-After) while its e-mail or its address must wait."""
        now = self._clock()
        subjects = (("email", email), ("address", address))
        wait = max(self._wait(subject, now) for subject in subjects)
        note_tries([(FREE_TRIES[subject[0]], self._tries.get(subject, (0, now))[0]) for subject in subjects], WINDOW_S, wait)
        if wait > 0:
            seconds = math.ceil(wait)
            detail = f"too many failed logins; try again in {seconds} s"
            raise Problem("too-many-requests", detail, headers={"Retry-After": str(seconds)})
        for subject in subjects:
            count, last = self._tries.pop(subject, (0, now))
            self._tries[subject] = (1 if now - last > WINDOW_S else count + 1, now)

    def succeeded(self, email: str, address: str) -> None:
        """Reset the e-mail's failures after a login. The address keeps the failures of others."""
        self._tries.pop(("email", email), None)
        count, last = self._tries.get(("address", address), (0, 0.0))
        if count:
            self._tries["address", address] = (count - 1, last)

    def _wait(self, subject: tuple[str, str], now: float) -> float:
        count, last = self._tries.get(subject, (0, now))
        over = count - FREE_TRIES[subject[0]]
        if over < 0 or now - last > WINDOW_S:
            return 0.0
        return min(2.0 ** min(over, 16), WINDOW_S) - (now - last)
