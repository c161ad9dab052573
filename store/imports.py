"""What was imported through the API and what became of it. It is kept beside the log: how far an import is changes every second, and is no event.

One process holds an import, and writes its `beat` meanwhile. Any process may read it, and ask for its end.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

import msgspec

from store.database import Database

SCHEMA = """
CREATE TABLE IF NOT EXISTS imports (
    id BLOB PRIMARY KEY, tenant BLOB NOT NULL, created INTEGER NOT NULL, owner BLOB NOT NULL, beat INTEGER NOT NULL, cancelled INTEGER NOT NULL,
    content TEXT NOT NULL, refused TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS imports_of_company ON imports (tenant, created)
"""

MOST_KEPT = 100
"""A company's latest imports that are kept; older ones are forgotten. What they took in stays."""

Kind = Literal["queue-log", "ami", "members", "simulation"]
State = Literal["receiving", "waiting", "running", "done", "failed", "cancelled", "interrupted"]
UNFINISHED: tuple[State, ...] = ("receiving", "waiting", "running")

_COLUMNS = "content, owner, beat"
_ADD = "INSERT INTO imports (id, tenant, created, owner, beat, cancelled, content, refused) VALUES (?, ?, ?, ?, ?, 0, ?, '[]')"
_SAVE = "UPDATE imports SET content = ?, beat = ? WHERE id = ? RETURNING cancelled"
_BEAT = "UPDATE imports SET beat = ? WHERE id = ? RETURNING cancelled"
_OLDER = "SELECT content FROM imports WHERE tenant = ? ORDER BY created DESC LIMIT 1000 OFFSET ?"


class RefusedLine(msgspec.Struct, frozen=True):
    """A line that was not taken in: its file, its number there, and the reason."""

    file: str
    line: int
    reason: str


class Import(msgspec.Struct, frozen=True, kw_only=True):
    """One import. Instants are microseconds.

    name: of the file, for people. actor: who sent it. done, total: bytes, of a simulation hours; while the file is received total is 0 if
    the sender does not say how long it is. lines: read (packets of an AMI stream, commands of a simulation). refused: lines that were not taken in. repeated: lines that were known.
    calls: new ones. first, last: instants of the first and the last line. position: of the log; figures that cover it cover the import.
    code, reason: why it ended early, for programs and for people. notes: what the file lacks, a sentence each.
    """

    id: UUID
    tenant: UUID
    kind: Kind
    name: str
    actor: str
    state: State
    created: int
    began: int | None = None
    ended: int | None = None
    done: int = 0
    total: int = 0
    lines: int = 0
    lines_per_second: int | None = None
    refused: int = 0
    repeated: int = 0
    calls: int = 0
    first: int | None = None
    last: int | None = None
    position: int = 0
    code: str = ""
    reason: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class KeptImport:
    """An import as it was last written. owner: the process that holds it. beat: when that was last known to live, microseconds."""

    content: Import
    owner: UUID
    beat: int


_write = msgspec.json.Encoder()
_read = msgspec.json.Decoder(Import)
_read_lines = msgspec.json.Decoder(tuple[RefusedLine, ...])


def add(db: Database, new: Import, owner: UUID) -> None:
    """Inside a transaction: keep a new import, and forget the company's oldest."""
    db.execute(_ADD, (new.id.bytes, new.tenant.bytes, new.created, owner.bytes, new.created, _write.encode(new).decode()))
    older = [_read.decode(content) for (content,) in db.execute(_OLDER, (new.tenant.bytes, MOST_KEPT))]
    for one in older:
        # Whoever sends many files must not lose sight of one that is still taken in.
        if one.state not in UNFINISHED:
            db.execute("DELETE FROM imports WHERE id = ?", (one.id.bytes,))


def save(db: Database, one: Import, beat: int) -> bool:
    """Inside a transaction: write how far an import is. Returns whether its end was asked for."""
    rows = db.execute(_SAVE, (_write.encode(one).decode(), beat, one.id.bytes))
    return bool(rows and rows[0][0])


def beat(db: Database, ids: Iterable[UUID], now: int) -> list[UUID]:
    """Inside a transaction: write that these imports go on. Returns those whose end was asked for."""
    return [id for id in ids if any(cancelled for (cancelled,) in db.execute(_BEAT, (now, id.bytes)))]


def save_refused(db: Database, id: UUID, lines: tuple[RefusedLine, ...]) -> None:
    """Inside a transaction: write the lines that an import did not take in."""
    db.execute("UPDATE imports SET refused = ? WHERE id = ?", (_write.encode(lines).decode(), id.bytes))


def ask_to_cancel(db: Database, id: UUID) -> None:
    """Inside a transaction: ask the process that runs an import to end it."""
    db.execute("UPDATE imports SET cancelled = 1 WHERE id = ?", (id.bytes,))


def one_of(db: Database, tenant: UUID, id: UUID) -> KeptImport | None:
    """One import of a company."""
    rows = db.read(f"SELECT {_COLUMNS} FROM imports WHERE tenant = ? AND id = ?", (tenant.bytes, id.bytes))  # noqa: S608 - no input
    return _kept(rows[0]) if rows else None


def all_of(db: Database, tenant: UUID) -> list[KeptImport]:
    """The imports of a company, the newest first."""
    rows = db.read(f"SELECT {_COLUMNS} FROM imports WHERE tenant = ? ORDER BY created DESC", (tenant.bytes,))  # noqa: S608 - no input
    return [_kept(row) for row in rows]


def refused_of(db: Database, id: UUID) -> tuple[RefusedLine, ...]:
    """The lines that an import did not take in, the first ones of many."""
    rows = db.read("SELECT refused FROM imports WHERE id = ?", (id.bytes,))
    return _read_lines.decode(rows[0][0]) if rows else ()


def _kept(row: tuple[str, bytes, int]) -> KeptImport:
    content, owner, beat = row
    return KeptImport(_read.decode(content), UUID(bytes=owner), beat)
