"""Topics and a database of the test's own."""

from __future__ import annotations

from tests.kit.kafka import brokers, kafka, prefix, topics
from tests.kit.stores import on_server, own_database

__all__ = ["brokers", "kafka", "on_server", "own_database", "prefix", "topics"]
