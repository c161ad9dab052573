"""Workers under Faust, beside Faust agents that do nothing on the same topics; and rows written, beside a bare insert of the same columns."""

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
"""Events of a batch whose write is measured: what comes in while a worker under load writes the batch before."""

_ENDS_WITHIN_S = 10.0
_PATIENCE_S = 120.0


def worker(quick: bool) -> dict[str, Any]:
    """Messages of a simulated center's day made rows of, by one worker and by two (ATENDE_KAFKA, ATENDE_CLICKHOUSE_URL)."""
    told = settings.read()
    if not told.kafka or not told.clickhouse_url:
        return {"skipped": "ATENDE_KAFKA or ATENDE_CLICKHOUSE_URL is not set"}
    log = _log(scale=2.0 if quick else 5.0)
    rounds = 2 if quick else 5
    figures: dict[str, Any] = {"events": len(log)}
    with _topics(told, log) as prefix:
        bench = _Bench(told, prefix, len(log))
        for count in (1, 2):
            mine, bare = in_turns(rounds, lambda count=count: bench.run("ours", count), lambda count=count: bench.run("nothing", count))  # type: ignore[misc]
            figures["one worker" if count == 1 else "two workers"] = compared("events/s", mine, bare, aim=0.7)
        bench.forget_groups()
        figures["cpu_us_per_event"] = {kind: spread(taken) for kind, taken in bench.cpu.items()}
    return figures | {"fold": _folds(told, log, rounds), "write": _writes(told, log, rounds)}


def _log(scale: float) -> list[RecordedEvent]:
    with TemporaryDirectory(prefix="bench-") as directory, Store(InDirectory(Path(directory))) as store:
        history(CommandBus(store), COMPANY, seed=1, start=START, days=1, scale=scale)
        return store.recorder.events_after(0, 10_000_000)


@contextmanager
def _topics(told: Settings, log: Sequence[RecordedEvent]) -> Iterator[str]:
    """Topics that hold the log."""
    prefix = f"bench_{uuid4().hex[:12]}"
    with closing(Brokers(told.kafka)) as brokers:
        make_topics(brokers, prefix, PARTITIONS, 1)
    try:
        producer = KafkaProducer(bootstrap_servers=told.kafka, acks="all", enable_idempotence=True, batch_size=256 * 1024, linger_ms=5)
        for event in log:
            one = message(event)
            producer.send(topic(prefix, slice_of(event.topic)), one.value, one.key, one.headers)
        producer.flush()
        producer.close()
        yield prefix
    finally:
        with closing(KafkaAdminClient(bootstrap_servers=told.kafka)) as admin:
            admin.delete_topics(names(prefix))


class _Bench:
    """The same messages again and again, by a group that has never read one, into an empty database."""

    def __init__(self, told: Settings, prefix: str, events: int) -> None:
        self.cpu: dict[str, list[float]] = {}
        self.groups: list[str] = []
        self._told = told
        self._prefix = prefix
        self._events = events

    def run(self, kind: str, count: int) -> float:
        """Events a second of `count` processes, from when all have partitions on."""
        with ExitStack() as stack:
            url = stack.enter_context(_database(self._told.clickhouse_url))
            # One that nobody has been in: of those who were killed Kafka says for seconds that they are there.
            group = f"{self._prefix}.{len(self.groups)}"
            self.groups.append(group)
            children = [stack.enter_context(_Child(kind, self._told.kafka, self._prefix, group, url)) for _ in range(count)]
            # The first may have all for a moment.
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
        """Leave none in Kafka."""
        with closing(KafkaAdminClient(bootstrap_servers=self._told.kafka)) as admin:
            deadline = time.monotonic() + _ENDS_WITHIN_S
            while True:
                told = admin.delete_groups(self.groups)
                if all(answer == "OK" for answer in dict(told).values()) or time.monotonic() > deadline:
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
        # So that it leaves its group; what it does about it is of no interest.
        self.process.send_signal(signal.SIGKILL)
        self.process.communicate()

    def _listen(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            word, _, number = line.partition(" ")
            setattr(self, word, int(number))

    def begin(self) -> None:
        """Let it begin."""
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
            raise TimeoutError("the workers of the bench have not come so far")
        time.sleep(0.01)


@contextmanager
def _database(server: str) -> Iterator[str]:
    """The URL of a database with all tables, dropped afterwards."""
    name = f"bench_{uuid4().hex[:12]}"
    url = f"{server.rpartition('/')[0]}/{name}"
    with closing(ClickhouseWarehouse(url)) as warehouse:
        migrate(warehouse)
        yield url
        warehouse.execute(f"DROP DATABASE {name}")


def _batches(log: Sequence[RecordedEvent], warehouse: ClickhouseWarehouse) -> list[Folded]:
    folding = Folding(warehouse)
    return [folding.fold(log[first : first + BATCH]) for first in range(0, len(log), BATCH)]


def _folds(told: Settings, log: Sequence[RecordedEvent], rounds: int) -> dict[str, Any]:
    """Events a second that are folded alone."""
    with _database(told.clickhouse_url) as url, closing(ClickhouseWarehouse(url)) as warehouse:

        def fold() -> float:
            started = time.perf_counter()
            _batches(log, warehouse)
            return len(log) / (time.perf_counter() - started)

        return {"unit": "events/s", "ours": spread(in_turns(rounds, fold)[0])}


def _writes(told: Settings, log: Sequence[RecordedEvent], rounds: int) -> dict[str, Any]:
    """Events a second whose rows are written in batches of a worker, beside a bare insert of the same columns, ready made."""
    with (
        _database(told.clickhouse_url) as url,
        _database(told.clickhouse_url) as other,
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
    """The statements and columns of a batch as the driver wants them."""
    from uuid import UUID

    for table, columns in batch.tables.items():
        for name in (table,) if table == audit.TABLE else (f"{table}_versions", table):
            kinds = dict(client.execute(f"SELECT name, type FROM system.columns WHERE database = currentDatabase() AND table = '{name}'"))
            told = [
                [None if value is None else UUID(bytes=value) for value in columns[column]] if "UUID" in kind else columns[column]
                for column, kind in kinds.items()
            ]
            yield f"INSERT INTO {name} ({', '.join(kinds)}) VALUES", told
