"""The live stream: what happens in the center, as it happens, in the order of the log.

One reader per process follows the log while anybody listens, and renders each event once per company; every client
walks along what was rendered at its own pace, and one that is further behind than what is kept reads the log itself.
Nothing is queued per client, and "after position N" is all that a client needs to say to go on with no gap and no double.
"""

from __future__ import annotations

import asyncio
import math
from bisect import bisect_right
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import UUID

import msgspec
from starlette.concurrency import run_in_threadpool

from api.instants import iso
from domain.base import Event, Personal
from store.database import StoreUnavailable
from store.recorded_event import DecodedEvent

_AWAY_S = 1.0
_PAGE = 1_000
_KEPT = 2_000

SHOWN = frozenset({"interaction", "visit", "agent", "queue", "ivr", "source"})
"""What the stream tells of: the first words of the events' names. Users and contacts are nobody's live business."""


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
    """One event as the clients of its company get it: JSON text without a personal datum."""

    position: int
    topic: str
    data: str


@dataclass(frozen=True, slots=True)
class Quiet:
    """Nothing happened for a while; the client has everything up to `position`."""

    position: int


def render(recorded: DecodedEvent[Event]) -> Message | None:
    """The message of an event; None for one that the stream does not tell of."""
    event = recorded.event
    if event.TOPIC.partition(".")[0] not in SHOWN:
        return None
    body = {
        "position": recorded.position,
        "topic": event.TOPIC,
        "id": event.originator_id,
        "version": event.originator_version,
        "occurred_at": iso(event.occurred_at // 1_000),
        "recorded_at": iso(event.recorded_at // 1_000),
        "what": {name: plain(getattr(event, name)) for name in event.__struct_fields__ if name not in _ENVELOPE},
    }
    return Message(recorded.position, event.TOPIC, msgspec.json.encode(body).decode())


_ENVELOPE = frozenset(Event.__struct_fields__)


def plain(value: Any) -> Any:
    """A part of an event as JSON has it, with null for every personal datum."""
    if isinstance(value, Personal):
        return None
    if isinstance(value, msgspec.Struct):
        return {name: plain(getattr(value, name)) for name in value.__struct_fields__}
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list | set | frozenset):
        return [plain(item) for item in value]
    return value


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

    def __init__(self, log: Log) -> None:
        self._log = log
        self._rings: dict[UUID, _Ring] = {}
        self._reached = 0
        self._written = asyncio.Event()
        self._news = asyncio.Event()
        self._follower: asyncio.Task[None] | None = None
        self._unsubscribe: Callable[[], None] = lambda: None

    @property
    def listeners(self) -> int:
        """How many clients listen now."""
        return sum(ring.listeners for ring in self._rings.values())

    def start(self) -> None:
        """Begin to follow; called in the event loop that serves."""
        loop = asyncio.get_running_loop()

        def wake(_: int) -> None:
            # A commit may come from another thread while the loop is being closed: nobody listens then.
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(self._written.set)

        self._unsubscribe = self._log.subscribe(wake)
        self._follower = asyncio.create_task(self._follow())

    async def stop(self) -> None:
        """Follow no more."""
        self._unsubscribe()
        if self._follower is not None:
            self._follower.cancel()
            await asyncio.gather(self._follower, return_exceptions=True)

    async def after(self, tenant: UUID, position: int, quiet_s: float, lifetime_s: float = math.inf) -> AsyncIterator[Message | Quiet]:
        """What happens in the company `tenant` after `position`, for `lifetime_s`; a Quiet after each `quiet_s` without news.

        It ends when the log cannot be read: whoever listens comes back, and misses nothing.
        """
        ring = self._join(tenant)
        loop = asyncio.get_running_loop()
        end = loop.time() + lifetime_s
        try:
            while (left := end - loop.time()) > 0:
                news = self._news
                try:
                    messages, position_then = await self._since(ring, tenant, position)
                except StoreUnavailable:
                    return
                for message in messages:
                    yield message
                position = position_then
                if position >= self._reached:
                    try:
                        await asyncio.wait_for(news.wait(), min(quiet_s, left))
                    except TimeoutError:
                        yield Quiet(position)
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

    async def _follow(self) -> None:
        while True:
            await self._written.wait()
            self._written.clear()
            try:
                while self._rings and await self._take_page():
                    pass
            except StoreUnavailable:
                await asyncio.sleep(_AWAY_S)
                self._written.set()

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
        self._news.set()
        self._news = asyncio.Event()
        return True
