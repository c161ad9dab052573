"""Rows on disk: what ClickHouse leaves to the page cache would be lost with the power, while the position that says it was written might not."""

from __future__ import annotations

from projections.engine.warehouse import Warehouse

_DURABLE = "MODIFY SETTING fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1"

_NOT_DURABLE = """
    SELECT name, ifNull(total_rows, 0) AS rows FROM system.tables
    WHERE database = {database:String} AND engine LIKE '%MergeTree' AND create_table_query NOT LIKE '%fsync_after_insert%'
"""


def make_durable(warehouse: Warehouse) -> int:
    """Let every table that does not do so yet put its rows on disk before an insert returns; how many rows these tables have already."""
    rows = 0
    for table in warehouse.execute(_NOT_DURABLE, database=warehouse.database):
        warehouse.execute(f"ALTER TABLE {table['name']} {_DURABLE}")
        rows += table["rows"]
    return rows
