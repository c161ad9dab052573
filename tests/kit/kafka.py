"""Topics of a test's own on the broker that `make services` started."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import closing
from uuid import uuid4

import pytest

from services.kafka import Kafka
from store.recorded_event import RecordedEvent
from streams.brokers import Brokers, Producer
from streams.deployment_topics import make_topics
from streams.messages import KafkaMessage, message
from streams.topics import SLICES, slice_of, topic
from tests.kit.servers import address
from tests.kit.waiting import DEADLINE_S

PARTITIONS = 3


@pytest.fixture(scope="session")
def kafka() -> str:
    """The broker's address."""
    return address(Kafka)


@pytest.fixture
def brokers(kafka: str) -> Iterator[Brokers]:
    with closing(Brokers(kafka)) as opened:
        yield opened


@pytest.fixture
def prefix() -> str:
    """The prefix of this test's topics; they are not created yet."""
    return f"test_{uuid4().hex[:12]}"


@pytest.fixture
def topics(brokers: Brokers, prefix: str) -> str:
    """The prefix, with its topics created."""
    make_topics(brokers, prefix, PARTITIONS, 1)
    return prefix


def log_topics(prefix: str) -> list[str]:
    """The topics that carry the log."""
    return [topic(prefix, slice_) for slice_ in SLICES]


def send(kafka: str, prefix: str, events: Iterable[RecordedEvent | tuple[RecordedEvent, KafkaMessage]]) -> None:
    """Append these in this order, as a relay would; an event in a pair is sent as the pair's message."""
    producer = Producer(kafka, dict.fromkeys(log_topics(prefix), PARTITIONS))
    sent = deque()
    for given in events:
        event, content = given if isinstance(given, tuple) else (given, message(given))
        sent.append(producer.send(topic(prefix, slice_of(event.topic)), content)[1])
    assert producer.acknowledged(sent, DEADLINE_S)
    producer.close()
