"""`migrate`: create the tables on the servers, or bring them up to date, before other processes start."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any

from cli.console import Console, Mistake
from migrations.runner import migrate as migrate_rows
from processes.registry import names
from projections.engine.clickhouse_warehouse import ClickhouseWarehouse
from projections.engine.warehouse import NoDatabase
from settings import Settings
from store.postgres_lock import ServerLock
from store.process_progress import ProcessProgress
from store.server_tables import make_store, make_tables
from store.storage_location import RELAY_SCHEMA, OnServers
from streams import relay_progress
from streams.swap import Busy, finish_swap

_PATIENCE_S = 60.0


def migrate(settings: Settings, console: Console, *, dry_run: bool) -> int:
    """Make what is missing on PostgreSQL and on ClickHouse; with `dry_run` write the statements instead."""
    if settings.mode == "embedded":
        raise Mistake("a data directory needs no `atende migrate`: it is brought up to date when it is opened (ATENDE_MODE=distributed)")
    done = 0

    def say(statement: str) -> None:
        nonlocal done
        done += 1
        if dry_run:
            console.out(f"{statement.strip()};\n")

    make_all(settings, say, dry_run=dry_run)
    what = "would be run" if dry_run else "were run"
    console.warn(f"{done} statements {what}" if done else "the tables are up to date")
    return 0


def make_all(settings: Settings, say: Callable[[str], object] = lambda _: None, *, dry_run: bool = False) -> None:
    """Make what is missing on PostgreSQL and on ClickHouse; `say` is called with each statement."""
    with _alone(settings, wait=not dry_run):
        store = OnServers(settings.data, settings.store_url, settings.keys_url)
        make_store(store, say, dry_run=dry_run)
        if not dry_run:
            _register(store)
        make_tables(settings.store_url, RELAY_SCHEMA, (relay_progress.TABLES,), say, dry_run=dry_run)
        _rows(settings, say, dry_run=dry_run)


def _register(store: OnServers) -> None:
    """Process managers react to what happens from now on, even before the first of them runs."""
    with closing(store.events()) as log:
        for name in names():
            ProcessProgress(log, name).register()


@contextmanager
def _alone(settings: Settings, *, wait: bool) -> Iterator[None]:
    """Let one process migrate at a time; a second one waits, and then has nothing to do."""
    with ServerLock(settings.store_url, "migrate") as lock:
        if wait and not lock.take(_PATIENCE_S):
            raise Mistake(f"another `atende migrate` has been at work for {_PATIENCE_S:.0f} s")
        yield


class _Nothing:
    """A database that does not exist yet."""

    def execute(self, sql: str, **_: Any) -> list[dict[str, Any]]:
        """No table exists."""
        return [{"result": 0}] if sql.startswith("EXISTS") else []


def _rows(settings: Settings, say: Callable[[str], object], *, dry_run: bool) -> None:
    cluster = settings.clickhouse_cluster
    try:
        warehouse = ClickhouseWarehouse(settings.clickhouse_url, makes_database=False)
    except NoDatabase as missing:
        make = f"CREATE DATABASE IF NOT EXISTS {missing.database}{f' ON CLUSTER {cluster}' if cluster else ''}"
        say(make)
        if dry_run:
            migrate_rows(_Nothing(), dry_run=True, say=say, cluster=cluster)
            return
        with closing(ClickhouseWarehouse(settings.clickhouse_url, "default")) as server:
            server.execute(make)
        warehouse = ClickhouseWarehouse(settings.clickhouse_url)
    with closing(warehouse):
        if not dry_run:
            _whole(settings, warehouse)
        migrate_rows(warehouse, dry_run=dry_run, say=say, cluster=cluster)
        if not dry_run:
            warehouse.durable()


def _whole(settings: Settings, warehouse: ClickhouseWarehouse) -> None:
    """Restore tables that are missing because ClickHouse died while a rebuild swapped them."""
    try:
        finish_swap(settings.store_url, warehouse, settings.clickhouse_cluster)
    except Busy as busy:
        raise Mistake(str(busy)) from busy
