"""A worker makes rows from the messages that it is given; these tests need no broker."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Any

import pytest
from msgspec.structs import replace

from projections.engine.decisions import MOST_REFUSED
from projections.engine.progress import ProjectionsStopped
from projections.engine.refolding import fold_anew, write_anew
from projections.engine.warehouse import Columns, Warehouse, WarehouseError
from projections.engine.writing import positions_of
from store.recorded_event import RecordedEvent
from streams.consumed_message import Partition, UnfoldableMessage
from streams.messages import message
from streams.topics import partition_name, slice_of, topic
from streams.worker import Worker
from tests.kit.log import MemoryLog
from tests.kit.rows import PassingOn, everything, folded_at_once, rows, warehouse
from tests.kit.rows import in_process as engine
from tests.kit.story import Story

__all__ = ["engine", "rows", "warehouse"]

PARTITIONS = 2
SOON = 60.0


@dataclass
class Given:
    """A message as Kafka gives it."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]] | None


@dataclass
class Kafka:
    """A log of partitions, and what was said to be done with."""

    partitions: dict[Partition, list[Given]] = field(default_factory=dict)
    acked: list[Given] = field(default_factory=list)
    begins: dict[Partition, int] = field(default_factory=dict)

    def add(self, event: RecordedEvent, value: bytes | None = None) -> Given:
        sent = message(replace(event, hash=bytes(32)))
        return self.put(topic("t", slice_of(event.topic)), event.id[-1] % PARTITIONS, sent.key, value or sent.value, sent.headers)

    def put(self, name: str, partition: int, key: bytes, value: bytes, headers: Sequence[tuple[str, bytes]]) -> Given:
        there = self.partitions.setdefault((name, partition), [])
        given = Given(name, partition, len(there), key, value, headers)
        there.append(given)
        return given

    def messages(self) -> list[Given]:
        """Of all partitions, in turns."""
        left = [list(messages) for messages in self.partitions.values()]
        found = []
        while left := [messages for messages in left if messages]:
            found += [messages.pop(0) for messages in left]
        return found

    def ack(self, messages: Sequence[Any]) -> None:
        self.acked += messages

    def begins_at(self, partition: Partition) -> int:
        return self.begins.get(partition, 0)

    def committed(self) -> dict[Partition, int]:
        return {(message.topic, message.partition): message.offset + 1 for message in self.acked}


@pytest.fixture
def log() -> MemoryLog:
    return MemoryLog(Story(Random(5)).events(120))


@pytest.fixture
def kafka(log: MemoryLog) -> Kafka:
    made = Kafka()
    for event in log.events:
        made.add(event)
    return made


def working(
    kafka: Kafka,
    warehouse: Warehouse,
    what: Callable[[Worker], Coroutine[Any, Any, None]],
    dead_letters: list[UnfoldableMessage] | None = None,
    **options: Any,
) -> None:
    """Let a worker work while something is done with it, and end."""

    async def go() -> None:
        kept = [] if dead_letters is None else dead_letters
        worker = Worker(warehouse, kept.extend, kafka.ack, kafka.begins_at, pace_s=0.0, pauses_s=options.pop("pauses_s", ()), **options)
        run = asyncio.create_task(worker.run())
        done = asyncio.create_task(what(worker))
        async with asyncio.timeout(SOON):
            await asyncio.wait([run, done], return_when=asyncio.FIRST_COMPLETED)
            if not run.done():
                await done
            done.cancel()
            worker.close()
            await run

    asyncio.run(go())


async def comes_true(condition: Callable[[], bool]) -> None:
    while not condition():  # noqa: ASYNC110 - the worker's threads set no event of asyncio
        await asyncio.sleep(0.001)


async def all_done(kafka: Kafka, count: int) -> None:
    await comes_true(lambda: len(kafka.acked) >= count)


def takes(kafka: Kafka, messages: Sequence[Given]) -> Callable[[Worker], Coroutine[Any, Any, None]]:
    """It is given all partitions and these messages, and has done with them."""

    async def take(worker: Worker) -> None:
        already = len(kafka.acked)
        worker.given(kafka.partitions)
        await worker.take(messages)
        await all_done(kafka, already + len(messages))

    return take


def test_rows_are_made_then_positions_noted_then_it_is_done(kafka: Kafka, log: MemoryLog, rows: Warehouse) -> None:
    working(kafka, rows, takes(kafka, kafka.messages()))
    assert everything(rows) == folded_at_once(log, rows)
    ends = {partition: messages[-1] for partition, messages in kafka.partitions.items()}
    last = {partition_name(*partition): int(dict(given.headers or ())["position"]) for partition, given in ends.items()}
    assert positions_of(rows) == last
    assert kafka.committed() == {partition: given.offset + 1 for partition, given in ends.items()}


