"""Build every projection anew from the log, beside the old rows while these go on answering, then swap.

A kill before the swap leaves a half-built database that the next start drops; a kill in its middle leaves one that says
that it is complete, and the next start finishes the swap.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext

from migrations.runner import migrate
from projections.runner import Log, Runner
from projections.warehouse import Warehouse
from projections.writing import position_of

_COMPLETE = "complete"

_DECLARED = "SELECT 1 AS complete FROM {database}.positions WHERE name = {{name:String}} LIMIT 1"

_TABLES = "SELECT name FROM system.tables WHERE database = {database:String} ORDER BY name = 'positions', name"
"""The table that says that the database is complete comes last, and so is moved last."""


def open_rows(warehouse: Warehouse) -> None:
    """Make a warehouse ready at start: no rebuild half done, tables up to date, rows as durable as their position."""
    _finish(warehouse)
    migrate(warehouse)
    warehouse.durable()


def rebuild(log: Log, warehouse: Warehouse, runner: Runner | None = None, say: Callable[[int, int], object] = lambda *_: None) -> int:
    """Build all rows anew from `log` and let them take the place of those in `warehouse`; the position that they reach.

    runner: who goes on writing the old rows meanwhile; it rests while the last events are caught up with. `say` hears how
    many events are done, and of how many. Raises ProjectionsStopped; then the old rows stay.
    """
    _finish(warehouse)
    fresh = warehouse.beside(_next(warehouse))
    try:
        migrate(fresh)
        _build(log, warehouse, fresh, runner, say)
    finally:
        fresh.close()
    _finish(warehouse)
    return position_of(warehouse)


def _build(log: Log, warehouse: Warehouse, fresh: Warehouse, runner: Runner | None, say: Callable[[int, int], object]) -> None:
    builder = Runner(log, fresh)
    try:
        builder.run_until(log.head, lambda position: say(position, log.head))
        # Until here a loss of power costs nothing but the rebuild.
        fresh.durable()
        with runner.resting() if runner is not None else nullcontext():
            builder.run_until(log.head)
            fresh.insert("positions", {"name": [_COMPLETE], "position": [builder.position], "version": [builder.position]})
            _swap(warehouse)
    finally:
        builder.close()


def _swap(warehouse: Warehouse) -> None:
    """Let each table of the next database take the place of its namesake; begun before and cut off, the rest is done."""
    live, coming, going = warehouse.database, _next(warehouse), _old(warehouse)
    warehouse.execute(f"CREATE DATABASE IF NOT EXISTS {going}")
    standing = set(_tables(warehouse, live))
    moves = []
    for table in _tables(warehouse, coming):
        if table in standing:
            moves.append(f"{live}.{table} TO {going}.{table}")
        moves.append(f"{coming}.{table} TO {live}.{table}")
    if moves:
        warehouse.execute(f"RENAME TABLE {', '.join(moves)}")


def _finish(warehouse: Warehouse) -> None:
    """Finish a swap that was begun; drop what a rebuild leaves, done or not."""
    if _is_complete(warehouse):
        _swap(warehouse)
    for database in (_next(warehouse), _old(warehouse)):
        warehouse.execute(f"DROP DATABASE IF EXISTS {database}")


def _is_complete(warehouse: Warehouse) -> bool:
    """Whether the next database has all rows, and the swap has begun or is about to."""
    coming = _next(warehouse)
    if "positions" not in _tables(warehouse, coming):
        return False
    sql = _DECLARED.format(database=coming)
    return bool(warehouse.execute(sql, name=_COMPLETE))


def _tables(warehouse: Warehouse, database: str) -> list[str]:
    return [row["name"] for row in warehouse.execute(_TABLES, database=database)]


def _next(warehouse: Warehouse) -> str:
    return f"{warehouse.database}_next"


def _old(warehouse: Warehouse) -> str:
    return f"{warehouse.database}_old"
