"""The event store: all events, in the order in which they were saved.

The same database, and the same transactions, hold what must be as durable as the log: used idempotency keys, assigned
protocol numbers, sessions.
"""

from __future__ import annotations

import contextlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Sequence
from itertools import groupby
from pathlib import Path
from typing import TypeVar
from uuid import UUID

import msgspec
from eventsourcing.application import Application
from eventsourcing.utils import Environment, EnvType
from msgspec.structs import astuple

from domain.base import Aggregate, Event
from store import heartbeats, imports, last_uses, process_progress, protocol_numbers, receipts, webhook_deliveries
from store.chain import ChainBroken
from store.chain_prover import ChainProver
from store.database import StoreUnavailable, Unreadable
from store.keyring import Additions, Keyring
from store.mapper import EventMapper
from store.master_key import master_key
from store.protocol_numbers import ProtocolNumbers
from store.receipts import Receipts
from store.recorded_event import DecodedEvent, RecordedEvent, company_in
from store.recorder import ChainedRecorder
from store.storage_location import InDirectory, StorageLocation

SCHEMA = """
CREATE TABLE IF NOT EXISTS sessions (
    id BLOB PRIMARY KEY, tenant BLOB NOT NULL, "user" BLOB NOT NULL, digest BLOB NOT NULL, expires_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS users_sessions ON sessions ("user");
CREATE TABLE IF NOT EXISTS rotated_tokens (digest BLOB PRIMARY KEY, session BLOB NOT NULL, rotated_at INTEGER NOT NULL) WITHOUT ROWID
"""

TABLES = (
    SCHEMA,
    protocol_numbers.SCHEMA,
    receipts.SCHEMA,
    heartbeats.SCHEMA,
    imports.SCHEMA,
    last_uses.SCHEMA,
    process_progress.SCHEMA,
    webhook_deliveries.SCHEMA,
)
"""What is kept beside the log, in the form that `Database.define` takes."""

_CACHED_AGGREGATES = 4096

A = TypeVar("A", bound=Aggregate)


def project(events: Iterable[Event], kind: type[A]) -> A | None:
    """The aggregate after these events; None when there are none, or when they are of another kind of aggregate."""
    aggregate: A | None = None
    for event in events:
        if aggregate is None:
            if not isinstance(event, kind.EVENTS):
                return None
            aggregate = kind(event.originator_id, event.tenant)
        aggregate.replay(event)
    return aggregate


class _Recorded(msgspec.Struct):
    recorded_at: int


