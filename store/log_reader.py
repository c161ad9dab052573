"""Reads the log: the events of one aggregate, of some topics, or all in the order of their positions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import starmap
from uuid import UUID

from eventsourcing.persistence import Notification, StoredEvent

from store.chain import ChainBroken
from store.database import Database
from store.recorded_event import RecordedEvent

EVENT = "SELECT position, originator_id, originator_version, topic, state, hash FROM stored_events"
"""The columns of a `RecordedEvent`, in its order."""
_LAST_POSITION = "SELECT position FROM stored_events WHERE originator_id = ? ORDER BY originator_version DESC LIMIT 1"
_AFTER = f"{EVENT} WHERE position > ? ORDER BY position LIMIT ?"
_IDS_A_QUERY = 500


class LogReader:
    """Reads the table of events. Thread-safe."""

    def __init__(self, db: Database) -> None:
        self.db = db

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
