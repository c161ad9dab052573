"""A whole deployment of real processes for a test, with its own databases on PostgreSQL and ClickHouse and its own topics in Kafka.

    with distributed(tmp_path, workers=2) as deployment:
        deployment.center.bus.execute(...)
        deployment.workers[0].kill()
        deployment.wait_covered()

Each process writes its log to a file; a test that fails shows them all (tests/conftest.py). Everything is removed at the end.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from functools import cached_property
from pathlib import Path
from uuid import uuid4

import psycopg
from kafka.admin import KafkaAdminClient
from kafka.partitioner import murmur2
from psycopg import sql

from commands.command_bus import CommandBus
from projections.engine.clickhouse_warehouse import ClickhouseWarehouse
from projections.engine.writing import positions_of
from services.__main__ import DIRECTORY
from services.clickhouse import ClickHouse
from services.kafka import Kafka
from services.postgresql import PostgreSQL
from settings import Settings
from store.event_store import Store
from store.recorded_event import RecordedEvent
from store.storage_location import OnServers
from streams.deployment_topics import names
from streams.topics import SLICES, partition_name, slice_of, topic
from tests.kit.servers import address
from tests.kit.stores import behind, url_of
from tests.kit.waiting import within

ATENDE = Path(sysconfig.get_path("scripts")) / "atende"
PARTITIONS = 4
ALL = PARTITIONS * len(SLICES)
SOON_S = 60.0
"""A deadline for a machine that is busy with other work."""

_ENDS_WITHIN_S = 30.0
_LAST_LINES = 40
_SERVES_AT = r"at (http://\S+)"
_SHORT = ("topics", "migrate")
_EVENTS = "SELECT position, originator_id, originator_version, topic, state FROM stored_events ORDER BY position"


class Process:
    """One process of the deployment, by its name there. It may be started again after it has ended."""

    def __init__(self, name: str, words: tuple[str, ...], folder: Path, env: dict[str, str]) -> None:
        self.name = name
        self.words = words
        self.log = folder / f"{name}.log"
        self._env = env
        self.ended = False
        self._popen: subprocess.Popen[bytes] | None = None
        self._from = 0

    def start(self) -> None:
        assert not self.runs
        self.ended = False
        self._from = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as log:
            self._popen = subprocess.Popen(
                [sys.executable, str(ATENDE), *self.words], stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self._env
            )

    @property
    def runs(self) -> bool:
        return self._popen is not None and self._popen.poll() is None

    @property
    def pid(self) -> int:
        assert self._popen is not None
        return self._popen.pid

    @property
    def said(self) -> str:
        """What it has written since its last start."""
        with self.log.open("rb") as log:
            log.seek(self._from)
            return log.read().decode(errors="replace")

    def wait_says(self, pattern: str, seconds: float = SOON_S) -> str:
        """Wait until the process writes the pattern; its first group."""

        def says() -> bool:
            assert self.runs or re.search(pattern, self.said), f"{self.name} has ended: {self.said}"
            return re.search(pattern, self.said) is not None

        within(says, seconds)
        found = re.search(pattern, self.said)
        assert found is not None
        return found[found.lastindex or 0]

    def wait_ends(self, seconds: float = SOON_S) -> int:
        """Wait until it ends by itself; its exit status."""
        assert self._popen is not None
        self.ended = True
        return self._popen.wait(seconds)

    def kill(self) -> None:
        """Send SIGKILL, and wait for its end."""
        assert self._popen is not None
        self.ended = True
        self._popen.kill()
        self._popen.wait(_ENDS_WITHIN_S)

    def stop(self) -> int:
        """Send SIGTERM, and wait for its end; its exit status."""
        assert self._popen is not None
        self.ended = True
        if self.runs:
            self._popen.send_signal(signal.SIGTERM)
        return self._popen.wait(_ENDS_WITHIN_S)

    def pause(self) -> None:
        """Stop it (SIGSTOP) until `go_on`."""
        os.kill(self.pid, signal.SIGSTOP)

    def go_on(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    def end(self) -> None:
        """Kill it, if it runs."""
        if self.runs:
            assert self._popen is not None
            self._popen.kill()
            self._popen.wait(_ENDS_WITHIN_S)


def share(worker: Process) -> int:
    """How many partitions a worker has now, according to its log."""
    found = re.findall(r"partitions (?:assigned|revoked)=(\d+)", worker.said)
    return int(found[-1]) if found and "assigned" in worker.said.rpartition("partitions ")[2] else 0


class Deployment:
    """The processes of a deployment and what they share. `env`: the settings of all of them."""

    def __init__(self, folder: Path, env: dict[str, str], settings: dict[str, str]) -> None:
        self.folder = folder
        self.env = env
        self.settings = {name: value for name, value in env.items() if name.startswith("ATENDE_")}
        self.store_url = settings["ATENDE_STORE_URL"]
        self.clickhouse_url = settings["ATENDE_CLICKHOUSE_URL"]
        self.kafka = settings["ATENDE_KAFKA"]
        self.prefix = settings["ATENDE_TOPICS"]
        self.processes: list[Process] = []
        self._opened = ExitStack()

    # Processes

    def start(self, *words: str) -> Process:
        """Start a process that runs a command of the command line. It is not awaited: use `wait_says`."""
        count = sum(process.words[0] == words[0] for process in self.processes)
        process = Process(f"{words[0]}-{count + 1}", words, self.folder, self.env)
        process.start()
        self.processes.append(process)
        return process

    def run(self, *words: str, status: int = 0, **other: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end and check its exit status. other: settings that differ from the deployment's."""
        ran = subprocess.run(
            [sys.executable, str(ATENDE), *words], stdin=subprocess.DEVNULL, capture_output=True, encoding="utf-8", env={**self.env, **other},
            timeout=SOON_S, check=False,
        )  # fmt: skip
        assert ran.returncode == status, f"exit status {ran.returncode}\n{ran.stdout}\n{ran.stderr}"
        return ran

    def worker(self) -> Process:
        """Start one more worker."""
        return self.start("worker")

    def relay(self) -> Process:
        """Start one more relay."""
        return self.start("relay")

    def api(self) -> Process:
        """Start one more API; `url_of_api` returns its address."""
        return self.start("serve", "--port", "0")

    def url_of_api(self, api: Process) -> str:
        return api.wait_says(_SERVES_AT)

    def urls_of_apis(self) -> list[str]:
        """The addresses of the APIs that are ready."""
        return [found[1] for api in self.apis if api.runs and (found := re.search(_SERVES_AT, api.said))]

    def _of(self, kind: str) -> list[Process]:
        return [process for process in self.processes if process.words[0] == kind]

    @property
    def workers(self) -> list[Process]:
        return self._of("worker")

    @property
    def relays(self) -> list[Process]:
        return self._of("relay")

    @property
    def apis(self) -> list[Process]:
        return self._of("serve")

    def logs(self) -> str:
        """The last lines of each process's log."""
        logs = {process.log: process.log.read_text(errors="replace").splitlines() for process in self.processes if process.log.exists()}
        return "\n".join(f"--- {log.name}\n" + "\n".join(lines[-_LAST_LINES:]) for log, lines in logs.items())

    # What they share

    @cached_property
    def location(self) -> OnServers:
        return OnServers(self.folder / "here", self.store_url)

    @cached_property
    def store(self) -> Store:
        """The log, opened by this process."""
        self.location.directory.mkdir(exist_ok=True)
        store = Store(self.location, master=self.env["ATENDE_MASTER_KEY"])
        self._opened.callback(store.close)
        return store

    @cached_property
    def bus(self) -> CommandBus:
        """A command bus, as an API process has it."""
        return CommandBus(self.store)

    @cached_property
    def warehouse(self) -> ClickhouseWarehouse:
        """The rows."""
        opened = ClickhouseWarehouse(self.clickhouse_url)
        self._opened.callback(opened.close)
        return opened

    def events(self) -> list[RecordedEvent]:
        """The whole log."""
        return [RecordedEvent(*row) for row in behind(self.location, _EVENTS)]

    def ends(self) -> dict[str, int]:
        """The position of the last event of each partition, as Kafka must have it in the end."""
        ends: dict[str, int] = {}
        for event in self.events():
            partition = (murmur2(event.id) & 0x7FFFFFFF) % PARTITIONS
            ends[partition_name(topic(self.prefix, slice_of(event.topic)), partition)] = event.position
        return ends

    def committed(self) -> dict[str, int]:
        """The offset that the workers have committed for each partition."""
        group = f"{self.prefix}.rows"
        with closing(KafkaAdminClient(bootstrap_servers=self.kafka)) as admin:
            offsets = admin.list_group_offsets(group)[group]
        return {partition_name(location.topic, location.partition): offset.offset for location, offset in offsets.items()}

    def wait_covered(self, seconds: float = SOON_S) -> None:
        """Wait until the rows cover everything that is in the log now."""
        ends = self.ends()

        def covered() -> bool:
            self._nobody_ended()
            reached = positions_of(self.warehouse)
            return all(reached.get(partition, 0) >= position for partition, position in ends.items())

        within(covered, seconds)

    def _nobody_ended(self) -> None:
        """Fail if a process ended by itself: waiting for it would be in vain."""
        for process in self.processes:
            assert process.runs or process.words[0] in _SHORT or process.ended, (
                f"{process.name} has ended by itself: {process.said[-2000:]}"
            )

    def wait_share(self, workers: list[Process], seconds: float = SOON_S) -> None:
        """Wait until these workers, and no others, share all partitions, each at least one."""

        within(lambda: all(map(share, workers)) and sum(map(share, workers)) == ALL, seconds)

    def close(self) -> None:
        for process in self.processes:
            process.end()
        self._opened.close()


