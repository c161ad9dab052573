"""The chain of hashes that makes tampering visible.

Each event's hash covers the one before it, its position and its sealed bytes as they lie in the store. The last one is
also written to a file of its own beside the store, so that a missing end is seen too. `verify` walks the whole chain
and names the first event that was changed, removed or moved.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from uuid import UUID

STORE_FILE = "events.db"
HEAD_FILE = "head"
GENESIS = bytes(32)
"""The hash before the first event."""


Stored = tuple[bytes, int, str, bytes]
"""An event as it lies in the store: its aggregate's id, the version, the topic, the state."""


def link(previous: bytes, position: int, stored: Stored) -> bytes:
    """The hash of an event, given the hash of the one before it."""
    originator, version, topic, state = stored
    name = topic.encode()
    numbers = position.to_bytes(8, "big"), version.to_bytes(8, "big", signed=True), len(name).to_bytes(2, "big")
    return hashlib.sha256(b"".join((previous, numbers[0], originator, numbers[1], numbers[2], name, state))).digest()


@dataclass(frozen=True)
class Head:
    """The last event's position and hash."""

    position: int = 0
    hash: bytes = GENESIS


class HeadFile:
    """The head outside the store, replaced in one write after each commit.

    It may lag behind the store by what was committed when the process was killed, never run ahead of it.
    """

    def __init__(self, directory: Path) -> None:
        self._descriptor = os.open(directory / HEAD_FILE, os.O_RDWR | os.O_CREAT, 0o600)

    def write(self, head: Head) -> None:
        """Note that the store reaches this far."""
        os.pwrite(self._descriptor, b"%020d %b\n" % (head.position, head.hash.hex().encode()), 0)

    def close(self) -> None:
        """Bring it to the disk and let go of it."""
        os.fsync(self._descriptor)
        os.close(self._descriptor)


def _parsed(line: bytes) -> Head:
    if not line:
        return Head()
    position, digest = line.split()
    return Head(int(position), bytes.fromhex(digest.decode()))


class ChainBroken(Exception):
    """The store does not end where the head outside it says, or cannot be read at all."""


@dataclass(frozen=True)
class Flaw:
    """The first place where the log is not what was written.

    kind: changed (its bytes are others), removed (no such event), moved (it stands at `found_at`), unreadable (the file
    is damaged there), cut_off (the end is missing from here on), head (the head outside the store belongs to another
    log), no_head (there is none), index (every event is there, but the store's own index is damaged).
    """

    kind: Literal["changed", "removed", "moved", "unreadable", "cut_off", "head", "no_head", "index"]
    position: int
    topic: str = ""
    aggregate: str = ""
    version: int = 0
    found_at: int = 0

    def __str__(self) -> str:
        name = f"event {self.position}"
        if self.topic:
            name += f" ({self.topic}, version {self.version} of {self.aggregate})"
        return f"{name} {_SAID[self.kind]}{self.found_at or ''}"


_SAID = {
    "changed": "was changed",
    "removed": "was removed",
    "moved": "was moved: it stands at ",
    "unreadable": "cannot be read: the file is damaged",
    "cut_off": "and all after it are missing",
    "head": "is not the one that the head outside the store names",
    "no_head": "is the last one there is, but the head outside the store, which would prove it, is missing or damaged",
    "index": "is the last and all are as they were written, but the store's index is damaged",
}


@dataclass(frozen=True)
class Verdict:
    """What a walk along the chain came to: how many events it proved, and the first flaw if there is one."""

    events: int
    flaw: Flaw | None


_Row = tuple[int, Any, Any, Any, Any, Any]
"""As it is written: position, aggregate, version, topic, state, hash. Whoever tampers may have put in anything."""

_COLUMNS = "SELECT position, originator_id, originator_version, topic, state, hash FROM stored_events"


def verify(directory: Path) -> Verdict:
    """Walk the chain of a data directory, also while a server writes to it. Memory stays flat whatever its length."""
    # The head first: the store is never behind it, and may go on growing while it is read.
    head = read_head(directory)
    if not (directory / STORE_FILE).exists():
        return Verdict(0, Flaw("cut_off", 1) if head is None or head.position else None)
    db = sqlite3.connect(f"{(directory / STORE_FILE).absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)
    db.text_factory = bytes
    try:
        db.execute("BEGIN")
        return _walk(db, head)
    finally:
        db.close()


def read_head(directory: Path) -> Head | None:
    """The head outside the store; None if it is missing or damaged."""
    try:
        return _parsed((directory / HEAD_FILE).read_bytes())
    except (FileNotFoundError, ValueError):
        return None


def _walk(db: sqlite3.Connection, head: Head | None) -> Verdict:
    previous, expected = GENESIS, 1
    try:
        row: _Row
        for row in db.execute(f"{_COLUMNS} ORDER BY position"):
            position, digest = row[0], row[5]
            if position != expected or _link(previous, position, row) != digest:
                return Verdict(expected - 1, _flaw(db, previous, expected, row))
            if head is not None and position == head.position and digest != head.hash:
                return Verdict(expected - 1, _named("head", expected, row))
            previous, expected = digest, expected + 1
        if head is None and expected > 1:
            return Verdict(expected - 1, Flaw("no_head", expected - 1))
        if head is not None and expected <= head.position:
            return Verdict(expected - 1, Flaw("cut_off", expected))
        sound = db.execute("PRAGMA integrity_check(1)").fetchone()[0] == b"ok"
    except sqlite3.DatabaseError:
        return Verdict(expected - 1, Flaw("unreadable", expected))
    return Verdict(expected - 1, None if sound else Flaw("index", expected - 1))


def _link(previous: bytes, position: int, row: _Row) -> bytes:
    """The hash that the row should have; none for a row of another shape than is ever written."""
    _, originator, version, topic, state, _ = row
    try:
        return link(previous, position, (originator, version, topic.decode(), state))
    except (TypeError, AttributeError, OverflowError, UnicodeDecodeError):
        return b""


def _flaw(db: sqlite3.Connection, previous: bytes, expected: int, row: _Row) -> Flaw:
    """What became of the event that should stand at `expected`: the one whose hash fits there may stand elsewhere."""
    here = row[5] if row[0] == expected else None
    for other in db.execute(f"{_COLUMNS} WHERE position > ? ORDER BY position", (expected,)):
        if _link(previous, expected, other) in (other[5], here):
            return _named("moved", expected, other)
    return _named("changed", expected, row) if here is not None else Flaw("removed", expected)


def _named(kind: Literal["changed", "moved", "head"], position: int, row: _Row) -> Flaw:
    found_at, originator, version, topic, _, _ = row
    aggregate = str(UUID(bytes=originator)) if isinstance(originator, bytes) and len(originator) == 16 else repr(originator)
    name = topic.decode(errors="replace") if isinstance(topic, bytes) else repr(topic)
    return Flaw(kind, position, name, aggregate, version, found_at if kind == "moved" else 0)
