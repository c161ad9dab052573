"""What a worker takes in: the messages of its partitions, in order and without gaps, until they are folded in batches."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from time import monotonic

from projections.engine.progress import ProjectionsStopped
from streams.consumed_message import ConsumedMessage, Partition
from streams.topics import partition_name

BATCH = 8_000
"""The most messages in a batch."""

MOST_WAITING = 2 * BATCH
"""The most messages in memory that wait to be folded; above it no more are fetched."""

PACE_S = 0.4
"""A batch costs much the same whether it has one row or a thousand, so messages of this many seconds are folded together."""

BUSY = 800
BUSY_PACE_S = 1.0
"""After a batch of BUSY messages or more, the worker waits this long for the next: batches of 500 cost the server three times as much as those of 2,000."""


class Intake:
    """Belongs to one event loop. begins_at: returns the first offset of a partition that is not acknowledged. closing: no more batches are wanted."""

    def __init__(self, begins_at: Callable[[Partition], int], closing: threading.Event, pace_s: float) -> None:
        self.assignment = 0
        """How often partitions were assigned."""
        self._begins_at = begins_at
        self._closing = closing
        self._pace_s = pace_s
        self._next: dict[Partition, int | None] = {}
        self._waiting: list[ConsumedMessage] = []
        self._news = asyncio.Event()
        self._room = asyncio.Event()
        self._enough = asyncio.Event()
        self._last = 0
        self._failure: Exception | None = None

    def given(self, partitions: Iterable[Partition]) -> None:
        """Set the worker's partitions. Messages that wait are dropped."""
        self.assignment += 1
        self._next = dict.fromkeys(partitions)
        self._waiting = []
        self._room.set()

    async def take(self, messages: Iterable[ConsumedMessage]) -> None:
        """Add messages; returns when there is room for more."""
        self._waiting += [message for message in messages if self._is_due(message)]
        if self._waiting:
            self._news.set()
        if len(self._waiting) >= BATCH:
            self._enough.set()
        while len(self._waiting) >= MOST_WAITING:
            self._room.clear()
            await self._room.wait()

    def _is_due(self, message: ConsumedMessage) -> bool:
        """Whether it is the next message of its partition; a later one means that some were lost."""
        partition = (message.topic, message.partition)
        if partition not in self._next:
            # The partition was revoked meanwhile.
            return False
        expected = self._next[partition]
        if expected is None:
            expected = self._begins_at(partition)
        if message.offset != expected:
            if message.offset > expected:
                why = f"{partition_name(*partition)}: offset {message.offset} came instead of {expected}: messages are missing"
                self.fail(ProjectionsStopped(why))
            return False
        self._next[partition] = message.offset + 1
        return True

    def fail(self, failure: Exception) -> None:
        """Give no more batches, because of this."""
        self._failure = self._failure or failure
        self.wake()

    def wake(self) -> None:
        """Let whoever waits for a batch see that something has ended."""
        self._news.set()
        self._enough.set()

    def must_go_on(self) -> None:
        """Raises what has failed."""
        if self._failure is not None:
            raise self._failure

    async def batch(self) -> tuple[int, list[ConsumedMessage]] | None:
        """The next messages, with the number of the assignment in which they arrived; None when the worker is closed."""
        began = monotonic()
        while not self._closing.is_set():
            await self._news.wait()
            self._news.clear()
            self.must_go_on()
            if len(self._waiting) < BATCH:
                await self._more(began + (BUSY_PACE_S if self._last >= BUSY else self._pace_s))
            self.must_go_on()
            if self._waiting and not self._closing.is_set():
                messages, self._waiting = self._waiting[:BATCH], self._waiting[BATCH:]
                if self._waiting:
                    self._news.set()
                self._room.set()
                self._last = len(messages)
                return self.assignment, messages
        return None

    async def _more(self, until: float) -> None:
        """Wait for more messages until `until`, or until a batch is full."""
        self._enough.clear()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._enough.wait(), until - monotonic())
