"""Nobody's crowd of requests stands in front of those of others."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from uuid import UUID

from api import request_turns
from api.request_turns import RequestTurns
from tests.api.test_fair_turns import in_a_loop, settled

ONE, OTHER = UUID(int=1), UUID(int=2)


@in_a_loop
async def test_a_request_begins_before_the_crowd_of_another_company_and_before_that_of_a_colleague() -> None:
    turns = RequestTurns()
    begun: list[str] = []

    async def request(tenant: UUID, who: str) -> None:
        await turns.begin(tenant, who)
        begun.append(who)

    crowd = [asyncio.create_task(request(ONE, f"user:{number % 2}")) for number in range(40)]
    await asyncio.sleep(0)
    others = [asyncio.create_task(request(ONE, "colleague")), asyncio.create_task(request(OTHER, "other"))]
    await asyncio.gather(*crowd, *others)
    assert begun.index("other") < 2 * request_turns.BEGUN
    assert begun.index("colleague") < 2 * request_turns.BEGUN
    assert len(begun) == 42


@in_a_loop
async def test_a_few_requests_begin_in_a_step_of_the_event_loop() -> None:
    turns = RequestTurns()
    in_step: list[int] = []
    step = 0

    async def request(number: int) -> None:
        await turns.begin(UUID(int=number), "user")
        in_step.append(step)

    tasks = [asyncio.create_task(request(number)) for number in range(3 * request_turns.BEGUN)]
    while not all(task.done() for task in tasks):
        step += 1
        await asyncio.sleep(0)
    assert max(in_step.count(one) for one in in_step) == request_turns.BEGUN


@in_a_loop
async def test_few_of_a_crowd_of_reads_and_commands_run_at_once_and_none_in_front_of_another_company() -> None:
    for kind, at_once in ((RequestTurns.read, request_turns.READS_OF_A_CALLER), (RequestTurns.command, request_turns.COMMANDS_OF_A_CALLER)):
        await few_of_a_crowd(kind, at_once)


async def few_of_a_crowd(kind: Callable[[RequestTurns, UUID, str], AbstractAsyncContextManager[None]], at_once: int) -> None:
    turns = RequestTurns()
    running: list[str] = []
    go_on = asyncio.Event()

    async def read(tenant: UUID, who: str) -> None:
        async with kind(turns, tenant, who):
            running.append(who)
            await go_on.wait()

    crowd = [asyncio.create_task(read(ONE, "user")) for number in range(20)]
    await settled()
    assert len(running) == at_once
    other = asyncio.create_task(read(OTHER, "other"))
    await settled()
    assert running[-1] == "other"
    go_on.set()
    await asyncio.gather(*crowd, other)
    assert len(running) == 21


@in_a_loop
async def test_requests_beyond_the_limit_are_refused_one_after_another() -> None:
    request_turns.REFUSED_S, usual = 0.001, request_turns.REFUSED_S
    turns = RequestTurns()
    loop = asyncio.get_running_loop()
    began = loop.time()
    try:
        await asyncio.gather(*(turns.refuse(ONE, f"key:{number}") for number in range(20)))
    finally:
        request_turns.REFUSED_S = usual
    assert loop.time() - began >= 20 * 0.001
