"""Commands through the command bus on SQLite, beside bare sqlite3 that saves the same bytes with one transaction per row."""

from __future__ import annotations

import asyncio
import itertools
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

from bench.measure import compared, in_turns, profiled
from commands.agents import LogIn
from commands.command_bus import CommandBus
from commands.handler_context import Caller, Command
from commands.interactions import AnswerCall, EndCall, HoldCall, OfferCall, ResumeCall, RingAgent, StartCall
from commands.queues import ChangeQueueSettings, RegisterQueue
from domain.access import ATTEND, MANAGE_QUEUES
from domain.ids import company_id, interaction_id
from store.event_store import Store

COMPANY = company_id("Empresa")
CALLER = Caller(COMPANY, "bench", frozenset({ATTEND, MANAGE_QUEUES}))
CALLERS = 32
EVENTS_LOADED = 10

Row = tuple[int, bytes, int, str, bytes, bytes]

_RAW_TABLE = """
CREATE TABLE stored_events (position INTEGER PRIMARY KEY, originator_id BLOB NOT NULL, originator_version INTEGER NOT NULL,
    topic TEXT NOT NULL, state BLOB NOT NULL, hash BLOB NOT NULL, UNIQUE (originator_id, originator_version))
"""


@dataclass(frozen=True)
class Size:
    """The number of commands in a round, and the number of rounds."""

    commands: int
    rounds: int


FULL = Size(commands=6_000, rounds=7)
QUICK = Size(commands=1_000, rounds=3)


@contextmanager
def _directory() -> Iterator[Path]:
    with TemporaryDirectory(prefix="bench-") as name:
        yield Path(name)


class Raw:
    """Bare sqlite3 with the durability of the store. It saves each row in its own transaction."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.execute(_RAW_TABLE)
        self._next = itertools.count(1)

    def save(self, rows: list[Row]) -> float:
        """Rows a second."""
        execute = self._db.execute
        started = time.perf_counter()
        for _, *row in rows:
            execute("BEGIN IMMEDIATE")
            execute("INSERT INTO stored_events VALUES (?, ?, ?, ?, ?, ?)", (next(self._next), *row))
            execute("COMMIT")
        return len(rows) / (time.perf_counter() - started)

    def close(self) -> None:
        self._db.close()


def many_callers(quick: bool) -> dict[str, Any]:
    """Commands a second of 32 callers at a time, each with one command after the other: each starts a call, one aggregate with one event."""
    size = QUICK if quick else FULL
    names = itertools.count()

    def commands() -> list[Command]:
        return [StartCall(call=f"bench.{next(names)}", to_number="4000") for _ in range(size.commands)]

    with _directory() as directory:
        store, raw = Store(directory / "store"), Raw(directory / "raw.db")
        bus = CommandBus(store)

        def ours() -> float:
            waiting = commands()
            started = time.perf_counter()
            asyncio.run(share_out(bus, waiting))
            return len(waiting) / (time.perf_counter() - started)

        ours()
        mine, bare = in_turns(size.rounds, ours, lambda: raw.save(last_rows(store, size.commands)))
        figure = compared("commands/s", mine, bare, aim=2)
        if not figure["reached"]:
            figure["profile"] = profiled(lambda: asyncio.run(share_out(bus, commands())))
        store.close()
        raw.close()
    return figure


async def share_out(bus: CommandBus, commands: list[Command]) -> None:
    """Distribute the commands over the callers. Each sends one after the other."""
    waiting = iter(commands)

    async def caller() -> None:
        for command in waiting:
            await bus.execute_soon(command, CALLER)

    await asyncio.gather(*(caller() for _ in range(CALLERS)))


def one_caller(quick: bool) -> dict[str, Any]:
    """Commands a second of one caller. Each loads a queue with ten events from the log and appends one event."""
    return _load_and_append(quick, _queues_of_ten_events, aim=0.5)


def one_caller_on_calls(quick: bool) -> dict[str, Any]:
    """The same with calls of ten events. Each command weighs the facts of its call again."""
    return _load_and_append(quick, _calls_of_ten_events, aim=0.4)


def _load_and_append(quick: bool, prepare: Callable[[CommandBus, int], list[Command]], aim: float) -> dict[str, Any]:
    size = QUICK if quick else FULL
    count = size.commands // 3
    with _directory() as directory:
        with Store(directory / "store") as store:
            waiting = prepare(CommandBus(store), count * (size.rounds + 2))
        # With a cache of one aggregate, every command loads its aggregate from the log.
        store, raw = Store(directory / "store", cached=1), Raw(directory / "raw.db")
        bus = CommandBus(store)
        taken = iter(waiting)

        def ours() -> float:
            commands = list(itertools.islice(taken, count))
            started = time.perf_counter()
            for command in commands:
                bus.execute(command, CALLER)
            return len(commands) / (time.perf_counter() - started)

        ours()
        mine, bare = in_turns(size.rounds, ours, lambda: raw.save(last_rows(store, count)))
        figure = compared("commands/s", mine, bare, aim=aim)
        if not figure["reached"]:
            figure["profile"] = profiled(ours)
        store.close()
        raw.close()
    return figure


def _queues_of_ten_events(bus: CommandBus, count: int) -> list[Command]:
    """Create queues with ten events each. Returns one command per queue that appends an event."""
    ids: list[UUID] = []
    for first in range(0, count, 500):
        names = range(first, min(first + 500, count))
        answers = bus.execute_all([(RegisterQueue(name=f"queue {name}"), CALLER) for name in names])
        made = [answer.id for answer in answers if not isinstance(answer, Exception)]
        for number in range(EVENTS_LOADED - 1):
            bus.execute_all([(ChangeQueueSettings(queue=id, sla_ms=number), CALLER) for id in made])
        ids += made
    return [ChangeQueueSettings(queue=id, sla_ms=60_000) for id in ids]


def _calls_of_ten_events(bus: CommandBus, count: int) -> list[Command]:
    """Create calls with ten events each. Returns one command per call that ends it."""
    bus.execute(RegisterQueue(name="vendas"), CALLER)
    ids = [interaction_id(COMPANY, f"bench.{number}") for number in range(count)]
    for first in range(0, count, 500):
        some = ids[first : first + 500]
        bus.execute_all([(StartCall(call=f"bench.{first + number}", to_number="4000"), CALLER) for number in range(len(some))])
        # One agent talks in one call at a time.
        agents = [f"agent {first + number}" for number in range(len(some))]
        bus.execute_all([(LogIn(agent=agent, queues=("vendas",)), CALLER) for agent in agents])
        bus.execute_all([(OfferCall(interaction=id, queue="vendas"), CALLER) for id in some])
        bus.execute_all([(RingAgent(interaction=id, agent=agent), CALLER) for id, agent in zip(some, agents, strict=True)])
        bus.execute_all([(AnswerCall(interaction=id, agent=agent), CALLER) for id, agent in zip(some, agents, strict=True)])
        for _ in range(3):
            bus.execute_all([(HoldCall(interaction=id), CALLER) for id in some])
            bus.execute_all([(ResumeCall(interaction=id), CALLER) for id in some])
    return [EndCall(interaction=id) for id in ids]


def last_rows(store: Store, count: int) -> list[Row]:
    """The last rows of the store, byte for byte."""
    select = "SELECT * FROM stored_events ORDER BY position DESC LIMIT ?"
    return store.recorder.db.execute(select, (count,))
