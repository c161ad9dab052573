"""A warehouse for tests: one engine a module, for a process can have but one; an empty database a test."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest

from migrations.runner import migrate
from projections.chdb_warehouse import ChdbWarehouse
from projections.tables import FACTS, source

TENANT = UUID(int=7)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChdbWarehouse]:
    opened = ChdbWarehouse(tmp_path_factory.mktemp("engine"))
    yield opened
    opened.close()


@pytest.fixture
def warehouse(engine: ChdbWarehouse) -> Iterator[ChdbWarehouse]:
    """Without a table."""
    beside = engine.beside(f"d{uuid4().hex}")
    yield beside
    beside.close()
    engine.execute(f"DROP DATABASE {beside.database}")


@pytest.fixture
def rows(warehouse: ChdbWarehouse) -> ChdbWarehouse:
    """With all tables; what only a loss of power would show is left out, for it takes time."""
    migrate(warehouse)
    return warehouse


def everything(warehouse: ChdbWarehouse, as_of: int | None = None, tenant: UUID = TENANT) -> dict[str, list[dict[str, Any]]]:
    """Every row that a question can see, table by table."""
    params = {} if as_of is None else {"as_of": as_of}
    orders = {"rings": "visit, n", "holds": "visit, n"}
    return {
        table: warehouse.query(f"SELECT * FROM {source(table, as_of)} ORDER BY {orders.get(table, 'id')}", tenant, **params)
        for table in (*FACTS, "rings", "holds")
    }
