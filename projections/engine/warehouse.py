"""The warehouse: holds the rows that screens and reports are computed from.

One protocol, an adapter per engine. SQL is written once, in the dialect that ClickHouse 18.16 and 26.9 share, with
typed parameters (`{queue:String}`); values never become part of its text. A query belongs to one company: the
adapter passes the company as `{tenant:UUID}`, and a statement that does not use it is refused.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, TypeVar
from uuid import UUID

Value = str | int | float | bool | UUID | None | Sequence[Any]
"""What a parameter may be; a sequence is for `Array(...)`."""

Columns = Mapping[str, Sequence[Any]]
"""Rows as columns, all of one length: integers, floats, text, None, lists of these; an id as its 16 bytes."""

R = TypeVar("R")

TENANT = "{tenant:UUID}"


class WarehouseError(Exception):
    """The engine failed or refused a statement; the message is the engine's."""


class TenantMissing(WarehouseError):
    """A statement that would read every company's rows. The author forgot `{tenant:UUID}`."""


class WarehouseHeld(WarehouseError):
    """Another process, or another directory in this one, holds the engine."""


class WarehouseUnreachable(WarehouseError):
    """No server answers at the address, or it refuses the user, or it is overloaded."""


class WarehouseFull(WarehouseUnreachable):
    """The disk of the rows is full. They follow the log again when there is room."""


class NoDatabase(WarehouseUnreachable):
    """The server has no database of this name, and it must not be created."""

    def __init__(self, server: str, database: str) -> None:
        super().__init__(f"{server} has no database {database}: run `atende migrate`")
        self.database = database


class Warehouse(Protocol):
    """One database of rows. Thread-safe."""

    @property
    def database(self) -> str:
        """Its name in the engine."""

    def insert(self, table: str, columns: Columns) -> None:
        """Write rows into `table`, as one part."""

    def query(self, sql: str, tenant: UUID, **params: Value) -> list[dict[str, Any]]:
        """Run a query about one company; returns ids as text, instants as numbers. Raises TenantMissing."""

    def rows(self, row_type: type[R], sql: str, tenant: UUID, **params: Value) -> list[R]:
        """The same, as typed rows: columns fill the fields of the same names, ids become `UUID`."""

    def rows_beside(self, row_type: type[R], sql: str, tenant: UUID, beside: Mapping[str, Columns], **params: Value) -> list[R]:
        """The same, of a query that reads these rows too, which exist for it alone: those of the table `visits` under the name `tail_visits`."""

    def execute(self, sql: str, **params: Value) -> list[dict[str, Any]]:
        """Run a statement that belongs to no company (migrations, positions)."""

    def durable(self) -> None:
        """Flush all written rows from the page cache to disk, and from now on flush each row before `insert` returns."""

    def beside(self, database: str) -> Warehouse:
        """Another database in the same engine, created if it does not exist."""

    @property
    def remembers(self) -> bool:
        """Whether a statement that is asked again costs nothing while no rows come into the tables that it reads."""

    @property
    def for_small_queries(self) -> Warehouse:
        """The same rows, for queries that read few of them and come often: each takes little of the cores."""

    def close(self) -> None:
        """Release the engine. Can be repeated."""


def must_name_tenant(sql: str) -> None:
    """Refuse a statement that does not restrict itself to one company."""
    if TENANT not in sql:
        raise TenantMissing(f"a statement without {TENANT}: {' '.join(sql.split())[:120]}")


_NO_TABLE = "Code: 60"
_SWAPPED_WITHIN_S = 2.0
_MOMENT_S = 0.02


def through_a_swap(ask: Callable[[], R]) -> R:
    """What `ask` returns. Repeats it while a rebuild swaps its tables with the old ones, because a table may be missing for a moment."""
    deadline = time.monotonic() + _SWAPPED_WITHIN_S
    while True:
        try:
            return ask()
        except WarehouseError as error:
            if _NO_TABLE not in str(error) or time.monotonic() >= deadline:
                raise
        time.sleep(_MOMENT_S)
