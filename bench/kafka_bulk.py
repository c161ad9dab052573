"""A whole log read from Kafka: a rebuild of all rows, and a restore of a lost store, beside aiokafka that only reads the same messages."""

from __future__ import annotations

import asyncio
import os
import time
from collections import deque
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

from aiokafka import AIOKafkaConsumer, TopicPartition
from kafka.admin import KafkaAdminClient

import settings
from bench.commands_postgresql import database
from bench.commands_sqlite import COMPANY
from bench.measure import absolute, in_turns, spread
from commands.command_bus import CommandBus
from migrations.runner import migrate
from projections.engine.clickhouse_warehouse import ClickhouseWarehouse
from settings import Settings
from simulator.story import history
from store.event_store import Store
from store.log_reader import events_after
from store.storage_location import InDirectory, OnServers
from streams.brokers import Brokers, Producer
from streams.bulk import BulkReader, Partition
from streams.deployment_topics import make_topics, names
from streams.messages import message
from streams.rebuild import RebuildTarget, rebuild
from streams.relay_progress import RelayProgress
from streams.restore import Source, restore
from streams.topics import SLICES, partition_name, slice_of, topic

START = datetime(2026, 3, 2, 3, tzinfo=UTC)
PARTITIONS = 4
_AT_ONCE = 20_000
_PATIENCE_S = 120.0


def rebuild_from_kafka(quick: bool) -> dict[str, Any]:
    """Events a second of a rebuild from Kafka into ClickHouse with its swap, for days of a simulated center (ATENDE_STORE_URL, _KAFKA, _CLICKHOUSE_URL)."""
    configured = settings.read()
    if not (configured.store_url and configured.kafka and configured.clickhouse_url):
        return {"skipped": "ATENDE_STORE_URL, ATENDE_KAFKA or ATENDE_CLICKHOUSE_URL is not set"}
    figures: dict[str, Any] = {}
    with _deployment(configured, days=1 if quick else 12) as deployment:
        cores = os.cpu_count() or 1
        for processes in sorted({1, cores}):
            mine, bare = in_turns(2 if quick else 3, lambda count=processes: deployment.rebuild(count), deployment.bare)  # type: ignore[misc]
            figures[f"processes: {processes}"] = {**absolute("events/s", mine, aim=30_000), "raw": spread(bare)}
        figures["events"] = deployment.events
    return figures


def restore_from_kafka(quick: bool) -> dict[str, Any]:
    """Events a second of a log restore from Kafka into PostgreSQL, verified along the hash chain (ATENDE_STORE_URL, ATENDE_KAFKA)."""
    configured = settings.read()
    if not (configured.store_url and configured.kafka):
        return {"skipped": "ATENDE_STORE_URL or ATENDE_KAFKA is not set"}
    with _deployment(configured, days=1 if quick else 12) as deployment:
        mine, bare = in_turns(2 if quick else 3, deployment.restore, deployment.bare)
        return {**absolute("events/s", mine, aim=20_000), "raw": spread(bare), "events": deployment.events}


class _Deployment:
    """A log in its own topics, with the relay's progress."""

    def __init__(self, configured: Settings, prefix: str, store_url: str, directory: Path) -> None:
        self.events = 0
        self._settings = configured
        self._prefix = prefix
        self._topics = [topic(prefix, slice_) for slice_ in SLICES]
        self._directory = directory
        self._location = OnServers(directory / "servers", store_url)
        self._ends: dict[Partition, int] = {}

    def fill(self, days: float) -> None:
        """Simulate `days` days and send their events to Kafka."""
        producer = Producer(self._settings.kafka, dict.fromkeys(names(self._prefix), PARTITIONS))
        reached: dict[str, int] = {}
        with Store(InDirectory(self._directory / "data")) as store:
            history(CommandBus(store), COMPANY, seed=1, start=START, days=days, scale=1.0)
            while events := events_after(store.recorder.db, self.events, _AT_ONCE):
                sent: deque[Any] = deque()
                for event in events:
                    name = topic(self._prefix, slice_of(event.topic))
                    partition, under_way = producer.send(name, message(event))
                    sent.append(under_way)
                    reached[partition_name(name, partition)] = event.position
                self.events = events[-1].position
                if not producer.acknowledged(sent, _PATIENCE_S):
                    raise TimeoutError("Kafka did not acknowledge the log")
        producer.close()
        with closing(RelayProgress(self._location.relay(), self._prefix)) as relay_progress:
            relay_progress.set(self.events, reached)
        with BulkReader(self._settings.kafka, self._topics) as reader:
            self._ends = reader.ends()

    def bare(self) -> float:
        """Events a second that aiokafka reads from all partitions at once."""
        return asyncio.run(self._bare())

    async def _bare(self) -> float:
        consumer = AIOKafkaConsumer(bootstrap_servers=self._settings.kafka, enable_auto_commit=False)
        started = time.perf_counter()
        await consumer.start()
        try:
            partitions = [TopicPartition(*partition) for partition in self._ends]
            consumer.assign(partitions)
            await consumer.seek_to_beginning(*partitions)
            left = sum(self._ends.values())
            while left > 0:
                left -= sum(map(len, (await consumer.getmany(timeout_ms=100)).values()))
        finally:
            await consumer.stop()
        return self.events / (time.perf_counter() - started)

    def rebuild(self, processes: int) -> float:
        """Events a second of a whole rebuild, from the start of its processes to the swap."""
        url = f"{self._settings.clickhouse_url.rpartition('/')[0]}/{self._prefix}"
        with closing(ClickhouseWarehouse(url)) as warehouse:
            try:
                migrate(warehouse)
                started = time.perf_counter()
                rebuild(RebuildTarget(self._location, url, self._settings.kafka, self._prefix, processes=processes))
                return self.events / (time.perf_counter() - started)
            finally:
                warehouse.execute(f"DROP DATABASE {self._prefix}")

    def restore(self) -> float:
        """Events a second into an empty database."""
        with database(self._settings.store_url) as url:
            started = time.perf_counter()
            restore(OnServers(self._location.directory, url), "", Source(self._settings.kafka, self._prefix))
            return self.events / (time.perf_counter() - started)


@contextmanager
def _deployment(configured: Settings, days: float) -> Iterator[_Deployment]:
    prefix = f"bench_{uuid4().hex[:12]}"
    with ExitStack() as opened:
        store_url = opened.enter_context(database(configured.store_url))
        directory = opened.enter_context(TemporaryDirectory(prefix="bench-"))
        brokers = opened.enter_context(closing(Brokers(configured.kafka)))
        admin = opened.enter_context(closing(KafkaAdminClient(bootstrap_servers=configured.kafka)))
        make_topics(brokers, prefix, PARTITIONS, 1)
        opened.callback(lambda: admin.delete_topics(names(prefix)))
        deployment = _Deployment(configured, prefix, store_url, Path(directory))
        deployment.fill(days)
        yield deployment
