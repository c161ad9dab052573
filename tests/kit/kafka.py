"""Topics of a test's own on the broker that `make services` started."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from uuid import uuid4

import pytest

from services.kafka import Kafka
from streams.brokers import Brokers
from streams.house_topics import make_topics
from tests.kit.servers import address

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
    """What the names of this test's topics begin with; there are none yet."""
    return f"test_{uuid4().hex[:12]}"


@pytest.fixture
def topics(brokers: Brokers, prefix: str) -> str:
    """The same, when the topics are made."""
    make_topics(brokers, prefix, PARTITIONS, 1)
    return prefix