def apart() -> dict[str, str]:
    """The environment without any setting of the deployment."""
    return {key: value for key, value in os.environ.items() if not key.startswith("ATENDE_")}


def environment(settings: Settings) -> dict[str, str]:
    """The environment of a process that has these settings."""
    said = {name: value for name, value in vars(settings).items() if value is not None}
    written = {name: ",".join(value) if isinstance(value, tuple) else str(value) for name, value in said.items()}
    return apart() | {f"ATENDE_{name.upper()}": value for name, value in written.items()}


@contextmanager
def distributed(
    folder: Path, *, relays: int = 1, workers: int = 1, apis: int = 0, env: dict[str, str] | None = None, servers: Path = DIRECTORY
) -> Iterator[Deployment]:
    """A deployment whose processes are ready. env: more settings. servers: the directory of the servers that it uses."""
    name = f"test_{uuid4().hex[:12]}"
    with ExitStack() as stack:
        settings = {
            "ATENDE_STORE_URL": stack.enter_context(own_log(name, servers)),
            "ATENDE_CLICKHOUSE_URL": stack.enter_context(own_rows(name, servers)),
            "ATENDE_KAFKA": address(Kafka, servers),
            "ATENDE_TOPICS": stack.enter_context(_topics(name, servers)),
        }
        more = {
            "ATENDE_MODE": "distributed", "ATENDE_DATA": str(folder / "data"), "ATENDE_PARTITIONS": str(PARTITIONS),
            "ATENDE_MASTER_KEY": "5a" * 32, "ATENDE_TOKEN_SECRET": "s" * 32, "PYTHONUNBUFFERED": "1",
        }  # fmt: skip
        deployment = Deployment(folder, {**apart(), **more, **settings, **(env or {})}, settings)
        stack.callback(deployment.close)
        _prepare(deployment)
        begun = [
            *(deployment.relay() for _ in range(relays)),
            *(deployment.worker() for _ in range(workers)),
            *(deployment.api() for _ in range(apis)),
        ]
        for process in begun:
            process.wait_says(_BEGUN[process.words[0]])
        yield deployment


