"""Workers under Faust, beside Faust agents that do nothing on the same topics; and writing of rows, beside a bare insert of the same columns."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from typing import Any, Self
from uuid import uuid4

from clickhouse_driver import Client
from kafka import KafkaProducer
from kafka.admin import KafkaAdminClient

import settings
from bench.commands_sqlite import COMPANY
from bench.measure import compared, in_turns, profiled, spread
from commands.command_bus import CommandBus
from migrations.runner import migrate
from projections.engine.clickhouse_warehouse import ClickhouseWarehouse
from projections.engine.folding import Folded, Folding
from projections.engine.writing import write
from projections.folds import audit
from settings import Settings
from simulator.story import history
from store.event_store import Store
from store.recorded_event import RecordedEvent
from store.storage_location import InDirectory
from streams.brokers import Brokers
from streams.deployment_topics import make_topics, names
from streams.messages import message
from streams.topics import SLICES, slice_of, topic

START = datetime(2026, 3, 2, 3, tzinfo=UTC)
PARTITIONS = 4
BATCH = 2_000
"""Events of a batch whose write is measured: as many as arrive while a worker under load writes the previous batch."""

_ENDS_WITHIN_S = 10.0
_PATIENCE_S = 120.0


def worker(quick: bool) -> dict[str, Any]:
    """Events a second that one and two workers fold into rows, for a simulated center's day (ATENDE_KAFKA, ATENDE_CLICKHOUSE_URL)."""
    configured = settings.read()
    if not configured.kafka or not configured.clickhouse_url:
        return {"skipped": "ATENDE_KAFKA or ATENDE_CLICKHOUSE_URL is not set"}
    log = _log(scale=2.0 if quick else 5.0)
    rounds = 2 if quick else 5
    figures: dict[str, Any] = {"events": len(log)}
    with _topics(configured, log) as prefix:
        bench = _Bench(configured, prefix, len(log))
        for count in (1, 2):
            mine, bare = in_turns(rounds, lambda count=count: bench.run("ours", count), lambda count=count: bench.run("nothing", count))  # type: ignore[misc]
            figures["one worker" if count == 1 else "two workers"] = compared("events/s", mine, bare, aim=0.7)
        bench.forget_groups()
        figures["cpu_us_per_event"] = {kind: spread(taken) for kind, taken in bench.cpu.items()}
    return figures | {"fold": _folds(configured, log, rounds), "write": _writes(configured, log, rounds)}


def _log(scale: float) -> list[RecordedEvent]:
    with TemporaryDirectory(prefix="bench-") as directory, Store(InDirectory(Path(directory))) as store:
        history(CommandBus(store), COMPANY, seed=1, start=START, days=1, scale=scale)
        return store.recorder.events_after(0, 10_000_000)


@contextmanager
def _topics(configured: Settings, log: Sequence[RecordedEvent]) -> Iterator[str]:
    """Create topics that hold the log, and delete them afterwards."""
    prefix = f"bench_{uuid4().hex[:12]}"
    with closing(Brokers(configured.kafka)) as brokers:
        make_topics(brokers, prefix, PARTITIONS, 1)
    try:
        producer = KafkaProducer(
            bootstrap_servers=configured.kafka, acks="all", enable_idempotence=True, batch_size=256 * 1024, linger_ms=5
        )
        for event in log:
            one = message(event)
            producer.send(topic(prefix, slice_of(event.topic)), one.value, one.key, one.headers)
        producer.flush()
        producer.close()
        yield prefix
    finally:
        with closing(KafkaAdminClient(bootstrap_servers=configured.kafka)) as admin:
            admin.delete_topics(names(prefix))


class _Bench:
    """Runs that process the same messages, each with a new consumer group and an empty database."""

    def __init__(self, configured: Settings, prefix: str, events: int) -> None:
        self.cpu: dict[str, list[float]] = {}
        self.groups: list[str] = []
        self._settings = configured
        self._prefix = prefix
        self._events = events

    def run(self, kind: str, count: int) -> float:
        """Events a second of `count` processes, from the moment when all have partitions."""
        with ExitStack() as stack:
            url = stack.enter_context(_database(self._settings.clickhouse_url))
            # A new group: Kafka lists killed members of a group for some seconds.
            group = f"{self._prefix}.{len(self.groups)}"
            self.groups.append(group)
            children = [stack.enter_context(_Child(kind, self._settings.kafka, self._prefix, group, url)) for _ in range(count)]
            # The first process may have all partitions for a moment.
            _wait(lambda: all(child.share for child in children) and sum(child.share for child in children) == PARTITIONS * len(SLICES))
            used = sum(child.cpu_s() for child in children)
            started = time.perf_counter()
            for child in children:
                child.begin()
            _wait(lambda: sum(child.done for child in children) >= self._events)
            seconds = time.perf_counter() - started
            used = sum(child.cpu_s() for child in children) - used
        self.cpu.setdefault(f"{kind}, {count}", []).append(1e6 * used / self._events)
        return self._events / seconds

    def forget_groups(self) -> None:
        """Delete the consumer groups."""
        with closing(KafkaAdminClient(bootstrap_servers=self._settings.kafka)) as admin:
            deadline = time.monotonic() + _ENDS_WITHIN_S
            while True:
                answers = admin.delete_groups(self.groups)
                if all(answer == "OK" for answer in dict(answers).values()) or time.monotonic() > deadline:
                    return
                time.sleep(0.2)


