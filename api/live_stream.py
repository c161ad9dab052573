"""The live stream: what happens in the center, as it happens, in the order of the log.

One follower per process reads the log while anybody listens, and makes the message of each event once per company; every client
walks along these messages at its own pace, and one that is further behind than what is kept reads the log itself.
Nothing is queued per client, and "after position N" is all that a client needs to say to go on with no gap and no double.

A follower that fails is started again after a moment, which a counter and the log of the process tell. Meanwhile nobody is told that the line
is alive: the streams end, and clients come back.
"""

from __future__ import annotations

import asyncio
import logging
import math
from bisect import bisect_right
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID

from starlette.concurrency import run_in_threadpool

from api.http_metrics import Instruments
from api.live_messages import LiveMessage, message_of, unreadable
from domain.base import Event
from store.database import StoreUnavailable
from store.recorded_event import DecodedEvent

log = logging.getLogger(__name__)

RESTART_S = 1.0
"""So long after a failure the follower starts again; twice as long after each further one, up to half a minute."""

_LONGEST_RESTART_S = 30.0

CHECK_S = 1.0
"""So often at least a stream makes sure that its listener may go on listening."""

MayListen = Callable[[], Awaitable[bool]]


async def _always() -> bool:
    return True


_PAGE = 1_000
_KEPT = 2_000


class Log(Protocol):
    """The log as somebody who follows it sees it."""

    def read(self, after: int, limit: int) -> Sequence[DecodedEvent[Event]]:
        """At most `limit` events after a position. Raises StoreUnavailable."""

    def head(self) -> int:
        """Position of the last event."""

    def subscribe(self, callback: Callable[[int], object]) -> Callable[[], None]:
        """Let `callback` be called with the new head after each commit, in any thread; what it returns ends that."""


@dataclass(frozen=True, slots=True)
class Message:
    """What is told of one event. data: `said` as JSON text, for who may see all of it."""

    said: LiveMessage
    data: str

    @property
    def position(self) -> int:
        """Of the event."""
        return self.said.position


@dataclass(frozen=True, slots=True)
class Quiet:
    """Nothing happened for a while; the client has everything up to `position`."""

    position: int


def render(recorded: DecodedEvent[Event]) -> Message | None:
    """The message of an event; None for one of which the stream tells nothing.

    One that no message can be made of is told as such: the clients read the board anew, and the stream goes on behind it.
    """
    try:
        said = message_of(recorded.event, recorded.position)
    except Exception:
        log.exception("live stream: no message can be made of the event at position=%d topic=%s", recorded.position, recorded.event.TOPIC)
        said = unreadable(recorded.event, recorded.position)
    return None if said is None else Message(said, said.model_dump_json())


@dataclass(slots=True)
class _Ring:
    """What was rendered lately for one company: every message after position `start`."""

    start: int
    listeners: int = 0
    messages: list[Message] = field(default_factory=list)

    def add(self, message: Message) -> None:
        self.messages.append(message)
        if len(self.messages) >= 2 * _KEPT:
            self.start = self.messages[-_KEPT - 1].position
            del self.messages[:-_KEPT]

    def after(self, position: int) -> list[Message]:
        return self.messages[bisect_right(self.messages, position, key=lambda message: message.position) :]


