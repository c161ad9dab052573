"""The warehouse in the process keeps the contract, and what is particular to it."""

from __future__ import annotations

from projections.chdb_warehouse import ChdbWarehouse
from tests.contracts.warehouse import TABLE, WarehouseContract
from tests.kit.rows import in_process as engine
from tests.kit.rows import warehouse

__all__ = ["engine", "warehouse"]


class TestChdbWarehouse(WarehouseContract):
    pass


def test_rows_are_made_durable_once(warehouse: ChdbWarehouse) -> None:
    warehouse.execute(TABLE)
    sql = "SELECT create_table_query AS made FROM system.tables WHERE database = {database:String}"
    for _ in range(2):
        warehouse.durable()
        (table,) = warehouse.execute(sql, database=warehouse.database)
        assert table["made"].count("fsync_after_insert = 1") == 1
        assert table["made"].count("fsync_part_directory = 1") == 1
