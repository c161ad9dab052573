"""Whole topics are read in order, without holes and repeats, in flat memory; a missing event is reported."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from itertools import pairwise
from random import Random
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.recorded_event import RecordedEvent
from streams import bulk
from streams.brokers import BrokersAway, BrokersRefuse
from streams.bulk import BulkReader, EventMissing, Partition
from streams.messages import message
from tests.kit.kafka import log_topics, send

_STATE = b'{"tenant":"8d3f5a50-3a47-4c43-8a44-6b1d7ad24a5c"}'
_NAMES = ("interaction.offered", "agent.paused", "contact.appeared")


def _event(position: int, id: int = 1, name: str = _NAMES[0]) -> RecordedEvent:
    return RecordedEvent(position, UUID(int=id).bytes, position, name, _STATE, bytes(32))


class Scripted(BulkReader):
    """Partitions without a broker: each time a few messages of those that are wanted."""

    def __init__(self, partitions: Mapping[Partition, Sequence[int]], random: Random) -> None:
        self._events = {partition: [_event(position) for position in positions] for partition, positions in partitions.items()}
        self._random = random
        super().__init__("", ())
        self._next = dict.fromkeys(partitions, 0)
        self._buffers = {partition: deque() for partition in partitions}
        self.most = 0

    def _found(self, _: Sequence[str]) -> list[Partition]:
        return []

    async def _open(self, _: Sequence[Partition]) -> None:
        """There is nothing to open."""

    def ends(self) -> dict[Partition, int]:
        return {partition: len(events) for partition, events in self._events.items()}

    async def _fill(self, wanted: Sequence[Partition]) -> None:
        assert wanted
        partition = self._random.choice(wanted)
        seen = self.reached.get(partition, 0)
        first = self._next[partition]
        for event in self._events[partition][first : first + self._random.randint(1, 5)]:
            self._next[partition] += 1
            if event.position > seen:
                seen = event.position
                self._buffers[partition].append(event)
        self.reached[partition] = seen
        self.most = max(self.most, *map(len, self._buffers.values()))


@st.composite
def relayed(draw: st.DrawFn) -> tuple[int, dict[Partition, list[int]]]:
    """A log over partitions, as relays leave it that were killed now and then and sent some events again."""
    length = draw(st.integers(0, 60))
    of = draw(st.lists(st.integers(0, 3), min_size=length, max_size=length))
    partitions: dict[Partition, list[int]] = {("t", number): [] for number in range(4)}
    position = 0
    while position < length:
        reached = draw(st.integers(position + 1, length))
        for sent in range(draw(st.integers(max(0, position - 6), position)), reached):
            partitions["t", of[sent]].append(sent + 1)
        position = reached
    return length, partitions


@given(relayed(), st.integers(0, 70), st.randoms(use_true_random=False))
def test_a_merge_gives_each_event_once_in_order(relayed_log: tuple[int, dict[Partition, list[int]]], after: int, random: Random) -> None:
    length, partitions = relayed_log
    with Scripted(partitions, random) as reader:
        given = [event.position for some in reader.merged(reader.ends(), after) for event in some]
    assert given == list(range(after + 1, length + 1))


@given(relayed(), st.randoms(use_true_random=False))
def test_partitions_are_given_in_their_order_without_repeats(relayed_log: tuple[int, dict[Partition, list[int]]], random: Random) -> None:
    length, partitions = relayed_log
    with Scripted(partitions, random) as reader:
        given: dict[Partition, list[int]] = {partition: [] for partition in partitions}
        for partition, some in reader.read(reader.ends()):
            given[partition] += [event.position for event in some]
    assert all(before < after for positions in given.values() for before, after in pairwise(positions))
    assert sorted(position for positions in given.values() for position in positions) == list(range(1, length + 1))


@given(relayed(), st.data())
def test_a_merge_names_the_event_that_no_message_carries(relayed_log: tuple[int, dict[Partition, list[int]]], data: st.DataObject) -> None:
    length, partitions = relayed_log
    gone = data.draw(st.integers(1, max(1, length - 1)))
    random = data.draw(st.randoms(use_true_random=False))
    left = {partition: [position for position in positions if position != gone] for partition, positions in partitions.items()}
    given: list[RecordedEvent] = []
    with Scripted(left, random) as reader, pytest.raises(EventMissing) if gone < length else nullcontext() as missing:
        for some in reader.merged(reader.ends()):
            given += some
    assert missing is None or missing.value.position == gone
    assert [event.position for event in given] == list(range(1, min(gone, length + 1)))


def test_a_partition_that_is_far_ahead_rests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "_BUFFERED", 10)
    ahead, behind = list(range(1_001, 2_001)), list(range(1, 1_001))
    with Scripted({("t", 0): ahead, ("t", 1): behind}, Random(1)) as reader:
        assert sum(map(len, reader.merged(reader.ends()))) == 2_000
        assert reader.most <= 10 + 5


# Against a broker


def _log(length: int) -> list[RecordedEvent]:
    return [_event(position, position % 17, _NAMES[position % 3]) for position in range(1, length + 1)]


def test_topics_are_read_as_one_log_up_to_the_given_ends_and_on_from_there(
    kafka: str, topics: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "_BUFFERED", 50)
    log = _log(3_000)
    send(kafka, topics, log[:2_000])
    with BulkReader(kafka, log_topics(topics)) as reader:
        ends = reader.ends()
        send(kafka, topics, log[1_500:])
        assert [event for some in reader.merged(ends) for event in some] == log[:2_000]
        assert [event for some in reader.merged(reader.ends(), 2_000) for event in some] == log[2_000:]
        assert reader.waiting(reader.ends()) == 0


def test_some_partitions_are_read_alone(kafka: str, topics: str) -> None:
    log = _log(500)
    send(kafka, topics, log)
    given: list[RecordedEvent] = []
    with BulkReader(kafka, log_topics(topics)) as reader:
        halves = reader.partitions[::2], reader.partitions[1::2]
    for half in halves:
        with BulkReader(kafka, log_topics(topics), half) as reader:
            assert reader.partitions == list(half)
            for partition, some in reader.read(reader.ends()):
                assert partition in half
                given += some
    assert sorted(given, key=lambda event: event.position) == log


def test_a_message_of_somebody_else_is_passed_over_and_named_by_its_place(kafka: str, topics: str) -> None:
    sent = message(_event(1))
    send(kafka, topics, [(_event(1), type(sent)(sent.key, sent.value, sent.headers[:2])), _event(1), _event(2)])
    with BulkReader(kafka, log_topics(topics)) as reader:
        assert [event for some in reader.merged(reader.ends()) for event in some] == [_event(1), _event(2)]
        (said,) = reader.strange
    assert said.startswith(f"message 0 of {topics}.interactions, partition ")


def test_a_broker_that_is_not_there_is_one_line() -> None:
    with pytest.raises(BrokersAway, match=r"127\.0\.0\.1:1") as refused:
        BulkReader("127.0.0.1:1", ["any"])
    assert "\n" not in str(refused.value)


def test_a_missing_topic_is_one_line(kafka: str) -> None:
    with pytest.raises(BrokersRefuse, match=r"no topic never\.made.*atende topics"):
        BulkReader(kafka, ["never.made"])
