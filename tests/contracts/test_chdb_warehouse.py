"""The warehouse in the process keeps the contract, and what is particular to it."""

from __future__ import annotations

import threading
from uuid import UUID

from projections.engine.chdb_warehouse import ChdbWarehouse
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


def test_a_small_query_uses_one_thread(warehouse: ChdbWarehouse) -> None:
    (asked,) = warehouse.for_small_queries.execute("SELECT getSetting('max_threads') AS threads")
    assert asked == {"threads": 1}


def test_a_question_outlives_the_moment_in_which_its_table_is_swapped(warehouse: ChdbWarehouse) -> None:
    warehouse.execute("CREATE TABLE coming (tenant UUID) ENGINE = MergeTree ORDER BY tenant")
    swap = threading.Timer(0.1, warehouse.execute, ["RENAME TABLE coming TO swapped"])
    swap.start()
    assert warehouse.query("SELECT count() AS n FROM swapped WHERE tenant = {tenant:UUID}", UUID(int=1)) == [{"n": 0}]
    swap.join()
