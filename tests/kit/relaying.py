"""A relay as a process of its own, the messages that it has sent to Kafka, and a center that is busy meanwhile."""

from __future__ import annotations

import itertools
import multiprocessing
import os
import sys
import threading
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from signal import SIGTERM, Signals
from typing import Any, Self

from kafka import KafkaConsumer, TopicPartition

from cli.main import main
from commands.command_bus import CommandBus
from commands.handler_context import Caller
from domain.base import SECOND
from domain.ids import company_id
from simulator.center import busy_center
from simulator.model import Model
from simulator.speaking import PERMISSIONS, commands_of, settings_of
from store.database import StoreUnavailable
from store.event_store import Store
from store.log_reader import events_after
from store.recorded_event import RecordedEvent
from store.storage_location import OnServers
from streams.messages import event_in
from streams.relay_progress import RelayProgress
from streams.topics import SLICES, slice_of, topic
from tests.kit.kafka import PARTITIONS
from tests.kit.waiting import DEADLINE_S

COMPANY = company_id("Empresa")
MORNING = int(datetime(2026, 3, 2, 10, tzinfo=UTC).timestamp()) * SECOND
AT_ONCE = 20

StorageLocation = tuple[str, int]
"""A partition: topic and number."""


@dataclass
class Relayed:
    """A log on a server and the topics that it is relayed to. `said`: the directory of the relays' logs."""

    location: OnServers
    kafka: str
    topics: str
    relay_progress: RelayProgress
    said: Path

    @property
    def settings(self) -> dict[str, str]:
        """The settings of a distributed deployment without rows."""
        return {
            "ATENDE_MODE": "distributed",
            "ATENDE_STORE_URL": self.location.store_url,
            "ATENDE_CLICKHOUSE_URL": "clickhouse://nowhere",
            "ATENDE_KAFKA": self.kafka,
            "ATENDE_TOPICS": self.topics,
            "ATENDE_PARTITIONS": str(PARTITIONS),
        }

    @contextmanager
    def relay(self, *options: str, said: str = "one", **settings: str) -> Iterator[RelayProcess]:
        """A relay that is killed at the end, if it still runs."""
        relay = RelayProcess(self.settings | settings, self.said / said, *options)
        try:
            yield relay
        finally:
            relay.close()

    def says(self, which: str = "one") -> str:
        """The log of a relay so far."""
        file = self.said / which
        return file.read_text() if file.exists() else ""

    def logs(self) -> str:
        """The logs of all relays, shown when a test fails."""
        return "\n".join(f"{file.name}:\n{file.read_text()}" for file in self.said.iterdir() if file.is_file())

    def busy(self, pause_s: float = 0.0) -> Busy:
        """A busy center on this log."""
        return Busy(self.location, pause_s)

    def check(self, log: list[RecordedEvent] | None = None) -> int:
        """As `check_all_is_there`."""
        return check_all_is_there(log_of(self.location) if log is None else log, messages(self.kafka, self.topics), self.topics)


class RelayProcess:
    """`atende relay`, with its output in a file. It is forked from a process that has loaded the program: twenty start quickly."""

    def __init__(self, environment: dict[str, str], said: Path, *options: str) -> None:
        self._process = _FORKING.Process(target=_relay, args=(environment, said, options))
        self._process.start()

    def send(self, which: Signals) -> None:
        assert self._process.pid is not None
        os.kill(self._process.pid, which)

    def end(self, how: Signals = SIGTERM) -> int | None:
        """End it and wait for its end; its exit status."""
        self.send(how)
        return self.ended()

    def ended(self) -> int | None:
        """Wait until it ends by itself; its exit status."""
        self._process.join(DEADLINE_S)
        return self._process.exitcode

    def close(self) -> None:
        self._process.kill()
        self._process.join()
        self._process.close()


_FORKING = multiprocessing.get_context("forkserver")
_FORKING.set_forkserver_preload(["cli.main", "cli.relay"])


def _relay(environment: dict[str, str], said: Path, options: Sequence[str]) -> None:
    os.environ.update(environment)
    with said.open("ab") as file:
        for stream in (sys.stdout, sys.stderr):
            os.dup2(file.fileno(), stream.fileno())
    sys.argv = ["atende", "relay", *options]
    main()


def commands(seed: int = 1) -> Iterator[Any]:
    """The commands of a busy center, in order, without end."""
    yield from settings_of(busy_center())
    yield from (command for at, action in Model(busy_center(4.0), seed, MORNING).play() for command in commands_of(COMPANY, at, action))


class Busy:
    """A center that executes commands until `stop`, also when its store is unavailable for a while."""

    def __init__(self, location: OnServers, pause_s: float = 0.0) -> None:
        self._bus = CommandBus(Store(location))
        self._pause_s = pause_s
        self._stopping = threading.Event()
        self._caller = Caller(COMPANY, "simulator", PERMISSIONS)
        self._thread = threading.Thread(target=self._run)
        self.acknowledged = 0

    def _run(self) -> None:
        story = commands()
        while not self._stopping.wait(self._pause_s):
            batch = [(command, self._caller) for command in itertools.islice(story, AT_ONCE)]
            while not self._stopping.is_set():
                with suppress(StoreUnavailable):
                    self._bus.execute_all(batch)
                    self.acknowledged = self._bus.store.head()
                    break

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def stop(self) -> None:
        """Execute no more commands. Can be repeated."""
        self._stopping.set()
        self._thread.join()

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._bus.store.close()


def log_of(location: OnServers) -> list[RecordedEvent]:
    """The whole log of the store."""
    db = location.events()
    try:
        events: list[RecordedEvent] = []
        while some := events_after(db, len(events), 10_000):
            events += some
    finally:
        db.close()
    return events


def messages(kafka: str, prefix: str, partitions: int = PARTITIONS) -> dict[StorageLocation, list[RecordedEvent]]:
    """All messages in the topics of the slices, by partition, in order."""
    consumer = KafkaConsumer(bootstrap_servers=kafka, max_poll_records=10_000, fetch_max_wait_ms=50)
    try:
        locations = [TopicPartition(topic(prefix, slice_), number) for slice_ in SLICES for number in range(partitions)]
        consumer.assign(locations)
        consumer.seek_to_beginning(*locations)
        ends = consumer.end_offsets(locations)
        found: dict[StorageLocation, list[RecordedEvent]] = defaultdict(list)
        while any(consumer.position(location) < end for location, end in ends.items()):
            for location, records in consumer.poll(timeout_ms=1_000).items():
                found[location.topic, location.partition] += [event_in(record.key, record.value, record.headers) for record in records]
    finally:
        consumer.close()
    return dict(found)


def check_all_is_there(log: list[RecordedEvent], found: dict[StorageLocation, list[RecordedEvent]], prefix: str) -> int:
    """Check that every event of the log is unchanged in Kafka, in order within its partition except for repeats; the number of repeats."""
    seen: dict[int, StorageLocation] = {}
    repeats = 0
    for location, events in found.items():
        last = 0
        for event in events:
            assert event == log[event.position - 1]
            assert location[0] == topic(prefix, slice_of(event.topic))
            if event.position in seen:
                assert seen[event.position] == location
                repeats += 1
                continue
            assert event.position > last, "the first copy of an event follows all earlier events"
            seen[event.position] = location
            last = event.position
    assert sorted(seen) == list(range(1, len(log) + 1))
    homes: dict[bytes, set[StorageLocation]] = defaultdict(set)
    for position, location in seen.items():
        homes[log[position - 1].id].add(location)
    assert all(len(locations) == 1 for locations in homes.values())
    return repeats
