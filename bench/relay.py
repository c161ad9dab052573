"""The relay from PostgreSQL to Kafka, beside bare kafka-python that produces the same messages."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

from kafka import KafkaProducer
from kafka.admin import KafkaAdminClient

import settings
from bench.commands_postgresql import database
from bench.commands_sqlite import COMPANY
from bench.measure import compared, in_turns, profiled, spread
from commands.command_bus import CommandBus
from simulator.story import history
from store.database import Database
from store.event_store import Store
from store.log_reader import events_after, last_position
from store.postgres_lock import ServerLock
from store.storage_location import OnServers
from streams.brokers import Brokers
from streams.deployment_topics import make_topics, names
from streams.messages import KafkaMessage, message
from streams.relay import LOCK, Relay, Relayed
from streams.relay_progress import RelayProgress
from streams.topics import slice_of, topic

START = datetime(2026, 3, 2, 3, tzinfo=UTC)
PARTITIONS = 4
_STEP_S = 0.01


def relay(quick: bool) -> dict[str, Any]:
    """Events a second of the relay, for a simulated center's day from PostgreSQL to Kafka (ATENDE_STORE_URL, ATENDE_KAFKA), after the first batch."""
    configured = settings.read()
    if not configured.store_url or not configured.kafka:
        return {"skipped": "ATENDE_STORE_URL or ATENDE_KAFKA is not set"}
    with (
        database(configured.store_url) as url,
        TemporaryDirectory(prefix="bench-") as directory,
        closing(Brokers(configured.kafka)) as brokers,
    ):
        location = OnServers(Path(directory), url)
        with Store(location) as store:
            history(CommandBus(store), COMPANY, seed=1, start=START, days=1, scale=2.0 if quick else 4.0)
        with closing(location.events()) as log:
            bench = _Bench(location, log, brokers, configured.kafka)
            try:
                bench.ours()
                mine, bare = in_turns(3 if quick else 5, bench.ours, bench.raw)
                figure = compared("events/s", mine, bare, aim=0.8)
                figure |= {"events": bench.events, "cpu_us_per_event": {side: spread(taken) for side, taken in bench.cpu.items()}}
                if not figure["reached"]:
                    figure["profile"] = profiled(bench.ours)
            finally:
                bench.close()
    return figure


class _Bench:
    """The two sides. Each round has its own topics."""

    def __init__(self, location: OnServers, log: Database, brokers: Brokers, kafka: str) -> None:
        self.events = last_position(log)
        self.cpu: dict[str, list[float]] = {"ours": [], "raw": []}
        self._location = location
        self._log = log
        self._brokers = brokers
        self._kafka = kafka
        self._used: list[str] = []

    def close(self) -> None:
        """Delete all topics."""
        with closing(KafkaAdminClient(bootstrap_servers=self._kafka)) as admin:
            admin.delete_topics([name for prefix in self._used for name in names(prefix)])

    def _topics(self) -> str:
        self._used.append(f"bench_{uuid4().hex[:12]}")
        make_topics(self._brokers, self._used[-1], PARTITIONS, 1)
        return self._used[-1]

    def ours(self) -> float:
        """Events a second of a relay that starts with an empty Kafka."""
        prefix = self._topics()
        with (
            closing(RelayProgress(self._location.relay(), prefix)) as relay_progress,
            ServerLock(self._location.store_url, LOCK) as lock,
        ):
            run = Relay(Relayed(self._log, relay_progress, lock, self._kafka, prefix, PARTITIONS))
            watch = _Watch(run, self.events)
            watch.start()
            run.run()
            watch.join()
        self.cpu["ours"].append(watch.cpu / watch.events * 1e6)
        return watch.events / watch.seconds

    def raw(self) -> float:
        """Events a second of a bare producer, for messages that are built before."""
        prefix = self._topics()
        ready = list(self._messages(prefix))
        producer = KafkaProducer(bootstrap_servers=self._kafka, acks="all", enable_idempotence=True, batch_size=256 * 1024, linger_ms=5)
        for name in names(prefix):
            producer.partitions_for(name)
        began, cpu = time.perf_counter(), time.process_time()
        for name, one in ready:
            producer.send(name, one.value, one.key, one.headers)
        producer.flush()
        seconds = time.perf_counter() - began
        self.cpu["raw"].append((time.process_time() - cpu) / len(ready) * 1e6)
        producer.close()
        return len(ready) / seconds

    def _messages(self, prefix: str) -> Iterator[tuple[str, KafkaMessage]]:
        position = 0
        while events := events_after(self._log, position, 10_000):
            for event in events:
                yield topic(prefix, slice_of(event.topic)), message(event)
            position = events[-1].position


class _Watch(threading.Thread):
    """Measures a relay from its first recorded batch until it has sent all events, then closes it."""

    def __init__(self, run: Relay, events: int) -> None:
        super().__init__()
        self._run = run
        self._all = events
        self.events = 0
        self.seconds = 0.0
        self.cpu = 0.0

    def run(self) -> None:
        first = self._wait_for(1)
        began, cpu = time.perf_counter(), time.process_time()
        self.events = self._wait_for(self._all) - first
        self.seconds, self.cpu = time.perf_counter() - began, time.process_time() - cpu
        self._run.close()

    def _wait_for(self, position: int) -> int:
        while self._run.figures.position < position:
            time.sleep(_STEP_S)
        return self._run.figures.position
