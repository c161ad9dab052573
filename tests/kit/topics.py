"""Topics of a test alone, and what a relay would have written to them, told message by message."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
from kafka import KafkaProducer
from kafka.admin import KafkaAdminClient, NewTopic

from commands.place import InDirectory, OnServers
from services.kafka import Kafka
from streams.messages import Carried, Message, message
from streams.topics import SLICES, slice_of, topic
from tests.kit.servers import address
from tests.kit.stores import behind
from tests.kit.waiting import within

_EVENTS = "SELECT position, originator_id, originator_version, topic, state, hash FROM stored_events ORDER BY position"


@dataclass(frozen=True)
class Topics:
    """Of a house whose topics' names begin with `prefix`."""

    brokers: str
    prefix: str

    @property
    def names(self) -> list[str]:
        return [topic(self.prefix, slice_) for slice_ in SLICES]

    def make(self, partitions: int = 4) -> None:
        admin = KafkaAdminClient(bootstrap_servers=self.brokers)
        admin.create_topics([NewTopic(name, partitions, 1) for name in self.names])
        # A topic is made before its partitions have somebody who leads them.
        within(lambda: all(_is_led(told, partitions) for told in admin.describe_topics(self.names)))
        admin.close()

    def remove(self) -> None:
        admin = KafkaAdminClient(bootstrap_servers=self.brokers)
        admin.delete_topics(self.names)
        admin.close()

    def send(self, events: Iterable[Carried | tuple[Carried, Message]]) -> None:
        """Write these down in this order; an event with a message of its own is sent as that."""
        producer = KafkaProducer(bootstrap_servers=self.brokers, acks="all", linger_ms=20, batch_size=1 << 18)
        sent = []
        for told in events:
            event, said = told if isinstance(told, tuple) else (told, message(told))
            sent.append(producer.send(topic(self.prefix, slice_of(event.event)), said.value, said.key, headers=said.headers))
        producer.flush()
        producer.close()
        assert all(future.succeeded() for future in sent)


def _is_led(told: dict[str, Any], partitions: int) -> bool:
    led = [part for part in told["partitions"] if part["leader_id"] >= 0]
    return len(led) == partitions


def log_of(place: InDirectory | OnServers) -> list[Carried]:
    """Every event of a store, as a relay reads it."""
    return [Carried(*row) for row in behind(place, _EVENTS)]


@pytest.fixture
def topics() -> Iterator[Topics]:
    """Empty ones, of four partitions each."""
    made = Topics(address(Kafka), f"test-{uuid4().hex[:12]}")
    made.make()
    yield made
    made.remove()
