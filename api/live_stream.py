"""The live stream: events of the center as messages, as they happen, in the order of the log.

One follower per process reads the log while there are clients, and makes the message of each event once per company. Every client
reads these messages at its own pace; a client that is further behind than the kept messages reads the log itself, a page at a time, and those who do take
turns. Nothing is queued per client: with "after position N" a client resumes without gaps and repeats.

A follower that fails is restarted after a moment; a counter and the process's log record it. Meanwhile no keep-alive is sent:
the streams end, and clients reconnect.
"""

from __future__ import annotations

import asyncio
import logging
import math
from bisect import bisect_right
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Hashable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID

from sse_starlette import ServerSentEvent
from starlette.concurrency import run_in_threadpool

from api.fair_turns import ANY_NUMBER, Claim, FairTurns
from api.http_metrics import Instruments
from api.live_messages import LiveMessage, message_of, unreadable
from domain.agent_events import AgentEvent
from domain.base import Event
from domain.voice.calls import Call
from domain.voice.interaction_events import InteractionEvent
from projections.queries.queue_names import names_now, queues_of
from store.database import StoreUnavailable
from store.recorded_event import DecodedEvent

log = logging.getLogger(__name__)

RESTART_S = 1.0
"""Seconds until the follower restarts after a failure; doubled after each further one, up to half a minute."""

_LONGEST_RESTART_S = 30.0

CHECK_S = 1.0
"""The longest time after which a stream checks again whether its listener may go on listening."""

MayListen = Callable[[], Awaitable[bool]]


async def _always() -> bool:
    return True


_PAGE = 200
"""Events that are read and made messages of at once, and the most messages that are sent at once: some milliseconds of a processor."""

_KEPT = 2_000

_REST = 3
"""So many times as long as it took to read for clients that are behind, none is read for: the thread takes the processor from the event loop."""

READERS_AT_ONCE = 1
"""Of the clients that are behind so many read the log at the same time: more of them would be no quicker, and take the processor from others."""


class Log(Protocol):
    """The log as a follower needs it."""

    def read(self, after: int, limit: int, companies: Collection[UUID]) -> Sequence[DecodedEvent[Event]]:
        """Of the next `limit` events after a position those of these companies. Raises StoreUnavailable."""

    def first_of(self, ids: Sequence[UUID]) -> Sequence[Event]:
        """The first event of each of these aggregates. Raises StoreUnavailable."""

    def stream(self, id: UUID) -> Sequence[Event]:
        """The events of one aggregate. Raises StoreUnavailable."""

    def head(self) -> int:
        """Position of the last event."""

    def subscribe(self, callback: Callable[[int], object]) -> Callable[[], None]:
        """Call `callback` with the new head after each commit, in any thread. Returns a function that ends this."""


@dataclass(frozen=True, slots=True)
class RenderedMessage:
    """The message of one event. sent: as the stream sends it to clients that may see all of it."""

    message: LiveMessage
    sent: bytes

    @property
    def position(self) -> int:
        """The position of the event."""
        return self.message.position


@dataclass(frozen=True, slots=True)
class Quiet:
    """A keep-alive: nothing happened for a while; the client has everything up to `position`."""

    position: int


def as_sent(message: LiveMessage) -> bytes:
    """A message as a server-sent event."""
    return ServerSentEvent(message.model_dump_json(), event=message.type, id=str(message.position), sep="\n").encode()


def render(recorded: DecodedEvent[Event], calls: Mapping[UUID, Call], names: Mapping[str, str]) -> RenderedMessage | None:
    """The message of an event; None for events that the stream leaves out. calls, names: as for `message_of`.

    An event of which no message can be made becomes an UnreadableMessage: clients read the board again, and the stream goes on.
    """
    try:
        message = message_of(recorded.event, recorded.position, calls, names)
    except Exception:
        log.exception("live stream: no message can be made of the event at position=%d topic=%s", recorded.position, recorded.event.TOPIC)
        message = unreadable(recorded.event, recorded.position)
    return None if message is None else RenderedMessage(message, as_sent(message))


