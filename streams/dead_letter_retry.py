"""Retry dead letters: fold them with this version of Atende, from the log itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from projections.engine.refolding import fold_anew, takes_further, write_anew
from projections.engine.warehouse import Warehouse
from store.database import Database
from store.log_reader import EVENT
from store.recorded_event import RecordedEvent
from streams.dead_letters import DeadLetter, DeadLetters
from streams.write_lock import WriteLock


@dataclass(frozen=True)
class Tried:
    """The result of a retry. refused: why there are still no rows of the event; "" if there are."""

    dead_letter: DeadLetter
    refused: str


def retry(
    dead_letters: Iterable[DeadLetter], kept: DeadLetters, log: Database, warehouse: Warehouse, write_lock: WriteLock
) -> Iterable[Tried]:
    """Retry each; one that succeeds is settled. A repeat, or a cut in between, does no harm. Raises the errors of the servers, and WriteLockLost."""
    for dead_letter in dead_letters:
        refused = _tried(dead_letter, log, warehouse, write_lock)
        if not refused:
            kept.settle([dead_letter])
        yield Tried(dead_letter, refused)


def _tried(dead_letter: DeadLetter, log: Database, warehouse: Warehouse, write_lock: WriteLock) -> str:
    if dead_letter.position is None:
        return "no event of the log: no relay wrote this message"
    events = _events(log, dead_letter.position)
    if not events:
        return "the log has no event at this position"
    folded = fold_anew(events)
    for refused in folded.refused:
        if refused.position == dead_letter.position:
            return refused.error
    with write_lock.alone():
        write_anew(warehouse, folded)
    return ""


def _events(log: Database, position: int) -> Sequence[RecordedEvent]:
    """The event, and the others of its aggregate if its rows build on theirs."""
    found = [RecordedEvent(*row) for row in log.read(f"{EVENT} WHERE position = ?", (position,))]
    if not found or not takes_further(found[0].topic):
        return found
    return [RecordedEvent(*row) for row in log.read(f"{EVENT} WHERE originator_id = ? ORDER BY originator_version", (found[0].id,))]
