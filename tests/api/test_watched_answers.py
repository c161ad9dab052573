"""A question that nobody watches any more is left, and counts as long as its query runs."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from anyio.to_thread import current_default_thread_limiter
from starlette.concurrency import run_in_threadpool

from api.answer_changes import Table
from api.watched_answers import Computed, WatchedAnswers
from tests.api.test_fair_turns import in_a_loop
from tests.kit.waiting import DEADLINE_S


@dataclass(frozen=True)
class Year:
    """A heavy question, whose query runs until the test says so."""

    go: threading.Event = field(default_factory=threading.Event)
    begun: threading.Event = field(default_factory=threading.Event)
    every_s: float = 0.0
    tables: Sequence[Table] = ()
    lane: Hashable = "ana"

    def is_heavy(self, asked: object) -> bool:
        return True

    def position(self) -> int:
        return 1

    async def asked(self) -> object:
        return "a year"

    async def compute(self, asked: object) -> Computed:
        await run_in_threadpool(self._query)
        return Computed({}, 1, "")

    def _query(self) -> None:
        self.begun.set()
        assert self.go.wait(DEADLINE_S)


@contextmanager
def years(number: int) -> Iterator[list[Year]]:
    """So many questions; their queries end with the block at the latest."""
    made = [Year() for _ in range(number)]
    try:
        yield made
    finally:
        for year in made:
            year.go.set()


async def until(condition: Callable[[], bool]) -> None:
    """Go on as soon as it is true in this event loop; fail when it never is."""
    async with asyncio.timeout(DEADLINE_S):
        while not condition():  # noqa: ASYNC110 - the condition has no event of its own
            await asyncio.sleep(0.001)


@in_a_loop
async def test_a_question_that_is_left_keeps_its_turn_and_its_thread_until_its_query_has_ended() -> None:
    with years(2) as (left, next_one):
        answers, wake, threads = WatchedAnswers(), asyncio.Event(), current_default_thread_limiter()
        watched = answers.join("left", lambda: left, wake)
        await until(left.begun.is_set)
        # As after the last client has been gone for LINGER_S.
        answers._end("left", watched)
        answers.join("next", lambda: next_one, wake)
        await until(lambda: answers._turns.waiting == 1 or next_one.begun.is_set())
        assert (next_one.begun.is_set(), threads.borrowed_tokens) == (False, 1)
        left.go.set()
        await until(next_one.begun.is_set)
        assert threads.borrowed_tokens == 1
        await answers.stop()


@in_a_loop
async def test_the_end_of_the_process_waits_for_no_query() -> None:
    with years(1) as (year,):
        answers = WatchedAnswers()
        answers.join("year", lambda: year, asyncio.Event())
        await until(year.begun.is_set)
        await answers.stop()
        assert not year.go.is_set()