@dataclass(frozen=True, slots=True)
class _Page:
    """A part of the log up to the position `until`: the messages of some companies, each with its company."""

    messages: list[tuple[UUID, RenderedMessage]]
    until: int


@dataclass(slots=True)
class _Buffer:
    """The recent messages of one company: every message after position `start`."""

    start: int
    listeners: int = 0
    messages: list[RenderedMessage] = field(default_factory=list)

    def add(self, message: RenderedMessage) -> None:
        self.messages.append(message)
        if len(self.messages) >= 2 * _KEPT:
            self.start = self.messages[-_KEPT - 1].position
            del self.messages[:-_KEPT]

    def after(self, position: int) -> list[RenderedMessage]:
        first = bisect_right(self.messages, position, key=lambda message: message.position)
        return self.messages[first : first + _PAGE]


class Feed:
    """Follows the log and passes messages to any number of clients of one process. Used in one event loop."""

    def __init__(self, log: Log, instruments: Instruments) -> None:
        self._log = log
        self._instruments = instruments
        self._buffers: dict[UUID, _Buffer] = {}
        self._reached = 0
        self._turns = FairTurns(ANY_NUMBER)
        self._written = asyncio.Event()
        self._news = asyncio.Event()
        self._follower: asyncio.Task[None] | None = None
        self._failures = 0
        self._unsubscribe: Callable[[], None] = lambda: None

    @property
    def listeners(self) -> int:
        """The number of clients."""
        return sum(buffer.listeners for buffer in self._buffers.values())

    @property
    def failed(self) -> bool:
        """Whether the follower has failed and not read the log since, so that messages may be missing."""
        return self._failures > 0 or self._follower is None or self._follower.done()

    @property
    def lag(self) -> int:
        """The number of events that the follower has not read yet; 0 while there are no clients."""
        return max(0, self._log.head() - self._reached) if self._buffers else 0

    def start(self) -> None:
        """Begin to follow. Call it in the event loop that serves."""
        loop = asyncio.get_running_loop()

        def wake(_: int) -> None:
            # Another thread may commit while the loop is being closed: then there are no clients.
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(self._written.set)

        self._unsubscribe = self._log.subscribe(wake)
        self._follower = asyncio.create_task(self._supervise())

    async def stop(self) -> None:
        """Stop following."""
        self._unsubscribe()
        if self._follower is not None:
            self._follower.cancel()
            await asyncio.gather(self._follower, return_exceptions=True)

    async def after(
        self,
        tenant: UUID,
        position: int,
        quiet_s: float,
        lifetime_s: float = math.inf,
        may_listen: MayListen = _always,
        *,
        who: Hashable = None,
    ) -> AsyncIterator[list[RenderedMessage] | Quiet]:
        """The messages of the company `tenant` after `position`, some at a time, for `lifetime_s` seconds; a Quiet after each `quiet_s` seconds without messages.

        who: the user or API key that listens; those who are behind read the log in turn. It ends if the log cannot be read or the follower has failed: clients reconnect, and miss nothing. It also ends
        within CHECK_S after `may_listen` returns False.
        """
        buffer = self._join(tenant)
        loop = asyncio.get_running_loop()
        end = loop.time() + lifetime_s
        quiet_at = loop.time() + quiet_s
        try:
            while (left := end - loop.time()) > 0:
                news = self._news
                try:
                    if not await may_listen():
                        return
                    messages, position_then = await self._since(buffer, tenant, who, position)
                except StoreUnavailable:
                    return
                if self.failed and not messages:
                    return
                if messages:
                    yield messages
                    quiet_at = loop.time() + quiet_s
                position = position_then
                if position >= self._reached:
                    with suppress(TimeoutError):
                        await asyncio.wait_for(news.wait(), min(quiet_at - loop.time(), left, CHECK_S))
                    if loop.time() >= quiet_at and not news.is_set():
                        yield Quiet(position)
                        quiet_at = loop.time() + quiet_s
                else:
                    await asyncio.sleep(0)
        finally:
            self._leave(tenant, buffer)

    def _join(self, tenant: UUID) -> _Buffer:
        if not self._buffers:
            self._reached = self._log.head()
        buffer = self._buffers.setdefault(tenant, _Buffer(self._reached))
        buffer.listeners += 1
        return buffer

    def _leave(self, tenant: UUID, buffer: _Buffer) -> None:
        buffer.listeners -= 1
        if not buffer.listeners:
            del self._buffers[tenant]

    async def _since(self, buffer: _Buffer, tenant: UUID, who: Hashable, position: int) -> tuple[list[RenderedMessage], int]:
        """Some messages after `position`, and the position up to which they are complete."""
        if position >= buffer.start:
            messages = buffer.after(position)
            is_whole = len(messages) < _PAGE
            return messages, max(position, self._reached) if is_whole else messages[-1].position
        loop = asyncio.get_running_loop()
        async with self._turns.turn((tenant, who), [Claim("log", READERS_AT_ONCE)], bounded=False):
            began = loop.time()
            page = await run_in_threadpool(self._page, position, [tenant])
            await asyncio.sleep(_REST * (loop.time() - began))
        return [message for _, message in page.messages], page.until

    def _page(self, after: int, companies: Collection[UUID]) -> _Page:
        """What comes next in the log, for these companies. It takes long: call it in a thread."""
        until = max(after, min(after + _PAGE, self._log.head()))
        events = self._log.read(after, until - after, companies) if until > after else ()
        calls = self._calls([recorded.event for recorded in events])
        names = self._names([recorded.event for recorded in events])
        rendered = ((recorded.event.tenant, render(recorded, calls, names.get(recorded.event.tenant, {}))) for recorded in events)
        return _Page([(tenant, message) for tenant, message in rendered if message], until)

    def _names(self, events: Sequence[Event]) -> dict[UUID, dict[str, str]]:
        """The current names of the queues of the agents among these, by company and first name."""
        concerned: dict[UUID, set[str]] = {}
        for event in events:
            if isinstance(event, AgentEvent):
                concerned.setdefault(event.tenant, set()).update(queues_of(event))
        return {tenant: names_now(self._log, tenant, names) for tenant, names in concerned.items()}

    def _calls(self, events: Sequence[Event]) -> dict[UUID, Call]:
        """What the first event of each call among these says of it: its ids, which no later one changes. Those that are not among them are read at once."""
        of_calls = [event for event in events if isinstance(event, InteractionEvent)]
        first = {event.originator_id: event for event in of_calls if event.originator_version == 1}
        earlier = list({event.originator_id for event in of_calls} - first.keys())
        read = self._log.first_of(earlier) if earlier else ()
        found = [*first.values(), *(event for event in read if isinstance(event, InteractionEvent))]
        return {event.originator_id: event.change.call for event in found if event.change.call is not None}

    async def _supervise(self) -> None:
        """Follow the log for ever; after a failure, go on from the last position."""
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
        self._notify()

    async def _follow(self) -> None:
        while True:
            await self._written.wait()
            self._written.clear()
            while self._buffers and await self._take_page():
                pass
            self._failures = 0

    def _notify(self) -> None:
        """Wake all clients that wait for messages."""
        self._news.set()
        self._news = asyncio.Event()

    async def _take_page(self) -> bool:
        """Render the next events for companies with clients; False if there are none."""
        begun_at = self._reached
        companies = frozenset(self._buffers)
        page = await run_in_threadpool(self._page, begun_at, companies)
        if page.until == begun_at:
            return False
        if self._reached != begun_at:
            return True  # the last client left and another one came meanwhile: the page is older than its position
        for company, message in page.messages:
            if company in self._buffers:
                self._buffers[company].add(message)
        for company in self._buffers.keys() - companies:
            self._buffers[company].start = page.until  # its first client came meanwhile, and reads this page of the log itself
        self._reached = page.until
        self._failures = 0
        self._notify()
        return True
