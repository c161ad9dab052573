"""Proof of single events and of the log up to a position, while the store is open.

`chain.walk` checks a whole log at once, which takes minutes on a large one. The prover walks the same chain in steps, so that a request waits for
a bounded part of it; and it checks the events of one aggregate directly, each against its hash and that of the event before it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from store.chain import Head, link
from store.recorded_event import RecordedEvent

AGAIN_US = 600_000_000
"""A finished walk begins again after this time, because what was proved may have been changed since."""

MOST_AT_ONCE = 50_000
"""The number of events that one call checks: 0.7 s on a busy core."""

_A_READ = 5_000

Reading = Callable[[int, int], Sequence[RecordedEvent]]
"""Returns at most so many events after a position."""


@dataclass(frozen=True)
class ChainProof:
    """The result of a walk of the chain up to a position.

    verdict: intact, broken, or unfinished: the walk has come as far as `checked_to`. first_broken: the position of the first event that is not
    what was written, or that is missing. began_us: when the walk began (microseconds since 1970).
    """

    verdict: Literal["intact", "broken", "unfinished"]
    checked_to: int
    began_us: int
    first_broken: int | None = None


@dataclass
class _Walk:
    began_us: int
    head: Head
    broken: bool = False


class ChainProver:
    """Walks the chain of an open log. Thread-safe. read: returns events in the order of the log."""

    def __init__(self, read: Reading) -> None:
        self._read = read
        self._lock = threading.Lock()
        self._walk: _Walk | None = None
        self._before: _Walk | None = None

    def log(self, until: int, now_us: int, most: int = MOST_AT_ONCE) -> ChainProof:
        """The proof of the log up to a position: walks `most` events further at most."""
        with self._lock:
            walk = self._walk
            if walk is None or not walk.began_us <= now_us < walk.began_us + AGAIN_US:
                if walk is not None and (walk.broken or walk.head.position >= until):
                    self._before = walk
                walk = self._walk = _Walk(now_us, Head())
            self._advance(walk, until, most)
            proved = _proof(walk, until)
            if proved.verdict == "unfinished" and self._before is not None:
                before = _proof(self._before, until)
                return proved if before.verdict == "unfinished" else before
            return proved

    def _advance(self, walk: _Walk, until: int, most: int) -> None:
        end = min(until, walk.head.position + most)
        while walk.head.position < end and not walk.broken:
            events = self._read(walk.head.position, min(_A_READ, end - walk.head.position))
            for event in events:
                if not fits(walk.head, event):
                    walk.broken = True
                    break
                walk.head = Head(event.position, event.hash)
            walk.broken |= not events

    def first_broken(self, events: Sequence[tuple[int, str, str]]) -> int | None:
        """The position of the first of these events (position, topic, state) that is not what was written; None if all are.

        An event that was read elsewhere is compared with the log too: what a reader is shown is what the log has.
        """
        for position, topic, state in events:
            read = self._read(max(0, position - 2), min(2, position))
            before = Head() if position == 1 else Head(read[0].position, read[0].hash) if read else Head()
            if not read or before.position != position - 1 or not fits(before, read[-1]):
                return position
            if (read[-1].topic, read[-1].state) != (topic, state.encode()):
                return position
        return None


def fits(before: Head, event: RecordedEvent) -> bool:
    """Whether an event is the one that was written after `before`."""
    if event.position != before.position + 1:
        return False
    try:
        return link(before.hash, event.position, event) == event.hash
    except (TypeError, AttributeError, OverflowError, UnicodeError):
        # A manipulated row may contain values of any type.
        return False


def _proof(walk: _Walk, until: int) -> ChainProof:
    reached = walk.head.position
    if reached >= until:
        return ChainProof("intact", until, walk.began_us)
    if walk.broken:
        return ChainProof("broken", reached, walk.began_us, reached + 1)
    return ChainProof("unfinished", reached, walk.began_us)
