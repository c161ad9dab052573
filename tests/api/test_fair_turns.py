"""Turns are bounded, and a crowd waits behind itself."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from api.fair_turns import Claim, Crowded, FairTurns, Left, Room

ROOM = Room(all_lanes=4, lane=3, longest_s=60)
ONE = [Claim("work", 1)]


class Workers:
    """Work that ends when the test says so, by name."""

    def __init__(self, room: Room = ROOM) -> None:
        self.turns = FairTurns(room)
        self.begun: list[str] = []
        self._ends: dict[str, asyncio.Event] = {}

    def come(self, name: str, lane: str, claims: list[Claim] | None = None, rank: int = 0, *, bounded: bool = True) -> asyncio.Task[None]:
        async def work() -> None:
            async with self.turns.turn(lane, claims or ONE, rank, bounded=bounded):
                self.begun.append(name)
                await self._ends[name].wait()

        self._ends[name] = asyncio.Event()
        return asyncio.create_task(work())

    async def begin(
        self, name: str, lane: str, claims: list[Claim] | None = None, rank: int = 0, *, bounded: bool = True
    ) -> asyncio.Task[None]:
        task = self.come(name, lane, claims, rank, bounded=bounded)
        await settled()
        return task

    async def end(self, name: str) -> None:
        self._ends[name].set()
        await settled()


async def settled() -> None:
    """Let every task go on as far as it can."""
    for _ in range(10):
        await asyncio.sleep(0)


def in_a_loop(test: Callable[[], Coroutine[Any, Any, None]]) -> Callable[[], None]:
    def run() -> None:
        asyncio.run(test())

    run.__name__ = test.__name__
    return run


@in_a_loop
async def test_a_crowd_waits_behind_itself_and_who_comes_from_elsewhere_is_next() -> None:
    workers = Workers()
    for name in ("a1", "a2", "a3", "a4"):
        await workers.begin(name, "a")
    await workers.begin("b1", "b")
    for name in ("a1", "a2", "b1", "a3"):
        await workers.end(name)
    assert workers.begun == ["a1", "a2", "b1", "a3", "a4"]


@in_a_loop
async def test_who_goes_away_leaves_the_place_to_another() -> None:
    turns = FairTurns(Room(all_lanes=1, lane=1, longest_s=60))
    gone, ended = asyncio.Event(), asyncio.Event()

    async def left() -> None:
        await gone.wait()

    async def work() -> None:
        async with turns.turn("a", ONE, gone=left):
            await ended.wait()

    first, waiting = asyncio.create_task(work()), asyncio.create_task(work())
    await settled()
    assert turns.waiting == 1
    gone.set()
    await settled()
    with pytest.raises(Left):
        await waiting
    assert turns.waiting == 0
    assert not first.done(), "who has the turn keeps it"
    last = asyncio.create_task(work())
    ended.set()
    await asyncio.gather(first, last)


@in_a_loop
async def test_who_has_a_better_rank_is_next() -> None:
    workers = Workers()
    await workers.begin("a1", "a", rank=1)
    await workers.begin("a2", "a", rank=1)
    await workers.begin("b1", "b", rank=0)
    await workers.end("a1")
    assert workers.begun == ["a1", "b1"]


@in_a_loop
async def test_one_lane_is_refused_at_once_when_as_many_of_it_wait_as_may() -> None:
    workers = Workers()
    for number in range(4):
        await workers.begin(f"a{number}", "a")
    with pytest.raises(Crowded):
        await (await workers.begin("a4", "a"))
    assert workers.turns.waiting == 3


@in_a_loop
async def test_when_all_the_room_is_taken_the_last_of_the_longest_lane_makes_room() -> None:
    workers = Workers()
    for name, lane in (("a0", "a"), ("a1", "a"), ("a2", "a"), ("a3", "a"), ("b1", "b")):
        last = await workers.begin(name, lane)
    crowd = await workers.begin("c1", "c")
    assert workers.turns.waiting == 4
    assert not last.done()
    assert not crowd.done()
    for name in ("a0", "a1", "b1", "c1"):
        await workers.end(name)
    assert workers.begun == ["a0", "a1", "b1", "c1", "a2"]


@in_a_loop
async def test_who_comes_when_all_wait_alone_is_refused_at_once() -> None:
    workers = Workers()
    for number in range(5):
        await workers.begin(f"w{number}", f"lane {number}")
    with pytest.raises(Crowded):
        await (await workers.begin("one more", "another lane"))


@in_a_loop
async def test_work_begins_only_when_each_of_its_subjects_has_room() -> None:
    workers = Workers()
    company, user = Claim("company", 2), Claim("user", 1)
    await workers.begin("u1", "u", [company, user])
    await workers.begin("u2", "u", [company, user])
    await workers.begin("v1", "v", [company])
    await workers.begin("v2", "v", [company])
    assert workers.begun == ["u1", "v1"]
    await workers.end("v1")
    assert workers.begun == ["u1", "v1", "v2"]
    await workers.end("u1")
    assert workers.begun == ["u1", "v1", "v2", "u2"]


@in_a_loop
async def test_who_waits_too_long_is_refused_and_keeps_nobody_waiting() -> None:
    workers = Workers(Room(all_lanes=4, lane=4, longest_s=0.01))
    await workers.begin("a1", "a")
    with pytest.raises(Crowded):
        await (await workers.begin("a2", "a"))
    assert workers.turns.waiting == 0
    await workers.end("a1")
    await workers.begin("a3", "a")
    assert workers.begun == ["a1", "a3"]


@in_a_loop
async def test_who_goes_away_while_waiting_or_working_gives_the_turn_back() -> None:
    workers = Workers()
    working = await workers.begin("a1", "a")
    waiting = await workers.begin("a2", "a")
    await workers.begin("a3", "a")
    waiting.cancel()
    working.cancel()
    await settled()
    assert workers.begun == ["a1", "a3"]
    # One that is cancelled at the moment in which its turn begins.
    last = await workers.begin("a4", "a")
    workers._ends["a3"].set()
    await asyncio.sleep(0)
    last.cancel()
    await settled()
    await workers.begin("a5", "a")
    assert workers.begun[-1] == "a5"


@in_a_loop
async def test_who_comes_in_the_moment_in_which_a_crowd_goes_away_has_its_room() -> None:
    workers = Workers()
    await workers.begin("a1", "a")
    crowd = [await workers.begin(f"{lane}{number}", lane) for lane in "ab" for number in (2, 3)]
    # Those who go away leave their lanes only after the newcomer, who is before them in the loop.
    newcomer = workers.come("c1", "c")
    for waiting in crowd:
        waiting.cancel()
    await settled()
    assert not newcomer.done()
    assert workers.turns.waiting == 1
    await workers.end("a1")
    assert workers.begun == ["a1", "c1"]


@in_a_loop
async def test_work_that_has_begun_makes_room_for_nobody_and_takes_no_room() -> None:
    workers = Workers(Room(all_lanes=3, lane=2, longest_s=60))
    await workers.begin("a1", "a")
    begun = [await workers.begin(f"a{number}", "a", rank=1, bounded=False) for number in (2, 3, 4)]
    fresh = [await workers.begin(f"a{number}", "a", rank=1) for number in (5, 6)]
    await workers.begin("b1", "b")
    assert workers.turns.waiting == 6
    await workers.begin("c1", "c")
    assert [task.done() for task in (*begun, *fresh)] == [False] * 4 + [True]
    with pytest.raises(Crowded):
        await fresh[1]
    assert workers.turns.waiting == 6
