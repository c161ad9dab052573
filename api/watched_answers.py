"""Answers that are kept up to date while anybody watches them: equal questions are computed once for all who watch.

A question is asked anew when the log has gone on, at most once each `every_s`; what changed is kept for a while as messages that are made once.
Each client reads them at its own pace; one that is further behind gets the whole answer. Nothing is queued per client.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import msgspec
from anyio import CancelScope
from starlette.concurrency import run_in_threadpool

from api.answer_changes import Table, changes
from api.fair_turns import ANY_NUMBER, Claim, FairTurns
from api.problem import Problem
from projections.engine.progress import ProjectionsStopped
from projections.engine.warehouse import WarehouseError
from store.database import StoreUnavailable

log = logging.getLogger(__name__)

LINGER_S = 15.0
"""A question is kept up to date for so long after the last client has gone: one that lost its line comes back and goes on where it was."""

LOOK_S = 0.04
"""How often a question looks whether the log has gone on."""

AGAIN_S = 1.0
"""How often it looks whether it is about another period: at midnight, or after the company's time zone was changed."""

_KEPT = 120
"""The newest messages of each question that are kept: half a minute of the board."""

AT_ONCE = 3
"""How many questions are computed at the same time, so that other requests are answered meanwhile."""

HEAVY_AT_ONCE = 1
"""How many of these read much: the board does not wait for a year that somebody watches."""

_encode = msgspec.json.Encoder().encode


def _body(fields: dict[str, Any]) -> str:
    """The fields of a message as the end of a JSON object."""
    return _encode(fields).decode()[1:]


@dataclass(frozen=True)
class Computed:
    """An answer, and the log position for which it holds exactly."""

    answer: dict[str, Any]
    position: int
    now: str
    """The server's clock when it was computed."""


class Source(Protocol):
    """One question, as it is asked again and again."""

    @property
    def every_s(self) -> float:
        """The shortest time between two answers."""

    @property
    def tables(self) -> Sequence[Table]:
        """The rows of its answer that are sent one by one."""

    @property
    def lane(self) -> Hashable:
        """Who asked first: each of those is computed for in turn."""

    def is_heavy(self, asked: Any) -> bool:
        """Whether the question reads much."""

    def position(self) -> int:
        """The position of the log that an answer would cover now."""

    async def asked(self) -> object:
        """The question as it is now; when it is another one, the answer is sent as a whole."""

    async def compute(self, asked: Any) -> Computed:
        """The answer to it."""


@dataclass(frozen=True)
class Message:
    """What is sent of one answer. event: `answer` or `change`. body: the end of its JSON, behind the number of the question."""

    event: str
    number: int
    position: int
    body: str

    def data(self, q: int) -> str:
        """The message for a client to whom the question is number `q`."""
        return f'{{"q":{q},"position":{self.position},{self.body}'


@dataclass
class Reader:
    """How far one client has read one question. number: of the last answer that it has; None before the first."""

    watched: Watched
    number: int | None = None
    position: int = 0

    def unread(self) -> Iterator[Message]:
        """The messages that the client has to get; each counts as read when it is taken."""
        current = self.watched.current
        for message in self.watched.unread(self.number):
            self.number, self.position = message.number, message.position
            yield message
        if current is not None and self.number is not None:
            self.position = max(self.position, current.position)


@dataclass
class Watched:
    """A question that is kept up to date."""

    source: Source
    wake: set[asyncio.Event] = field(default_factory=set)
    readers: int = 0
    number: int = 0
    """How many answers there were that differed from the one before."""
    first: int = 0
    """The number of the last answer to be sent as a whole to everybody."""
    current: Computed | None = None
    whole: Message | None = None
    recent: deque[Message] = field(default_factory=lambda: deque(maxlen=_KEPT))
    passed: deque[tuple[int, int]] = field(default_factory=lambda: deque(maxlen=4 * _KEPT))
    """(position, number) of each answer that was computed."""
    failed: bool = False
    task: asyncio.Task[None] | None = None
    scope: CancelScope = field(default_factory=CancelScope)
    """Ends the task once its query has ended: one that runs in a thread cannot be stopped, and keeps its turn and its thread until then."""
    ending: asyncio.TimerHandle | None = None

    def resume(self, position: int) -> Reader:
        """A reader that has the answer at a position already; if that is not known here, a new one.

        Only positions at which this process has computed the same question since it sent it as a whole: answers at any other may differ from what the client has.
        """
        for passed, number in reversed(self.passed):
            if passed == position:
                return Reader(self, number, position)
        return Reader(self)

    def unread(self, number: int | None) -> list[Message]:
        """What a client that has answer `number` has to get to have the current one."""
        if self.current is None:
            return []
        if number is None or number < max(self.first, self.number - len(self.recent)):
            return [self._whole(self.current)]
        return [message for message in self.recent if message.number > number]

    def _whole(self, current: Computed) -> Message:
        """The whole answer; encoded once for all who get it."""
        if self.whole is None or (self.whole.number, self.whole.position) != (self.number, current.position):
            body = _body({"now": current.now, "answer": current.answer})
            self.whole = Message("answer", self.number, current.position, body)
        return self.whole

    def take(self, computed: Computed, message: Message | None) -> None:
        """Go on to a newer answer. message: its changes; None: it is to be sent as a whole."""
        if message is None:
            self.number += 1
            self.first = self.number
            self.recent.clear()
            self.passed.clear()
        else:
            if message.body:
                self.number += 1
                self.recent.append(message)
            # Not that of a whole answer: a client may have got another question's answer at the same position, before midnight.
            self.passed.append((computed.position, self.number))
        self.current = computed
        for wake in self.wake:
            wake.set()

    def fail(self) -> None:
        """End all streams that show this question."""
        self.failed = True
        for wake in self.wake:
            wake.set()


