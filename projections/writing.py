"""The rows of a stretch of the log go into the warehouse, and then the position that they reach."""

from __future__ import annotations

from projections import audit
from projections.folding import Folded
from projections.warehouse import Warehouse

_NAME = "rows"


def position_of(warehouse: Warehouse) -> int:
    """The position up to which the warehouse's rows are complete; 0 for a new one."""
    told = warehouse.execute("SELECT position FROM positions FINAL WHERE name = {name:String}", name=_NAME)
    position: int = told[0]["position"] if told else 0
    return position


def write(warehouse: Warehouse, folded: Folded) -> None:
    """Write a batch; it may have been written before, in part or whole, and then nothing changes."""
    for table, columns in folded.tables.items():
        if table == audit.TABLE:
            warehouse.insert(table, columns)
        else:
            # Versions first: a row that is there has all its versions there, so a fold that skips what the row has seen loses none.
            warehouse.insert(f"{table}_versions", columns, table)
    if folded.refused:
        positions = [refused.position for refused in folded.refused]
        topics = [refused.topic for refused in folded.refused]
        errors = [refused.error for refused in folded.refused]
        warehouse.insert("quarantine", {"position": positions, "topic": topics, "error": errors, "version": [1] * len(positions)})
    warehouse.insert("positions", {"name": [_NAME], "position": [folded.position], "version": [folded.position]})
