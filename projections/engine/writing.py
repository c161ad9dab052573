"""The rows of a stretch of the log go into the warehouse, and then the position that they reach.

Who reads the log itself notes one position, under the name ROWS. Who reads it by partitions notes one a partition.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait

from projections.engine.folding import Folded, UnfoldableEvent
from projections.engine.warehouse import Columns, Warehouse
from projections.folds import audit

ROWS = "rows"

_ALONGSIDE = ThreadPoolExecutor(3, "projections-tables")
"""An engine takes rows of several tables at once, each by a connection of its own."""


def position_of(warehouse: Warehouse) -> int:
    """The position up to which the warehouse's rows are complete; 0 for a new one."""
    told = warehouse.execute("SELECT position FROM positions FINAL WHERE name = {name:String}", name=ROWS)
    position: int = told[0]["position"] if told else 0
    return position


def positions_of(warehouse: Warehouse) -> dict[str, int]:
    """Every position that is noted in the warehouse, by its name."""
    return {row["name"]: row["position"] for row in warehouse.execute("SELECT name, position FROM positions FINAL")}


def write(warehouse: Warehouse, folded: Folded, reached: Mapping[str, int] | None = None) -> None:
    """Write a batch; it may have been written before, in part or whole, and then nothing changes.

    reached: the position that the rows then reach, by name; without it the end of the batch, of a log that is read as one.
    """
    writing = [_ALONGSIDE.submit(_write_table, warehouse, table, columns) for table, columns in folded.tables.items()]
    # All of them have ended, well or badly, before the batch is given up or its position noted.
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
        # Versions first: a row that is there has all its versions there, so a fold that skips what the row has seen loses none.
        warehouse.insert(f"{table}_versions", columns)
        warehouse.insert(table, _newest(columns))


def _newest(columns: Columns) -> Columns:
    """Of each row the newest version: what the batch itself has made old nobody asks for."""
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
    """What sets events aside of which no rows can be made: in a table beside the rows."""

    def set_aside(some: Sequence[UnfoldableEvent]) -> None:
        columns: Columns = {
            "position": [refused.position for refused in some],
            "topic": [refused.topic for refused in some],
            "error": [refused.error for refused in some],
            "version": [1] * len(some),
        }
        warehouse.insert("quarantine", columns)

    return set_aside
