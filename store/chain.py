"""The chain of hashes that makes tampering visible.

Each event's hash covers the previous hash, the event's position and its sealed bytes as stored. The last hash is
also recorded outside the store, so that a missing end is detected too. `verify` checks the whole chain and names the first
event that was changed, removed or moved.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from store.database import Snapshot, Unreadable
from store.recorded_event import RecordedEvent

GENESIS = bytes(32)
"""The hash before the first event."""


def link(previous: bytes, position: int, event: RecordedEvent) -> bytes:
    """The hash of an event at a position, given the hash of the previous event."""
    name = event.topic.encode()
    numbers = position.to_bytes(8, "big"), event.version.to_bytes(8, "big", signed=True), len(name).to_bytes(2, "big")
    return hashlib.sha256(b"".join((previous, numbers[0], event.id, numbers[1], numbers[2], name, event.state))).digest()


@dataclass(frozen=True)
class Head:
    """The last event's position and hash."""

    position: int = 0
    hash: bytes = GENESIS

    @property
    def unfinished(self) -> bool:
        """Whether this is the placeholder that is recorded as the head during a log restore. It names no event."""
        return self.position > 0 and self.hash == GENESIS


class ChainBroken(Exception):
    """The store does not end with the head recorded outside it, or cannot be read at all."""


@dataclass(frozen=True)
class Flaw:
    """The first position at which the log is not what was written.

    kind: changed (the bytes differ), removed (no such event), moved (the event is at `found_at`), unreadable (the file
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
        return f"{name} {_MESSAGES[self.kind]}{self.found_at or ''}"


_MESSAGES = {
    "changed": "was changed",
    "removed": "was removed",
    "moved": "was moved to position ",
    "unreadable": "cannot be read: the file is damaged",
    "cut_off": "and all after it are missing",
    "head": "is not the event that the head outside the store names",
    "no_head": "is the last event, but the head outside the store, which would prove it, is missing or damaged",
    "index": "is the last event and all events are unchanged, but the store's index is damaged",
}


@dataclass(frozen=True)
class Verdict:
    """The result of a check of the chain: the number of proved events, and the first flaw if there is one."""

    events: int
    flaw: Flaw | None


_Row = tuple[int, Any, Any, Any, Any, Any]
"""A stored row: position, aggregate, version, topic, state, hash. A manipulated row may contain values of any type."""

_COLUMNS = "SELECT position, originator_id, originator_version, topic, state, hash FROM stored_events"


def walk(store: Snapshot, head: Head | None) -> Verdict:
    """Check the chain of a whole log, in constant memory. `head`: recorded outside the store, read before the snapshot was taken."""
    previous, expected = GENESIS, 1
    try:
        row: _Row
        for row in store.rows(f"{_COLUMNS} ORDER BY position"):
            position, digest = row[0], row[5]
            if position != expected or _link(previous, position, row) != digest:
                return Verdict(expected - 1, _flaw(store, previous, expected, row))
            if head is not None and not head.unfinished and position == head.position and digest != head.hash:
                return Verdict(expected - 1, named("head", expected, row))
            previous, expected = digest, expected + 1
        if head is None and expected > 1:
            return Verdict(expected - 1, Flaw("no_head", expected - 1))
        if head is not None and (head.unfinished or expected <= head.position):
            return Verdict(expected - 1, Flaw("cut_off", expected))
        sound = store.is_sound()
    except Unreadable:
        return Verdict(expected - 1, Flaw("unreadable", expected))
    return Verdict(expected - 1, None if sound else Flaw("index", expected - 1))


def _link(previous: bytes, position: int, row: _Row) -> bytes:
    """The hash that the row should have; empty for a row with values of the wrong types."""
    _, originator, version, topic, state, _ = row
    try:
        return link(previous, position, RecordedEvent(position, originator, version, _as_text(topic), state))
    except (TypeError, AttributeError, OverflowError, UnicodeDecodeError):
        return b""


def _as_text(topic: Any) -> str:
    return topic if isinstance(topic, str) else str(topic.decode())


def _flaw(store: Snapshot, previous: bytes, expected: int, row: _Row) -> Flaw:
    """What happened to the event at `expected`: the event whose hash fits there may have another position."""
    here = row[5] if row[0] == expected else None
    other: _Row
    for other in store.rows(f"{_COLUMNS} WHERE position > ? ORDER BY position", (expected,)):
        if _link(previous, expected, other) in (other[5], here):
            return named("moved", expected, other)
    return named("changed", expected, row) if here is not None else Flaw("removed", expected)


def named(kind: Literal["changed", "moved", "head"], position: int, row: _Row) -> Flaw:
    """The flaw at a position, with the values of the row found there."""
    found_at, originator, version, topic, _, _ = row
    aggregate = str(UUID(bytes=originator)) if isinstance(originator, bytes) and len(originator) == 16 else repr(originator)
    name = topic if isinstance(topic, str) else topic.decode(errors="replace") if isinstance(topic, bytes) else repr(topic)
    return Flaw(kind, position, name, aggregate, version, found_at if kind == "moved" else 0)