class Feed:
    """Follows the log of one process and hands its news to any number of clients. Lives in one event loop."""

    def __init__(self, log: Log, instruments: Instruments) -> None:
        self._log = log
        self._instruments = instruments
        self._rings: dict[UUID, _Ring] = {}
        self._reached = 0
        self._written = asyncio.Event()
        self._news = asyncio.Event()
        self._follower: asyncio.Task[None] | None = None
        self._failures = 0
        self._unsubscribe: Callable[[], None] = lambda: None

    @property
    def listeners(self) -> int:
        """How many clients listen now."""
        return sum(ring.listeners for ring in self._rings.values())

    @property
    def failed(self) -> bool:
        """Whether the follower has failed and not read the log since: what it would tell then cannot be trusted to be all."""
        return self._failures > 0 or self._follower is None or self._follower.done()

    @property
    def lag(self) -> int:
        """How many events the follower has not read yet; 0 while nobody listens."""
        return max(0, self._log.head() - self._reached) if self._rings else 0

    def start(self) -> None:
        """Begin to follow; called in the event loop that serves."""
        loop = asyncio.get_running_loop()

        def wake(_: int) -> None:
            # A commit may come from another thread while the loop is being closed: nobody listens then.
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(self._written.set)

        self._unsubscribe = self._log.subscribe(wake)
        self._follower = asyncio.create_task(self._supervise())

    async def stop(self) -> None:
        """Follow no more."""
        self._unsubscribe()
        if self._follower is not None:
            self._follower.cancel()
            await asyncio.gather(self._follower, return_exceptions=True)

    async def after(
        self, tenant: UUID, position: int, quiet_s: float, lifetime_s: float = math.inf, may_listen: MayListen = _always
    ) -> AsyncIterator[Message | Quiet]:
        """What happens in the company `tenant` after `position`, for `lifetime_s`; a Quiet after each `quiet_s` without news.

        It ends when the log cannot be read or its follower has failed: whoever listens comes back, and misses nothing. It also ends
        within CHECK_S when `may_listen` says no.
        """
        ring = self._join(tenant)
        loop = asyncio.get_running_loop()
        end = loop.time() + lifetime_s
        quiet_at = loop.time() + quiet_s
        try:
            while (left := end - loop.time()) > 0:
                news = self._news
                try:
                    if not await may_listen():
                        return
                    messages, position_then = await self._since(ring, tenant, position)
                except StoreUnavailable:
                    return
                if self.failed and not messages:
                    return
                for message in messages:
                    yield message
                position = position_then
                if messages:
                    quiet_at = loop.time() + quiet_s
                if position >= self._reached:
                    with suppress(TimeoutError):
                        await asyncio.wait_for(news.wait(), min(quiet_at - loop.time(), left, CHECK_S))
                    if loop.time() >= quiet_at and not news.is_set():
                        yield Quiet(position)
                        quiet_at = loop.time() + quiet_s
        finally:
            self._leave(tenant, ring)

    def _join(self, tenant: UUID) -> _Ring:
        if not self._rings:
            self._reached = self._log.head()
        ring = self._rings.setdefault(tenant, _Ring(self._reached))
        ring.listeners += 1
        return ring

    def _leave(self, tenant: UUID, ring: _Ring) -> None:
        ring.listeners -= 1
        if not ring.listeners:
            del self._rings[tenant]

    async def _since(self, ring: _Ring, tenant: UUID, position: int) -> tuple[list[Message], int]:
        """Some messages after `position`, and the position up to which they are all."""
        if position >= ring.start:
            return ring.after(position), max(position, self._reached)
        page = await run_in_threadpool(self._log.read, position, _PAGE)
        wanted = [recorded for recorded in page if recorded.event.tenant == tenant]
        return [message for message in map(render, wanted) if message], page[-1].position if page else position

    async def _supervise(self) -> None:
        """Follow the log for ever: after a failure anew, from where it was."""
        while True:
            try:
                await self._follow()
            except StoreUnavailable:
                self._fail("store")
            except Exception:
                log.exception("live stream: the follower failed at position=%d and is started again", self._reached)
                self._fail("error")
            await asyncio.sleep(min(RESTART_S * 2 ** (self._failures - 1), _LONGEST_RESTART_S))
            self._written.set()

    def _fail(self, cause: str) -> None:
        self._failures += 1
        self._instruments.live_restarts.labels(cause).inc()
        self._tell()

    async def _follow(self) -> None:
        while True:
            await self._written.wait()
            self._written.clear()
            while self._rings and await self._take_page():
                pass
            self._failures = 0

    def _tell(self) -> None:
        """Wake all who wait for news."""
        self._news.set()
        self._news = asyncio.Event()

    async def _take_page(self) -> bool:
        """Render the next events for those who listen; False when there are none."""
        asked = self._reached
        page = await run_in_threadpool(self._log.read, asked, _PAGE)
        if not page:
            return False
        if self._reached != asked:
            return True  # the last client left and another came meanwhile: the page is behind it
        for recorded in page:
            ring = self._rings.get(recorded.event.tenant)
            message = render(recorded) if ring else None
            if ring and message:
                ring.add(message)
        self._reached = page[-1].position
        self._failures = 0
        self._tell()
        return True
