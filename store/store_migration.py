"""Store migration from a data directory to servers: the same events at the same positions, the same keys, the same receipts.

The directory is locked meanwhile. A migration that is killed at any moment continues when it is run again; until it has finished, no
process can open the store on the servers. Afterwards the chain is checked there, and the directory records where its store went.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from store.chain import Flaw, Head
from store.database import Snapshot
from store.key_backup import BESIDE_THE_LOG, KEYS, Table, copy
from store.keyring import INDEX_KEY
from store.log_reader import EVENT
from store.log_restore import Flawed, LogRestore, NotTheSameLog
from store.master_key import Rewrapping, master_key, opening_key
from store.recorded_event import RecordedEvent
from store.storage_location import InDirectory, OnServers

MOVED = "moved"
"""The file in a data directory that names the new location of its store."""

_AT_ONCE = 5_000
_AT = "SELECT position, hash FROM stored_events WHERE position = ?"

Say = Callable[[str, int, int], object]
"""Called with what is migrated, how many of it are done, and the total."""


@dataclass(frozen=True)
class Moved:
    """The result of a store migration. head: of the log; events: migrated by this run; rows: of the keys and of the tables beside the log."""

    head: Head
    events: int
    rows: int


def move(source: InDirectory, target: OnServers, master: str, say: Say = lambda *_: None) -> Moved:
    """Migrate the store of a data directory that this process has locked. `master`: the master key of the servers, as the settings give it.

    Keys wrapped by the directory's own master key are wrapped again by the servers' master key.
    Raises Stopped, NotTheSameLog (other events are there), Occupied, WrongMasterKey, StoreUnavailable.
    """
    with source.keys_now() as keys, source.log_now() as log:
        index = next(keys.rows(INDEX_KEY), None)
        theirs = master_key(target.directory, master)
        ours = theirs if index is None else opening_key(source.directory, theirs, index[0])
        wrapping = None if ours == theirs else Rewrapping(ours, theirs)
        with closing(LogRestore(target)) as restore:
            try:
                return _move(source, target, _Opened(keys, log, wrapping), restore, say)
            except Flawed as flaw:
                raise restore.stopped(flaw) from flaw


@dataclass(frozen=True)
class _Opened:
    keys: Snapshot
    log: Snapshot
    wrapping: Rewrapping | None


def _move(source: InDirectory, target: OnServers, there: _Opened, restore: LogRestore, say: Say) -> Moved:
    began = restore.reached
    end: int = next(there.log.rows("SELECT ifnull(max(position), 0) FROM stored_events"))[0]
    head = source.noted()
    if head is None and end:
        raise Flawed(Flaw("no_head", end))
    restore.must_contain(head or Head())
    if began.position:
        restore.skip(next((Head(*row) for row in there.log.rows(_AT, (began.position,))), Head()))
    elif not restore.may_copy_keys():
        raise NotTheSameLog
    restore.shut()
    changes = None if there.wrapping is None else {"about": there.wrapping.about, "keys": there.wrapping.keys}
    rows = copy(there.keys, restore.keys, KEYS, _counted("keys", _count(there.keys, KEYS), say), changes)
    log = there.log.rows(f"{EVENT} WHERE position > ? ORDER BY position", (began.position,))
    while some := [_read(row) for row in islice(log, _AT_ONCE)]:
        restore.take(some)
        say("move", restore.walked.position, end)
    restore.settle()
    rows += copy(there.log, restore.events, BESIDE_THE_LOG, _counted("receipts", _count(there.log, BESIDE_THE_LOG), say))
    ended = restore.finish()
    verdict = target.verify()
    if verdict.flaw is not None:
        restore.shut()
        raise Flawed(verdict.flaw)
    return Moved(ended, ended.position - began.position, rows)


def _read(row: tuple[int, bytes, int, bytes, bytes, bytes]) -> RecordedEvent:
    """Decode a row: a snapshot returns texts as bytes."""
    position, id, version, topic, state, digest = row
    return RecordedEvent(position, id, version, topic.decode(), state, digest)


def _count(source: Snapshot, tables: tuple[Table, ...]) -> int:
    return sum(next(source.rows(f"SELECT count(*) FROM {table.name}"))[0] for table in tables)  # noqa: S608 - Atende's own names


def _counted(what: str, total: int, say: Say) -> Callable[[int], object]:
    return lambda done: say(what, done, total)


def leave_note(directory: Path, target: OnServers) -> None:
    """Record in the directory where its store went."""
    (directory / MOVED).write_text(f"{target.name}\n", encoding="utf-8")


def note_left(directory: Path) -> str:
    """Where the store of this directory went; "" while it is here."""
    try:
        return (directory / MOVED).read_text(encoding="utf-8").strip() or "servers"
    except FileNotFoundError:
        return ""
