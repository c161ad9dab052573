"""Tables are copied from one database to another, whole: the key store into its backup and back, a directory's tables to a server.

A table that is copied has afterwards exactly the rows of its source. All tables of one copy are there at once or, after
a kill, not at all: nobody sees a person's key without the names that lead to it.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from store import keyring
from store.chain import Head
from store.database import Database, Kind, Snapshot, Unreadable
from store.sqlite_database import SqliteDatabase, sqlite_snapshot
from store.storage_location import HEAD_TABLE, StorageLocation

AT_ONCE = 5_000


@dataclass(frozen=True)
class Table:
    """A table as it is defined: its columns in their order, and what they hold."""

    name: str
    columns: Mapping[str, Kind]


KEYS = (
    Table("about", {"what": "text", "value": "bytes"}),
    Table("keys", {"subject": "bytes", "wrapped": "bytes", "owner": "bytes"}),
    Table("names", {"tag": "bytes", "subject": "bytes"}),
)
"""The key store; every key stays wrapped, by the same master key or by another."""

BESIDE_THE_LOG = (
    Table("idempotency", {"tenant": "bytes", "key": "text", "digest": "bytes", "receipt": "bytes"}),
    Table("protocols", {"tenant": "bytes", "next": "integer"}),
    Table("heartbeats", {"agent": "bytes", "heard": "integer"}),
    Table("process_positions", {"process": "text", "epoch": "integer", "position": "integer", "quiet": "integer"}),
    Table("process_timers", {"process": "text", "tenant": "bytes", "key": "text", "due": "integer", "payload": "text"}),
    Table(
        "process_failures",
        {
            "process": "text",
            "cause": "text",
            "position": "integer",
            "failed_at": "integer",
            "reason": "text",
            "tries": "integer",
            "retrying": "integer",
            "tenant": "bytes",
            "key": "text",
            "due": "integer",
            "payload": "text",
        },
    ),
)
"""What is as durable as the log. Who is signed in is not among it: people sign in anew."""


class NoBackup(Exception):
    """A file that is no backup of a key store, or cannot be one; says why."""


Change = Callable[[Sequence[Any]], Sequence[Any]]
"""What becomes of a row on its way."""


def copy(
    source: Snapshot,
    target: Database,
    tables: Sequence[Table],
    say: Callable[[int], object] = lambda _: None,
    changes: Mapping[str, Change] | None = None,
) -> int:
    """Let these tables of `target` have exactly the rows of `source`, in one transaction; how many rows. `say` hears how many are done.

    changes: by a table's name, for those whose rows are not to stay as they are.
    """
    done = 0
    with target.transaction():
        for table in tables:
            target.execute(f"DELETE FROM {table.name}")  # noqa: S608 - the names are Atende's own
            kinds = list(table.columns.values())
            texts = [location for location, kind in enumerate(kinds) if kind == "text"]
            change = (changes or {}).get(table.name, _unchanged)
            told = source.rows(f"SELECT {', '.join(table.columns)} FROM {table.name}")  # noqa: S608 - as above
            while some := list(islice(told, AT_ONCE)):
                target.insert(table.name, kinds, [change(_read(row, texts)) for row in some])
                done += len(some)
                say(done)
    return done


def _unchanged(row: Sequence[Any]) -> Sequence[Any]:
    return row


def _read(row: Sequence[Any], texts: Sequence[int]) -> Sequence[Any]:
    """A file gives its texts as bytes."""
    read = list(row)
    for location in texts:
        read[location] = row[location].decode() if isinstance(row[location], bytes) else row[location]
    return read


# The backup of a key store


def back_up_keys(location: StorageLocation, file: Path, say: Callable[[int], object] = lambda _: None) -> Head | None:
    """Write the key store as it stands, and the head of the log that it can read, into a new file of mode 600; the head.

    The log may go on meanwhile: every key that an event up to the head needs is there. Raises NoBackup where the file cannot be made, or is there.
    """
    # The head first: keys are saved before the events that need them.
    head = location.noted()
    part = file.with_name(f"{file.name}.part")
    try:
        part.unlink(missing_ok=True)
        with location.keys_now() as keys, closing(SqliteDatabase(part)) as backup:
            backup.define(keyring.SCHEMA)
            backup.define(HEAD_TABLE)
            copy(keys, backup, KEYS, say)
            if head is not None:
                backup.execute("INSERT INTO head VALUES (1, ?, ?)", (head.position, head.hash))
        _brought_to_disk(part)
        os.link(part, file)
    except FileExistsError as error:
        raise NoBackup(f"{file} is there already") from error
    except OSError as error:
        raise NoBackup(f"{file} cannot be written: {error.strerror}") from error
    finally:
        part.unlink(missing_ok=True)
    return head


def _brought_to_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@dataclass(frozen=True)
class Backup:
    """An open backup. head: the end of the log that it belongs to, as it was when it was made; index: what only the right master key opens."""

    keys: Snapshot
    head: Head | None
    index: bytes


@contextmanager
def opened_backup(file: Path) -> Iterator[Backup]:
    """A key store that `back_up_keys` wrote. Raises NoBackup."""
    try:
        if not stat.S_ISREG(file.stat().st_mode):
            raise NoBackup(f"{file} is no file")
    except OSError as error:
        raise NoBackup(f"{file}: {error.strerror}") from error
    with sqlite_snapshot(file, immutable=True) as keys:
        try:
            index = next(keys.rows(keyring.INDEX_KEY), None)
            head = next(keys.rows("SELECT position, hash FROM head WHERE one = 1"), None)
        except Unreadable as error:
            raise NoBackup(f"{file} is no backup of a key store: {error}") from error
        if index is None:
            raise NoBackup(f"{file} is no backup of a key store: the index has no key")
        yield Backup(keys, None if head is None else Head(*head), index[0])
