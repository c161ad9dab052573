"""Commands through the command bus on PostgreSQL, beside bare psycopg that inserts the same bytes in batches of the same sizes."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

import settings
from bench.commands_sqlite import CALLER, CALLERS, FULL, QUICK, Row, last_rows, share_out
from bench.measure import compared, in_turns, profiled, spread
from commands.command_bus import CommandBus
from commands.handler_context import Command
from commands.interactions import StartCall
from store.event_store import Store
from store.storage_location import OnServers

_TABLE = """
CREATE TABLE raw_events (position BIGINT PRIMARY KEY, originator_id BYTEA NOT NULL, originator_version BIGINT NOT NULL,
    topic TEXT NOT NULL, state BYTEA NOT NULL, hash BYTEA NOT NULL, UNIQUE (originator_id, originator_version))
"""
_INSERT = "INSERT INTO raw_events SELECT * FROM unnest(%b::bigint[], %b::bytea[], %b::bigint[], %b::text[], %b::bytea[], %b::bytea[])"


def many_callers_on_server(quick: bool) -> dict[str, Any]:
    """Commands a second of 32 callers at a time on PostgreSQL (ATENDE_STORE_URL): each starts a call, one aggregate with one event."""
    configured = settings.read()
    if not configured.store_url:
        return {"skipped": "ATENDE_STORE_URL is not set"}
    size, names = QUICK if quick else FULL, itertools.count()

    def commands() -> list[Command]:
        return [StartCall(call=f"bench.{next(names)}", to_number="4000") for _ in range(size.commands)]

    with (
        database(configured.store_url) as url,
        TemporaryDirectory(prefix="bench-") as directory,
        closing(_Raw(url)) as raw,
        Store(OnServers(Path(directory), url)) as store,
    ):
        bus, heads = CommandBus(store), [0]
        store.subscribe(heads.append)

        def ours() -> float:
            waiting = commands()
            del heads[:-1]
            started = time.perf_counter()
            asyncio.run(share_out(bus, waiting))
            return len(waiting) / (time.perf_counter() - started)

        def batches() -> list[int]:
            return [end - begin for begin, end in pairwise(heads)]

        ours()
        mine, bare = in_turns(size.rounds, ours, lambda: raw.save(last_rows(store, size.commands), batches()))
        figure = compared("commands/s", mine, bare, aim=0.35)
        figure["events_a_batch"] = spread(batches())
        if not figure["reached"]:
            figure["profile"] = profiled(lambda: _ask_in_this_thread(bus, commands()))
    return figure


def _ask_in_this_thread(bus: CommandBus, commands: list[Command]) -> None:
    """The same without an event loop, for the profile: it does not see the writer thread."""
    for first in range(0, len(commands), CALLERS):
        bus.execute_all([(command, CALLER) for command in commands[first : first + CALLERS]])


class _Raw:
    """A bare connection. It inserts each batch of rows in its own transaction."""

    def __init__(self, url: str) -> None:
        self._db = psycopg.connect(url, autocommit=True)
        self._db.execute(_TABLE)
        self._next = itertools.count(1)

    def save(self, rows: list[Row], batches: Sequence[int]) -> float:
        """Rows a second."""
        fresh = iter([(next(self._next), *row[1:]) for row in rows])
        started = time.perf_counter()
        for size in batches:
            self._db.execute(_INSERT, [list(column) for column in zip(*itertools.islice(fresh, size), strict=True)])
        return len(rows) / (time.perf_counter() - started)

    def close(self) -> None:
        self._db.close()


@contextmanager
def database(server: str) -> Iterator[str]:
    """Create a database, return its URL, and drop it afterwards."""
    name = f"bench_{uuid4().hex[:12]}"
    parts = conninfo_to_dict(server)
    with psycopg.connect(server, autocommit=True) as db:
        db.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            yield f"postgresql://{parts['user']}:{parts['password']}@{parts['host']}:{parts['port']}/{name}"
        finally:
            db.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
