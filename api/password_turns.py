"""Who may have a password hashed next. A hash is slow on purpose, so whoever sends many would keep all others waiting."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Hashable
from collections.abc import Set as AbstractSet
from contextlib import asynccontextmanager
from typing import TypeVar

from anyio.to_thread import run_sync

from api.fair_turns import Claim, Crowded, FairTurns, Room
from api.problem import Problem
from api.throttle import LoginThrottle, Subject, Trier

T = TypeVar("T")

AT_ONCE = 2
"""A hash takes a tenth of a second of a core and 64 MiB, so at most two are calculated at once for who is known."""

STRANGERS_AT_ONCE = 1
"""Beside them, so that who is known never waits for a stranger's hash to end."""

STRANGERS = Room(all_lanes=6, lane=4, longest_s=1.0)
"""Six hashes take less than a second; whoever comes then is told at once to come back. One address never has all of the room."""

KNOWN = Room(all_lanes=200, lane=4, longest_s=15.0)
"""An office of 200 people whose sessions have all ended logs in within some ten seconds. A device, an account or a user asks once, and perhaps again."""

_RANK: dict[Trier, int] = {"known": 0, "stranger": 0, "crowd": 1}


class PasswordTurns:
    """The queues in front of the hashes of this process: one for who is known, one for strangers, each fair to everybody in it."""

    def __init__(self, throttle: LoginThrottle) -> None:
        self._throttle = throttle
        self._known = FairTurns(KNOWN)
        self._strangers = FairTurns(STRANGERS)

    async def run(
        self,
        who: Hashable,
        standing: Trier,
        hashing: Callable[..., T],
        *args: object,
        begun: AbstractSet[Subject] = frozenset(),
    ) -> T:
        """Run a function that calculates a hash, in a thread, when it is one's turn. who: a device, an account, a user or an address.

        begun: the try to log in for which it is calculated (`LoginThrottle.begin`). Raises Problem (429, `too-many-logins`) when too many wait: nothing was
        calculated, and the try counts no longer.
        """
        try:
            async with self._turn(who, standing):
                return await run_sync(hashing, *args)
        except Crowded as crowded:
            self._throttle.withdrawn(begun)
            detail = f"too many log in at the moment; try again in {crowded.retry_s} s"
            raise Problem("too-many-requests", detail, headers={"Retry-After": str(crowded.retry_s)}, code="too-many-logins") from None

    @asynccontextmanager
    async def _turn(self, who: Hashable, standing: Trier) -> AsyncIterator[None]:
        if standing == "known":
            async with self._known.turn(who, [Claim("hash", AT_ONCE)]):
                yield
        else:
            async with self._strangers.turn(who, [Claim("hash", STRANGERS_AT_ONCE)], _RANK[standing]):
                yield
