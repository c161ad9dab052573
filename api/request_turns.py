"""In which order requests are begun, and how many are refused: nobody's crowd of requests stands in front of those of others.

All requests are worked on in one event loop, so whoever sends twenty at a time would be twenty steps ahead of everybody else.
"""

from __future__ import annotations

import asyncio
from contextlib import AbstractAsyncContextManager
from uuid import UUID

from api.fair_turns import ANY_NUMBER, Claim, FairTurns

REFUSED_S = 0.02
"""Seconds from one refusal of a company's requests beyond a rate limit to its next: whoever does not wait as told is slowed down, and costs others little."""

READS_OF_A_CALLER = 2
READS_OF_A_COMPANY = 4
"""Reads of single things in threads at the same time. Each takes a millisecond or so; twenty at once would take twenty of everybody's."""

COMMANDS_OF_A_CALLER = 8
COMMANDS_OF_A_COMPANY = 32
"""Commands at the same time. Those that are saved together are answered together too, and others' requests wait for all these answers."""


BEGUN_OF_A_CALLER = 4
BEGUN = 8
"""Requests that begin in one turn of the event loop. With one a turn, a single caller's throughput was half of what it is with these."""


class RequestTurns:
    """The turns of all requests of this process that have valid credentials. Used in one event loop."""

    def __init__(self) -> None:
        self._of_companies = FairTurns(ANY_NUMBER)
        self._of_callers = FairTurns(ANY_NUMBER)
        self._reads = FairTurns(ANY_NUMBER)
        self._commands = FairTurns(ANY_NUMBER)
        self._refusals = FairTurns(ANY_NUMBER)

    async def begin(self, tenant: UUID, who: str) -> None:
        """Return when the request may go on: a few at a time, the companies in turn, and in each its callers. who: the user, API key or screen."""
        async with (
            self._of_callers.turn((tenant, who), [Claim((tenant, who), BEGUN_OF_A_CALLER)], bounded=False),
            self._of_companies.turn(tenant, [Claim("all", BEGUN)], bounded=False),
        ):
            # What this and others have begun goes on first.
            await asyncio.sleep(0)

    def read(self, tenant: UUID, who: str) -> AbstractAsyncContextManager[None]:
        """Wait until one more single thing may be read, and read it in the block."""
        claims = [Claim((tenant, who), READS_OF_A_CALLER), Claim(tenant, READS_OF_A_COMPANY)]
        return self._reads.turn((tenant, who), claims, bounded=False)

    def command(self, tenant: UUID, who: str) -> AbstractAsyncContextManager[None]:
        """Wait until one more command may be executed, and do so in the block."""
        claims = [Claim((tenant, who), COMMANDS_OF_A_CALLER), Claim(tenant, COMMANDS_OF_A_COMPANY)]
        return self._commands.turn((tenant, who), claims, bounded=False)

    async def refuse(self, tenant: UUID, who: str) -> None:
        """Return when a request beyond the rate limit may be refused."""
        async with self._refusals.turn((tenant, who), [Claim(tenant, 1)], bounded=False):
            await asyncio.sleep(REFUSED_S)
