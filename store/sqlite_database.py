"""SQLite as the store's database: a file of a data directory, in WAL mode. Commits are on disk."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from eventsourcing.persistence import IntegrityError

from store.database import Database, Kind, NoRoom, Rows, Snapshot, StoreUnavailable, Unreadable

_PRIMARY = 0xFF
_OF_THE_DISK = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN})


class SqliteDatabase(Database):
    """One file. If another process writes to it too, this one waits up to ten seconds."""

    ON_SERVER = False

    def __init__(self, path: Path, *, cache_mib: int = 32, overwrite: bool = False) -> None:
        """`overwrite`: deleted data is overwritten, and never written to a temporary file."""
        self.lock = threading.RLock()
        self._reading = threading.Lock()
        self._path = path
        try:
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        except OSError as error:
            raise NoRoom(f"{path}: {error.strerror}") from error
        pragmas = ["journal_mode=WAL", "synchronous=FULL", f"cache_size={-1024 * cache_mib}"]
        if overwrite:
            pragmas += ["secure_delete=ON", "temp_store=MEMORY"]
        with self._room(), _damage():
            self._writer: sqlite3.Connection | _Closed
            self._reader: sqlite3.Connection | _Closed
            self._writer, self._reader = (_connect(path, pragmas) for _ in range(2))
        self._seen = -1

    @property
    def in_transaction(self) -> bool:
        return self._writer.in_transaction

    def define(self, tables: str) -> None:
        with self.lock, self._room(), _damage():
            for statement in tables.split(";"):
                self._writer.execute(statement)

    def execute(self, statement: str, params: Sequence[Any] = ()) -> Rows:
        with self.lock:
            try:
                return self._writer.execute(statement, params).fetchall()
            except sqlite3.IntegrityError as error:
                raise IntegrityError(*error.args) from error
            except sqlite3.OperationalError as error:
                raise self._cause(error) from error

    def executemany(self, statement: str, rows: Sequence[Sequence[Any]]) -> None:
        with self.lock:
            try:
                self._writer.executemany(statement, rows)
            except sqlite3.IntegrityError as error:
                raise IntegrityError(*error.args) from error
            except sqlite3.OperationalError as error:
                raise self._cause(error) from error

    def insert(self, table: str, kinds: Sequence[Kind], rows: Sequence[Sequence[Any]]) -> None:
        marks = ", ".join("?" * len(kinds))
        self.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)  # noqa: S608 - the names are Atende's own

    def read(self, statement: str, params: Sequence[Any] = ()) -> Rows:
        with self._reading, self._room():
            return self._reader.execute(statement, params).fetchall()

    def begin(self, news: str, params: Sequence[Any] = ()) -> Rows | None:
        # Not by `_room`: every unit of work begins and commits, and a generator costs more than the statement.
        try:
            self._writer.execute("BEGIN IMMEDIATE")
            seen: int = self._writer.execute("PRAGMA data_version").fetchone()[0]
            if seen == self._seen:
                return None
            rows = self._writer.execute(news, params).fetchall()
        except sqlite3.OperationalError as error:
            # What fails after BEGIN must not leave the transaction open: no other could begin any more.
            self.rollback()
            raise self._cause(error) from error
        self._seen = seen
        return rows

    def commit(self, *, notify: bool = False) -> None:  # noqa: ARG002 - no other process listens
        try:
            self._writer.execute("COMMIT")
        except sqlite3.OperationalError as error:
            raise self._cause(error) from error

    def rollback(self) -> None:
        self._seen = -1
        if self._writer.in_transaction:
            self._writer.execute("ROLLBACK")

    def clock_us(self) -> None:
        return None

    def listen(self, callback: Callable[[], object]) -> None:
        """Only one process has a data directory."""

    def others(self) -> int:
        """Only one process has a data directory."""
        return 0

    def shred(self) -> None:
        """Rewrites the file and truncates the write-ahead log: both may hold copies of deleted rows."""
        with self.lock, self._room():
            self._writer.execute("VACUUM")
            self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def must_have_room(self) -> None:
        with self.lock, self.transaction():
            (number,) = self.execute("PRAGMA user_version")[0]
            self.execute(f"PRAGMA user_version = {number % 1_000_000 + 1}")

    @contextmanager
    def _room(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            raise self._cause(error) from error

    def _cause(self, error: sqlite3.OperationalError) -> Exception:
        """The error for callers: NoRoom where the disk is the cause."""
        return NoRoom(f"{self._path}: {error}") if error.sqlite_errorcode & _PRIMARY in _OF_THE_DISK else error

    def close(self) -> None:
        with self.lock, self._reading:
            self._writer.close()
            self._reader.close()
            self._writer = self._reader = _Closed(self._path)


class _Closed:
    """Takes the place of closed connections: what a thread that ends late still asks is refused, like a database that is away."""

    in_transaction = False

    def __init__(self, path: Path) -> None:
        self._path = path

    def execute(self, *_: object) -> sqlite3.Cursor:
        raise StoreUnavailable(f"{self._path} is closed")

    executemany = execute

    def close(self) -> None:
        """It is closed already."""


@contextmanager
def _damage() -> Iterator[None]:
    """Raise Unreadable for a file that is damaged or is no database."""
    try:
        yield
    except (sqlite3.OperationalError, sqlite3.IntegrityError):
        raise
    except sqlite3.DatabaseError as error:
        raise Unreadable(str(error)) from error


def _connect(path: Path, pragmas: Sequence[str]) -> sqlite3.Connection:
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10)
    for pragma in pragmas:
        db.execute(f"PRAGMA {pragma}")
    return db


class _SqliteSnapshot(Snapshot):
    """Texts are returned as bytes, because a manipulated row may contain anything."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def rows(self, statement: str, params: Sequence[Any] = ()) -> Iterator[tuple[Any, ...]]:
        try:
            yield from self._db.execute(statement, params)
        except sqlite3.DatabaseError as error:
            raise Unreadable(str(error)) from error

    def is_sound(self) -> bool:
        return all(row == (b"ok",) for row in self.rows("PRAGMA integrity_check(1)"))


@contextmanager
def sqlite_snapshot(path: Path, *, immutable: bool = False) -> Iterator[Snapshot]:
    """A snapshot of the file, also while a server writes to it. `immutable`: no process writes to it, and its directory may be read-only.

    Raises StoreUnavailable for a file in a directory that cannot be written to, whose last changes are not in the file itself yet.
    """
    db = sqlite3.connect(f"{path.absolute().as_uri()}?{'immutable=1' if immutable else 'mode=ro'}", uri=True, isolation_level=None)
    db.text_factory = bytes
    try:
        db.execute("BEGIN")
        with suppress(Unreadable), _damage():  # the snapshot says so of what is asked of it
            db.execute("SELECT 1 FROM sqlite_schema LIMIT 1").fetchall()
    except sqlite3.OperationalError as error:
        db.close()
        if immutable or error.sqlite_errorcode & _PRIMARY not in _OF_THE_DISK:
            raise
        if _bytes_beside(path):
            raise StoreUnavailable(
                f"{path}: its last changes are in {path.name}-wal: copy both to a directory that can be written to"
            ) from error
        with sqlite_snapshot(path, immutable=True) as snapshot:
            yield snapshot
        return
    try:
        yield _SqliteSnapshot(db)
    finally:
        db.close()


def _bytes_beside(path: Path) -> int:
    """The size of the write-ahead log of a database, 0 without one."""
    beside = path.with_name(f"{path.name}-wal")
    return beside.stat().st_size if beside.exists() else 0