class WatchedAnswers:
    """The questions that clients of this process watch. Used in one event loop."""

    def __init__(self) -> None:
        self._watched: dict[Hashable, Watched] = {}
        self._turns = FairTurns(ANY_NUMBER)

    @property
    def questions(self) -> int:
        """How many questions are kept up to date."""
        return len(self._watched)

    def join(self, key: Hashable, source: Callable[[], Source], wake: asyncio.Event) -> Watched:
        """Begin to watch a question; `wake` is set when there is something new. Equal keys share one."""
        watched = self._watched.get(key)
        if watched is None:
            watched = self._watched[key] = Watched(source())
            watched.task = asyncio.create_task(self._keep(key, watched))
        if watched.ending is not None:
            watched.ending.cancel()
            watched.ending = None
        watched.wake.add(wake)
        watched.readers += 1
        return watched

    def leave(self, key: Hashable, watched: Watched, wake: asyncio.Event) -> None:
        """End watching."""
        watched.wake.discard(wake)
        watched.readers -= 1
        if not watched.readers and self._watched.get(key) is watched:
            watched.ending = asyncio.get_running_loop().call_later(LINGER_S, self._end, key, watched)

    async def stop(self) -> None:
        """End all, and wait for no query: the process ends."""
        tasks = [watched.task for watched in self._watched.values() if watched.task is not None]
        for key, watched in list(self._watched.items()):
            self._end(key, watched)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _end(self, key: Hashable, watched: Watched) -> None:
        if self._watched.get(key) is watched:
            del self._watched[key]
        if watched.ending is not None:
            watched.ending.cancel()
        watched.scope.cancel()
        watched.fail()

    async def _keep(self, key: Hashable, watched: Watched) -> None:
        """Ask a question again and again. After an error its streams end: clients reconnect, and are told if it lasts."""
        try:
            with watched.scope:
                await self._ask_for_ever(watched)
        except Exception as error:
            away = isinstance(error, (StoreUnavailable, WarehouseError, ProjectionsStopped, Problem))
            log.warning("watch: a question cannot be answered: %s", error, exc_info=not away)
            self._end(key, watched)

    async def _ask_for_ever(self, watched: Watched) -> None:
        source, loop = watched.source, asyncio.get_running_loop()
        asked: object = None
        while True:
            began = loop.time()
            now = await source.asked()
            if now != asked or watched.current is None or source.position() > watched.current.position:
                heavy = source.is_heavy(now)
                claims = [Claim("watched", AT_ONCE), *([Claim("heavy", HEAVY_AT_ONCE)] if heavy else ())]
                async with self._turns.turn((source.lane, heavy), claims, rank=int(heavy), bounded=False):
                    computed = await source.compute(now)
                if now != asked or watched.current is None:
                    asked = now
                    watched.take(computed, None)
                elif computed.position > watched.current.position:
                    watched.take(computed, await run_in_threadpool(_message, watched, watched.current, computed))
            await asyncio.sleep(max(0.0, began + source.every_s - loop.time()))
            for _ in range(round(AGAIN_S / LOOK_S)):
                if watched.current is not None and source.position() > watched.current.position:
                    break
                await asyncio.sleep(LOOK_S)


def _message(watched: Watched, before: Computed, after: Computed) -> Message:
    changed = changes(before.answer, after.answer, watched.source.tables)
    return Message("change", watched.number + 1, after.position, _body({"now": after.now, **changed}) if changed else "")
