"""A worker of a deployment of many processes: makes rows of the messages that Kafka gives it, and says of each when it is done with.

It is given partitions, and loses them again whenever a worker comes, goes or stands still for long. What holds whoever has a partition:

- A message is done with (`ack`) only when ClickHouse has its rows and the position that they reach. Whoever takes over
  begins at the first that is not, so that a message may come again; its rows then are the same.
- Whoever is given partitions forgets the rows so far: somebody else may have written newer ones meanwhile.
- One that stood still and wakes up may write rows that others have written since. They carry their events' versions, so
  nothing newer is hidden, and nothing is done with that is not its own any more.
- Messages come without holes. A hole means that some were lost on the way here: the worker stops, for its next life
  begins again at the first message that is not done with.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from functools import partial
from time import monotonic
from typing import Protocol

from projections.engine.batch_processor import BatchProcessor
from projections.engine.decisions import PAUSES_OF_SERVERS_S
from projections.engine.folding import Folded, Folding, UnfoldableEvent
from projections.engine.progress import ProjectionsStopped
from projections.engine.refolding import REFOLDED, builds_on
from projections.engine.warehouse import Warehouse, WarehouseError
from projections.engine.writing import positions_of
from store.recorded_event import RecordedEvent
from streams.consumed_message import ConsumedMessage, Partition, UnfoldableMessage, position_of
from streams.messages import NotOurMessage, event_in
from streams.topics import partition_name

log = logging.getLogger(__name__)

BATCH = 8_000
"""Messages of which rows are made at once, at most."""

MOST_WAITING = 2 * BATCH
"""Messages in memory that nobody has begun with: more are not asked for."""

PACE_S = 0.4
"""A batch costs much the same whether it has one row or a thousand, so what comes in so short a time goes together."""

BUSY = 800
BUSY_PACE_S = 1.0
"""Where so many came at once the next are awaited for so long: of batches of 500 the server has three times the work of those of 2,000."""


class Seen(Protocol):
    """Who counts what a worker does."""

    def folded(self, messages: int, events: int, seconds: float) -> None:
        """A batch has been folded."""

    def written(self, reached: Mapping[str, int], seconds: float) -> None:
        """A batch has been written."""

    def refused(self, dead_letters: int) -> None:
        """Messages were set aside."""


@dataclass
class _Batch:
    """Messages on their way to the rows. life: in which of the worker's times with its partitions they came."""

    life: int
    messages: list[ConsumedMessage]
    stored: list[RecordedEvent] = field(default_factory=list)
    folded: Folded | None = None
    refolded: int = 0
    """How often rows had been made anew when it was folded."""
    reached: dict[str, int] = field(default_factory=dict)
    dead_letters: dict[int, UnfoldableMessage] = field(default_factory=dict)
    """By their positions; those without one under numbers below zero."""


