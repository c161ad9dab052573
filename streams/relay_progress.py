"""The relay's recorded progress: the log position up to which all events are in Kafka, and each partition's position then.

A snapshot `(position, {partition: position of its last event up to there})` states what readers of the partitions
must have processed to cover the log up to that position. A snapshot stays true for ever: an event's partition
follows from its aggregate's id and the number of partitions, which is recorded too. One schema serves all deployments in a database, distinguished by the names of their topics.

Each method runs single statements of PostgreSQL, so that a relay that is stopped in the middle blocks nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import msgspec

from store.database import Database, Fenced
from store.postgres_server import channel_of
from store.storage_location import RELAY_SCHEMA

TABLES = """
CREATE TABLE IF NOT EXISTS progress (topics TEXT PRIMARY KEY, term INTEGER NOT NULL, position INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS snapshots (topics TEXT NOT NULL, position INTEGER NOT NULL, reached TEXT NOT NULL, PRIMARY KEY (topics, position));
CREATE TABLE IF NOT EXISTS partitions (topics TEXT PRIMARY KEY, each INTEGER NOT NULL)
"""

KEPT = 2_000
"""All of the latest snapshots are kept, up to this number."""

SPARSE = 10_000
"""Of older ones, one per this many positions is kept: readers that are far behind need no finer ones."""

_PRUNED_EVERY = 500
_AT_ONCE = 1_000

_BEGIN = "INSERT INTO progress VALUES (?, 1, 0) ON CONFLICT (topics) DO UPDATE SET term = progress.term + 1 RETURNING term, position"
_RECORD = """
WITH moved AS (UPDATE progress SET position = ? WHERE topics = ? AND term = ? RETURNING topics, position)
INSERT INTO snapshots SELECT topics, position, ? FROM moved
ON CONFLICT (topics, position) DO UPDATE SET reached = excluded.reached RETURNING pg_notify(?, '')
"""
_SET = "INSERT INTO progress VALUES (?, 1, ?) ON CONFLICT (topics) DO UPDATE SET term = progress.term + 1, position = excluded.position"
_KEEP = "INSERT INTO snapshots VALUES (?, ?, ?) ON CONFLICT (topics, position) DO UPDATE SET reached = excluded.reached"
_PARTITIONS = """
INSERT INTO partitions VALUES (?, ?) ON CONFLICT (topics) DO UPDATE SET each =
    CASE WHEN EXISTS (SELECT 1 FROM snapshots WHERE snapshots.topics = partitions.topics) THEN partitions.each ELSE excluded.each END
RETURNING each
"""
_AT = "SELECT reached FROM snapshots WHERE topics = ? AND position = ?"
_AFTER = "SELECT position, reached FROM snapshots WHERE topics = ? AND position > ? ORDER BY position LIMIT ?"
_UP_TO = "SELECT position, reached FROM snapshots WHERE topics = ? AND position <= ? ORDER BY position DESC LIMIT ?"
_PRUNE = """
DELETE FROM snapshots WHERE topics = ? AND position < (SELECT min(position) FROM (
        SELECT position FROM snapshots WHERE topics = ? ORDER BY position DESC LIMIT ?) AS latest)
    AND EXISTS (SELECT 1 FROM snapshots AS next WHERE next.topics = snapshots.topics AND next.position > snapshots.position
        AND next.position < (snapshots.position / ? + 1) * ?)
"""

Reached = Mapping[str, int]
"""Positions of the log by `partition_name`."""

Snapshot = tuple[int, Reached]

_CHANNEL = channel_of(RELAY_SCHEMA)
_reached = msgspec.json.Decoder(dict[str, int])


def _written(reached: Reached) -> str:
    return msgspec.json.encode(reached).decode()


@dataclass(frozen=True)
class Epoch:
    """One relay's epoch: `number` grows with each epoch; `position`, `reached`: where it goes on."""

    number: int
    position: int
    reached: Reached


class RelayProgress:
    """What the relay of one deployment has recorded of its topics. Thread-safe. All methods raise StoreUnavailable."""

    def __init__(self, db: Database, topics: str) -> None:
        """topics: the prefix of their names."""
        self._db = db
        self._topics = topics
        self._records = 0
        try:
            db.define(TABLES)
        except BaseException:
            db.close()
            raise

    # For the relay

    def begin(self) -> Epoch:
        """Take over: the relay before this one is fenced and cannot record anything any more."""
        ((number, position),) = self._db.execute(_BEGIN, (self._topics,))
        kept = self._db.execute(_AT, (self._topics, position))
        return Epoch(number, position, _reached.decode(kept[0][0]) if kept else {})

    def partitions(self, now: int) -> int:
        """The number of partitions of each topic when the first event was relayed to it; `now` if none was yet."""
        ((each,),) = self._db.execute(_PARTITIONS, (self._topics, now))
        return int(each)

    def record(self, epoch: int, position: int, reached: Reached) -> None:
        """Record that all events up to `position` are in Kafka, and notify followers. Raises Fenced."""
        if not self._db.execute(_RECORD, (position, self._topics, epoch, _written(reached), _CHANNEL)):
            raise Fenced
        if self._records % _PRUNED_EVERY == 0:
            self._db.execute(_PRUNE, (self._topics, self._topics, KEPT, SPARSE, SPARSE))
        self._records += 1

    def before(self, position: int) -> Snapshot:
        """The last kept snapshot at or before a position."""
        rows = self._db.execute(_UP_TO, (self._topics, position, 1))
        return (rows[0][0], _reached.decode(rows[0][1])) if rows else (0, {})

    def set(self, position: int, reached: Reached) -> None:
        """Reset the progress: the relay will go on after `position`. A relay that runs meanwhile is fenced."""
        if position:
            self._db.execute(_KEEP, (self._topics, position, _written(reached)))
        self._db.execute(_SET, (self._topics, position))

    # For everybody

    def position(self) -> int:
        """All events up to here are in Kafka."""
        rows = self._db.read("SELECT position FROM progress WHERE topics = ?", (self._topics,))
        return rows[0][0] if rows else 0

    def after(self, position: int) -> Iterator[Snapshot]:
        """The snapshots after a position, in order."""
        while rows := self._db.read(_AFTER, (self._topics, position, _AT_ONCE)):
            yield from ((row[0], _reached.decode(row[1])) for row in rows)
            position = rows[-1][0]

    def newest(self) -> Iterator[Snapshot]:
        """All snapshots, the newest first."""
        position = 2**62
        while rows := self._db.read(_UP_TO, (self._topics, position, _AT_ONCE)):
            yield from ((row[0], _reached.decode(row[1])) for row in rows)
            position = rows[-1][0] - 1

    def listen(self, listener: Callable[[], object]) -> None:
        """Call `listener`, in a separate thread, when something was recorded or a follower has made progress."""
        self._db.listen(listener)

    def close(self) -> None:
        """Close the connections."""
        self._db.close()
