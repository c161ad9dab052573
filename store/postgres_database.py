"""PostgreSQL as the store's database: a schema on a server, shared by any number of processes.

Writers of one schema hold a write lock, an advisory lock that PostgreSQL releases with the transaction. A transaction
therefore sees everything committed before it, and readers see transactions in the order of their commits. A process
that hangs while it holds the write lock loses it after some seconds. Lost connections are made again.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import lru_cache
from typing import Any, TypeVar
from uuid import uuid4

import psycopg

from store.database import CommitUnsure, Database, Kind, Rows, Snapshot, StoreUnavailable, Undone, Unreadable
from store.postgres_schema import CommitListener, PostgresSchema

LAYOUT = 1
"""The layout of the tables that this release writes."""

_RECONNECT_S = 5.0

_TYPES = {"BLOB": "BYTEA", "INTEGER": "BIGINT"}
_TYPE = re.compile("|".join(_TYPES))
_NAMES = re.compile(r"CREATE (?:TABLE|INDEX) IF NOT EXISTS (\w+)")
_LAYOUT = ("CREATE TABLE layout (version BIGINT NOT NULL)", f"INSERT INTO layout VALUES ({LAYOUT})")  # noqa: S608 - a number
_CLOCK = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint"
_ARRAYS: dict[Kind, str] = {"integer": "bigint[]", "bytes": "bytea[]", "text": "text[]"}
_SNAPSHOT_ROWS = 2_000
_OTHERS = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND application_name = current_setting('application_name') AND pid <> ALL (?)
"""

T = TypeVar("T")


class PostgresDatabase(Database):
    """One schema of a database on a server. `makes_tables`: create missing tables; otherwise they are an error."""

    ON_SERVER = True

    def __init__(self, url: str, schema: str, *, makes_tables: bool = True) -> None:
        """Raises StoreUnavailable for a wrong URL, name or password, a server that does not answer, missing tables or another layout."""
        self.lock = threading.RLock()
        self._reading = threading.Lock()
        self._makes_tables = makes_tables
        self._location = PostgresSchema(url, schema, makes=makes_tables)
        self._process = uuid4().hex
        self._writer = self._location.connect()
        self._reader: psycopg.Connection[Any] | None = None
        self._listener: CommitListener | None = None
        self._open = False

    @property
    def in_transaction(self) -> bool:
        return self._open

    def define(self, tables: str) -> None:
        with self.lock:
            if not self.missing(tables):
                return
            if not self._makes_tables:
                raise StoreUnavailable(
                    f"{self._location}: the tables of {self._location.schema!r} are missing or old: run `atende migrate`"
                )
            with self.transaction():
                for statement in self.missing(tables):
                    self.execute(statement)

    def missing(self, tables: str) -> list[str]:
        """The statements that create the missing ones of these tables, in the server's dialect. Raises StoreUnavailable for another layout."""
        with self.lock:
            known = self._has(["layout"])
            if known:
                self._check_layout()
            if known and self._has(_NAMES.findall(tables)):
                return []
        translated = _TYPE.sub(lambda word: _TYPES[word.group()], tables.replace(" WITHOUT ROWID", ""))
        return [*(() if known else _LAYOUT), *(statement.strip() for statement in translated.split(";") if statement.strip())]

    def _has(self, names: list[str]) -> bool:
        return self.execute("SELECT count(*) FROM unnest(?::text[]) AS name WHERE to_regclass(name) IS NULL", (names,)) == [(0,)]

    def _check_layout(self) -> None:
        rows = self.execute("SELECT version FROM layout")
        if rows != [(LAYOUT,)]:
            found = ", ".join(str(version) for (version,) in rows) or "none"
            raise StoreUnavailable(f"{self._location}: the tables have layout {found}, this release needs layout {LAYOUT}")

    # Statements

    def execute(self, statement: str, params: Sequence[Any] = ()) -> Rows:
        with self.lock:
            return self._statement(lambda db: _rows(db.execute(_marked(statement), params, binary=True)))

    def executemany(self, statement: str, rows: Sequence[Sequence[Any]]) -> None:
        if rows:
            with self.lock:
                self._statement(lambda db: db.cursor().executemany(_marked(statement), rows))

    def insert(self, table: str, kinds: Sequence[Kind], rows: Sequence[Sequence[Any]]) -> None:
        columns = [list(column) for column in zip(*rows, strict=True)]
        with self.lock:
            self._statement(lambda db: db.execute(_unnest(table, tuple(kinds)), columns))

    def _statement(self, work: Callable[[psycopg.Connection[Any]], T]) -> T:
        """Run `work` on the writing connection. Outside a transaction it is repeated once if the connection is lost."""
        if self._open:
            return self._location.run(work, self._writer)
        try:
            return self._location.run(work, self._live_writer())
        except Undone:
            return self._location.run(work, self._live_writer())

    def _live_writer(self) -> psycopg.Connection[Any]:
        if self._writer.closed:
            self._writer = self._location.connect(_RECONNECT_S)
        return self._writer

    def read(self, statement: str, params: Sequence[Any] = ()) -> Rows:
        def work(db: psycopg.Connection[Any]) -> Rows:
            return _rows(db.execute(_marked(statement), params, binary=True))

        with self._reading:
            try:
                return self._location.run(work, self._live_reader())
            except Undone:
                return self._location.run(work, self._live_reader())

    def _live_reader(self) -> psycopg.Connection[Any]:
        if self._reader is None or self._reader.closed:
            self._reader = self._location.connect(_RECONNECT_S)
        return self._reader

    # Transactions

    def begin(self, news: str, params: Sequence[Any] = ()) -> Rows | None:
        statement = f"BEGIN; SELECT pg_advisory_xact_lock({self._location.write_lock}); {_marked(news)}"

        def work(db: psycopg.Connection[Any]) -> Rows:
            cursor = psycopg.ClientCursor(db)
            cursor.execute(statement, params)
            while cursor.nextset():
                pass
            return cursor.fetchall()

        try:
            rows = self._location.run(work, self._live_writer())
        except Undone:
            if not self._writer.closed:
                self.rollback()
                raise
            rows = self._location.run(work, self._live_writer())
        self._open = True
        return rows

    def commit(self, *, notify: bool = False) -> None:
        statement = f"NOTIFY {self._location.channel}, '{self._process}'; COMMIT" if notify else "COMMIT"
        try:
            self._location.run(lambda db: db.execute(statement), self._writer)
        except Undone as lost:
            if self._writer.closed:
                raise CommitUnsure(*lost.args) from lost
            raise
        self._open = False

    def rollback(self) -> None:
        self._open = False
        if not self._writer.closed:
            with suppress(psycopg.Error):
                self._writer.execute("ROLLBACK")

    # Others

    def clock_us(self) -> int:
        now: int = self.read(_CLOCK)[0][0]
        return now

    def must_have_room(self) -> None:
        """The server's disk is watched there."""

    def listen(self, callback: Callable[[], object]) -> None:
        self._listener = CommitListener(self._location, self._process, callback)

    def others(self) -> int:
        own = [db.info.backend_pid for db in (self._writer, self._reader) if db is not None and not db.closed]
        found: int = self.execute(_OTHERS, (own,))[0][0]
        return found

    def shred(self) -> None:
        """Removes the old files of the tables. Their pages may remain in the write-ahead log until the server recycles it, and in its backups."""
        with self.lock:
            tables = self.execute("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()")
            for (name,) in tables:
                self.execute(f'VACUUM (FULL) "{name}"')

    def close(self) -> None:
        if self._listener is not None:
            self._listener.end()
            with suppress(StoreUnavailable, psycopg.Error):
                self._writer.execute(f"NOTIFY {self._location.channel}, '{self._process}'")
            self._listener.join()
        with self.lock, self._reading:
            self._writer.close()
            if self._reader is not None:
                self._reader.close()