def test_what_comes_again_changes_nothing(kafka: Kafka, log: MemoryLog, rows: Warehouse) -> None:
    working(kafka, rows, takes(kafka, kafka.messages()))
    before = everything(rows), positions_of(rows)
    dead_letters: list[UnfoldableMessage] = []
    working(kafka, rows, takes(kafka, kafka.messages()), dead_letters)
    assert (everything(rows), positions_of(rows), dead_letters) == (*before, [])


def test_what_a_relay_sent_twice_is_made_once(kafka: Kafka, log: MemoryLog, rows: Warehouse) -> None:
    for event in log.events[60:]:
        kafka.add(event)
    working(kafka, rows, takes(kafka, kafka.messages()))
    assert everything(rows) == folded_at_once(log, rows)


class Faulty(PassingOn):
    """Fails from the nth insert on, so many times."""

    left = 0
    after = 0

    def insert(self, table: str, columns: Columns) -> None:
        if self.after > 0:
            self.after -= 1
        elif self.left > 0:
            self.left -= 1
            raise WarehouseError("the disk is full")
        self.inner.insert(table, columns)


def test_nothing_is_done_with_that_could_not_be_written(kafka: Kafka, rows: Warehouse) -> None:
    faulty = Faulty(rows)
    faulty.after, faulty.left = 3, 1_000
    with pytest.raises(ProjectionsStopped, match="the rows cannot be written: the disk is full"):
        working(kafka, faulty, takes(kafka, kafka.messages()))
    assert kafka.acked == []
    assert positions_of(rows) == {}


def test_a_write_that_fails_is_tried_again(kafka: Kafka, log: MemoryLog, rows: Warehouse) -> None:
    faulty = Faulty(rows)
    faulty.after, faulty.left = 3, 2
    working(kafka, faulty, takes(kafka, kafka.messages()), pauses_s=(0.0, 0.0, 0.0))
    assert everything(rows) == folded_at_once(log, rows)


def test_a_write_lock_that_was_lost_is_taken_again(kafka: Kafka, log: MemoryLog, rows: Warehouse) -> None:
    written: list[int] = []

    class Lost(Exception):
        pass

    @contextmanager
    def turn() -> Iterator[None]:
        yield
        written.append(len(kafka.acked))
        if len(written) < 3:
            raise Lost

    messages = kafka.messages()

    working(kafka, rows, takes(kafka, messages), around=turn, outside=(Lost,), pauses_s=(0.0, 0.0, 0.0))
    assert written[:3] == [0, 0, 0]
    assert everything(rows) == folded_at_once(log, rows)


def test_what_is_not_its_own_any_more_is_not_done_with(kafka: Kafka, log: MemoryLog, rows: Warehouse) -> None:
    messages = kafka.messages()
    begun, lost = threading.Event(), threading.Event()

    @contextmanager
    def turn() -> Iterator[None]:
        begun.set()
        assert lost.wait(SOON)
        yield

    async def lose(worker: Worker) -> None:
        worker.given(kafka.partitions)
        await worker.take(messages)
        await comes_true(begun.is_set)
        worker.given(())
        lost.set()

    working(kafka, rows, lose, around=turn)
    assert kafka.acked == []
    # What was being written was finished, and is the same when somebody else writes it again.
    working(kafka, rows, takes(kafka, messages))
    assert everything(rows) == folded_at_once(log, rows)


def test_a_worker_that_gets_partitions_back_builds_on_what_others_wrote_meanwhile(rows: Warehouse) -> None:
    """Otherwise a queue's row would go on from its state when the partition was lost."""
    story = Story(Random(7))
    log = MemoryLog(story._queue() for _ in range(30))
    kafka = Kafka()
    for event in log.events:
        kafka.add(event)
    messages = kafka.messages()
    first, second, third = messages[:10], messages[10:25], messages[25:]
    other = Kafka(kafka.partitions)

    async def with_a_gap(worker: Worker) -> None:
        worker.given(kafka.partitions)
        await worker.take(first)
        await all_done(kafka, len(first))
        worker.given(())
        other.begins = kafka.committed()
        await asyncio.get_running_loop().run_in_executor(None, working, other, rows, takes(other, second))
        kafka.begins = {**kafka.committed(), **other.committed()}
        worker.given(kafka.partitions)
        await worker.take(third)
        await all_done(kafka, len(first) + len(third))

    working(kafka, rows, with_a_gap)
    assert everything(rows) == folded_at_once(log, rows)


def test_a_hole_in_a_partition_stops_it(kafka: Kafka, rows: Warehouse) -> None:
    messages = kafka.messages()
    # Not the last one of its partition: only what follows shows that one is missing.
    missing = next(given for number, given in enumerate(messages) if number > 20 and given.partition in {later.partition for later in messages[number + 1 :] if later.topic == given.topic})  # fmt: skip
    with pytest.raises(ProjectionsStopped, match="messages are missing"):
        working(kafka, rows, takes(kafka, [given for given in messages if given is not missing]))
    partition = (missing.topic, missing.partition)
    assert kafka.committed().get(partition, 0) <= missing.offset


