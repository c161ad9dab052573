"""Slow down password guessing, in memory: strangers wait, and devices from which the account has logged in before do not wait for them."""

from __future__ import annotations

import math
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from typing import Literal, NamedTuple
from uuid import UUID

from cachetools import LRUCache

from api.problem import Problem
from api.rate_limit import note_tries

Kind = Literal["device", "pair", "account", "address"]

Trier = Literal["known", "stranger", "crowd"]
"""Who tries. known: a user, or a device or an address from which the account has logged in before. crowd: an address from which others try too, or have failed lately."""

FREE_TRIES: dict[Kind, int] = {"device": 5, "pair": 5, "account": 5, "address": 20}
"""Tries without a wait: of a known device, of an account from one address, of a name by strangers, of an address. Many people may share one address."""

WINDOW_S = 300.0
"""Failures are forgotten after this many seconds without another one; it is also the longest wait."""

_MOST_SUBJECTS = 50_000


class Account(NamedTuple):
    """What a login or a one-time token is tried for. name: an e-mail address, or the token. company: the company in which the password is tried."""

    name: str
    company: UUID | None = None


class Subject(NamedTuple):
    """Whose failed tries are counted together."""

    kind: Kind
    whose: str | Account
    address: str = ""


class LoginThrottle:
    """After the free tries of a subject each failed one doubles the wait, up to WINDOW_S.

    A try from a device that has proved itself counts for the device alone, and a try from an address from which the account has logged
    in before counts for this address and account alone: what strangers do does not lock them out. Every other try counts for the name
    as tried by strangers in any company, for its address, and for address and account together, so that neither many addresses nor many
    accounts help. Because strangers are counted by the name, a wait does not tell in which companies it has a user.

    A try counts when it begins, so that many at once gain nothing, and is no longer counted when it succeeds. A login that names no company
    is one try, whichever accounts its password is compared with. clock: returns monotonic seconds. The memory is bounded: the least
    recently used entries are forgotten first.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._tries: LRUCache[Subject, tuple[int, float]] = LRUCache(_MOST_SUBJECTS)
        self._known: LRUCache[tuple[Account, str], bool] = LRUCache(_MOST_SUBJECTS)

    def begin(self, account: Account, address: str, device: str = "", counted: AbstractSet[Subject] = frozenset()) -> AbstractSet[Subject]:
        """Count a try, or refuse it (429, with Retry-After) while one of its subjects must wait. Returns the subjects for which it was counted.

        device: one that is proved to be known to the account. counted: for whom this try was counted already, for other accounts.
        """
        now = self._clock()
        subjects = self._subjects(account, address, device) - counted
        wait = self._longest_wait(subjects, now)
        if wait == 0:
            for subject in subjects:
                self._tries[subject] = (self._count(subject, now) + 1, now)
        if wait > 0 or not counted:
            used = [(FREE_TRIES[subject.kind], self._count(subject, now)) for subject in subjects]
            note_tries(used, WINDOW_S, self._longest_wait(subjects, now))
        if wait > 0:
            raise too_many("too many failed logins", wait)
        return subjects

    def standing(self, account: Account, address: str, device: str = "") -> Trier:
        """Who makes a try that has begun."""
        if device or (account, address) in self._known:
            return "known"
        count, last = self._tries.get(Subject("address", address), (0, 0.0))
        return "crowd" if count > 1 and self._clock() - last <= WINDOW_S else "stranger"

    def withdrawn(self, begun: AbstractSet[Subject]) -> None:
        """A try that had begun was not made: it counts no longer."""
        for subject in begun:
            if subject in self._tries:
                count, last = self._tries[subject]
                self._tries[subject] = (max(0, count - 1), last)

    def succeeded(self, account: Account, address: str, begun: AbstractSet[Subject] = frozenset()) -> None:
        """Forget the failures of this account from here, which is known from now on. begun: what `begin` has returned for this account.

        Failures of strangers elsewhere, of others at the address, and of the same try for another account stay.
        """
        self.withdrawn(begun)
        for subject in begun:
            if subject.kind in ("device", "pair"):
                self._tries.pop(subject, None)
        self._known[account, address] = True

    def _subjects(self, account: Account, address: str, device: str) -> AbstractSet[Subject]:
        if device:
            return {Subject("device", device)}
        pair = Subject("pair", account, address)
        if (account, address) in self._known:
            return {pair}
        return {pair, Subject("account", account.name), Subject("address", address)}

    def _count(self, subject: Subject, now: float) -> int:
        """The tries that are not forgotten."""
        count, last = self._tries.get(subject, (0, now))
        return 0 if now - last > WINDOW_S else count

    def _longest_wait(self, subjects: AbstractSet[Subject], now: float) -> float:
        """Seconds until a try of all these subjects is accepted; 0 if it is now."""
        return max((self._wait(subject, now) for subject in subjects), default=0.0)

    def _wait(self, subject: Subject, now: float) -> float:
        over = self._count(subject, now) - FREE_TRIES[subject.kind]
        if over < 0:
            return 0.0
        return max(0.0, min(2.0 ** min(over, 16), WINDOW_S) - (now - self._tries[subject][1]))


def too_many(what: str, wait: float) -> Problem:
    """The refusal (429) of whoever must wait for `wait` seconds. what: a phrase that says of what there was too much."""
    seconds = max(1, math.ceil(wait))
    return Problem("too-many-requests", f"{what}; try again in {seconds} s", headers={"Retry-After": str(seconds)})
