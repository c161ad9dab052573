"""The storage location of a deployment's log and keys: the files of a data directory, or PostgreSQL servers.

The data directory holds what belongs to this machine (the master key, if no setting gives it) in both cases.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from store.chain import Flaw, Head, Verdict, walk
from store.database import Database, Snapshot, StoreUnavailable
from store.sqlite_database import SqliteDatabase, sqlite_snapshot

STORE_FILE = "events.db"
KEYS_FILE = "keys.db"
HEAD_FILE = "head"
STORE_SCHEMA = "store"
KEYS_SCHEMA = "keys"
RELAY_SCHEMA = "relay"

_KEYS_CACHE_MIB = 16
_NOTED_EVERY_S = 1.0


class NotedHead(Protocol):
    """The log's head, recorded outside the store. It may be behind the last commit, never ahead of it."""

    def read(self) -> Head | None:
        """The head as recorded when this was opened; None if it is missing or damaged."""

    def write(self, head: Head) -> None:
        """Record the head of the store."""

    def close(self) -> None:
        """Record the last head and close."""


class StorageLocation(Protocol):
    """Where the databases of a deployment are."""

    @property
    def directory(self) -> Path:
        """The data directory of this machine."""

    @property
    def name(self) -> str:
        """The name for operators."""

    def events(self) -> Database:
        """Open the log."""

    def keys(self) -> Database:
        """Open the key store."""

    def head(self, keys: Database) -> NotedHead:
        """Open the record of the head outside the log."""

    def exists(self) -> bool:
        """Whether a store was ever opened there, even if its log has been removed since."""

    def verify(self) -> Verdict:
        """Check the chain of the log, also while servers write to it."""

    def noted(self) -> Head | None:
        """The head recorded outside the store now; None if it is missing or damaged."""

    def log_now(self) -> AbstractContextManager[Snapshot]:
        """A snapshot of the log."""

    def keys_now(self) -> AbstractContextManager[Snapshot]:
        """A snapshot of the key store."""


@dataclass(frozen=True)
class InDirectory:
    """Everything in the files of a data directory, which one process locks at a time."""

    directory: Path

    @property
    def name(self) -> str:
        return str(self.directory)

    def events(self) -> Database:
        return SqliteDatabase(made(self.directory) / STORE_FILE)

    def keys(self) -> Database:
        made(self.directory)
        return SqliteDatabase(self.directory / KEYS_FILE, cache_mib=_KEYS_CACHE_MIB, overwrite=True)

    def head(self, keys: Database) -> NotedHead:  # noqa: ARG002 - the head has a file of its own
        return HeadFile(self.directory)

    def exists(self) -> bool:
        return (self.directory / STORE_FILE).exists() or (self.directory / HEAD_FILE).exists()

    def verify(self) -> Verdict:
        # Read the head first: the store is never behind it, and may grow meanwhile.
        head = _read_head(self.directory)
        if not (self.directory / STORE_FILE).exists():
            return Verdict(0, Flaw("cut_off", 1) if head is None or head.position else None)
        with sqlite_snapshot(self.directory / STORE_FILE) as snapshot:
            return walk(snapshot, head)

    def noted(self) -> Head | None:
        return _read_head(self.directory)

    def log_now(self) -> AbstractContextManager[Snapshot]:
        return sqlite_snapshot(self.directory / STORE_FILE)

    def keys_now(self) -> AbstractContextManager[Snapshot]:
        return sqlite_snapshot(self.directory / KEYS_FILE)


