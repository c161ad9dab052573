"""The hosts of webhooks are looked up in few threads for each company, and never in those by which the store is used."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from ipaddress import ip_address
from uuid import UUID

import pytest

from domain.webhook_destinations import Address
from processes.name_lookups import THREADS_OF_A_COMPANY, NameLookups, TooSlow

SLOW, OTHER = UUID(int=1), UUID(int=2)
FOUND = [ip_address("192.0.2.1")]
DEADLINE_S = 20


class Resolver:
    """Answers at once, but for hosts of the domain `slow.example`, whose name servers do not answer."""

    def __init__(self) -> None:
        self.gives_up = threading.Event()
        self.threads: dict[str, set[int]] = {}

    def __call__(self, host: str, port: int) -> list[Address]:
        self.threads.setdefault(host, set()).add(threading.get_ident())
        if host == "slow.example":
            self.gives_up.wait(DEADLINE_S)
        return FOUND


@pytest.fixture
def resolver() -> Iterator[Resolver]:
    made = Resolver()
    yield made
    made.gives_up.set()


def test_name_servers_that_do_not_answer_hold_up_neither_another_company_nor_the_event_loop(resolver: Resolver) -> None:
    async def look_up() -> None:
        names = NameLookups(resolver)
        stuck = [asyncio.create_task(names.look_up(SLOW, "slow.example", 443)) for _ in range(100)]
        assert await asyncio.wait_for(names.look_up(OTHER, "crm.example", 443), DEADLINE_S) == FOUND
        assert await asyncio.wait_for(asyncio.to_thread(lambda: "free"), DEADLINE_S) == "free"
        assert not any(task.done() for task in stuck)
        for task in stuck:
            task.cancel()
        await asyncio.wait(stuck)

    asyncio.run(look_up())
    assert 1 <= len(resolver.threads["slow.example"]) <= THREADS_OF_A_COMPANY


def test_nobody_waits_longer_than_the_time_limit_and_what_waited_in_vain_is_not_looked_up(resolver: Resolver) -> None:
    async def look_up() -> list[object]:
        names = NameLookups(resolver, timeout_s=0.05)
        return await asyncio.gather(*(names.look_up(SLOW, "slow.example", 443) for _ in range(20)), return_exceptions=True)

    assert [type(answer) for answer in asyncio.run(look_up())] == [TooSlow] * 20
    assert len(resolver.threads["slow.example"]) == THREADS_OF_A_COMPANY
