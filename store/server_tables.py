"""The tables of a store on PostgreSQL servers, created before the first process uses them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing

from store import event_store as store
from store import keyring, recorder
from store import storage_location as location
from store.postgres_database import PostgresDatabase
from store.storage_location import KEYS_SCHEMA, STORE_SCHEMA, OnServers

TABLES: Mapping[str, Sequence[str]] = {
    STORE_SCHEMA: (recorder.SCHEMA, *store.TABLES),
    KEYS_SCHEMA: (keyring.SCHEMA, location.HEAD_TABLE),
}
"""The tables by schema, in the form that `Database.define` takes."""


def make_tables(url: str, schema: str, tables: Sequence[str], say: Callable[[str], object], *, dry_run: bool = False) -> int:
    """Create the missing tables of a schema. Returns the number of statements. `say` is called with each; `dry_run`: only that.

    Raises StoreUnavailable for a server that cannot be used and for tables of another layout.
    """
    with closing(PostgresDatabase(url, schema, makes_tables=not dry_run)) as database:
        done: list[str] = []
        for definition in tables:
            for statement in database.missing(definition):
                if statement not in done:
                    say(statement)
                    done.append(statement)
            if not dry_run:
                database.define(definition)
        return len(done)


def make_store(where: OnServers, say: Callable[[str], object], *, dry_run: bool = False) -> int:
    """Create the missing tables of the log and of the keys, as `make_tables`."""
    urls = {STORE_SCHEMA: where.store_url, KEYS_SCHEMA: where.keys_url or where.store_url}
    return sum(make_tables(urls[schema], schema, tables, say, dry_run=dry_run) for schema, tables in TABLES.items())
