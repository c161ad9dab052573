"""The speed of the projections: a rebuild from the whole log, and the delay behind live events."""

from __future__ import annotations

import asyncio
import itertools
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench.measure import absolute, compared, in_turns, profiled, spread
from bootstrap import Center, Embedded
from commands.handler_context import Caller, Command
from domain.access import WHOLE_COMPANY
from domain.base import SECOND
from domain.errors import AlreadyExists
from domain.ids import company_id
from projections.engine.chdb_warehouse import ChdbWarehouse
from projections.engine.temporal_view import CompanyRows
from projections.figures.metrics import visit_figures
from projections.figures.question import Question
from settings import Settings
from simulator.center import busy_center
from simulator.model import Model
from simulator.speaking import PERMISSIONS, commands_of, settings_of
from simulator.story import history

COMPANY = company_id("Empresa")
START = datetime(2026, 3, 2, 3, tzinfo=UTC)


def rebuild(quick: bool) -> dict[str, Any]:
    """Events a second of a rebuild of all projections with its swap, for days of a simulated center."""
    with TemporaryDirectory(prefix="bench-") as name:
        center = Embedded(Path(name, "data"), Settings())
        history(center.bus, COMPANY, seed=1, start=START, days=1 if quick else 20, scale=1.0)
        head = center.store.head()
        center.cover(head, lambda *_: None)
        loose = ChdbWarehouse(Path(name, "data", "warehouse"), "loose")

        def ours() -> float:
            started = time.perf_counter()
            center.rebuild(lambda *_: None)
            return head / (time.perf_counter() - started)

        mine, bare = in_turns(2 if quick else 3, ours, lambda: _bare(Path(name, "data", "events.db"), loose))
        figure = {**compared("events/s", mine, bare, aim=0.5), "events": head}
        if not figure["reached"]:
            figure["profile"] = profiled(ours)
        loose.close()
        center.close()
    return figure


def _bare(log: Path, warehouse: ChdbWarehouse) -> float:
    """Read the bytes of every event and insert them into chDB, a hundred thousand at once, without folding."""
    warehouse.execute("DROP TABLE IF EXISTS bare")
    warehouse.execute("CREATE TABLE bare (position UInt64, state String) ENGINE = MergeTree ORDER BY position")
    db = sqlite3.connect(log)
    started = time.perf_counter()
    rows = db.execute("SELECT position, state FROM stored_events ORDER BY position")
    count = 0
    while some := rows.fetchmany(100_000):
        positions, states = zip(*some, strict=True)
        warehouse.insert("bare", {"position": positions, "state": [bytes(state).decode() for state in states]})
        count += len(some)
    db.close()
    return count / (time.perf_counter() - started)


def event_to_dashboard(quick: bool) -> dict[str, Any]:
    """Seconds from a command's receipt until a dashboard's answer covers it, with 200 events a second and a constant query load."""
    with TemporaryDirectory(prefix="bench-") as name:
        center = Embedded(Path(name, "data"), Settings())
        loose = ChdbWarehouse(Path(name, "data", "warehouse"), "loose")
        bare = [_bare_row(loose, number) for number in range(20)]
        waits, rates = busy_dashboard(center, seconds=5 if quick else 40, events_a_second=200)
        loose.close()
        center.close()
    return {**delay(waits, aim=1), **rates, "raw": spread(bare)}


def delay(waits: Sequence[float], aim: float) -> dict[str, Any]:
    """How long 99 in 100 events waited at most, beside its aim; with the median and the longest wait, in seconds."""
    ascending = sorted(waits)
    figure = absolute("s", [ascending[int(len(ascending) * 0.99)]], aim=aim, more_is_better=False)
    return {**figure, "p50_s": ascending[len(ascending) // 2], "longest_s": ascending[-1]}


def busy_dashboard(center: Center, seconds: float, events_a_second: int) -> tuple[list[float], dict[str, int]]:
    """The seconds that each event waited for an answer that covers it, in the order of the events; and the rates of events and answers."""
    watch = _Watch(center)
    watch.start()
    asyncio.run(_traffic(center, watch, seconds, events_a_second))
    watch.finish()
    return watch.waited, {
        "events": len(watch.waited),
        "events_a_second": round(len(watch.waited) / watch.seconds),
        "answers_a_second": round(watch.answers / watch.seconds),
    }


class _Watch(threading.Thread):
    """Queries the dashboard continuously and records how long each event waited for an answer that covers it."""

    def __init__(self, center: Center) -> None:
        super().__init__(name="dashboard", daemon=True)
        self.waited: list[float] = []
        self.answers = 0
        self.seconds = 0.0
        self._rows = CompanyRows(center.warehouse, COMPANY, WHOLE_COMPANY, center.progress)
        self._saved: deque[tuple[int, float]] = deque()
        self._ending = threading.Event()

    def saved(self, position: int) -> None:
        """Note that the event at `position` was acknowledged just now."""
        self._saved.append((position, time.perf_counter()))

    def run(self) -> None:
        started = time.perf_counter()
        while self._saved or not self._ending.is_set():
            _, position = self._rows.answer(None, None, lambda view: visit_figures(view, Question(by="queue")))
            answered = time.perf_counter()
            self.answers += 1
            while self._saved and self._saved[0][0] <= position:
                self.waited.append(answered - self._saved.popleft()[1])
        self.seconds = time.perf_counter() - started

    def finish(self) -> None:
        """Wait until the last event is covered. No events may follow."""
        self._ending.set()
        self.join()


async def _traffic(center: Center, watch: _Watch, seconds: float, events_a_second: int) -> None:
    """Send the commands of a busy center at a constant rate. Late ones are sent at once, together."""
    caller = Caller(COMPANY, "bench", PERMISSIONS)
    for command in settings_of(busy_center()):
        with suppress(AlreadyExists):
            center.bus.execute(command, caller)
    began = asyncio.get_running_loop().time()
    morning = int((START + timedelta(hours=7)).timestamp()) * SECOND
    story = (command for at, action in Model(busy_center(4.0), 1, morning).play() for command in commands_of(COMPANY, at, action))
    due = enumerate(itertools.islice(story, int(seconds * events_a_second)))

    async def send(command: Command) -> None:
        watch.saved((await center.bus.execute_soon(command, caller)).position)

    async with asyncio.TaskGroup() as under_way:
        # The command bus receives them in the order of their tasks, which is the order of the story.
        for number, command in due:
            await asyncio.sleep(began + number / events_a_second - asyncio.get_running_loop().time())
            under_way.create_task(send(command))


def _bare_row(warehouse: ChdbWarehouse, number: int) -> float:
    """One row into chDB, and an answer that counts it."""
    if not number:
        warehouse.execute("CREATE TABLE bare_rows (id UInt64, queue String) ENGINE = ReplacingMergeTree ORDER BY id")
    started = time.perf_counter()
    warehouse.insert("bare_rows", {"id": [number], "queue": ["vendas"]})
    (counted,) = warehouse.execute("SELECT count() AS n FROM bare_rows FINAL WHERE queue = 'vendas'")
    assert counted["n"] == number + 1
    return time.perf_counter() - started
