"""Flush rows to disk. ClickHouse leaves them in the page cache, and a power failure could lose them while the recorded position survives."""

from __future__ import annotations

from projections.engine.warehouse import Warehouse

_DURABLE = "MODIFY SETTING fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1"

_NOT_DURABLE = """
    SELECT name, ifNull(total_rows, 0) AS rows FROM system.tables
    WHERE database = {database:String} AND engine LIKE '%MergeTree' AND create_table_query NOT LIKE '%fsync_after_insert%'
"""


def make_durable(warehouse: Warehouse) -> int:
    """Make every table flush its rows to disk before an insert returns. Returns how many rows the tables that were changed have already."""
    rows = 0
    for table in warehouse.execute(_NOT_DURABLE, database=warehouse.database):
        warehouse.execute(f"ALTER TABLE {table['name']} {_DURABLE}")
        rows += table["rows"]
    return rows
