"""Read whole topics up to a known end, for a rebuild that folds the events and a restore that writes them.

It reads with aiokafka, which Faust installs and which is several times faster than the processing of the events. It commits no
offsets and joins no group, so workers are not disturbed. Memory stays flat whatever the size: in a merge a partition that is
far ahead is paused while the others catch up.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import deque
from collections.abc import Collection, Coroutine, Iterator, Mapping, Sequence
from contextlib import closing
from heapq import heapify, heappop, heappush
from time import monotonic
from types import TracebackType
from typing import Any, Self, TypeVar

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import CorruptRecordException, KafkaError, TopicAuthorizationFailedError

from store.recorded_event import RecordedEvent
from streams.brokers import Brokers, BrokersAway, BrokersRefuse
from streams.messages import NotOurMessage, event_in

Partition = tuple[str, int]
"""A topic and the number of one of its partitions."""

AT_ONCE = 5_000
"""Events that a merge returns at once."""

STALLED_S = 60.0
"""A broker that returns nothing for this long counts as away."""

_CONNECT_S = 8
_WAIT_MS = 200
_MOST_STRANGE = 20
_BUFFERED = 2_000
_MOST_BYTES = 32 << 20
_LEAST_BYTES = 64 << 10

T = TypeVar("T")

log = logging.getLogger(__name__)

# It logs only what it raises too.
logging.getLogger("aiokafka").setLevel(logging.CRITICAL)


class EventMissing(Exception):
    """No message of the topics has the event of this position, though there are later ones."""

    def __init__(self, position: int) -> None:
        super().__init__(f"event {position} is missing: no message carries it, or none in its order")
        self.position = position


class BulkReader:
    """Reads partitions of some topics from their first message on. Used by one thread."""

    def __init__(self, brokers: str, topics: Sequence[str], only: Collection[Partition] | None = None) -> None:
        """only: read just these partitions, which must exist. Raises BrokersAway, and BrokersRefuse if a topic is missing."""
        self.reached: dict[Partition, int] = {}
        """The highest position that was seen in each partition."""
        self.strange: list[str] = []
        """The first messages that no relay wrote, with topic, partition and offset. They are skipped: an event that they replaced is noticed as missing."""
        self._brokers = brokers
        self._buffers: dict[Partition, deque[RecordedEvent]] = {}
        self._next: dict[Partition, int] = {}
        self._ends: dict[Partition, int] = {}
        self._received_at = monotonic()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="bulk-reader", daemon=True)
        self._thread.start()
        self._consumer: AIOKafkaConsumer | None = None
        try:
            self._do(self._open(self._found(topics) if only is None else list(only)))
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _do(self, work: Coroutine[Any, Any, T]) -> T:
        """Run it in the consumer's event loop, in which fetching goes on between calls. Raises BrokersAway and BrokersRefuse."""
        try:
            return asyncio.run_coroutine_threadsafe(work, self._loop).result()
        except (CorruptRecordException, TopicAuthorizationFailedError) as error:
            raise BrokersRefuse(f"Kafka at {self._brokers} refuses: {error}") from error
        except (KafkaError, OSError, TimeoutError) as error:
            raise BrokersAway(f"Kafka at {self._brokers} failed: {_message(error)}") from error

    async def _open(self, chosen: Sequence[Partition]) -> None:
        async with asyncio.timeout(_CONNECT_S):
            self._consumer = AIOKafkaConsumer(
                bootstrap_servers=self._brokers,
                enable_auto_commit=False,
                auto_offset_reset="earliest",
                max_partition_fetch_bytes=max(_LEAST_BYTES, min(1 << 20, _MOST_BYTES // max(1, len(chosen)))),
                fetch_max_bytes=_MOST_BYTES,
                fetch_max_wait_ms=_WAIT_MS,
            )
            await self._consumer.start()
            self._consumer.assign([TopicPartition(*partition) for partition in chosen])
            self._buffers = {partition: deque() for partition in chosen}
            await self._rewind()

    def _found(self, topics: Sequence[str]) -> list[Partition]:
        with closing(Brokers(self._brokers)) as admin:
            there = admin.topics(topics)
        missing = ", ".join(name for name in topics if name not in there)
        if missing:
            raise BrokersRefuse(f"Kafka at {self._brokers} has no topic {missing}: `atende topics` makes those of a new deployment")
        return [(name, number) for name in topics for number in range(there[name].partitions)]

    @property
    def partitions(self) -> list[Partition]:
        """The partitions that are read."""
        return list(self._buffers)

    def ends(self) -> dict[Partition, int]:
        """The current end offset of each partition."""
        return self._do(self._offsets())

    async def _offsets(self) -> dict[Partition, int]:
        assert self._consumer is not None
        found = await self._consumer.end_offsets([TopicPartition(*partition) for partition in self._buffers])
        return {(topic_partition.topic, topic_partition.partition): offset for topic_partition, offset in found.items()}

    def waiting(self, ends: Mapping[Partition, int]) -> int:
        """The number of messages before these ends that were not read yet, repeats included."""
        return sum(max(0, end - self._next[partition]) for partition, end in ends.items())

    def rewind(self) -> None:
        """Read everything again."""
        self.reached.clear()
        for buffer in self._buffers.values():
            buffer.clear()
        self._do(self._rewind())

    async def _rewind(self) -> None:
        assert self._consumer is not None
        topic_partitions = [TopicPartition(*partition) for partition in self._buffers]
        for topic_partition, offset in (await self._consumer.beginning_offsets(topic_partitions)).items():
            self._consumer.seek(topic_partition, offset)
            self._consumer.pause(topic_partition)
            self._next[topic_partition.topic, topic_partition.partition] = offset

    def last(self, ends: Mapping[Partition, int]) -> dict[Partition, RecordedEvent]:
        """The event of the last message before these ends in each partition that has any. Does not change what is read next.

        After a relay was killed it may be a repeat of an earlier one.
        """
        return self._do(self._last({partition: end for partition, end in ends.items() if end > self._next[partition]}))

    async def _last(self, ends: Mapping[Partition, int]) -> dict[Partition, RecordedEvent]:
        consumer = self._consumer
        assert consumer is not None
        found: dict[Partition, RecordedEvent | None] = {}
        for partition, end in ends.items():
            consumer.seek(TopicPartition(*partition), end - 1)
            consumer.resume(TopicPartition(*partition))
        async with asyncio.timeout(STALLED_S):
            while len(found) < len(ends):
                for topic_partition, records in (await consumer.getmany(timeout_ms=_WAIT_MS)).items():
                    found[topic_partition.topic, topic_partition.partition] = self._event(topic_partition, records[0])
                    consumer.pause(topic_partition)
        for partition in ends:
            consumer.seek(TopicPartition(*partition), self._next[partition])
        return {partition: event for partition, event in found.items() if event is not None}

    # By partition

    def read(self, ends: Mapping[Partition, int]) -> Iterator[tuple[Partition, list[RecordedEvent]]]:
        """The events before these ends that were not returned before, each partition's in order, without repeats.

        Raises BrokersAway and BrokersRefuse.
        """
        self._begin(ends)
        while wanted := self._unfinished():
            self._do(self._fill(wanted))
            for partition in wanted:
                if buffer := self._buffers[partition]:
                    batch = list(buffer)
                    buffer.clear()
                    yield partition, batch

    # As one log

    def merged(self, ends: Mapping[Partition, int], after: int = 0) -> Iterator[list[RecordedEvent]]:
        """The log after a position up to these ends, in order, without holes and repeats.

        Raises EventMissing, after it has returned the events before the missing one, and the errors of `read`.
        """
        self._begin(ends)
        heads: list[tuple[int, Partition]] = []
        empty = set(self._buffers)
        expected, batch = after + 1, list[RecordedEvent]()
        while True:
            while heads and heads[0][0] <= expected:
                _, partition = heappop(heads)
                buffer = self._buffers[partition]
                while buffer and buffer[0].position <= expected:
                    event = buffer.popleft()
                    if event.position == expected:
                        batch.append(event)
                        expected += 1
                if buffer:
                    heappush(heads, (buffer[0].position, partition))
                else:
                    empty.add(partition)
                if len(batch) >= AT_ONCE:
                    yield batch
                    batch = []
            wanted = self._unfinished()
            if empty.isdisjoint(wanted):
                break
            self._do(self._fill([partition for partition in wanted if len(self._buffers[partition]) < _BUFFERED]))
            filled = {partition for partition in empty if self._buffers[partition]}
            heads += [(self._buffers[partition][0].position, partition) for partition in filled]
            heapify(heads)
            empty -= filled
        if batch:
            yield batch
        if heads:
            raise EventMissing(expected)

    def _begin(self, ends: Mapping[Partition, int]) -> None:
        self._ends = {partition: ends[partition] for partition in self._buffers}
        self._received_at = monotonic()

    def _unfinished(self) -> list[Partition]:
        return [partition for partition, end in self._ends.items() if self._next[partition] < end]

    async def _fill(self, wanted: Sequence[Partition]) -> None:
        """Wait a moment for more of these partitions; all others are paused."""
        consumer = self._consumer
        assert consumer is not None
        resting = consumer.paused()
        consumer.resume(*(topic_partition for partition in wanted if (topic_partition := TopicPartition(*partition)) in resting))
        found = await consumer.getmany(timeout_ms=_WAIT_MS)
        for topic_partition, records in found.items():
            self._take(topic_partition, records)
        # Pause before the consumer fetches more: it discards what it has fetched of a paused partition.
        for partition in wanted:
            if self._next[partition] >= self._ends[partition] or len(self._buffers[partition]) >= _BUFFERED:
                consumer.pause(TopicPartition(*partition))
        if found:
            self._received_at = monotonic()
            return
        for partition in wanted:
            # Skip entries that are no messages, such as the end of a transaction.
            self._next[partition] = max(self._next[partition], await consumer.position(TopicPartition(*partition)))
        if monotonic() - self._received_at > STALLED_S:
            raise TimeoutError

    def _take(self, topic_partition: TopicPartition, records: Sequence[Any]) -> None:
        partition = (topic_partition.topic, topic_partition.partition)
        end, seen, buffer = self._ends[partition], self.reached.get(partition, 0), self._buffers[partition]
        for record in records:
            if record.offset >= end:
                assert self._consumer is not None
                self._consumer.seek(topic_partition, end)
                self._next[partition] = end
                break
            event = self._event(topic_partition, record)
            self._next[partition] = record.offset + 1
            if event is not None and event.position > seen:
                seen = event.position
                buffer.append(event)
        self.reached[partition] = seen

    def _event(self, topic_partition: TopicPartition, record: Any) -> RecordedEvent | None:
        try:
            return event_in(record.key, record.value, record.headers)
        except NotOurMessage as error:
            line = f"message {record.offset} of {topic_partition.topic}, partition {topic_partition.partition}: {error}"
            if len(self.strange) < _MOST_STRANGE and line not in self.strange:
                log.warning("skipped: %s", line)
                self.strange.append(line)
            return None

    def close(self) -> None:
        """Close the connections. Can be repeated."""
        if self._loop.is_closed():
            return
        if self._consumer is not None:
            consumer, self._consumer = self._consumer, None
            asyncio.run_coroutine_threadsafe(consumer.stop(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


def _message(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "no messages arrive"
    return str(error) or type(error).__name__


def messages_of(brokers: str, topic: str, partitions: int) -> list[Any]:
    """Every message that a topic has now, each partition's in order; for topics with few messages. Raises BrokersAway."""
    try:
        return asyncio.run(_messages_of(brokers, [TopicPartition(topic, number) for number in range(partitions)]))
    except (KafkaError, OSError, TimeoutError) as error:
        raise BrokersAway(f"Kafka at {brokers} failed: {_message(error)}") from error


async def _messages_of(brokers: str, topic_partitions: Sequence[TopicPartition]) -> list[Any]:
    consumer = AIOKafkaConsumer(bootstrap_servers=brokers, enable_auto_commit=False, auto_offset_reset="earliest")
    found: list[Any] = []
    try:
        async with asyncio.timeout(_CONNECT_S):
            await consumer.start()
            consumer.assign(topic_partitions)
            await consumer.seek_to_beginning(*topic_partitions)
            ends = await consumer.end_offsets(topic_partitions)
        for topic_partition, end in ends.items():
            while await consumer.position(topic_partition) < end:
                async with asyncio.timeout(STALLED_S):
                    found += (await consumer.getmany(topic_partition, timeout_ms=_WAIT_MS)).get(topic_partition, [])
    finally:
        await consumer.stop()
    return found
