"""How many questions about figures are answered at the same time: of a user, of a company, of this process; and fewer of those that read much.

Who asks more waits in the order of the questions, and others do not wait for it. Questions of the live stream and of `GET /v1/watch` are computed once for
all who watch, apart from these.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from os import cpu_count
from uuid import UUID

from starlette.requests import ClientDisconnect

from api.fair_turns import Claim, Crowded, FairTurns, Gone, Left, Room
from api.problem import Problem
from projections.figures.question import Question
from projections.queries.interactions_selection import Interactions

OF_A_USER = 6
"""A browser has six connections to a server: one person's screen is never held up by this."""

OF_A_COMPANY = 12
OF_ALL = 24
"""Of the 40 threads of this process the others are left for commands, logins and files."""

HEAVY_OF_A_USER = 2
HEAVY_OF_A_COMPANY = 4
HEAVY_OF_ALL = max(2, (cpu_count() or 2) // 2)
"""A long report uses every core that it gets, so that more of them at once end no sooner, and take the cores from dashboards."""

LONG_MS = 35 * 86_400_000
"""A question about more than this is heavy: a report of a month is not."""

ROOM = Room(all_lanes=400, lane=24, longest_s=20.0, retry_s=5)
"""A page asks some ten questions when it opens. Browsers and proxies wait for 30 s and more."""


def reads_much(now_ms: int, *args: object) -> bool:
    """Whether a query with these arguments reads much: its question is about a long time, or all events are read for it. One about no time names what it
    looks for.
    """
    if any(isinstance(arg, Interactions) and arg.reads_all_events for arg in args):
        return True
    questions = (getattr(arg, "question", arg) for arg in args)
    return any(isinstance(one, Question) and _length_ms(one, now_ms) > LONG_MS for one in questions)


def _length_ms(question: Question, now_ms: int) -> int:
    if question.since_ms is None:
        return 0
    return (now_ms if question.until_ms is None else question.until_ms) - question.since_ms


class QuestionTurns:
    """The turns of all questions of this process."""

    def __init__(self) -> None:
        self._turns = FairTurns(ROOM)

    @asynccontextmanager
    async def turn(self, tenant: UUID, who: str, *, heavy: bool, begun: bool = False, gone: Gone | None = None) -> AsyncIterator[None]:
        """Wait for the turn of a question, and have it during the block. who: the user, API key or screen that asks.

        begun: a part of its answer was sent already. gone: returns when the client has gone away. Raises Problem (429, `too-many-questions`) when too many wait,
        or for too long, and ClientDisconnect.
        """
        claims = [Claim((tenant, who), OF_A_USER), Claim(tenant, OF_A_COMPANY), Claim("all", OF_ALL)]
        if heavy:
            claims += [
                Claim((tenant, who, "heavy"), HEAVY_OF_A_USER),
                Claim((tenant, "heavy"), HEAVY_OF_A_COMPANY),
                Claim("heavy", HEAVY_OF_ALL),
            ]
        try:
            async with self._turns.turn((tenant, who, heavy), claims, rank=int(heavy), bounded=not begun, gone=gone):
                yield
        except Left:
            raise ClientDisconnect from None
        except Crowded as crowded:
            detail = f"too many questions are being answered; try again in {crowded.retry_s} s"
            raise Problem("too-many-requests", detail, headers={"Retry-After": str(crowded.retry_s)}, code="too-many-questions") from None
