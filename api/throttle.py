"""Slow down password guessing, in memory: strangers wait, and devices from which the account has logged in before do not wait for them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Literal, NamedTuple

from cachetools import LRUCache

from api.problem import Problem
from api.rate_limit import note_tries

Kind = Literal["device", "pair", "account", "address"]

FREE_TRIES: dict[Kind, int] = {"device": 5, "pair": 5, "account": 5, "address": 20}
"""Tries without a wait: of a known device, of an account from one address, of an account by strangers, of an address. Many people may share one address."""

WINDOW_S = 300.0
"""Failures are forgotten after this many seconds without another one; it is also the longest wait."""

_MOST_SUBJECTS = 50_000


class Subject(NamedTuple):
    """Whose failed tries are counted together."""

    kind: Kind
    name: str
    more: str = ""


class LoginThrottle:
    """After the free tries of a subject each failed one doubles the wait, up to WINDOW_S.

    A try from a device that has proved itself counts for the device alone, and a try from an address from which the account has logged
    in before counts for this address and account alone: what strangers do does not lock them out. Every other try counts for the
    account as tried by strangers, for its address, and for both together, so that neither many addresses nor many accounts help.

    An account is an e-mail address in one company, or a one-time token. A try counts when it begins, so that many at once gain nothing,
    and is no longer counted when it succeeds. clock: returns monotonic seconds. The memory is bounded: the least recently used entries
    are forgotten first.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._tries: LRUCache[Subject, tuple[int, float]] = LRUCache(_MOST_SUBJECTS)
        self._known: LRUCache[tuple[str, str], bool] = LRUCache(_MOST_SUBJECTS)

    def begin(self, account: str, address: str, device: str = "") -> None:
        """Count a try, or refuse it (429, with Retry-After) while one of its subjects must wait. device: one that is proved to be known to the account."""
        now = self._clock()
        subjects = self._subjects(account, address, device)
        wait = max(self._wait(subject, now) for subject in subjects)
        note_tries([(FREE_TRIES[subject[0]], self._tries.get(subject, (0, now))[0]) for subject in subjects], WINDOW_S, wait)
        if wait > 0:
            raise too_many("too many failed logins", wait)
        for subject in subjects:
            count, last = self._tries.pop(subject, (0, now))
            self._tries[subject] = (1 if now - last > WINDOW_S else count + 1, now)

    def succeeded(self, account: str, address: str, device: str = "") -> None:
        """Forget the failures of this account from here, which is known from now on. Those of strangers elsewhere, and of others at the address, stay."""
        for subject in self._subjects(account, address, device):
            if subject.kind in ("device", "pair"):
                self._tries.pop(subject, None)
            elif subject in self._tries:
                count, last = self._tries[subject]
                self._tries[subject] = (max(0, count - 1), last)
        self._known[account, address] = True

    def _subjects(self, account: str, address: str, device: str) -> Iterable[Subject]:
        if device:
            return (Subject("device", device),)
        pair = Subject("pair", account, address)
        if (account, address) in self._known:
            return (pair,)
        return (pair, Subject("account", account), Subject("address", address))

    def _wait(self, subject: Subject, now: float) -> float:
        count, last = self._tries.get(subject, (0, now))
        over = count - FREE_TRIES[subject.kind]
        if over < 0 or now - last > WINDOW_S:
            return 0.0
        return min(2.0 ** min(over, 16), WINDOW_S) - (now - last)


def too_many(what: str, wait: float) -> Problem:
    """The refusal (429) of whoever must wait for `wait` seconds. what: a phrase that says of what there was too much."""
    seconds = max(1, math.ceil(wait))
    return Problem("too-many-requests", f"{what}; try again in {seconds} s", headers={"Retry-After": str(seconds)})