class Worker:
    """Makes rows of what it is given. `take`, `given` and `run` belong to one event loop; folding and writing have a thread each."""

    def __init__(
        self,
        warehouse: Warehouse,
        dead_letters: Callable[[Sequence[UnfoldableMessage]], object],
        ack: Callable[[Sequence[ConsumedMessage]], object],
        begins_at: Callable[[Partition], int],
        *,
        around: Callable[[], AbstractContextManager[object]] = nullcontext,
        outside: tuple[type[Exception], ...] = (),
        pauses_s: Sequence[float] = PAUSES_OF_SERVERS_S,
        pace_s: float = PACE_S,
        seen: Seen | None = None,
    ) -> None:
        """dead_letters: keeps them before it returns. ack: told in the event loop. begins_at: the first offset of a partition that is not
        done with. around, outside, pauses_s: as a step has them.
        """
        self._warehouse = warehouse
        self._dead_letters = dead_letters
        self._ack = ack
        self._pace_s = pace_s
        self._seen = seen
        self._closing = threading.Event()
        self._outside: tuple[type[Exception], ...] = (WarehouseError, *outside)
        self._step = BatchProcessor(
            warehouse, self._set_aside, around=partial(self._turn, around), outside=self._outside, pauses_s=pauses_s, closing=self._closing
        )
        self._life = 0
        self._folds_for = 0
        self._begins_at = begins_at
        self._next: dict[Partition, int | None] = {}
        self._waiting: list[ConsumedMessage] = []
        self._news = asyncio.Event()
        self._room = asyncio.Event()
        self._enough = asyncio.Event()
        self._last = 0
        self._failure: Exception | None = None
        self._being_written: _Batch | None = None
        self._written: dict[str, int] = {}
        """By partition: up to this position rows are made, as of the batch that was folded last."""

    # What comes

    def given(self, partitions: Iterable[Partition]) -> None:
        """These are its partitions now, and no others; what came before is forgotten."""
        self._life += 1
        self._next = dict.fromkeys(partitions)
        self._waiting = []
        self._room.set()

    async def take(self, messages: Iterable[ConsumedMessage]) -> None:
        """Messages have come; returns when there is room for more."""
        self._waiting += [message for message in messages if self._is_due(message)]
        if self._waiting:
            self._news.set()
        if len(self._waiting) >= BATCH:
            self._enough.set()
        while len(self._waiting) >= MOST_WAITING:
            self._room.clear()
            await self._room.wait()

    def _is_due(self, message: ConsumedMessage) -> bool:
        """Whether it is the next of its partition; one that comes too early means that some were lost."""
        partition = (message.topic, message.partition)
        if partition not in self._next:
            # It was lost meanwhile.
            return False
        expected = self._next[partition]
        if expected is None:
            expected = self._begins_at(partition)
        if message.offset != expected:
            if message.offset > expected:
                why = f"{partition_name(*partition)}: offset {message.offset} came where {expected} was due: messages are missing"
                self._fail(ProjectionsStopped(why))
            return False
        self._next[partition] = message.offset + 1
        return True

    def _fail(self, failure: Exception) -> None:
        self._failure = self._failure or failure
        self._news.set()
        self._enough.set()

    def _must_go_on(self) -> None:
        if self._failure is not None:
            raise self._failure

    def close(self) -> None:
        """Begin with nothing more; `run` returns when what is being written is written and done with."""
        self._closing.set()
        self._news.set()
        self._enough.set()

    # What is made of it

    async def run(self) -> None:
        """Make rows until it is closed. Raises ProjectionsStopped."""
        loop = asyncio.get_running_loop()
        pending: asyncio.Task[None] | None = None
        with ThreadPoolExecutor(1, "rows-fold") as folder, ThreadPoolExecutor(1, "rows-write") as writer:
            writing: Future[None] | None = None
            try:
                while (batch := await self._batch()) is not None:
                    await loop.run_in_executor(folder, self._fold, batch, writing)
                    if pending is not None:
                        await pending
                    self._must_go_on()
                    writing = writer.submit(self._write, batch)
                    pending = asyncio.create_task(self._finish(batch, writing))
                if pending is not None:
                    await pending
                self._must_go_on()
            except BaseException:
                self._closing.set()
                if pending is not None:
                    await asyncio.wait([pending])
                raise

    async def _finish(self, batch: _Batch, writing: Future[None]) -> None:
        try:
            await asyncio.wrap_future(writing)
        except Exception as error:  # noqa: BLE001 - raised by `run`, which may be waiting for more to come
            self._fail(error)
        else:
            if batch.life == self._life:
                self._ack(batch.messages)

    async def _batch(self) -> _Batch | None:
        """The next messages; None when there is nothing more to be done."""
        began = monotonic()
        while not self._closing.is_set():
            await self._news.wait()
            self._news.clear()
            self._must_go_on()
            if len(self._waiting) < BATCH:
                await self._more(began + (BUSY_PACE_S if self._last >= BUSY else self._pace_s))
            self._must_go_on()
            if self._waiting and not self._closing.is_set():
                messages, self._waiting = self._waiting[:BATCH], self._waiting[BATCH:]
                if self._waiting:
                    self._news.set()
                self._room.set()
                self._last = len(messages)
                return _Batch(self._life, messages)
        return None

    async def _more(self, until: float) -> None:
        """Wait for more messages, as long as there is time and room for them."""
        self._enough.clear()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._enough.wait(), until - monotonic())

    def _fold(self, batch: _Batch, writing: Future[None] | None) -> None:
        if batch.life != self._folds_for:
            self._begin_anew(writing)
            self._folds_for = batch.life
        began = monotonic()
        stored = batch.stored = self._new_ones(batch)
        batch.refolded = self._written.get(REFOLDED, 0)
        if stored:
            batch.folded = self._step.patiently("the rows so far cannot be read", lambda: self._folded(stored, writing), self._outside)
        elif batch.dead_letters:
            batch.folded = Folded(0, {}, [])
        self._refuse(batch)
        if self._seen is not None:
            self._seen.folded(len(batch.messages), len(stored), monotonic() - began)

    def _begin_anew(self, writing: Future[None] | None) -> None:
        if writing is not None:
            wait([writing])
        self._step.drop_cached_rows()
        self._written = self._step.patiently("the positions cannot be read", lambda: positions_of(self._warehouse), self._outside)

    def _folded(self, stored: Sequence[RecordedEvent], writing: Future[None] | None) -> Folded:
        try:
            return self._step.fold(stored)
        except self._outside:
            # Half of the rows so far may have been read.
            if writing is not None:
                wait([writing])
            self._step.drop_cached_rows()
            raise

    def _new_ones(self, batch: _Batch) -> list[RecordedEvent]:
        """The events of which no rows were made yet: a relay that was killed may have sent some twice."""
        stored: list[RecordedEvent] = []
        names: dict[Partition, str] = {}
        for message in batch.messages:
            partition = (message.topic, message.partition)
            name = names.get(partition) or names.setdefault(partition, partition_name(*partition))
            if message.offset and name not in self._written:
                raise ProjectionsStopped(
                    f"{name}: the rows of its first {message.offset} messages are gone: `atende rebuild` makes them anew"
                )
            try:
                event = event_in(message.key, message.value, message.headers)
            except NotOurMessage as error:
                number = -1 - len(batch.dead_letters)
                batch.dead_letters[number] = UnfoldableMessage(message, None, str(error))
                batch.reached[name] = self._written.setdefault(name, 0)
                continue
            if event.position <= self._written.get(name, 0):
                continue
            self._written[name] = batch.reached[name] = event.position
            stored.append(event)
        return stored

    def _refuse(self, batch: _Batch) -> None:
        """Let the dead letters of this batch be set aside with its rows."""
        if batch.folded is None:
            return
        for number, unfoldable in list(batch.dead_letters.items()):
            refused = UnfoldableEvent(number, unfoldable.message.topic, unfoldable.reason)
            self._step.refuse(refused)
            batch.folded.refused.append(refused)
        wanted = {refused.position: refused.error for refused in batch.folded.refused if refused.position > 0}
        for message in batch.messages if wanted else ():
            position = position_of(message)
            if position in wanted:
                batch.dead_letters[position] = UnfoldableMessage(message, position, wanted[position])

    def _set_aside(self, refused: Sequence[UnfoldableEvent]) -> None:
        assert self._being_written is not None
        dead_letters = self._being_written.dead_letters
        self._dead_letters([dead_letters[one.position] for one in refused])
        if self._seen is not None:
            self._seen.refused(len(refused))

    def _write(self, batch: _Batch) -> None:
        if batch.folded is None:
            return
        self._being_written = batch
        began = monotonic()
        try:
            self._step.write(batch.folded, batch.reached)
        except _Refolded as refolded:
            self._write_anew(batch, refolded.times)
        if self._seen is not None:
            self._seen.written(batch.reached, monotonic() - began)

    def _write_anew(self, batch: _Batch, refolded: int) -> None:
        """Rows that this batch builds on were made anew since it was folded, and maybe those that the next one builds on."""
        self._folds_for = -1
        batch.refolded = refolded
        folded = self._step.patiently("the rows so far cannot be read", lambda: Folding(self._warehouse).fold(batch.stored), self._outside)
        folded.refused[:] = batch.folded.refused if batch.folded is not None else []
        batch.folded = folded
        self._write(batch)

    @contextmanager
    def _turn(self, around: Callable[[], AbstractContextManager[object]]) -> Iterator[None]:
        with around():
            batch = self._being_written
            if batch is not None and batch.folded is not None and builds_on(batch.folded):
                times = positions_of(self._warehouse).get(REFOLDED, 0)
                if times != batch.refolded:
                    raise _Refolded(times)
            yield


class _Refolded(Exception):
    """Somebody has made rows anew."""

    def __init__(self, times: int) -> None:
        self.times = times