_BEGUN = {"relay": "relay begins", "worker": "partitions assigned", "serve": "at http"}
"""What a process logs when it is ready."""


def _prepare(deployment: Deployment) -> None:
    """Create the topics and the tables, at the same time."""
    both = [deployment.start("topics"), deployment.start("migrate")]
    for process in both:
        assert process.wait_ends() == 0, process.said


@contextmanager
def own_log(name: str, servers: Path = DIRECTORY) -> Iterator[str]:
    server = address(PostgreSQL, servers)
    with psycopg.connect(server, autocommit=True) as db:
        db.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    yield url_of(server, name)
    with psycopg.connect(server, autocommit=True) as db:
        db.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@contextmanager
def own_rows(name: str, servers: Path = DIRECTORY) -> Iterator[str]:
    server = address(ClickHouse, servers)
    yield f"{server.rpartition('/')[0]}/{name}"
    with closing(ClickhouseWarehouse(server, "default")) as warehouse:
        for database in warehouse.execute("SHOW DATABASES"):
            if database["name"].startswith(name):
                warehouse.execute(f"DROP DATABASE {database['name']}")


@contextmanager
def _topics(prefix: str, servers: Path) -> Iterator[str]:
    brokers = address(Kafka, servers)
    yield prefix
    admin = KafkaAdminClient(bootstrap_servers=brokers)
    try:
        there = set(admin.list_topics())
        admin.delete_topics([name for name in names(prefix) if name in there])
    finally:
        admin.close()
