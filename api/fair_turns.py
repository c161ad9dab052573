"""Turns for work that is costly: so many at once, so many who wait, and nobody's crowd in front of others.

Who waits stands in a lane with those of the same kind (an address, a user). The lanes are served in turn, so that a crowd waits behind itself.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Coroutine, Hashable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, NamedTuple


class Claim(NamedTuple):
    """Work counts for this subject, for which so much of it may be done at once."""

    subject: Hashable
    at_once: int


Gone = Callable[[], Coroutine[Any, Any, None]]
"""Returns when who waits has gone away."""


class Left(Exception):
    """Who waited for a turn has gone away: the place is another's."""


class Crowded(Exception):
    """There is no turn: too many wait already, or the wait was too long. retry_s: whole seconds after which to try again."""

    def __init__(self, retry_s: int) -> None:
        super().__init__(f"too many wait; try again in {retry_s} s")
        self.retry_s = retry_s


@dataclass(frozen=True)
class Room:
    """How many may wait. all_lanes, lane: altogether, and in one lane. longest_s: for so long. retry_s: when who is refused should try again."""

    all_lanes: int
    lane: int
    longest_s: float
    retry_s: int = 1


ANY_NUMBER = Room(all_lanes=100_000, lane=100_000, longest_s=float("inf"))
"""For those whose number is bounded elsewhere, and who wait once at a time."""


class _Waiter(NamedTuple):
    claims: Sequence[Claim]
    started: asyncio.Future[None]
    bounded: bool

    @property
    def refusable(self) -> bool:
        """Whether it may be refused to make room. Who goes away is no more in the way: it leaves its lane as soon as its task runs."""
        return self.bounded and not self.started.done()

    def leave(self) -> None:
        """Wait no longer."""
        if not self.started.done():
            self.started.set_exception(Left())


class FairTurns:
    """Gives turns. Used in one event loop."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._running: Counter[Hashable] = Counter()
        self._lanes: dict[tuple[int, Hashable], deque[_Waiter]] = {}
        """By rank and name; the lane that was served last is the last."""

    @property
    def waiting(self) -> int:
        """How many wait."""
        return sum(len(lane) for lane in self._lanes.values())

    @asynccontextmanager
    async def turn(
        self, lane: Hashable, claims: Sequence[Claim], rank: int = 0, *, bounded: bool = True, gone: Gone | None = None
    ) -> AsyncIterator[None]:
        """Wait for a turn, and have it during the block. A lower rank is served first. Raises Crowded, and Left.

        bounded: False for work that has begun and would be lost: it waits behind however many, and for however long.
        """
        await self._begin((rank, lane), claims, bounded=bounded, gone=gone)
        try:
            yield
        finally:
            self._end(claims)

    async def _begin(self, lane: tuple[int, Hashable], claims: Sequence[Claim], *, bounded: bool, gone: Gone | None) -> None:
        if lane not in self._lanes and self._is_free(claims):
            self._start(claims)
            return
        if bounded:
            self._make_room(lane)
        waiter = _Waiter(claims, asyncio.get_running_loop().create_future(), bounded)
        self._lanes.setdefault(lane, deque()).append(waiter)
        leaving = None if gone is None else asyncio.ensure_future(gone())
        if leaving is not None:
            leaving.add_done_callback(lambda _: waiter.leave())
        try:
            async with asyncio.timeout(self._room.longest_s if bounded else None):
                await waiter.started
        except TimeoutError:
            self._leave(lane, waiter)
            raise Crowded(self._room.retry_s) from None
        except BaseException:
            self._leave(lane, waiter)
            raise
        finally:
            if leaving is not None:
                leaving.cancel()

    def _make_room(self, lane: tuple[int, Hashable]) -> None:
        """Raises Crowded, unless there is room for one more in this lane, or somebody waits who has less right to."""
        crowded = Crowded(self._room.retry_s)
        refusable = {other: [waiter for waiter in waiting if waiter.refusable] for other, waiting in self._lanes.items()}
        crowds = {other: crowd for other, crowd in refusable.items() if crowd}
        own = len(crowds.get(lane, ()))
        if own >= self._room.lane:
            raise crowded
        if sum(len(crowd) for crowd in crowds.values()) < self._room.all_lanes:
            return
        longest = max(crowds, key=lambda other: (other[0], len(crowds[other])))
        if (longest[0], len(crowds[longest])) <= (lane[0], own + 1):
            raise crowded
        last = crowds[longest][-1]
        self._leave(longest, last)
        last.started.set_exception(crowded)

    def _leave(self, lane: tuple[int, Hashable], waiter: _Waiter) -> None:
        """Take somebody out of a lane; who has got the turn meanwhile gives it back."""
        waiting = self._lanes.get(lane, deque())
        if waiter in waiting:
            waiting.remove(waiter)
            if not waiting:
                del self._lanes[lane]
            self._start_waiting()
        elif waiter.started.done() and not waiter.started.cancelled() and waiter.started.exception() is None:
            self._end(waiter.claims)

    def _end(self, claims: Sequence[Claim]) -> None:
        self._running.subtract(subject for subject, _ in claims)
        for subject, _ in claims:
            if not self._running[subject]:
                del self._running[subject]
        self._start_waiting()

    def _start_waiting(self) -> None:
        while (lane := self._next()) is not None:
            waiting = self._lanes.pop(lane)
            waiter = waiting.popleft()
            if waiting:
                self._lanes[lane] = waiting
            if not waiter.started.done():
                self._start(waiter.claims)
                waiter.started.set_result(None)

    def _next(self) -> tuple[int, Hashable] | None:
        """The next lane whose first has room for its work."""
        by_rank = sorted(self._lanes, key=itemgetter(0))
        return next((lane for lane in by_rank if self._is_free(self._lanes[lane][0].claims)), None)

    def _is_free(self, claims: Sequence[Claim]) -> bool:
        return all(self._running[subject] < at_once for subject, at_once in claims)

    def _start(self, claims: Sequence[Claim]) -> None:
        self._running.update(subject for subject, _ in claims)
