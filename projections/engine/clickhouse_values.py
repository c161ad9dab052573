"""Values as the driver of ClickHouse takes and returns them: parameters of statements, rows of answers, columns that are inserted."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Mapping, Sequence
from itertools import accumulate, chain
from math import isfinite
from typing import Any
from uuid import UUID

from clickhouse_driver.columns import service
from clickhouse_driver.columns.arraycolumn import ArrayColumn
from clickhouse_driver.columns.service import column_by_type
from clickhouse_driver.columns.uuidcolumn import UUIDColumn

from projections.engine.warehouse import Columns, Value, WarehouseError

_ID_BYTES = 16
_PARAMETER = re.compile(r"(\b(?:IN|LIMIT)\s+)?\{(\w+):([\w()]+)\}")


def substituted(sql: str, params: Mapping[str, Value]) -> tuple[str, dict[str, Any]]:
    """The statement with the driver's placeholders, and the values for them. Raises WarehouseError for a parameter without a value."""
    literals: dict[str, Any] = {}

    def placeholder(found: re.Match[str]) -> str:
        behind, name, kind = found.groups()
        if name not in params:
            raise WarehouseError(f"no value for the parameter {name}")
        value = _literal(params[name])
        word = "" if behind is None else behind.split()[0].upper()
        if word == "IN" and not value:
            return f"{behind}(SELECT arrayJoin(CAST([] AS {kind})))"
        if word:
            # The grammar allows a number or a list of values here, but no expression.
            literals[f"{name} {word}"] = tuple(value) if word == "IN" else int(value)
            return f"{behind}%({name} {word})s"
        literals[name] = value
        return f"CAST(%({name})s AS {kind})"

    return _PARAMETER.sub(placeholder, sql.replace("%", "%%")), literals


def _literal(value: Value) -> Any:
    """A value in a form that the driver can write."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_literal(item) for item in value]
    return value


def typed(value: Any) -> Any:
    """Infinity and NaN, which JSON cannot hold, become None, as with chDB."""
    if isinstance(value, float):
        return value if isfinite(value) else None
    return list(map(typed, value)) if isinstance(value, list | tuple) else value


def plain(value: Any) -> Any:
    """The same, and ids as text."""
    if isinstance(value, UUID):
        return str(value)
    return list(map(plain, value)) if isinstance(value, list | tuple) else typed(value)


def written_columns(columns: Columns, kinds: Mapping[str, str]) -> list[Sequence[Any]]:
    """The columns as the driver takes them."""
    ids = _Ids()
    return [list(map(ids.__getitem__, columns[name])) if "UUID" in kind else columns[name] for name, kind in kinds.items()]


class _Ids(dict[bytes | None, bytes | None]):
    """Wire form of ids, by their 16 bytes. A cache: the same id occurs in many rows, or in several columns of a row."""

    def __missing__(self, id: bytes | None) -> bytes | None:
        if id is not None and len(id) != _ID_BYTES:
            raise ValueError("an id has 16 bytes")
        made = self[id] = None if id is None else _wire_id(id)
        return made


def _wire_id(id: bytes) -> bytes:
    """Two numbers of 8 bytes, each the last byte first."""
    return id[7::-1] + id[:7:-1]


class _WireIds(UUIDColumn):  # type: ignore[misc] # the driver ships no types
    """Writes ids that are bytes already. The driver's own class converts ids to numbers and these to bytes, a third of the time of an insert."""

    before_write_items = None
    null_value = bytes(_ID_BYTES)

    def write_items(self, items: Sequence[Any], buf: Any) -> None:
        """Other users of the driver in this process give UUIDs, or their texts."""
        try:
            written = b"".join(items)
        except TypeError:
            written = b"".join(item if isinstance(item, bytes) else _wire_id(UUID(str(item)).bytes) for item in items)
        buf.write(written)


column_by_type[_WireIds.ch_type] = _WireIds


class _WireLists(ArrayColumn):  # type: ignore[misc]
    """Writes flat lists at once. The driver's own class walks nested lists one by one, half of the time of an insert."""

    def write_data(self, data: Sequence[Sequence[Any]], buf: Any) -> None:
        """Where each list ends, then the values of all."""
        if isinstance(self.nested_column, ArrayColumn):
            super().write_data(data, buf)
            return
        buf.write(struct.pack(f"<{len(data)}Q", *accumulate(map(len, data))))
        self.nested_column.write_data(list(chain.from_iterable(data)), buf)


def _list_column(spec: str, column_of: Callable[[str], Any], options: Mapping[str, Any]) -> _WireLists:
    return _WireLists(column_of(spec.removeprefix("Array(")[:-1]), **options)


service.create_array_column = _list_column
