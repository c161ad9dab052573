"""The last heartbeat of the client of each agent who has a lease. Heartbeats are as durable as the log, but they are not events.

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
    """The last heartbeat of the agent's client (microseconds); 0 if there was none."""
    rows = db.execute("SELECT heard FROM heartbeats WHERE agent = ?", (agent.bytes,))
    return rows[0][0] if rows else 0


def forget_all(db: Database) -> None:
    """Delete all heartbeats."""
    db.execute("DELETE FROM heartbeats")


def note_heartbeats(db: Database, heard: Mapping[UUID, int]) -> None:
    """Inside a transaction: record heartbeats of these agents' clients (microseconds)."""
    db.executemany(_NOTE, [(agent.bytes, at) for agent, at in sorted(heard.items())])
