"""The rows of a rebuild are written once, not twice: each version into its table of versions, of which the server itself makes the table of now.

What is sent to a server costs more than all folding. Rows that a fold reads back are written into both as always.
"""

from __future__ import annotations

from typing import Any

from projections.engine.folding import ADVANCED
from projections.engine.tables import FACTS
from projections.engine.warehouse import Columns, Warehouse

_READ_BACK = {advanced.row.TABLE for advanced in ADVANCED}
FILLED = tuple(table for table in FACTS if table not in _READ_BACK)
"""The tables that `fill` makes."""


class VersionsFirst:
    """A warehouse that nobody asks yet. Until it is told to write `both`, the tables of now miss rows; then `fill` is due, once."""

    def __init__(self, warehouse: Warehouse) -> None:
        self.both = False
        self._warehouse = warehouse

    def insert(self, table: str, columns: Columns) -> None:
        """As the warehouse does, but for tables that are to be filled."""
        if self.both or table not in FILLED:
            self._warehouse.insert(table, columns)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._warehouse, name)


def fill(warehouse: Warehouse) -> None:
    """Let the tables of now have all versions that there are; of each thing the newest stays."""
    for table in FILLED:
        warehouse.execute(f"INSERT INTO {table} SELECT * FROM {table}_versions")  # noqa: S608 - the names are Atende's own
