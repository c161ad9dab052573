"""The event store's table: the library's recorder over a database.

Events get positions 1, 2, 3 ... without gaps in the order of their commits, and are chained when they get their positions.
Other processes may append to the same log: their changes are read before this process appends.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import starmap
from typing import Any
from uuid import UUID

from eventsourcing.persistence import (
    ApplicationRecorder,
    ListenNotifySubscription,
    Notification,
    StoredEvent,
    Subscription,
)

from store.chain import ChainBroken, Head, link
from store.database import CommitUnsure, Database, Kind, Rows, StoreUnavailable, Undone
from store.recorded_event import RecordedEvent
from store.storage_location import NotedHead

SCHEMA = """
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
CREATE INDEX IF NOT EXISTS webhooks ON stored_events (position) WHERE topic = 'webhook.created'
"""

KINDS: tuple[Kind, ...] = ("integer", "bytes", "integer", "text", "bytes", "bytes")
EVENT = "SELECT position, originator_id, originator_version, topic, state, hash FROM stored_events"
"""The columns of a `RecordedEvent`, in its order."""
_LAST_POSITION = "SELECT position FROM stored_events WHERE originator_id = ? ORDER BY originator_version DESC LIMIT 1"
_AFTER = f"{EVENT} WHERE position > ? ORDER BY position LIMIT ?"
_NEWS = "SELECT position, hash, originator_id FROM stored_events WHERE position >= ? ORDER BY position"
_IDS_A_QUERY = 500
_NEWS_AT_ONCE = 10_000
_REMEMBERED = 100_000


class ChainedRecorder(ApplicationRecorder):
    """The table of events. Thread-safe.

    Raises IntegrityError, as the library requires, for events of an aggregate to which another process has appended unread events.
    """

    def __init__(self, db: Database, noted: NotedHead) -> None:
        self.db = db
        self.lock = db.lock
        self._listeners: list[Callable[[int], object]] = []
        self._others: dict[bytes, int] = {}
        """The aggregates that other processes changed recently, each with the position of the last such event."""
        self._others_since = 0
        self._forget: Callable[[Iterable[UUID]], object] = lambda _: None
        self._noted = noted
        db.define(SCHEMA)
        self._head = self._read_head()
        self._published = self.known = self._head.position
        self._check_end(noted.read())
        db.listen(self._follow)

    def _check_end(self, noted: Head | None) -> None:
        """Raises ChainBroken for a log whose end is missing: later events would hide the loss."""
        if noted is not None and noted.unfinished:
            raise ChainBroken(
                "the log is incomplete: a log restore or store migration into this store has not ended; run it again to complete it"
            )
        position = self._head.position if noted is None else noted.position
        rows = self.db.execute("SELECT hash FROM stored_events WHERE position = ?", (position,))
        if position and (noted is None or rows != [(noted.hash,)]):
            raise ChainBroken(f"the log does not end with event {position} as it was written: see `atende verify`")
        self._noted.write(self._head)

    def close(self) -> None:
        """Close the database."""
        self.db.close()

    def _read_head(self) -> Head:
        rows = self.db.execute("SELECT position, hash FROM stored_events ORDER BY position DESC LIMIT 1")
        return Head(*rows[0]) if rows else Head()

    @property
    def head(self) -> int:
        """The position of the last event that this process knows of."""
        return self._published

    # Other processes

    def on_changed_by_others(self, forget: Callable[[Iterable[UUID]], object]) -> None:
        """Call `forget` with the aggregates that another process has changed, before anything is decided with cached ones."""
        self._forget = forget

    def changed_by_others(self, ids: Iterable[UUID], since: int) -> bool:
        """Whether another process may have changed one of these since a position that was `known`."""
        if since < self._others_since:
            return True
        others = self._others
        return bool(others) and any(others.get(id.bytes, 0) > since for id in ids)

    def _follow(self) -> None:
        """Read the events of another process after its commit."""
        with self.lock, suppress(ChainBroken):  # the next writer gets the error
            while True:
                rows = self.db.execute(f"{_NEWS} LIMIT {_NEWS_AT_ONCE}", (self._head.position,))
                self._take_in(rows)
                if len(rows) < _NEWS_AT_ONCE:
                    break
            self._publish()

    def _take_in(self, news: Rows) -> None:
        """Apply the log from the head on: the head, then the events of other processes."""
        if self._head.position:
            if not news or news[0][:2] != (self._head.position, self._head.hash):
                raise ChainBroken(f"event {self._head.position} has changed since it was written: see `atende verify`")
            news = news[1:]
        if not news:
            return
        if len(self._others) > _REMEMBERED:
            self._others.clear()
            self._others_since = news[-1][0]
        for position, _, id in news:
            self._others[id] = position
        self._forget({UUID(bytes=id) for _, _, id in news})
        self._head = Head(*news[-1][:2])
        self.known = self._head.position

    def _publish(self) -> None:
        """Call the listeners with the new head, which is on disk."""
        if self._published != self._head.position:
            self._published = self.known = self._head.position
            for listener in tuple(self._listeners):
                listener(self._published)

    # Writing

    @contextmanager
    def transaction(self) -> Iterator[Database]:
        """Commit everything written inside the block; an error undoes all of it. Inside another transaction: a part of that one."""
        with self.lock:
            if self.db.in_transaction:
                yield self.db
            else:
                with self._outermost():
                    yield self.db

    @contextmanager
    def _outermost(self) -> Iterator[None]:
        before = self._head
        news = self.db.begin(_NEWS, (before.position,))
        try:
            if news is not None:
                self._take_in(news)
            before = self._head
            yield
            self._commit(before)
        except BaseException:
            self.db.rollback()
            self._head = before
            self._publish()
            raise
        if self._head != before:
            self._noted.write(self._head)
        self._publish()

    def _commit(self, before: Head) -> None:
        try:
            self.db.commit(notify=self._head != before)
        except CommitUnsure:
            # The log itself shows it, once the write lock of the lost connection is released.
            if self._head == before:
                raise
            try:
                news = self.db.begin(_NEWS, (before.position,)) or []
            except StoreUnavailable as gone:
                raise CommitUnsure(*gone.args) from gone
            self.db.rollback()
            if (self._head.position, self._head.hash) not in {row[:2] for row in news}:
                raise Undone("the connection to the store was lost before anything was saved: try again") from None

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """A part of the current transaction that can fail alone."""
        before = self._head
        try:
            with self.db.savepoint():
                yield
        except BaseException:
            self._head = before
            raise

    def append(self, events: Iterable[RecordedEvent]) -> Sequence[int]:
        """Inside a transaction: append chained events. Returns their positions."""
        position, digest = self._head.position, self._head.hash
        first = position + 1
        rows: list[tuple[int, bytes, int, str, bytes, bytes]] = []
        for event in events:
            position += 1
            digest = link(digest, position, event)
            rows.append((position, event.id, event.version, event.topic, event.state, digest))
        self.db.insert("stored_events", KINDS, rows)
        self._head = Head(position, digest)
        return range(first, position + 1)

    def insert_events(self, stored_events: Sequence[StoredEvent], **_: Any) -> Sequence[int] | None:
        """Record these events in one transaction. Returns their positions, None for no events."""
        if not stored_events:
            return None
        with self.transaction():
            return [*self.append(_recorded(event) for event in stored_events)]

    # Reading

    def select_events(
        self, originator_id: UUID | str, *, gt: int | None = None, lte: int | None = None, desc: bool = False, limit: int | None = None
    ) -> Sequence[StoredEvent]:
        """One aggregate's events in the order of their versions."""
        assert isinstance(originator_id, UUID)
        statement, params = f"{EVENT} WHERE originator_id = ?", [originator_id.bytes, *(bound for bound in (gt, lte) if bound is not None)]
        statement += " AND originator_version > ?" * (gt is not None) + " AND originator_version <= ?" * (lte is not None)
        statement += f" ORDER BY originator_version {'DESC' if desc else 'ASC'}"
        if limit is not None:
            statement, params = f"{statement} LIMIT ?", [*params, limit]
        return [StoredEvent(UUID(bytes=id), version, topic, state) for _, id, version, topic, state, _ in self.db.read(statement, params)]

    def events_of(self, ids: Sequence[UUID]) -> Iterator[RecordedEvent]:
        """For a writer: the events of many aggregates, each aggregate's in order."""
        for start in range(0, len(ids), _IDS_A_QUERY):
            some = [id.bytes for id in ids[start : start + _IDS_A_QUERY]]
            marks = ",".join("?" * len(some))
            statement = f"{EVENT} WHERE originator_id IN ({marks}) ORDER BY originator_id, originator_version"
            yield from starmap(RecordedEvent, self.db.execute(statement, some))

    def first_events_of(self, ids: Sequence[UUID]) -> list[RecordedEvent]:
        """The first event of each of these aggregates that has any, in no order. Waits for no writer."""
        found: list[RecordedEvent] = []
        for start in range(0, len(ids), _IDS_A_QUERY):
            some = [id.bytes for id in ids[start : start + _IDS_A_QUERY]]
            marks = ",".join("?" * len(some))
            found += starmap(RecordedEvent, self.db.read(f"{EVENT} WHERE originator_id IN ({marks}) AND originator_version = 1", some))
        return found

    def last_event_of(self, id: UUID) -> RecordedEvent | None:
        """For a writer: the last event of an aggregate, if it has any."""
        rows = self.db.execute(f"{EVENT} WHERE originator_id = ? ORDER BY originator_version DESC LIMIT 1", (id.bytes,))
        return RecordedEvent(*rows[0]) if rows else None

    def position_of(self, id: UUID) -> int:
        """For a writer: the position of an aggregate's last event; 0 if it has none."""
        rows = self.db.execute(_LAST_POSITION, (id.bytes,))
        return rows[0][0] if rows else 0

    def saved_position_of(self, id: UUID) -> int:
        """The position of an aggregate's last event; 0 if it has none. Waits for no writer."""
        rows = self.db.read(_LAST_POSITION, (id.bytes,))
        return rows[0][0] if rows else 0

    def companies(self) -> list[UUID]:
        """The ids of all companies, the oldest first."""
        rows = self.db.read("SELECT originator_id FROM stored_events WHERE topic = 'company.registered' ORDER BY position", ())
        return [UUID(bytes=id) for (id,) in rows]

    def webhooks(self) -> list[UUID]:
        """The ids of all webhooks that were ever created, of all companies, the oldest first."""
        rows = self.db.read("SELECT originator_id FROM stored_events WHERE topic = 'webhook.created' ORDER BY position", ())
        return [UUID(bytes=id) for (id,) in rows]

    def events_after(self, position: int, limit: int) -> list[RecordedEvent]:
        """The log in order: at most `limit` events after a position."""
        return [*starmap(RecordedEvent, self.db.read(_AFTER, (position, limit)))]

    def events_of_topics(self, after: int, until: int, topics: Sequence[str]) -> list[RecordedEvent]:
        """The events of these topics after one position and up to another, in order."""
        marks = ",".join("?" * len(topics))
        statement = f"{EVENT} WHERE position > ? AND position <= ? AND topic IN ({marks}) ORDER BY position"
        return [*starmap(RecordedEvent, self.db.read(statement, (after, until, *topics)))]

    def select_notifications(
        self, start: int | None, limit: int, stop: int | None = None, topics: Sequence[str] = (), *, inclusive_of_start: bool = True
    ) -> Sequence[Notification]:
        """The log in order, in the library's form."""
        first = (start or 0) + (start is not None and not inclusive_of_start)
        statement, params = f"{EVENT} WHERE position >= ?", [first, *topics]
        if topics:
            statement += f" AND topic IN ({','.join('?' * len(topics))})"
        if stop is not None:
            statement, params = f"{statement} AND position <= ?", [*params, stop]
        rows = self.db.read(f"{statement} ORDER BY position LIMIT ?", [*params, limit])
        return [Notification(UUID(bytes=id), version, topic, state, position) for position, id, version, topic, state, _ in rows]

    def max_notification_id(self) -> int | None:
        """The position of the last event; None if there is none."""
        found: int | None = self.db.read("SELECT MAX(position) FROM stored_events", ())[0][0]
        return found

    # Following

    def listen(self, listener: Callable[[int], object]) -> Callable[[], None]:
        """Call `listener` with the new head after each commit, in the thread that committed or was notified. Returns a function that ends it."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def subscribe(self, gt: int | None = None, topics: Sequence[str] = ()) -> Subscription[ApplicationRecorder]:
        """All events after a position, then each new one as it is recorded."""
        return _Subscription(self, gt, topics)


def _recorded(event: StoredEvent) -> RecordedEvent:
    assert isinstance(event.originator_id, UUID)
    return RecordedEvent(0, event.originator_id.bytes, event.originator_version, event.topic, event.state)


class _Subscription(ListenNotifySubscription[ApplicationRecorder]):
    """The library's subscription, woken by commits."""

    def __init__(self, recorder: ChainedRecorder, gt: int | None, topics: Sequence[str]) -> None:
        self._unlisten: Callable[[], None] | None = None
        super().__init__(recorder, gt, topics)
        self._unlisten = recorder.listen(lambda _: self._has_been_notified.set())
        # Events may have been committed between the first read and the start of listening.
        self._has_been_notified.set()

    def stop(self) -> None:
        super().stop()
        unlisten, self._unlisten = self._unlisten, None
        if unlisten is not None:
            unlisten()


def events_after(db: Database, position: int, limit: int) -> list[RecordedEvent]:
    """The log in order, for processes that only read it. Raises ChainBroken when an event is missing."""
    events = [*starmap(RecordedEvent, db.read(_AFTER, (position, limit)))]
    if events and events[-1].position != position + len(events):
        missing = next(wanted for wanted, event in enumerate(events, position + 1) if event.position != wanted)
        raise ChainBroken(f"event {missing} is missing from the log: see `atende verify`")
    return events


def last_position(db: Database) -> int:
    """The position of the log's last event, for processes that only read it."""
    found: int | None = db.read("SELECT max(position) FROM stored_events")[0][0]
    return found or 0