class Store(Application[UUID]):
    """The open event store of a deployment, with its keyring. Thread-safe."""

    name = "store"
    mapper: EventMapper
    recorder: ChainedRecorder

    def __init__(self, location: StorageLocation | Path, *, master: str = "", cached: int = _CACHED_AGGREGATES) -> None:
        """Open the store at `location` (a path: the data directory there), or create it. `master`: the master key, if it is not in a file (see `master_key`)."""
        self._location = InDirectory(location) if isinstance(location, Path) else location
        self.directory = self._location.directory
        # Every command reads and writes it. cachetools' LRUCache hashes a UUID six times, in Python, to store one aggregate.
        self._cache: OrderedDict[UUID, Aggregate] = OrderedDict()
        self._most_cached = cached
        self._cache_lock = threading.Lock()
        with contextlib.ExitStack() as opened:
            self._opened = opened
            keys = self._location.keys()
            opened.callback(keys.close)
            self.keyring = Keyring(keys, master_key(self._location.directory, master))
            self._noted = self._location.head(keys)
            opened.callback(self._noted.close)
            super().__init__()
            self.recorder.on_changed_by_others(self.drop)
            self.prover = ChainProver(self.recorder.events_after)
            for tables in TABLES:
                self.recorder.db.define(tables)
            self.protocols = ProtocolNumbers(self.recorder)
            self.receipts = Receipts(self.recorder, self.keyring)
            self._opened = opened.pop_all()

    # What the library calls

    def construct_env(self, name: str, env: EnvType | None = None) -> Environment:
        """An environment without settings: nothing comes from environment variables."""
        return Environment(name, env)

    def construct_mapper(self) -> EventMapper:
        """The mapper: events as msgspec writes them, personal data sealed."""
        return EventMapper(self.keyring)

    def construct_recorder(self) -> ChainedRecorder:
        """The recorder with the hash chain."""
        try:
            db = self._location.events()
            self._opened.callback(db.close)
            return ChainedRecorder(db, self._noted)
        except Unreadable as damage:
            raise ChainBroken(f"the log cannot be read ({damage}): see `atende verify`") from damage

    def close(self) -> None:
        """Return the unused protocol numbers and close the databases. Can be repeated."""
        if self.closing.is_set():
            return
        super().close()
        with self._opened, contextlib.suppress(StoreUnavailable):
            self.protocols.return_unused()

    # The log

    def head(self) -> int:
        """The position of the last event that this process has written or been notified of."""
        return self.recorder.head

    def end(self) -> int:
        """The position of the last event, read from the database: another process may have written it just now."""
        return self.recorder.max_notification_id() or 0

    def last_recorded_us(self) -> int:
        """When the last event was recorded (microseconds since 1970); 0 for an empty log."""
        last = self.recorder.events_after(self.end() - 1, 1)
        return self.mapper.read(last[0]).recorded_at if last else 0

    def read(self, after: int, limit: int, companies: Collection[UUID] | None = None) -> list[DecodedEvent[Event]]:
        """Of the next `limit` events after a position those of these companies (None: all), in order. No other one is decoded."""
        recorded = self.recorder.events_after(after, limit)
        if companies is not None:
            wanted = {str(company).encode() for company in companies}
            recorded = [event for event in recorded if company_in(event.state) in wanted]
        return [self._decoded(event) for event in recorded]

    def _decoded(self, recorded: RecordedEvent) -> DecodedEvent[Event]:
        event = self.mapper.read(recorded)
        return DecodedEvent(*astuple(recorded), tenant=event.tenant.bytes, event=event)

    def stream(self, id: UUID, until: int | None = None) -> list[Event]:
        """The events of one aggregate, all of them or up to a version; never waits for a writer."""
        return [self.mapper.to_domain_event(stored) for stored in self.recorder.select_events(id, lte=until)]

    def first_of(self, ids: Sequence[UUID]) -> list[Event]:
        """The first event of each of these aggregates that has any, in no order; never waits for a writer."""
        return [self.mapper.read(recorded) for recorded in self.recorder.first_events_of(ids)]

    def newest(self, id: UUID, until: int | None = None) -> Event | None:
        """The last event of one aggregate, of all of them or of those up to a version, if it has any; never waits for a writer."""
        found = self.recorder.select_events(id, lte=until, desc=True, limit=1)
        return next((self.mapper.to_domain_event(stored) for stored in found), None)

    def companies(self) -> list[UUID]:
        """The ids of all companies, the oldest first."""
        return self.recorder.companies()

    def subscribe(self, callback: Callable[[int], object]) -> Callable[[], None]:
        """Call `callback` with the new head after each commit, in any thread. It must be quick and must not fail. Returns a function that ends the subscription."""
        return self.recorder.listen(callback)

    # Aggregates

    def streams(self, ids: Sequence[UUID]) -> dict[UUID, list[Event]]:
        """For a writer: all events of each of these aggregates that has any, read by few queries."""
        read = self.mapper.read
        by_id = groupby(self.recorder.events_of(ids), key=lambda recorded: recorded.id)
        return {UUID(bytes=id): [read(recorded) for recorded in events] for id, events in by_id}

    def stream_of(self, id: UUID) -> list[Event]:
        """For a writer: all events of this aggregate, if it has any."""
        return self.streams([id]).get(id, [])

    def last(self, id: UUID) -> list[Event]:
        """For a writer: the last event of this aggregate, if it has any."""
        recorded = self.recorder.last_event_of(id)
        return [] if recorded is None else [self.mapper.read(recorded)]

    def cached(self, id: UUID) -> Aggregate | None:
        """The aggregate as this process last saved it, if it is cached."""
        with self._cache_lock:
            found = self._cache.get(id)
            if found is not None:
                self._cache.move_to_end(id)
            return found

    def keep(self, aggregates: Iterable[Aggregate], since: int) -> None:
        """Cache these saved aggregates, unless another process has changed them since a position."""
        with self.recorder.lock:
            for aggregate in aggregates:
                if not self.recorder.changed_by_others((aggregate.id,), since):
                    self._cache_one(aggregate)

    def _cache_one(self, aggregate: Aggregate) -> None:
        with self._cache_lock:
            self._cache[aggregate.id] = aggregate
            self._cache.move_to_end(aggregate.id)
            if len(self._cache) > self._most_cached:
                self._cache.popitem(last=False)

    def drop(self, ids: Iterable[UUID]) -> None:
        """Remove these aggregates from the cache, because they may differ from what is saved."""
        with self._cache_lock:
            for id in ids:
                self._cache.pop(id, None)

    def recorded_at(self, position: int) -> int:
        """When the event at this position was recorded (microseconds); 0 before the first event. It never goes back along the log."""
        recorded = self.recorder.events_after(position - 1, 1) if position > 0 else []
        return msgspec.json.decode(recorded[0].state, type=_Recorded).recorded_at if recorded else 0

    def sealed(self, events: Iterable[Event]) -> list[RecordedEvent]:
        """The events as they are stored, before they have positions."""
        return [self.mapper.write(event) for event in events]

    def save_keys(self, additions: Additions) -> None:
        """Inside a transaction: save the keys that sealed events need, and destroy the keys of forgotten people.

        Other writers of names wait meanwhile, so a taken name belongs to an aggregate of the log, or to none.
        """
        self.keyring.save(additions, lambda subject: self.recorder.position_of(subject) > 0)
