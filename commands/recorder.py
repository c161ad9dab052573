"""The event store's table: the library's recorder over one connection that writes and one that reads.

Events get positions 1, 2, 3 ... without holes in the order of their commits, and are chained where the positions are given.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

from eventsourcing.persistence import (
    ApplicationRecorder,
    IntegrityError,
    ListenNotifySubscription,
    Notification,
    StoredEvent,
    Subscription,
)

from commands.chain import STORE_FILE, ChainBroken, Head, HeadFile, link, read_head

_SCHEMA = """
CREATE TABLE IF NOT EXISTS stored_events (
    position INTEGER PRIMARY KEY,
    originator_id BLOB NOT NULL,
    originator_version INTEGER NOT NULL,
    topic TEXT NOT NULL,
    state BLOB NOT NULL,
    hash BLOB NOT NULL,
    UNIQUE (originator_id, originator_version)
);
CREATE INDEX IF NOT EXISTS companies ON stored_events (position) WHERE topic = 'company.registered';
"""

_INSERT = "INSERT INTO stored_events VALUES (?, ?, ?, ?, ?, ?)"
_EVENT = "SELECT originator_id, originator_version, topic, state FROM stored_events"
_NOTIFICATION = "SELECT position, originator_id, originator_version, topic, state FROM stored_events"
_IDS_A_QUERY = 500


class ChainedRecorder(ApplicationRecorder):
    """The table of events of a data directory. Thread-safe.

    Another process may write to the same file: whoever did not see its events gets an IntegrityError, as the library says.
    """

    def __init__(self, directory: Path) -> None:
        self.lock = threading.RLock()
        self._reading = threading.Lock()
        self._listeners: list[Callable[[int], object]] = []
        try:
            self.db = _connect(directory / STORE_FILE)
            self.db.executescript(_SCHEMA)
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError as error:
            raise ChainBroken(f"the log cannot be read ({error}): see `atende verify`") from error
        self._reader = _connect(directory / STORE_FILE)
        noted = read_head(directory)
        self._head_file = HeadFile(directory)
        self._head = self._read_head()
        self._published = self._head.position
        self._seen = self._data_version()
        self._check_end(noted)

    def _check_end(self, noted: Head | None) -> None:
        """Refuse to append to a log whose end is missing: the loss would be hidden by what comes after."""
        position = self._head.position if noted is None else noted.position
        row = self.db.execute("SELECT hash FROM stored_events WHERE position = ?", (position,)).fetchone()
        if position and (noted is None or row is None or row[0] != noted.hash):
            self.close()
            raise ChainBroken(f"the log is not known to end with event {position} as it was written: see `atende verify`")
        self._head_file.write(self._head)

    def close(self) -> None:
        """Let go of the files."""
        with self.lock, self._reading:
            self.db.close()
            self._reader.close()
            self._head_file.close()

    def _read_head(self) -> Head:
        row = self.db.execute("SELECT position, hash FROM stored_events ORDER BY position DESC LIMIT 1").fetchone()
        return Head(*row) if row else Head()

    def _data_version(self) -> int:
        version: int = self.db.execute("PRAGMA data_version").fetchone()[0]
        return version

    @property
    def head(self) -> int:
        """The position of the last event that this process knows of."""
        return self._published

    # Writing

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """What is written inside is on disk, all of it, when this is left without an error; else none of it. Inside another one: its part."""
        with self.lock:
            if self.db.in_transaction:
                yield self.db
            else:
                with self._outermost():
                    yield self.db

    @contextmanager
    def _outermost(self) -> Iterator[None]:
        before = self._head
        self.db.execute("BEGIN IMMEDIATE")
        try:
            seen = self._data_version()
            if seen != self._seen:
                self._seen, self._head = seen, self._read_head()
            yield
            self.db.execute("COMMIT")
        except BaseException:
            if self.db.in_transaction:
                self.db.execute("ROLLBACK")
            self._head = self._read_head()
            self._published = self._head.position
            raise
        # Readers hear of a position only when its event is on disk.
        self._published = self._head.position
        if self._head != before:
            self._head_file.write(self._head)
            for listener in tuple(self._listeners):
                listener(self._head.position)

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Inside a transaction: a part of it that can fail alone."""
        before = self._head
        self.db.execute("SAVEPOINT part")
        try:
            yield
        except BaseException:
            self.db.execute("ROLLBACK TO part")
            self._head = before
            raise
        finally:
            self.db.execute("RELEASE part")

    def append(self, stored_events: Sequence[StoredEvent]) -> list[int]:
        """Inside a transaction: the events after all others, chained; their positions."""
        position, digest = self._head.position, self._head.hash
        first = position + 1
        rows: list[tuple[int, bytes, int, str, bytes, bytes]] = []
        for stored in stored_events:
            position += 1
            assert isinstance(stored.originator_id, UUID)
            originator = stored.originator_id.bytes
            digest = link(digest, position, (originator, stored.originator_version, stored.topic, stored.state))
            rows.append((position, originator, stored.originator_version, stored.topic, stored.state, digest))
        try:
            self.db.executemany(_INSERT, rows)
        except sqlite3.IntegrityError as error:
            raise IntegrityError(*error.args) from error
        self._head = Head(position, digest)
        return list(range(first, position + 1))

    def insert_events(self, stored_events: Sequence[StoredEvent], **_: Any) -> Sequence[int] | None:
        """Record these events in one transaction; their positions, None for no events."""
        if not stored_events:
            return None
        with self.transaction():
            return self.append(stored_events)

    # Reading

    def _select(self, statement: str, params: Sequence[Any]) -> list[Any]:
        with self._reading:
            return self._reader.execute(statement, params).fetchall()

    def select_events(
        self, originator_id: UUID | str, *, gt: int | None = None, lte: int | None = None, desc: bool = False, limit: int | None = None
    ) -> Sequence[StoredEvent]:
        """One aggregate's events in the order of their versions."""
        assert isinstance(originator_id, UUID)
        statement, params = f"{_EVENT} WHERE originator_id = ?", [originator_id.bytes, *(bound for bound in (gt, lte) if bound is not None)]
        statement += " AND originator_version > ?" * (gt is not None) + " AND originator_version <= ?" * (lte is not None)
        statement += f" ORDER BY originator_version {'DESC' if desc else 'ASC'}"
        if limit is not None:
            statement, params = f"{statement} LIMIT ?", [*params, limit]
        return [StoredEvent(UUID(bytes=id), version, topic, state) for id, version, topic, state in self._select(statement, params)]

    def rows_of(self, ids: Sequence[UUID]) -> Iterator[tuple[bytes, int, str, bytes]]:
        """The events of many aggregates, each aggregate's in order, as this process last wrote them."""
        for start in range(0, len(ids), _IDS_A_QUERY):
            some = [id.bytes for id in ids[start : start + _IDS_A_QUERY]]
            marks = ",".join("?" * len(some))
            statement = f"{_EVENT} WHERE originator_id IN ({marks}) ORDER BY originator_id, originator_version"
            with self.lock:
                rows = self.db.execute(statement, some).fetchall()
            yield from rows

    def last_row_of(self, id: UUID) -> list[tuple[bytes, int, str, bytes]]:
        """The last event of an aggregate, if it has any, as this process last wrote it."""
        with self.lock:
            return self.db.execute(f"{_EVENT} WHERE originator_id = ? ORDER BY originator_version DESC LIMIT 1", (id.bytes,)).fetchall()

    def position_of(self, id: UUID) -> int:
        """The position of an aggregate's last event; 0 if it has none."""
        statement = "SELECT position FROM stored_events WHERE originator_id = ? ORDER BY originator_version DESC LIMIT 1"
        with self.lock:
            row = self.db.execute(statement, (id.bytes,)).fetchone()
        return row[0] if row else 0

    def companies(self) -> list[UUID]:
        """The ids of all companies, the oldest first."""
        rows = self._select("SELECT originator_id FROM stored_events WHERE topic = 'company.registered' ORDER BY position", ())
        return [UUID(bytes=id) for (id,) in rows]

    def rows_after(self, position: int, limit: int) -> list[tuple[int, bytes, int, str, bytes]]:
        """The log in order, as (position, aggregate, version, topic, state)."""
        return self._select(f"{_NOTIFICATION} WHERE position > ? ORDER BY position LIMIT ?", (position, limit))

    def select_notifications(
        self, start: int | None, limit: int, stop: int | None = None, topics: Sequence[str] = (), *, inclusive_of_start: bool = True
    ) -> Sequence[Notification]:
        """The log in order, as the library wants it."""
        first = (start or 0) + (start is not None and not inclusive_of_start)
        statement, params = f"{_NOTIFICATION} WHERE position >= ?", [first, *topics]
        if topics:
            statement += f" AND topic IN ({','.join('?' * len(topics))})"
        if stop is not None:
            statement, params = f"{statement} AND position <= ?", [*params, stop]
        rows = self._select(f"{statement} ORDER BY position LIMIT ?", [*params, limit])
        return [Notification(UUID(bytes=id), version, topic, state, position) for position, id, version, topic, state in rows]

    def max_notification_id(self) -> int | None:
        """The position of the last event; None if there is none."""
        found: int | None = self._select("SELECT MAX(position) FROM stored_events", ())[0][0]
        return found

    # Following

    def listen(self, listener: Callable[[int], object]) -> Callable[[], None]:
        """Call `listener` with the new head after each commit, in the thread that committed. Returns what ends it."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def subscribe(self, gt: int | None = None, topics: Sequence[str] = ()) -> Subscription[ApplicationRecorder]:
        """All events after a position, then each new one as it is recorded."""
        return _Subscription(self, gt, topics)


class _Subscription(ListenNotifySubscription[ApplicationRecorder]):
    """The library's subscription, woken by this process's own commits."""

    def __init__(self, recorder: ChainedRecorder, gt: int | None, topics: Sequence[str]) -> None:
        self._unlisten: Callable[[], None] | None = None
        super().__init__(recorder, gt, topics)
        self._unlisten = recorder.listen(lambda _: self._has_been_notified.set())
        # What was committed between the first pull and the listening.
        self._has_been_notified.set()

    def stop(self) -> None:
        super().stop()
        unlisten, self._unlisten = self._unlisten, None
        if unlisten is not None:
            unlisten()


def _connect(path: Path) -> sqlite3.Connection:
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10)
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=FULL")
    db.execute("PRAGMA cache_size=-32768")
    return db
