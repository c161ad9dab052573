"""The chain of hashes that makes tampering visible.

Each event's hash covers the one before it, its position and its sealed bytes as they lie in the store. The last one is
also written to a file of its own beside the store, so that a missing end is seen too. `verify` walks the whole chain
and names the first event that was changed, removed or moved.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from uuid import UUID

STORE_FILE = "events.db"
HEAD_FILE = "head"
GENESIS = bytes(32)
"""The hash before the first event."""

_HEAD_BYTES = 20 + 1 + 64 + 1


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

    def read(self) -> Head:
        """The head as it was last written."""
        return _parsed(os.pread(self._descriptor, _HEAD_BYTES, 0))

    def close(self) -> None:
        """Bring it to the disk and let go of it."""
        os.fsync(self._descriptor)
        os.close(self._descriptor)


def _parsed(line: bytes) -> Head:
    if not line:
        return Head()
    try:
        position, digest = line.split()
        return Head(int(position), bytes.fromhex(digest.decode()))
    except ValueError as error:
        raise ChainBroken("the file of the chain's head is damaged") from error


class ChainBroken(Exception):
    """The store does not end where the head outside it says."""


@dataclass(frozen=True)
class Flaw:
    """The first place where the log is not what was written.

    kind: changed (its bytes are others), removed (no such event), moved (it stands at `found_at`),
    cut_off (the end is missing from here on), head (the head outside the store belongs to another log).
    """

    kind: Literal["changed", "removed", "moved", "cut_off", "head"]
    position: int
    topic: str = ""
    aggregate: UUID | None = None
    version: int = 0
    found_at: int = 0

    def __str__(self) -> str:
        name = f"event {self.position}"
        if self.topic:
            name += f" ({self.topic}, version {self.version} of {self.aggregate})"
        match self.kind:
            case "changed":
                return f"{name} was changed"
            case "removed":
                return f"{name} was removed"
            case "moved":
                return f"{name} was moved: it stands at {self.found_at}"
            case "cut_off":
                return f"{name} and all after it are missing"
            case "head":
                return f"{name} is not the one that the head outside the store names"


@dataclass(frozen=True)
class Verdict:
    """What a walk along the chain came to: how many events it proved, and the first flaw if there is one."""

    events: int
    flaw: Flaw | None


_Row = tuple[int, bytes, int, str, bytes, bytes]
_COLUMNS = "SELECT position, originator_id, originator_version, topic, state, hash FROM stored_events"


def verify(directory: Path) -> Verdict:
    """Walk the chain of a data directory, also while a server writes to it. Memory stays flat whatever its length."""
    # The head first: the store is never behind it, and may go on growing while it is read.
    line = (directory / HEAD_FILE).read_bytes() if (directory / HEAD_FILE).exists() else b""
    head = _parsed(line)
    db = sqlite3.connect(f"file:{directory / STORE_FILE}?mode=ro", uri=True, isolation_level=None)
    try:
        db.execute("BEGIN")
        return _walk(db, head)
    finally:
        db.close()


def _walk(db: sqlite3.Connection, head: Head) -> Verdict:
    previous, expected = GENESIS, 1
    rows: Iterator[_Row] = db.execute(f"{_COLUMNS} ORDER BY position")
    for row in rows:
        position, originator, version, topic, state, digest = row
        if position != expected or link(previous, position, (originator, version, topic, state)) != digest:
            return Verdict(expected - 1, _flaw(db, previous, expected, row))
        if position == head.position and digest != head.hash:
            return Verdict(expected - 1, Flaw("head", position, topic, UUID(bytes=originator), version))
        previous, expected = digest, expected + 1
    if expected <= head.position:
        return Verdict(expected - 1, Flaw("cut_off", expected))
    return Verdict(expected - 1, None)


def _flaw(db: sqlite3.Connection, previous: bytes, expected: int, row: _Row) -> Flaw:
    """What became of the event that should stand at `expected`: the one whose hash fits there may stand elsewhere."""
    for position, originator, version, topic, state, digest in db.execute(f"{_COLUMNS} WHERE position > ? ORDER BY position", (expected,)):
        if link(previous, expected, (originator, version, topic, state)) == digest:
            return Flaw("moved", expected, topic, UUID(bytes=originator), version, position)
    position, originator, version, topic, _, _ = row
    if position != expected:
        return Flaw("removed", expected)
    return Flaw("changed", position, topic, UUID(bytes=originator), version)
