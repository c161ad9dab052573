"""When each API key was last used, to the hour. It is kept beside the log, as heartbeats are: every request would be an event otherwise."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from store.database import Database

SCHEMA = "CREATE TABLE IF NOT EXISTS last_uses (key BLOB PRIMARY KEY, used INTEGER NOT NULL) WITHOUT ROWID"

HOUR_US = 3600 * 1_000_000

_NOTE = "INSERT INTO last_uses VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET used = excluded.used WHERE last_uses.used < excluded.used"


def hour_of(at_us: int) -> int:
    """The beginning of the hour of an instant (both microseconds)."""
    return at_us - at_us % HOUR_US


def note_use(db: Database, key: UUID, at_us: int) -> None:
    """Inside a transaction: record that the key was used at this instant (microseconds)."""
    db.execute(_NOTE, (key.bytes, hour_of(at_us)))


def last_uses(db: Database, keys: Iterable[UUID]) -> dict[UUID, int]:
    """The beginning of the hour (microseconds) in which each of these keys was last used; a key that was never used is missing."""
    ids = [key.bytes for key in keys]
    if not ids:
        return {}
    marks = ",".join("?" * len(ids))
    return {UUID(bytes=key): used for key, used in db.read(f"SELECT key, used FROM last_uses WHERE key IN ({marks})", ids)}  # noqa: S608
