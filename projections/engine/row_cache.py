"""A bounded cache of current rows over the warehouse, for folds whose events do not hold all that a row needs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Generic, TypeVar
from uuid import UUID

import msgspec

from projections.engine.reading import Id
from projections.engine.rows import Row
from projections.engine.warehouse import Warehouse

R = TypeVar("R", bound=Row)

KEPT = 4096
_READ = "SELECT * FROM {table} FINAL WHERE id IN {{ids:Array(UUID)}}"


class RowCache(Generic[R]):
    """The newest row of each aggregate of one kind. Not thread-safe.

    While one batch is folded the one before may not be written yet, so no row of either is evicted.
    """

    def __init__(self, warehouse: Warehouse, row_type: type[R], kept: int = KEPT) -> None:
        self._warehouse = warehouse
        self._row_type = row_type
        self._kept = kept
        self._rows: dict[Id, tuple[int, R | None]] = {}
        self._batch = 0
        self._ids = [field.name for field in msgspec.structs.fields(row_type) if field.type is bytes]

    def begin(self, ids: Iterable[Id]) -> None:
        """Begin a batch that needs the rows of these aggregates: one query reads all that are not cached."""
        self._batch += 1
        self._evict()
        missing = [id for id in dict.fromkeys(ids) if id not in self._rows]
        if not missing:
            return
        found = self._warehouse.execute(_READ.format(table=self._row_type.TABLE), ids=[UUID(bytes=id) for id in missing])
        self._rows.update(dict.fromkeys(missing, (self._batch, None)))
        for row in map(self._read, found):
            self._rows[row.id] = (self._batch, row)

    def _read(self, values: dict[str, Any]) -> R:
        return msgspec.convert({**values, **{name: UUID(values[name]).bytes for name in self._ids}}, self._row_type)

    def get(self, id: Id) -> R | None:
        """The row of an aggregate that the batch was begun with; None if it has none yet."""
        _, row = self._rows.pop(id)
        self._rows[id] = (self._batch, row)
        return row

    def put(self, row: R) -> None:
        """Cache the newest row of its aggregate."""
        self._rows.pop(row.id, None)
        self._rows[row.id] = (self._batch, row)

    def _evict(self) -> None:
        """Remove the least recently used rows above the limit."""
        oldest = list(self._rows)[: max(len(self._rows) - self._kept, 0)]
        for id in oldest:
            if self._rows[id][0] < self._batch - 1:
                del self._rows[id]
