"""A schema of a PostgreSQL server: its connections, and the news of commits of other processes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from typing import Any

import psycopg
from psycopg import sql

from store.database import StoreUnavailable
from store.postgres_server import PAUSE_S, Server, channel_of

_WRITE_LOCK_S = 10
"""How long a writer waits for the write lock, and how long its transaction may be idle (seconds)."""


class PostgresSchema(Server):
    """A schema of a database on a server."""

    def __init__(self, url: str, schema: str, *, makes: bool = False) -> None:
        """`makes`: create the schema if it is missing."""
        super().__init__(url)
        self.schema = schema
        self._makes = makes
        # Advisory locks belong to a database: each schema needs its own number.
        self.write_lock = int.from_bytes(sha256(schema.encode()).digest()[:8], "big", signed=True)
        self.channel = channel_of(schema)

    def _connected(self) -> psycopg.Connection[Any]:
        db = super()._connected()
        schema = sql.Identifier(self.schema)
        try:
            if self._makes and not db.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", (self.schema,)).fetchone():
                with suppress(psycopg.errors.UniqueViolation):
                    db.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(schema))
            db.execute(
                sql.SQL("SET search_path = {}; SET lock_timeout = '{limit}s'; SET idle_in_transaction_session_timeout = '{limit}s'").format(
                    schema, limit=sql.SQL(str(_WRITE_LOCK_S))
                )
            )
        except BaseException:
            db.close()
            raise
        return db


class CommitListener:
    """Calls `callback` in a thread of its own after commits of other processes, and after a lost connection, when it may have missed some."""

    def __init__(self, location: PostgresSchema, process: str, callback: Callable[[], object]) -> None:
        self._location = location
        self._process = process
        self._callback = callback
        self._closing = threading.Event()
        self._db = self._connected()
        self._thread = threading.Thread(target=self._run, name="atende-listener", daemon=True)
        self._thread.start()

    def _connected(self) -> psycopg.Connection[Any]:
        db = self._location.connect()
        db.execute(f"LISTEN {self._location.channel}")
        return db

    def _run(self) -> None:
        while not self._closing.is_set():
            try:
                for notification in self._db.notifies(timeout=1, stop_after=1):
                    if notification.payload != self._process:
                        self._callback()
            except (psycopg.Error, StoreUnavailable):
                self._reconnect()

    def _reconnect(self) -> None:
        while not self._closing.wait(PAUSE_S):
            with suppress(psycopg.Error, StoreUnavailable):
                self._db.close()
                self._db = self._connected()
                self._callback()
                return

    def end(self) -> None:
        """End after the next notification, or within a second."""
        self._closing.set()

    def join(self) -> None:
        self._thread.join()
        self._db.close()
