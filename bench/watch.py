"""Watched answers on a large center: from an event to the screens, in one process and on servers."""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlencode

import httpx

from api.answer_changes import changes
from api.monitoring import TABLES
from bench.end_to_end import new_deployment, on_servers
from bench.http_clients import Connection
from bench.http_commands import server
from bench.http_server import COMPANY
from bench.measure import absolute
from bootstrap import Center, Embedded
from commands.agents import LogIn
from commands.companies import RegisterCompany
from commands.handler_context import Caller, Command
from commands.passwords import hashed_password
from commands.queues import RegisterQueue
from commands.users import AppointAdministrator, SetPassword
from domain.access import PERMISSIONS
from domain.base import SECOND
from settings import Settings

AGENTS, QUEUES = 3_000, 400
WATCHERS = 30
EVENTS_A_SECOND = 200
SECONDS, QUICK_SECONDS = 40, 12
_OPENS_WITHIN_S = 120.0
_LATE_S = 10.0
_BOARD = "/v1/monitoring"
EMAIL, PASSWORD = "ana@empresa.example", "Seja#Bem1"
_AT_ONCE = 500
_CONNECTIONS = 32
_DATA = b"data: "
_BEGINS = b'data: {"q":0,"position":'


@dataclass
class Screen:
    """What one watcher received. arrivals: (position, at) of each message."""

    answered: asyncio.Event = field(default_factory=asyncio.Event)
    arrivals: list[tuple[int, float]] = field(default_factory=list)
    lines: list[bytes] = field(default_factory=list)
    bytes: int = 0

    @property
    def rows(self) -> int:
        """How many changes of rows it received."""
        tables = (json.loads(line[len(_DATA) :]).get("tables", {}) for line in self.lines)
        return sum(len(part) for message in tables for table in message.values() for part in table.values())


def watched_board(quick: bool) -> dict[str, Any]:
    """Milliseconds from an event to 30 screens of a board of 3,000 agents and 400 queues, at 200 events a second."""
    with _served_center() as (address, token):
        return _measured(address, token, quick)


def watched_board_on_servers(quick: bool) -> dict[str, Any]:
    """The same with relay, two workers and an API in processes of their own."""
    configured = on_servers()
    if configured is None:
        return {"skipped": "not all servers are set: `make bench-distributed`"}
    with new_deployment(configured) as deployment:
        deployment.start("relay")
        deployment.workers(2)
        set_up(deployment.center)
        deployment.center.cover(deployment.center.store.head(), lambda *_: None)
        address = deployment.api()
        body = {"email": EMAIL, "password": PASSWORD}
        token = httpx.post(f"{address}/v1/auth/login", json=body, timeout=_OPENS_WITHIN_S).raise_for_status().json()["access_token"]
        return _measured(address, token, quick)


def _measured(address: str, token: str, quick: bool) -> dict[str, Any]:
    seconds = QUICK_SECONDS if quick else SECONDS
    screens, sent, gets = asyncio.run(watch_events(address, token, [_BOARD] * WATCHERS, EVENTS_A_SECOND, seconds))
    waits = [1_000 * wait for screen in screens for wait in waits_of(screen, sent)]
    cuts = quantiles(waits, n=100)
    first = screens[0]
    return {
        "p50_ms": absolute("ms", [cuts[49]], aim=500, more_is_better=False),
        "p99_ms": absolute("ms", [cuts[98]], aim=1_000, more_is_better=False),
        "bytes_a_row_change": absolute("bytes", [first.bytes / max(first.rows, 1)], aim=150, more_is_better=False),
        "row_changes_a_message": first.rows / max(len(first.arrivals), 1),
        "messages_a_second": len(first.arrivals) / (sent[-1][1] - sent[0][1]),
        "events_a_second": len(sent) / (sent[-1][1] - sent[0][1]),
        "changes_of_two_answers_ms": absolute("ms", _comparing(*gets), aim=50, more_is_better=False),
    }


def _comparing(before: dict[str, Any], after: dict[str, Any]) -> list[float]:
    """How long it takes to find what changed between two boards."""
    taken = []
    for _ in range(9):
        began = time.perf_counter()
        changes(before, after, TABLES)
        taken.append(1_000 * (time.perf_counter() - began))
    return taken


@contextmanager
def _served_center() -> Iterator[tuple[str, str]]:
    """A server of the large center, all agents logged in: its address and a token."""
    with TemporaryDirectory(prefix="bench-") as name:
        directory = Path(name, "center")
        center = Embedded(directory, Settings())
        set_up(center)
        center.cover(center.store.head(), lambda *_: None)
        center.close()
        with server("ours", directory) as (url, token):
            yield url.removesuffix("/v1/interactions"), token


