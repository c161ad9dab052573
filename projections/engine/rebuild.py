"""Build every projection anew from the log beside the old rows, which queries read meanwhile, then swap.

A kill before the swap leaves a half-built database that the next start drops; a kill during the swap leaves one that is
marked as complete, and the next start finishes the swap. The builder decides who reads the log and which writers pause.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import nullcontext

from migrations.cluster import LOCAL
from migrations.runner import migrate
from projections.engine.runner import Log, Runner
from projections.engine.warehouse import Warehouse
from projections.engine.writing import ROWS, position_of, positions_of

_COMPLETE = "complete"

_DECLARED = "SELECT 1 AS complete FROM {database}.positions WHERE name = {{name:String}} LIMIT 1"

_TABLES = "SELECT name FROM system.tables WHERE database = {database:String}"

Put = Callable[[Mapping[str, int]], None]
"""Replaces the old rows by the new ones. Takes the positions that these reach, by name. Nobody else may write rows meanwhile."""


def open_rows(warehouse: Warehouse) -> None:
    """Make a warehouse ready at start: no rebuild half done, tables up to date, rows as durable as their position."""
    Swap(warehouse).finish()
    migrate(warehouse)
    warehouse.durable()


def rebuild(log: Log, warehouse: Warehouse, runner: Runner | None = None, say: Callable[[int, int], object] = lambda *_: None) -> int:
    """Build all rows anew from `log` and replace those in `warehouse`. Returns the position that they reach.

    runner: goes on writing the old rows meanwhile, and pauses while the last events are folded. say: called with how many
    events are done, and of how many. Raises ProjectionsStopped; then the old rows stay.
    """
    swap = Swap(warehouse)
    swap.finish()
    swap.renew(lambda fresh, put: _build(log, fresh, put, runner, say))
    return position_of(warehouse)


def _build(log: Log, fresh: Warehouse, put: Put, runner: Runner | None, say: Callable[[int, int], object]) -> None:
    builder = Runner(log, fresh)
    try:
        builder.run_until(log.head, lambda position: say(position, log.head))
        # Before this point a power failure only costs the rebuild.
        fresh.durable()
        with runner.resting() if runner is not None else nullcontext():
            builder.run_until(log.head)
            put({ROWS: builder.position})
    finally:
        builder.close()


class Swap:
    """One database's rows and those that replace them. cluster: name of the servers over which they are spread; "" for one server."""

    def __init__(self, warehouse: Warehouse, cluster: str = "") -> None:
        self._warehouse = warehouse
        self._cluster = cluster
        self._live = warehouse.database
        self._next = f"{warehouse.database}_next"
        self._old = f"{warehouse.database}_old"

    def renew(self, build: Callable[[Warehouse, Put], None]) -> None:
        """Let `build` make all rows in an empty database beside the live one, and call the swap itself when they are complete."""
        self._make(self._next)
        fresh = self._warehouse.beside(self._next)

        def put(reached: Mapping[str, int]) -> None:
            noted = {**reached, _COMPLETE: max(reached.values(), default=0)}
            positions = list(noted.values())
            fresh.insert("positions", {"name": list(noted), "position": positions, "version": positions})
            self._swap()

        try:
            migrate(fresh, cluster=self._cluster)
            build(fresh, put)
        finally:
            fresh.close()
        self.finish()

    def finish(self) -> None:
        """Finish a swap that was begun; drop what a rebuild left, done or not.

        If rows were written since the swap was cut off, the new rows lack them: then only tables that are missing are swapped in.
        """
        if self.is_complete():
            self._swap(all_of_them=not self._overtaken())
        for database in (self._next, self._old):
            self._warehouse.execute(f"DROP DATABASE IF EXISTS {database}{self._everywhere}")

    def is_complete(self) -> bool:
        """Whether the next database has all rows, and the swap has begun or is about to."""
        if self._last not in self._tables(self._next):
            return False
        return bool(self._warehouse.execute(_DECLARED.format(database=self._next), name=_COMPLETE))

    def _overtaken(self) -> bool:
        """Whether the live rows reach further than the next ones."""
        if self._last not in self._tables(self._live):
            return False
        fresh = self._warehouse.beside(self._next)
        try:
            reached = positions_of(fresh)
        finally:
            fresh.close()
        return any(position > reached.get(name, 0) for name, position in positions_of(self._warehouse).items())

    def _swap(self, *, all_of_them: bool = True) -> None:
        """Replace each live table by the one of the same name in the next database; the rest of them after a cut. Without `all_of_them` only missing tables."""
        self._make(self._old)
        existing = set(self._tables(self._live))
        moves = []
        for table in self._tables(self._next):
            if table in existing:
                if not all_of_them:
                    continue
                moves.append(f"{self._live}.{table} TO {self._old}.{table}")
            moves.append(f"{self._next}.{table} TO {self._live}.{table}")
        if moves:
            self._warehouse.execute(f"RENAME TABLE {', '.join(moves)}{self._everywhere}")

    def _tables(self, database: str) -> list[str]:
        """The tables that hold rows. The one that marks the database as complete is the last, and so is moved last."""
        names = [row["name"] for row in self._warehouse.execute(_TABLES, database=database)]
        # Distributed tables of a cluster stay where they are: they name the database that holds the rows.
        return sorted((name for name in names if not self._cluster or name.endswith(LOCAL)), key=lambda name: (name == self._last, name))

    @property
    def _last(self) -> str:
        return f"positions{LOCAL}" if self._cluster else "positions"

    @property
    def _everywhere(self) -> str:
        return f" ON CLUSTER {self._cluster}" if self._cluster else ""

    def _make(self, database: str) -> None:
        self._warehouse.execute(f"CREATE DATABASE IF NOT EXISTS {database}{self._everywhere}")
