"""A worker of a deployment of many processes: makes rows from the messages of its Kafka partitions, and acknowledges them.

Partitions are assigned to a worker and revoked again when workers start, end or hang for long. The rules:

- A message is acknowledged (`ack`) only after ClickHouse has its rows and the position that they reach. The next worker of a partition
  begins at the first message that is not acknowledged, so a message may be repeated; its rows are then the same.
- A worker that is assigned partitions drops its cached rows: another worker may have written newer ones meanwhile.
- A worker that hung and goes on may write rows that others have written since. Rows carry their events' versions, so
  they hide nothing newer, and the worker acknowledges no messages of partitions that it has lost.
- Messages arrive without gaps. A gap means that some were lost on the way: the worker stops, and after a restart
  begins at the first message that is not acknowledged.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, contextmanager, nullcontext
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
from streams.intake import PACE_S, Intake
from streams.messages import NotOurMessage, event_in
from streams.topics import partition_name

log = logging.getLogger(__name__)


class Seen(Protocol):
    """Counts what a worker does."""

    def folded(self, messages: int, events: int, seconds: float) -> None:
        """A batch has been folded."""

    def written(self, reached: Mapping[str, int], seconds: float) -> None:
        """A batch has been written."""

    def refused(self, dead_letters: int) -> None:
        """Messages were set aside."""


@dataclass
class _Batch:
    """Messages on their way to the rows. assignment: the number of the assignment of partitions in which they arrived."""

    assignment: int
    messages: list[ConsumedMessage]
    stored: list[RecordedEvent] = field(default_factory=list)
    folded: Folded | None = None
    refolded: int = 0
    """The counter of refolds when it was folded."""
    reached: dict[str, int] = field(default_factory=dict)
    dead_letters: dict[int, UnfoldableMessage] = field(default_factory=dict)
    """By position; messages without one have negative numbers."""


class Worker:
    """Makes rows from messages. `take`, `given` and `run` belong to one event loop; folding and writing have a thread each."""

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
        """dead_letters: stores them before it returns. ack: called in the event loop. begins_at: returns the first offset of a partition that is not
        acknowledged. around, outside, pauses_s: as for `BatchProcessor`.
        """
        self._warehouse = warehouse
        self._dead_letters = dead_letters
        self._ack = ack
        self._seen = seen
        self._closing = threading.Event()
        self._outside: tuple[type[Exception], ...] = (WarehouseError, *outside)
        self._processor = BatchProcessor(
            warehouse,
            self._set_aside,
            around=partial(self._write_context, around),
            outside=self._outside,
            pauses_s=pauses_s,
            closing=self._closing,
        )
        self._intake = Intake(begins_at, self._closing, pace_s)
        self.given, self.take = self._intake.given, self._intake.take
        self._folds_for = 0
        self._being_written: _Batch | None = None
        self._written: dict[str, int] = {}
        """The position up to which rows are made, by partition, after the batch that was folded last."""

    def close(self) -> None:
        """Begin no more batches; `run` returns when the current one is written and acknowledged."""
        self._closing.set()
        self._intake.wake()

    # Folding and writing

    async def run(self) -> None:
        """Make rows until the worker is closed. Raises ProjectionsStopped."""
        loop = asyncio.get_running_loop()
        pending: asyncio.Task[None] | None = None
        with ThreadPoolExecutor(1, "rows-fold") as folder, ThreadPoolExecutor(1, "rows-write") as writer:
            writing: Future[None] | None = None
            try:
                while (taken := await self._intake.batch()) is not None:
                    batch = _Batch(*taken)
                    await loop.run_in_executor(folder, self._fold, batch, writing)
                    if pending is not None:
                        await pending
                    self._intake.must_go_on()
                    writing = writer.submit(self._write, batch)
                    pending = asyncio.create_task(self._finish(batch, writing))
                if pending is not None:
                    await pending
                self._intake.must_go_on()
            except BaseException:
                self._closing.set()
                if pending is not None:
                    await asyncio.wait([pending])
                raise

    async def _finish(self, batch: _Batch, writing: Future[None]) -> None:
        try:
            await asyncio.wrap_future(writing)
        except Exception as error:  # noqa: BLE001 - raised by `run`, which may be waiting for more messages
            self._intake.fail(error)
        else:
            if batch.assignment == self._intake.assignment:
                self._ack(batch.messages)

    def _fold(self, batch: _Batch, writing: Future[None] | None) -> None:
        if batch.assignment != self._folds_for:
            self._begin_anew(writing)
            self._folds_for = batch.assignment
        began = monotonic()
        stored = batch.stored = self._new_ones(batch)
        batch.refolded = self._written.get(REFOLDED, 0)
        if stored:
            batch.folded = self._processor.patiently(
                "the current rows cannot be read", lambda: self._folded(stored, writing), self._outside
            )
        elif batch.dead_letters:
            batch.folded = Folded(0, {}, [])
        self._refuse(batch)
        if self._seen is not None:
            self._seen.folded(len(batch.messages), len(stored), monotonic() - began)

    def _begin_anew(self, writing: Future[None] | None) -> None:
        if writing is not None:
            wait([writing])
        self._processor.drop_cached_rows()
        self._written = self._processor.patiently("the positions cannot be read", lambda: positions_of(self._warehouse), self._outside)

    def _folded(self, stored: Sequence[RecordedEvent], writing: Future[None] | None) -> Folded:
        try:
            return self._processor.fold(stored)
        except self._outside:
            # Only some of the current rows may have been read.
            if writing is not None:
                wait([writing])
            self._processor.drop_cached_rows()
            raise

    def _new_ones(self, batch: _Batch) -> list[RecordedEvent]:
        """The events of which no rows were made yet: a relay that was killed may have sent some events twice."""
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
        """Add the dead letters of this batch to those that are set aside with its rows."""
        if batch.folded is None:
            return
        for number, unfoldable in list(batch.dead_letters.items()):
            refused = UnfoldableEvent(number, unfoldable.message.topic, unfoldable.reason)
            self._processor.refuse(refused)
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
            self._processor.write(batch.folded, batch.reached)
        except _Refolded as refolded:
            self._write_anew(batch, refolded.times)
        if self._seen is not None:
            self._seen.written(batch.reached, monotonic() - began)

    def _write_anew(self, batch: _Batch, refolded: int) -> None:
        """Fold and write the batch again: rows on which it builds were refolded since, and maybe those on which the next batch builds."""
        self._folds_for = -1
        batch.refolded = refolded
        folded = self._processor.patiently(
            "the current rows cannot be read", lambda: Folding(self._warehouse).fold(batch.stored), self._outside
        )
        folded.refused[:] = batch.folded.refused if batch.folded is not None else []
        batch.folded = folded
        self._write(batch)

    @contextmanager
    def _write_context(self, around: Callable[[], AbstractContextManager[object]]) -> Iterator[None]:
        with around():
            batch = self._being_written
            if batch is not None and batch.folded is not None and builds_on(batch.folded):
                times = positions_of(self._warehouse).get(REFOLDED, 0)
                if times != batch.refolded:
                    raise _Refolded(times)
            yield


class _Refolded(Exception):
    """Another process has refolded rows."""

    def __init__(self, times: int) -> None:
        self.times = times
