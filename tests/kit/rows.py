"""A warehouse for tests: one engine per module, because a process can have only one chDB; an empty database per test.

`engine` is each of the engines in turn; `engine_at_length` too, but the server only in long runs; `in_process` and `on_server` are one of
them. A module imports the one that it needs: `from tests.kit.rows import in_process as engine`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID, uuid4

import pytest

from migrations.runner import migrate
from projections.engine.chdb_warehouse import ChdbWarehouse
from projections.engine.clickhouse_warehouse import ClickhouseWarehouse
from projections.engine.folding import Folding
from projections.engine.tables import FACTS, PARTS, source
from projections.engine.warehouse import Warehouse
from projections.engine.writing import write
from services.clickhouse import ClickHouse
from tests.kit.log import MemoryLog
from tests.kit.servers import address

TENANT = UUID(int=7)


@contextmanager
def _in_process(directories: pytest.TempPathFactory) -> Iterator[ChdbWarehouse]:
    opened = ChdbWarehouse(directories.mktemp("engine"))
    yield opened
    opened.close()


@contextmanager
def _on_server() -> Iterator[ClickhouseWarehouse]:
    """A database of the server. It is dropped afterwards, with those whose names begin with its name."""
    opened = ClickhouseWarehouse(address(ClickHouse), f"test_{uuid4().hex[:12]}")
    yield opened
    for database in opened.execute("SHOW DATABASES"):
        if database["name"].startswith(opened.database):
            opened.execute(f"DROP DATABASE {database['name']}")
    opened.close()


@pytest.fixture(scope="module")
def in_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChdbWarehouse]:
    with _in_process(tmp_path_factory) as opened:
        yield opened


@pytest.fixture(scope="module")
def on_server() -> Iterator[ClickhouseWarehouse]:
    with _on_server() as opened:
        yield opened


@contextmanager
def _opened(kind: str, directories: pytest.TempPathFactory) -> Iterator[Warehouse]:
    with _in_process(directories) if kind == "chdb" else _on_server() as opened:
        yield opened


@pytest.fixture(scope="module", params=["chdb", "clickhouse"])
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    with _opened(request.param, tmp_path_factory) as opened:
        yield opened


@pytest.fixture(scope="module", params=["chdb", pytest.param("clickhouse", marks=pytest.mark.long)])
def engine_at_length(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    with _opened(request.param, tmp_path_factory) as opened:
        yield opened


def beside(engine: Warehouse) -> Warehouse:
    """An empty database in the engine."""
    return engine.beside(f"{engine.database}_{uuid4().hex[:12]}")


@pytest.fixture
def warehouse(engine: Warehouse) -> Iterator[Warehouse]:
    """Without a table."""
    opened = beside(engine)
    yield opened
    opened.close()
    engine.execute(f"DROP DATABASE {opened.database}")


@pytest.fixture
def rows(warehouse: Warehouse) -> Warehouse:
    """With all tables."""
    migrate(warehouse)
    return warehouse


class PassingOn:
    """Wraps a warehouse; a subclass overrides one method."""

    def __init__(self, inner: Warehouse) -> None:
        self.inner = inner

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)


class Killed(BaseException):
    """Ends the current operation, as a kill would."""


def cut_off(execute: Callable[..., list[dict[str, Any]]], moves: int) -> Callable[..., list[dict[str, Any]]]:
    """A version of `execute` that dies in the middle of a swap, after this many moves."""

    def executed(*arguments: Any, **params: Any) -> list[dict[str, Any]]:
        *warehouse, sql = arguments
        if not sql.startswith("RENAME TABLE "):
            return execute(*arguments, **params)
        for move in sql.removeprefix("RENAME TABLE ").split(", ")[:moves]:
            execute(*warehouse, f"RENAME TABLE {move}")
        raise Killed

    return executed


def everything(warehouse: Warehouse, as_of: int | None = None, tenant: UUID = TENANT) -> dict[str, list[dict[str, Any]]]:
    """Every row that a query can see, table by table."""
    params = {} if as_of is None else {"as_of": as_of}
    return {table: warehouse.query(f"SELECT * FROM {source(table, as_of)} ORDER BY id", tenant, **params) for table in (*FACTS, *PARTS)}


def folded_at_once(log: MemoryLog, warehouse: Warehouse) -> dict[str, Any]:
    """The rows of a log that is folded in one batch."""
    beside = warehouse.beside(f"{warehouse.database}_once")
    try:
        migrate(beside)
        write(beside, Folding(beside).fold(log.events))
        return everything(beside)
    finally:
        beside.close()
        warehouse.execute(f"DROP DATABASE {warehouse.database}_once")
