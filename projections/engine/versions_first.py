"""Write the rows of a rebuild once, not twice: each version into its table of versions, from which the server itself makes the current table.

Sending rows to a server costs more than all folding. Rows that a fold reads back are written into both as always.
"""

from __future__ import annotations

from typing import Any

from projections.engine.folding import STATEFUL
from projections.engine.tables import FACTS
from projections.engine.warehouse import Columns, Warehouse

_READ_BACK = {fold.row.TABLE for fold in STATEFUL}
FILLED = tuple(table for table in FACTS if table not in _READ_BACK)
"""The tables that `fill` fills."""


class VersionsFirst:
    """A warehouse that nobody queries yet. Until `both` is set, the current tables miss rows; then `fill` is due, once."""

    def __init__(self, warehouse: Warehouse) -> None:
        self.both = False
        self._warehouse = warehouse

    def insert(self, table: str, columns: Columns) -> None:
        """Insert as the warehouse does, but skip tables that `fill` fills later."""
        if self.both or table not in FILLED:
            self._warehouse.insert(table, columns)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._warehouse, name)


def fill(warehouse: Warehouse) -> None:
    """Copy all versions into the current tables, which keep the newest of each thing."""
    for table in FILLED:
        warehouse.execute(f"INSERT INTO {table} SELECT * FROM {table}_versions")  # noqa: S608 - the names are Atende's own