def set_up(center: Center) -> None:
    """A company whose agents have all been logged in for an hour, and an administrator who can sign in."""
    caller = Caller(COMPANY, "bench", frozenset(PERMISSIONS))
    center.bus.execute(RegisterCompany(name="Empresa"), caller)
    link = center.bus.execute(AppointAdministrator(email=EMAIL), caller).result["token"]
    center.bus.execute(SetPassword(token=link, hashed=hashed_password(PASSWORD)), caller)
    for number in range(QUEUES):
        center.bus.execute(RegisterQueue(name=f"fila {number}"), caller)
    begin = center.bus.clock.now_us() - 3_600 * SECOND
    log_ins: list[tuple[Command, Caller]] = [
        (LogIn(agent=agent_name(number), queues=(f"fila {number % QUEUES}",), at=begin), caller) for number in range(AGENTS)
    ]
    for first in range(0, AGENTS, _AT_ONCE):
        center.bus.execute_all(log_ins[first : first + _AT_ONCE])


def agent_name(number: int) -> str:
    """The name of an agent of the large center."""
    return f"Agente {number:04}"


async def watch_events(
    address: str, token: str, questions: Sequence[str], events_a_second: float, seconds: float
) -> tuple[list[Screen], list[tuple[int, float]], tuple[Any, Any]]:
    """Watch each question on a connection of its own, and let agents pause and resume meanwhile.

    Returns the screens, (position, at) of each event, and the answer to the first question before and after.
    """
    headers = {"Authorization": f"Bearer {token}"}
    screens = [Screen() for _ in questions]
    tasks = [
        asyncio.create_task(_follow(await Connection.open(address, token), screen, question))
        for screen, question in zip(screens, questions, strict=True)
    ]
    async with httpx.AsyncClient(base_url=address, headers=headers, timeout=_OPENS_WITHIN_S) as client:
        await asyncio.wait_for(asyncio.gather(*(screen.answered.wait() for screen in screens)), _OPENS_WITHIN_S)
        before = (await client.get(questions[0])).json()
        sent = await _events(address, token, events_a_second, seconds)
        deadline = time.perf_counter() + _LATE_S
        while min(screen.arrivals[-1][0] if screen.arrivals else 0 for screen in screens) < sent[-1][0]:
            if time.perf_counter() > deadline:
                break
            await asyncio.sleep(0.05)
        after = (await client.get(questions[0])).json()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return screens, sorted(sent), (before, after)


async def _follow(connection: Connection, screen: Screen, question: str) -> None:
    async for line in connection.stream(f"/v1/watch?{urlencode({'q': question})}"):
        if line.startswith(_BEGINS):
            screen.arrivals.append((int(line[len(_BEGINS) : line.index(b",", len(_BEGINS))]), time.perf_counter()))
            screen.bytes += len(line)
            screen.lines.append(line)
            if b'"answer"' in line[:200]:
                screen.arrivals.clear()
                screen.lines.clear()
                screen.bytes = 0
                screen.answered.set()


async def _events(address: str, token: str, events_a_second: float, seconds: float) -> list[tuple[int, float]]:
    """Agents pause, and later resume, at an even pace."""
    sent: list[tuple[int, float]] = []
    idle: asyncio.Queue[Connection] = asyncio.Queue()
    for _ in range(_CONNECTIONS):
        idle.put_nowait(await Connection.open(address, token))
    began = time.perf_counter()

    async def one(number: int) -> None:
        agent, again = number % AGENTS, number // AGENTS
        verb, reason = ("pause", {"reason": "Almoço"}) if again % 2 == 0 else ("resume", {})
        connection = await idle.get()
        status, answer = await connection.post(f"/v1/agents/{verb}", json.dumps({"agent": agent_name(agent), **reason}).encode())
        if status != 200:
            raise RuntimeError(answer.decode())
        sent.append((json.loads(answer)["position"], time.perf_counter()))
        idle.put_nowait(connection)

    tasks = []
    for number in itertools.count():
        due = began + number / events_a_second
        if due - began > seconds:
            break
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        tasks.append(asyncio.create_task(one(number)))
    await asyncio.gather(*tasks)
    return sent


def waits_of(screen: Screen, sent: list[tuple[int, float]]) -> Iterator[float]:
    """Per event, how long after its receipt it was on the screen."""
    positions = [position for position, _ in screen.arrivals]
    for position, at in sent:
        index = bisect_left(positions, position)
        if index < len(positions):
            yield max(0.0, screen.arrivals[index][1] - at)
