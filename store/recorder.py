"""The event store's table: the library's recorder over a database.

Events get positions 1, 2, 3 ... without gaps in the order of their commits, and are chained when they get their positions.
Other processes may append to the same log: their changes are read before this process appends.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any
from uuid import UUID

from eventsourcing.persistence import (
    ApplicationRecorder,
    ListenNotifySubscription,
    StoredEvent,
    Subscription,
)

from store.chain import ChainBroken, Head, link
from store.database import CommitUnsure, Database, Kind, Rows, StoreUnavailable, Undone
from store.log_reader import LogReader
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
_NEWS = "SELECT position, hash, originator_id FROM stored_events WHERE position >= ? ORDER BY position"
_NEWS_AT_ONCE = 10_000
_REMEMBERED = 100_000


class ChainedRecorder(LogReader, ApplicationRecorder):
    """The table of events. Thread-safe.

    Raises IntegrityError, as the library requires, for events of an aggregate to which another process has appended unread events.
    """

    def __init__(self, db: Database, noted: NotedHead) -> None:
        super().__init__(db)
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