@dataclass(frozen=True)
class OnServers:
    """The log on one PostgreSQL server, the keys on another or in another schema of the same.

    store_url, keys_url: their URLs, with passwords. makes_tables: create missing tables; otherwise they are an error.
    """

    directory: Path
    store_url: str = field(repr=False)
    keys_url: str = field(default="", repr=False)
    makes_tables: bool = True

    @property
    def name(self) -> str:
        from store.postgres_server import Server

        return str(Server(self.store_url))

    def events(self) -> Database:
        return self._open(self.store_url, STORE_SCHEMA)

    def keys(self) -> Database:
        return self._open(self.keys_url or self.store_url, KEYS_SCHEMA)

    def relay(self) -> Database:
        """Open the relay's progress: how far the log is in Kafka. Processes that follow the log in Kafka record their own progress there."""
        return self._open(self.store_url, RELAY_SCHEMA)

    def _open(self, url: str, schema: str) -> Database:
        from store.postgres_database import PostgresDatabase

        return PostgresDatabase(url, schema, makes_tables=self.makes_tables)

    def head(self, keys: Database) -> NotedHead:
        return HeadRow(keys)

    def exists(self) -> bool:
        with self._snapshot(self.store_url, STORE_SCHEMA) as snapshot:
            return _has(snapshot, "stored_events")

    def verify(self) -> Verdict:
        with self.keys_now() as noted:
            known = _has(noted, "head")
            head = next((Head(*row) for row in noted.rows(_NOTED)), None) if known else None
        with self.log_now() as snapshot:
            if _has(snapshot, "stored_events"):
                return walk(snapshot, head)
        if not known:
            raise StoreUnavailable(f"{self.name}: nothing was ever stored there: run `atende migrate`")
        return Verdict(0, Flaw("cut_off", 1) if head is not None and head.position else None)

    def noted(self) -> Head | None:
        with self.keys_now() as keys:
            return next((Head(*row) for row in keys.rows(_NOTED)), None)

    def log_now(self) -> AbstractContextManager[Snapshot]:
        return self._snapshot(self.store_url, STORE_SCHEMA)

    def keys_now(self) -> AbstractContextManager[Snapshot]:
        return self._snapshot(self.keys_url or self.store_url, KEYS_SCHEMA)

    @staticmethod
    @contextmanager
    def _snapshot(url: str, schema: str) -> Iterator[Snapshot]:
        from store.postgres_database import postgres_snapshot

        with postgres_snapshot(url, schema) as snapshot:
            yield snapshot


def made(directory: Path) -> Path:
    """The directory. It is created for its owner alone if it is missing."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    return directory


def _has(snapshot: Snapshot, table: str) -> bool:
    return next(snapshot.rows("SELECT to_regclass(?)::text", (table,))) != (None,)


# The head outside the store


class HeadFile:
    """The head in a file next to the store, replaced in one write after each commit."""

    def __init__(self, directory: Path) -> None:
        self._found = _read_head(directory)
        self._descriptor = os.open(directory / HEAD_FILE, os.O_RDWR | os.O_CREAT, 0o600)

    def read(self) -> Head | None:
        return self._found

    def write(self, head: Head) -> None:
        # The head may be behind the last commit, which stands: without room the next commit notes it.
        with suppress(OSError):
            os.pwrite(self._descriptor, b"%020d %b\n" % (head.position, head.hash.hex().encode()), 0)

    def close(self) -> None:
        """Sync the file to disk and close it."""
        with suppress(OSError):
            os.fsync(self._descriptor)
        os.close(self._descriptor)


def _read_head(directory: Path) -> Head | None:
    try:
        return _parsed((directory / HEAD_FILE).read_bytes())
    except (FileNotFoundError, ValueError):
        return None


def _parsed(line: bytes) -> Head:
    if not line:
        return Head()
    position, digest = line.split()
    return Head(int(position), bytes.fromhex(digest.decode()))


_NOTED = "SELECT position, hash FROM head WHERE one = 1"
HEAD_TABLE = "CREATE TABLE IF NOT EXISTS head (one INTEGER PRIMARY KEY, position INTEGER NOT NULL, hash BLOB NOT NULL)"
_NOTE = """
INSERT INTO head VALUES (1, ?, ?) ON CONFLICT (one) DO UPDATE SET position = excluded.position, hash = excluded.hash
WHERE head.position < excluded.position
"""


class HeadRow:
    """The head in a row next to the keys, which every process of the deployment updates, at most once a second."""

    def __init__(self, keys: Database) -> None:
        self._keys = keys
        self._head = Head()
        self._noted = Head(-1)
        keys.define(HEAD_TABLE)
        self._news = threading.Event()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="atende-head", daemon=True)
        self._thread.start()

    def read(self) -> Head | None:
        rows = self._keys.execute(_NOTED)
        return Head(*rows[0]) if rows else None

    def write(self, head: Head) -> None:
        self._head = head
        if self._noted.position < 0:
            # Before the first event is saved: a log without a recorded head counts as damaged.
            self._note()
        else:
            self._news.set()

    def _run(self) -> None:
        while not self._closing.is_set():
            self._news.wait()
            self._news.clear()
            try:
                self._note()
            except StoreUnavailable:
                self._news.set()
            self._closing.wait(_NOTED_EVERY_S)

    def _note(self) -> None:
        head = self._head
        if head.position > self._noted.position:
            self._keys.execute(_NOTE, (head.position, head.hash))
            self._noted = head

    def close(self) -> None:
        self._closing.set()
        self._news.set()
        self._thread.join()
        try:
            self._note()
        except StoreUnavailable:
            return