def test_rows_that_are_gone_are_not_gone_on_from(kafka: Kafka, rows: Warehouse) -> None:
    """The group has done with messages of which an emptied warehouse knows nothing."""
    messages = kafka.messages()
    first = messages[0]
    kafka.begins = {(first.topic, first.partition): 1}
    with pytest.raises(ProjectionsStopped, match="`atende rebuild` makes them anew"):
        working(kafka, rows, takes(kafka, messages[1:]))
    assert kafka.acked == []


def test_a_message_that_came_before_is_skipped(kafka: Kafka, log: MemoryLog, rows: Warehouse) -> None:
    messages = kafka.messages()
    doubled = [*messages[:50], *messages[20:]]

    async def take(worker: Worker) -> None:
        worker.given(kafka.partitions)
        await worker.take(doubled)
        await all_done(kafka, len(messages))

    working(kafka, rows, take)
    assert len(kafka.acked) == len(messages)
    assert everything(rows) == folded_at_once(log, rows)


def test_a_message_of_a_partition_that_is_not_its_own_is_dropped(kafka: Kafka, rows: Warehouse) -> None:
    async def take(worker: Worker) -> None:
        worker.given(())
        await worker.take(kafka.messages()[:1])

    working(kafka, rows, take)
    assert (kafka.acked, everything(rows)["visits"]) == ([], [])


def damaged(kafka: Kafka, *numbers: int) -> list[Given]:
    messages = kafka.messages()
    for number in numbers:
        messages[number].value = b'{"tenant":'
    return messages


def test_a_damaged_event_is_set_aside_before_it_is_done_with(kafka: Kafka, log: MemoryLog, rows: Warehouse) -> None:
    messages = damaged(kafka, 3, 17)
    dead_letters: list[UnfoldableMessage] = []
    working(kafka, rows, takes(kafka, messages), dead_letters)
    assert [dead_letter.message for dead_letter in dead_letters] == [messages[3], messages[17]]
    assert {dead_letter.position for dead_letter in dead_letters} == {int(dict(messages[n].headers or ())["position"]) for n in (3, 17)}
    assert all(dead_letter.reason for dead_letter in dead_letters)
    assert len(rows.execute("SELECT DISTINCT position FROM events")) == len(log.events) - 2


def test_a_message_that_no_relay_wrote_is_set_aside_too(kafka: Kafka, log: MemoryLog, rows: Warehouse) -> None:
    strange = kafka.put("t.queues", 0, b"key", b"value", [])
    dead_letters: list[UnfoldableMessage] = []
    working(kafka, rows, takes(kafka, kafka.messages()), dead_letters)
    assert [(dead_letter.message, dead_letter.position) for dead_letter in dead_letters] == [(strange, None)]
    assert everything(rows) == folded_at_once(log, rows)


def test_what_cannot_be_set_aside_is_not_done_with(kafka: Kafka, rows: Warehouse) -> None:
    class Away(Exception):
        pass

    class Full(list[UnfoldableMessage]):
        def extend(self, _: Any) -> None:
            raise Away("no broker")

    with pytest.raises(ProjectionsStopped, match="no broker"):
        working(kafka, rows, takes(kafka, damaged(kafka, 3)), Full(), outside=(Away,))
    assert kafka.acked == []
    assert positions_of(rows) == {}


def test_too_many_that_are_refused_are_a_bad_program(kafka: Kafka, rows: Warehouse) -> None:
    with pytest.raises(ProjectionsStopped, match=f"{MOST_REFUSED + 1} events could not be made rows"):
        working(kafka, rows, takes(kafka, damaged(kafka, *range(MOST_REFUSED + 1))))
    assert kafka.acked == []


def test_rows_that_were_made_anew_are_built_on(kafka: Kafka, log: MemoryLog, rows: Warehouse) -> None:
    """A queue's event was refused and is retried: what the worker holds of the queue is not the last word any more."""
    queue = [event for event in log.events if event.topic.startswith("queue.")]
    id = next(event.id for event in queue if sum(other.id == event.id for other in queue) > 4)
    history = [event for event in queue if event.id == id]
    refused = next(given for given in kafka.messages() if given.key == id and dict(given.headers or ())["version"] == b"2")
    refused.value = b'{"tenant":'
    messages = kafka.messages()
    half = messages.index(next(given for given in messages if given.key == id and dict(given.headers or ())["version"] == b"3")) + 1

    async def mended(worker: Worker) -> None:
        worker.given(kafka.partitions)
        await worker.take(messages[:half])
        await all_done(kafka, half)
        write_anew(rows, fold_anew(history[:3]))
        await worker.take(messages[half:])
        await all_done(kafka, len(messages))

    dead_letters: list[UnfoldableMessage] = []
    working(kafka, rows, mended, dead_letters)
    assert [dead_letter.message for dead_letter in dead_letters] == [refused]
    assert everything(rows) == folded_at_once(log, rows)