def _rows(cursor: psycopg.Cursor[Any]) -> Rows:
    return cursor.fetchall() if cursor.description is not None else []


@lru_cache(maxsize=1024)
def _marked(statement: str) -> str:
    return statement.replace("%", "%%").replace("?", "%s")


@lru_cache(maxsize=64)
def _unnest(table: str, kinds: tuple[Kind, ...]) -> str:
    marks = ", ".join(f"%b::{_ARRAYS[kind]}" for kind in kinds)
    return f"INSERT INTO {table} SELECT * FROM unnest({marks})"  # noqa: S608 - the names are Atende's own


class _PostgresSnapshot(Snapshot):
    """A repeatable-read transaction. Rows are read through a server-side cursor."""

    def __init__(self, location: PostgresSchema, db: psycopg.Connection[Any]) -> None:
        self._location = location
        self._db = db

    def rows(self, statement: str, params: Sequence[Any] = ()) -> Iterator[tuple[Any, ...]]:
        try:
            with self._db.cursor(name=f"walk_{uuid4().hex}", binary=True) as cursor:
                cursor.itersize = _SNAPSHOT_ROWS
                cursor.execute(_marked(statement), params)
                yield from cursor
        except (psycopg.OperationalError, psycopg.InterfaceError) as error:
            raise StoreUnavailable(f"{self._location}: {error}") from error
        except psycopg.Error as error:
            raise Unreadable(str(error)) from error

    def is_sound(self) -> bool:
        """Always True: indexes are not checked against their tables here. PostgreSQL's own `pg_amcheck` does that."""
        return True


@contextmanager
def postgres_snapshot(url: str, schema: str) -> Iterator[Snapshot]:
    """A snapshot of the schema, also while servers write to it."""
    location = PostgresSchema(url, schema)
    db = location.connect()
    try:
        db.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        yield _PostgresSnapshot(location, db)
    finally:
        db.close()
