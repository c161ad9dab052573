"""How files are received without holding anybody else up: a few of a user and of a company at a time, their parts written in turn, and looked at in turn.

Nothing is read of a client that waits, so that nobody fills the memory, the disk or the time of this process faster than others are answered.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from uuid import UUID

from api.fair_turns import ANY_NUMBER, Claim, Crowded, FairTurns, Room
from api.problem import Problem

OF_A_USER = 2
"""Files that one user or API key sends at the same time. The console sends one after another."""

OF_A_COMPANY = 4

ROOM = Room(all_lanes=400, lane=40, longest_s=20.0, retry_s=5)
"""Of those that wait. A client that is refused at once comes back at once: it waits instead, as long as browsers and proxies do."""

WRITES_OF_A_COMPANY = 1

WRITES_AT_ONCE = 2
"""Parts that are written at the same time. More of them end no sooner: it is one disk, on which commands are saved too."""

LOOKS_OF_A_COMPANY = 1
"""The files of others are looked at meanwhile, the companies in turn."""

LOOKS_AT_ONCE = 2
"""To look at the beginning of a file, much of which may unpack to nothing, may take seconds: others' requests do not wait for more than two of them."""

SOUNDS_OF_A_COMPANY = 1

SOUNDS_AT_ONCE = 2
"""To speak a text may take half a minute, and to convert a file seconds of a core: others' questions do not wait for more than two of them."""


class UploadTurns:
    """The turns of all uploads of this process, and of the sounds that are made of them or of a text. Used in one event loop."""

    def __init__(self) -> None:
        self._files = FairTurns(ROOM)
        self._writes = FairTurns(ANY_NUMBER)
        self._looks = FairTurns(ANY_NUMBER)
        self._sounds = FairTurns(ANY_NUMBER)

    @asynccontextmanager
    async def file(self, tenant: UUID, who: str) -> AsyncIterator[None]:
        """Wait until one more file may be received, and receive it in the block. who: the user or API key that sends it.

        Raises Problem (429, `too-many-uploads`) when too many wait, or for too long.
        """
        try:
            async with self._files.turn((tenant, who), [Claim((tenant, who), OF_A_USER), Claim(tenant, OF_A_COMPANY)]):
                yield
        except Crowded as crowded:
            detail = f"too many files are sent at the same time; try again in {crowded.retry_s} s"
            # The server reads no more of a file that it has refused.
            headers = {"Retry-After": str(crowded.retry_s), "Connection": "close"}
            raise Problem("too-many-requests", detail, headers=headers, code="too-many-uploads") from None

    def write(self, tenant: UUID) -> AbstractAsyncContextManager[None]:
        """Wait until a part of a company's file may be written, and write it in the block."""
        return self._in_turn(self._writes, tenant, WRITES_OF_A_COMPANY, WRITES_AT_ONCE)

    def look(self, tenant: UUID) -> AbstractAsyncContextManager[None]:
        """Wait until a company's file may be looked at, and do so in the block."""
        return self._in_turn(self._looks, tenant, LOOKS_OF_A_COMPANY, LOOKS_AT_ONCE)

    def sound(self, tenant: UUID) -> AbstractAsyncContextManager[None]:
        """Wait until a sound may be made for a company, and make it in the block."""
        return self._in_turn(self._sounds, tenant, SOUNDS_OF_A_COMPANY, SOUNDS_AT_ONCE)

    @staticmethod
    def _in_turn(turns: FairTurns, tenant: UUID, of_a_company: int, at_once: int) -> AbstractAsyncContextManager[None]:
        return turns.turn(tenant, [Claim(tenant, of_a_company), Claim("all", at_once)], bounded=False)
