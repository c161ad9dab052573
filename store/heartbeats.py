"""When the client of each agent who has a lease was last heard of: as durable as the log, but no event.

Heartbeats that arrive together are written by one transaction, one row an agent.
"""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from store.database import Database

SCHEMA = "CREATE TABLE IF NOT EXISTS heartbeats (agent BLOB PRIMARY KEY, heard INTEGER NOT NULL) WITHOUT ROWID"

_NOTE = """
INSERT INTO heartbeats VALUES (?, ?) ON CONFLICT (agent) DO UPDATE SET heard = excluded.heard WHERE heartbeats.heard < excluded.heard
"""


def last_heard(db: Database, agent: UUID) -> int:
    """When the agent's client was last heard of (microseconds); 0 if it never was."""
    rows = db.execute("SELECT heard FROM heartbeats WHERE agent = ?", (agent.bytes,))
    return rows[0][0] if rows else 0


def forget_all(db: Database) -> None:
    """Nobody knows any more who was heard of when."""
    db.execute("DELETE FROM heartbeats")


def note_heartbeats(db: Database, heard: Mapping[UUID, int]) -> None:
    """Inside a transaction: these clients were heard of, at these instants."""
    db.executemany(_NOTE, [(agent.bytes, at) for agent, at in sorted(heard.items())])
