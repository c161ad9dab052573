"""A deployment of many processes, from a command to the dashboard: its throughput, and the delay until the dashboard covers an event."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Self
from urllib.parse import urlsplit
from uuid import uuid4

from clickhouse_driver import Client
from kafka.admin import KafkaAdminClient

import settings
from bench.commands_postgresql import database
from bench.commands_sqlite import COMPANY
from bench.measure import spread
from bench.projections import busy_dashboard, delay
from bench.relay import START
from bootstrap import Distributed
from settings import Settings
from simulator.story import history
from streams.deployment_topics import names

ATENDE = [sys.executable, "-c", "from cli.main import main; main()"]
KEY = "0f" * 32
_PATIENCE_S = 300.0
_STEP_S = 0.02
_ENDS_WITHIN_S = 20.0
_SERVES_AT = re.compile(rb" at (http://[\w.:]+)")


def throughput(quick: bool) -> dict[str, Any]:
    """Events a second from PostgreSQL through relay, Kafka and workers into rows, for a log that exists already, with one worker and with two."""
    configured = on_servers()
    if configured is None:
        return {"skipped": "not all servers are set: `make bench-distributed`"}
    rounds = 1 if quick else 3
    taken: dict[str, list[float]] = {"one worker": [], "two workers": []}
    events = 0
    for _ in range(rounds):
        for count, name in enumerate(taken, start=1):
            with new_deployment(configured) as deployment:
                history(deployment.center.bus, COMPANY, seed=1, start=START, days=1, scale=1.0 if quick else 3.0)
                events = deployment.center.store.head()
                deployment.workers(count)
                started = time.perf_counter()
                deployment.start("relay")
                _wait(lambda deployment=deployment, events=events: deployment.center.progress.wait(events, _STEP_S))  # type: ignore[misc]
                taken[name].append(events / (time.perf_counter() - started))
    return {"unit": "events/s", "events": events, **{name: spread(values) for name, values in taken.items()}}


def to_dashboard(quick: bool) -> dict[str, Any]:
    """Seconds from a command's receipt until a dashboard's answer covers it, through relay, Kafka and two workers, at 200 and at 2,000 events a second."""
    configured = on_servers()
    if configured is None:
        return {"skipped": "not all servers are set: `make bench-distributed`"}
    figures: dict[str, Any] = {}
    for rate in (200, 2_000):
        with new_deployment(configured) as deployment:
            deployment.start("relay")
            deployment.workers(2)
            waits, rates = busy_dashboard(deployment.center, seconds=5 if quick else 30, events_a_second=rate)
        figures[f"{rate} events/s"] = {**delay(waits, aim=2), **rates}
    return figures


def to_dashboard_after_an_hour(quick: bool) -> dict[str, Any]:
    """The same at 200 events a second, when the company has as many events behind it as an hour of them."""
    configured = on_servers()
    if configured is None:
        return {"skipped": "not all servers are set: `make bench-distributed`"}
    days = 1 if quick else 30
    with new_deployment(configured) as deployment:
        center = deployment.center
        deployment.start("relay")
        deployment.workers(2)
        history(center.bus, COMPANY, seed=2, start=START - timedelta(days=days), days=days, scale=3.0)
        before = center.store.head()
        _wait(lambda: center.progress.wait(before, _STEP_S), _PATIENCE_S * days)
        waits, rates = busy_dashboard(center, seconds=5 if quick else 180, events_a_second=200)
    return {**delay(waits, aim=2), "events_before": before, **rates}


def on_servers() -> Settings | None:
    """The settings, if they name all servers."""
    configured = settings.read()
    return configured if configured.store_url and configured.kafka and configured.clickhouse_url else None


class Deployment:
    """The processes of a deployment with its own databases and topics."""

    def __init__(self, configured: Settings, directory: Path) -> None:
        self._settings = configured
        self._env = os.environ | {
            "ATENDE_MODE": "distributed",
            "ATENDE_STORE_URL": configured.store_url,
            "ATENDE_CLICKHOUSE_URL": configured.clickhouse_url,
            "ATENDE_TOPICS": configured.topics,
            "ATENDE_MASTER_KEY": configured.master_key,
        }
        self._log = directory / "log"
        self._processes: list[subprocess.Popen[bytes]] = []
        for word in ("topics", "migrate"):
            self.start(word).wait(_PATIENCE_S)
        self.center = Distributed(directory, configured)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.center.close()
        for process in self._processes:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in self._processes:
            try:
                process.wait(_ENDS_WITHIN_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        """Start one more process."""
        with self._log.open("ab") as log:
            process = subprocess.Popen([*ATENDE, *words], stdout=log, stderr=log, env=self._env)
        self._processes.append(process)
        return process

    def api(self) -> str:
        """Start an API and wait until it serves; its address."""
        self.start("serve", "--port", "0")
        _wait(lambda: _SERVES_AT.search(self._log.read_bytes()) is not None)
        found: list[bytes] = _SERVES_AT.findall(self._log.read_bytes())
        return found[-1].decode()

    def workers(self, count: int) -> None:
        """Start `count` workers and wait until partitions are assigned to each."""
        for _ in range(count):
            self.start("worker")
        _wait(lambda: self._log.read_bytes().count(b"partitions assigned=") >= count)


@contextmanager
def new_deployment(configured: Settings) -> Iterator[Deployment]:
    """A deployment with empty databases and topics, without a process yet; dropped afterwards."""
    with ExitStack() as stack:
        url = stack.enter_context(database(configured.store_url))
        directory = Path(stack.enter_context(TemporaryDirectory(prefix="bench-")))
        name = f"bench_{uuid4().hex[:12]}"
        rows = _of(configured, name)
        own = replace(configured, mode="distributed", store_url=url, keys_url="", clickhouse_url=rows, topics=name, master_key=KEY)
        stack.callback(_drop, configured, name)
        yield stack.enter_context(Deployment(own, directory))


def _of(configured: Settings, database: str) -> str:
    """The URL of another ClickHouse database on the same server."""
    return urlsplit(configured.clickhouse_url)._replace(path=f"/{database}").geturl()


def _drop(configured: Settings, name: str) -> None:
    with closing(KafkaAdminClient(bootstrap_servers=configured.kafka)) as admin:
        admin.delete_topics(names(name))
    with Client.from_url(_of(configured, "default")) as client:
        client.execute(f"DROP DATABASE IF EXISTS {name}")


def _wait(condition: Callable[[], bool], seconds: float = _PATIENCE_S) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(_STEP_S)
