"""Dead letters tried again: folded by this version of Atende, from the log itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from projections.engine.reading import Stored
from projections.engine.refolding import fold_anew, takes_further, write_anew
from projections.engine.warehouse import Warehouse
from store.database import Database
from streams.dead_letters import DeadLetter, DeadLetters
from streams.write_lock import WriteLock

_EVENT = "SELECT position, originator_id, originator_version, topic, state FROM stored_events"


@dataclass(frozen=True)
class Tried:
    """What became of a letter. refused: why there are still no rows of it; "" where there are."""

    letter: DeadLetter
    refused: str


def retry(letters: Iterable[DeadLetter], kept: DeadLetters, log: Database, warehouse: Warehouse, write_lock: WriteLock) -> Iterable[Tried]:
    """Try each; one that succeeds is settled. Done twice, or cut off in between, nothing changes. Raises what its servers do, and WriteLockLost."""
    for letter in letters:
        refused = _tried(letter, log, warehouse, write_lock)
        if not refused:
            kept.settle([letter])
        yield Tried(letter, refused)


def _tried(letter: DeadLetter, log: Database, warehouse: Warehouse, write_lock: WriteLock) -> str:
    if letter.position is None:
        return "no event of the log: no relay wrote this message"
    events = _events(log, letter.position)
    if not events:
        return "the log has no event at this position"
    folded = fold_anew(events)
    for refused in folded.refused:
        if refused.position == letter.position:
            return refused.error
    with write_lock.alone():
        write_anew(warehouse, folded)
    return ""


def _events(log: Database, position: int) -> Sequence[Stored]:
    """The event, and the others of its aggregate if its rows build on theirs."""
    found: list[Stored] = [_stored(row) for row in log.read(f"{_EVENT} WHERE position = ?", (position,))]
    if not found or not takes_further(found[0][3]):
        return found
    return [_stored(row) for row in log.read(f"{_EVENT} WHERE originator_id = ? ORDER BY originator_version", (found[0][1],))]


def _stored(row: tuple[int, bytes, int, str, bytes]) -> Stored:
    position, id, version, topic, state = row
    return position, bytes(id), version, topic, bytes(state)
