"""Copy whole tables from one database to another: the key store into its backup and back, a directory's tables to a server.

A copied table has exactly the rows of its source. All tables of one copy are written in one transaction, so that no person's
key is visible without the names that lead to it.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from store import keyring
from store.chain import Head
from store.database import Database, Kind, NoRoom, Snapshot, Unreadable
from store.sqlite_database import SqliteDatabase, sqlite_snapshot
from store.storage_location import HEAD_TABLE, StorageLocation
from store.sync import sync_to_disk

AT_ONCE = 5_000


@dataclass(frozen=True)
class Table:
    """A table: its name, and its columns in order with their types."""

    name: str
    columns: Mapping[str, Kind]


KEYS = (
    Table("about", {"what": "text", "value": "bytes"}),
    Table("keys", {"subject": "bytes", "wrapped": "bytes", "owner": "bytes"}),
    Table("names", {"tag": "bytes", "subject": "bytes"}),
)
"""The tables of the key store. Every key stays wrapped, by the same master key or by another."""

BESIDE_THE_LOG = (
    Table("idempotency", {"tenant": "bytes", "key": "bytes", "digest": "bytes", "receipt": "bytes", "expires_at": "integer"}),
    Table("protocols", {"tenant": "bytes", "next": "integer"}),
    Table("heartbeats", {"agent": "bytes", "heard": "integer"}),
    Table("last_uses", {"key": "bytes", "used": "integer"}),
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
    Table(
        "webhook_deliveries",
        {
            "id": "bytes",
            "number": "integer",
            "tenant": "bytes",
            "webhook": "bytes",
            "subject": "bytes",
            "type": "text",
            "body": "text",
            "created": "integer",
            "began": "integer",
            "status": "text",
            "attempts": "integer",
            "due": "integer",
            "tried": "integer",
            "took_ms": "integer",
            "code": "integer",
            "error": "text",
        },
    ),
    Table("webhook_failures", {"delivery": "bytes", "failed": "integer"}),
    Table(
        "webhook_receivers",
        {"webhook": "bytes", "failed": "integer", "tried": "integer", "took_ms": "integer", "code": "integer", "error": "text"},
    ),
)
"""The tables that are as durable as the log. Sessions are not among them: users sign in again."""


class NoBackup(Exception):
    """A file that is no key backup, or cannot be written as one. The message gives the reason."""


Change = Callable[[Sequence[Any]], Sequence[Any]]
"""Converts a row while it is copied."""


def copy(
    source: Snapshot,
    target: Database,
    tables: Sequence[Table],
    say: Callable[[int], object] = lambda _: None,
    changes: Mapping[str, Change] | None = None,
) -> int:
    """Replace the rows of these tables of `target` with those of `source`, in one transaction. Returns the number of rows.

    say: called with the number of rows copied so far. changes: conversions by a table's name, for tables whose rows change.
    """
    done = 0
    with target.transaction():
        for table in tables:
            target.execute(f"DELETE FROM {table.name}")  # noqa: S608 - the names are Atende's own
            kinds = list(table.columns.values())
            texts = [column for column, kind in enumerate(kinds) if kind == "text"]
            change = (changes or {}).get(table.name, _unchanged)
            rows = source.rows(f"SELECT {', '.join(table.columns)} FROM {table.name}")  # noqa: S608 - as above
            while some := list(islice(rows, AT_ONCE)):
                target.insert(table.name, kinds, [change(_read(row, texts)) for row in some])
                done += len(some)
                say(done)
    return done


def _unchanged(row: Sequence[Any]) -> Sequence[Any]:
    return row


def _read(row: Sequence[Any], texts: Sequence[int]) -> Sequence[Any]:
    """The row with its texts decoded: SQLite returns them as bytes."""
    read = list(row)
    for column in texts:
        read[column] = row[column].decode() if isinstance(row[column], bytes) else row[column]
    return read


# The backup of a key store


def back_up_keys(location: StorageLocation, file: Path, say: Callable[[int], object] = lambda _: None) -> Head | None:
    """Write the key store and the head of its log into a new file of mode 600. Returns the head.

    The log may grow meanwhile: the backup has every key that an event up to the head needs. Raises NoBackup if the file exists or cannot be written.
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
        sync_to_disk(part)
        os.link(part, file)
    except FileExistsError as error:
        raise NoBackup(f"{file} is there already") from error
    except (OSError, NoRoom) as error:
        cause = error.__cause__ if isinstance(error.__cause__, OSError) else error
        raise NoBackup(f"{file} cannot be written: {cause.strerror if isinstance(cause, OSError) else cause}") from error
    finally:
        with suppress(OSError):  # a directory that cannot be written to
            part.unlink(missing_ok=True)
    return head


@dataclass(frozen=True)
class Backup:
    """An open key backup. head: the head of its log at the time of the backup; index: the wrapped key of the index, which only the right master key opens."""

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