class _Child:
    """A process of `bench.worker_child`."""

    def __init__(self, *words: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "bench.worker_child", *words],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, encoding="ascii",
        )  # fmt: skip
        self.done = 0
        self.share = 0
        self._thread = Thread(target=self._listen, daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        # The process must leave its group; how it ends does not matter.
        self.process.send_signal(signal.SIGKILL)
        self.process.communicate()

    def _listen(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            word, _, number = line.partition(" ")
            setattr(self, word, int(number))

    def begin(self) -> None:
        """Send the start signal."""
        assert self.process.stdin is not None
        self.process.stdin.write("go\n")
        self.process.stdin.flush()

    def cpu_s(self) -> float:
        """Seconds of processor time that it has used."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / float(os.sysconf("SC_CLK_TCK"))


def _wait(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError("the workers did not process the messages in time")
        time.sleep(0.01)


@contextmanager
def _database(server: str) -> Iterator[str]:
    """Create a database with all tables, return its URL, and drop it afterwards."""
    name = f"bench_{uuid4().hex[:12]}"
    url = f"{server.rpartition('/')[0]}/{name}"
    with closing(ClickhouseWarehouse(url)) as warehouse:
        migrate(warehouse)
        yield url
        warehouse.execute(f"DROP DATABASE {name}")


def _batches(log: Sequence[RecordedEvent], warehouse: ClickhouseWarehouse) -> list[Folded]:
    folding = Folding(warehouse)
    return [folding.fold(log[first : first + BATCH]) for first in range(0, len(log), BATCH)]


def _folds(configured: Settings, log: Sequence[RecordedEvent], rounds: int) -> dict[str, Any]:
    """Events a second of folding only, without writing."""
    with _database(configured.clickhouse_url) as url, closing(ClickhouseWarehouse(url)) as warehouse:

        def fold() -> float:
            started = time.perf_counter()
            _batches(log, warehouse)
            return len(log) / (time.perf_counter() - started)

        return {"unit": "events/s", "ours": spread(in_turns(rounds, fold)[0])}


def _writes(configured: Settings, log: Sequence[RecordedEvent], rounds: int) -> dict[str, Any]:
    """Events a second of writing the rows in batches as a worker does, beside a bare insert of prepared columns."""
    with (
        _database(configured.clickhouse_url) as url,
        _database(configured.clickhouse_url) as other,
        closing(ClickhouseWarehouse(url)) as warehouse,
        Client.from_url(other) as client,
    ):
        batches = _batches(log, warehouse)
        ready = [list(_ready(batch, client)) for batch in batches]

        def ours() -> float:
            started = time.perf_counter()
            for batch in batches:
                write(warehouse, batch, {"bench:0": batch.position})
            return len(log) / (time.perf_counter() - started)

        def raw() -> float:
            copies = [[(statement, [list(column) for column in columns]) for statement, columns in tables] for tables in ready]
            started = time.perf_counter()
            for tables in copies:
                for statement, columns in tables:
                    client.execute(statement, columns, columnar=True)
            return len(log) / (time.perf_counter() - started)

        mine, bare = in_turns(rounds, ours, raw)
        figure = compared("events/s", mine, bare, aim=0.7)
        if not figure["reached"]:
            figure["profile"] = profiled(ours)
        return figure


def _ready(batch: Folded, client: Client) -> Iterator[tuple[str, list[Sequence[Any]]]]:
    """The statements and columns of a batch in the driver's format."""
    from uuid import UUID

    for table, columns in batch.tables.items():
        for name in (table,) if table == audit.TABLE else (f"{table}_versions", table):
            kinds = dict(client.execute(f"SELECT name, type FROM system.columns WHERE database = currentDatabase() AND table = '{name}'"))
            values = [
                [None if value is None else UUID(bytes=value) for value in columns[column]] if "UUID" in kind else columns[column]
                for column, kind in kinds.items()
            ]
            yield f"INSERT INTO {name} ({', '.join(kinds)}) VALUES", values
