"""Write the rows of a part of the log into the warehouse, and then the position that they reach.

A reader of the log itself records one position, under the name ROWS. A reader of partitions records one per partition.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait

from projections.engine.folding import Folded, UnfoldableEvent
from projections.engine.warehouse import Columns, Warehouse
from projections.folds import audit

ROWS = "rows"

_ALONGSIDE = ThreadPoolExecutor(3, "projections-tables")
"""The engine accepts rows of several tables at once, each over its own connection."""


def position_of(warehouse: Warehouse) -> int:
    """The position up to which the warehouse's rows are complete; 0 for a new one."""
    found = warehouse.execute("SELECT position FROM positions FINAL WHERE name = {name:String}", name=ROWS)
    position: int = found[0]["position"] if found else 0
    return position


def positions_of(warehouse: Warehouse) -> dict[str, int]:
    """Every position that is recorded in the warehouse, by its name."""
    return {row["name"]: row["position"] for row in warehouse.execute("SELECT name, position FROM positions FINAL")}


def write(warehouse: Warehouse, folded: Folded, reached: Mapping[str, int] | None = None) -> None:
    """Write a batch. A repeat of a batch that was written, in part or whole, changes nothing.

    reached: the position that the rows then reach, by name; by default the end of the batch under the name ROWS.
    """
    writing = [_ALONGSIDE.submit(_write_table, warehouse, table, columns) for table, columns in folded.tables.items()]
    # All inserts have ended, with or without an error, before the batch fails or its position is recorded.
    wait(writing)
    for one in writing:
        one.result()
    noted = {ROWS: folded.position} if reached is None else reached
    positions = list(noted.values())
    warehouse.insert("positions", {"name": list(noted), "position": positions, "version": positions})


def _write_table(warehouse: Warehouse, table: str, columns: Columns) -> None:
    if table == audit.TABLE:
        warehouse.insert(table, columns)
    else:
        # Versions first: a row that exists has all its versions, so a fold that skips events that the row includes loses none.
        warehouse.insert(f"{table}_versions", columns)
        warehouse.insert(table, _newest(columns))


def _newest(columns: Columns) -> Columns:
    """The newest version of each row: nobody reads versions that the same batch has replaced."""
    versions = columns["version"]
    newest: dict[tuple[bytes, bytes], int] = {}
    for at, key in enumerate(zip(columns["tenant"], columns["id"], strict=True)):
        if versions[at] >= versions[newest.setdefault(key, at)]:
            newest[key] = at
    if len(newest) == len(versions):
        return columns
    rows = list(newest.values())
    return {name: [column[row] for row in rows] for name, column in columns.items()}


def quarantine(warehouse: Warehouse) -> Callable[[Sequence[UnfoldableEvent]], None]:
    """Returns a function that stores events of which no rows can be made in a table beside the rows."""

    def set_aside(some: Sequence[UnfoldableEvent]) -> None:
        columns: Columns = {
            "position": [refused.position for refused in some],
            "topic": [refused.topic for refused in some],
            "error": [refused.error for refused in some],
            "version": [1] * len(some),
        }
        warehouse.insert("quarantine", columns)

    return set_aside
