"""The warehouse in the process: ClickHouse as a library (chDB), in a directory of its own.

The engine belongs to one process and one directory at a time. A connection serves one statement after another, so
there is a pool of them; the engine works outside the GIL. Rows go in as Arrow.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import cached_property
from math import inf
from pathlib import Path
from time import monotonic, sleep
from typing import Any, TypeVar
from urllib.parse import urlencode
from uuid import UUID

import msgspec
import pyarrow as pa
from chdb.state.sqlitelike import Connection

from projections.engine.durability import make_durable
from projections.engine.pool import Pool
from projections.engine.remembered import Remembered
from projections.engine.warehouse import Columns, Value, WarehouseError, WarehouseFull, WarehouseHeld, must_name_tenant, through_a_swap

R = TypeVar("R")

_ENGINE = {"background_pool_size": 2, "background_schedule_pool_size": 2, "mark_cache_size": 64 << 20, "primary_index_cache_size": 64 << 20}
"""The engine shares a process, so it runs two merges at a time and its caches are limited."""

_SIGNS_OF_A_FULL_DISK = ("NOT_ENOUGH_SPACE", "No space left on device", "File too large")

_UNRESERVED = "SELECT toString(min(unreserved_space)) AS room FROM system.disks"
"""What is free and not reserved by merges."""

_LEAST_ROOM = 32 << 20
_MUCH_ROOM = 1 << 30
_ASK_EVERY_S = 0.5
"""Where there is much room: asking costs as much as a small insert."""

_NEWEST = "SELECT max(position) AS position FROM {table}"

_DICTS = msgspec.json.Decoder(dict[str, Any])

_GIVE_UP = "KILL QUERY WHERE query_kind = 'Select' AND current_database = {database:String} ASYNC"
"""What is written or merged ends by itself. A question that began a moment later is given up the next time."""

_GIVEN_UP_EVERY_S = 0.05

_DROP_AT_ONCE = "SET database_atomic_wait_for_drop_and_detach_synchronously = 1"

_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r", "\0": "\\0", "\b": "\\b", "\f": "\\f"})
_QUOTED = str.maketrans({"\\": "\\\\", "'": "\\'", "\t": "\\t", "\n": "\\n", "\r": "\\r", "\0": "\\0", "\b": "\\b", "\f": "\\f"})

_PLAIN: Mapping[str, pa.DataType] = {
    "UUID": pa.binary(16),
    "String": pa.string(),
    "UInt8": pa.uint8(),
    "UInt32": pa.uint32(),
    "UInt64": pa.uint64(),
    "Int64": pa.int64(),
    "Float64": pa.float64(),
}


class ChdbWarehouse:
    """One database of the engine whose data is in `directory`. Thread-safe."""

    def __init__(self, directory: Path, database: str = "atende", threads: int = 0, remembered: Remembered | None = None) -> None:
        """Open it, or create it. Raises WarehouseHeld while another process has it open, or this process has another directory open.

        threads: how many a query may use; 0 = as many as there are cores. remembered: the answers that others of the same database have got.
        """
        self.directory = directory
        self.database = database
        self._pool = Pool(lambda: _connect(directory, database, threads), Connection.close)
        self._schemas: dict[str, pa.Schema] = {}
        self._beside: list[ChdbWarehouse] = []
        self._remembered = remembered or Remembered(self._newest_position)
        self._asked_at = -inf
        """When the engine was asked for its room (monotonic seconds)."""
        with self._pool.connection():
            pass

    # Questions and statements

    def query(self, sql: str, tenant: UUID, **params: Value) -> list[dict[str, Any]]:
        must_name_tenant(sql)
        return _DICTS.decode_lines(through_a_swap(lambda: self._run(sql, {**params, "tenant": tenant})))

    def rows(self, row_type: type[R], sql: str, tenant: UUID, **params: Value) -> list[R]:
        must_name_tenant(sql)
        arguments = _texts({**params, "tenant": tenant})
        answer = self._remembered.answer(sql, arguments, lambda given: through_a_swap(lambda: self._sent(sql, given)))
        return msgspec.json.Decoder(row_type).decode_lines(answer)

    def rows_beside(self, row_type: type[R], sql: str, tenant: UUID, beside: Mapping[str, Columns], **params: Value) -> list[R]:
        if beside:
            raise WarehouseError("rows in the process are never behind the log by more than a batch: none are sent along with a query")
        return self.rows(row_type, sql, tenant, **params)

    def execute(self, sql: str, **params: Value) -> list[dict[str, Any]]:
        if sql.lstrip().startswith("SELECT"):
            return _DICTS.decode_lines(self._run(sql, params))
        # The statement may change a table's columns, and its rows.
        self._schemas.clear()
        with self._remembered.writing():
            return _DICTS.decode_lines(self._run(sql, params))

    def _newest_position(self, table: str) -> int:
        (answer,) = through_a_swap(lambda: self.execute(_NEWEST.format(table=table)))
        position: int = answer["position"]
        return position

    def _run(self, sql: str, params: Mapping[str, Value]) -> bytes:
        return self._sent(sql, _texts(params))

    def _sent(self, sql: str, arguments: Mapping[str, str]) -> bytes:
        with self._pool.connection() as connection:
            try:
                answer: bytes = connection.query(sql, "JSONEachRow", params=arguments).bytes()
            except RuntimeError as error:
                raise _cause(error) from error
        return answer

    # Rows

    def insert(self, table: str, columns: Columns) -> None:
        arrow = self._arrow(table, columns)
        if arrow:
            with self._remembered.writing(table, columns.get("position", ())), self._pool.connection() as connection:
                self._must_have_room(connection, len(arrow))
                _append(connection, table, arrow)

    def _must_have_room(self, connection: Connection, size: int) -> None:
        """Raises WarehouseFull where an insert of so many bytes might find no room: the engine drops its rows then, and reports them as written."""
        disk = os.statvfs(self.directory)
        room = disk.f_bavail * disk.f_frsize
        if room < _MUCH_ROOM or monotonic() - self._asked_at > _ASK_EVERY_S:
            (answer,) = _DICTS.decode_lines(connection.query(_UNRESERVED, "JSONEachRow").bytes())
            self._asked_at, room = monotonic(), min(room, int(answer["room"]))
        if room < _LEAST_ROOM + 3 * size:
            self._asked_at = -inf
            raise WarehouseFull("the disk of the rows is full")

    def _arrow(self, table: str, columns: Columns) -> bytes:
        """The rows as an Arrow file; nothing when there are none."""
        schema = self._schemas.get(table) or self._schema(table)
        if columns.keys() != set(schema.names):
            raise WarehouseError(f"{table} has other columns: {sorted(columns.keys() ^ set(schema.names))}")
        try:
            batch = pa.record_batch([_array(columns[field.name], field) for field in schema], schema)
        except (pa.ArrowException, TypeError, OverflowError) as error:
            raise WarehouseError(f"a value that {table} cannot hold: {error}") from error
        if batch.num_rows == 0:
            return b""
        sink = pa.BufferOutputStream()
        with pa.ipc.new_file(sink, schema) as writer:
            writer.write_batch(batch)
        written: bytes = sink.getvalue().to_pybytes()
        return written

    def _schema(self, table: str) -> pa.Schema:
        sql = "SELECT name, type FROM system.columns WHERE database = {database:String} AND table = {table:String}"
        described = _DICTS.decode_lines(self._run(sql, {"database": self.database, "table": table}))
        if not described:
            raise WarehouseError(f"no table {table}")
        schema = pa.schema([_field(column["name"], column["type"]) for column in described])
        self._schemas[table] = schema
        return schema

    # The engine

    def durable(self) -> None:
        if make_durable(self):
            os.sync()

    def beside(self, database: str) -> ChdbWarehouse:
        other = ChdbWarehouse(self.directory, database)
        self._beside = [*(known for known in self._beside if not known._pool.closed), other]
        return other

    @property
    def remembers(self) -> bool:
        return True

    @cached_property
    def for_small_queries(self) -> ChdbWarehouse:
        # To share a few rows out over the cores costs more than it saves.
        other = ChdbWarehouse(self.directory, self.database, threads=1, remembered=self._remembered)
        self._beside = [*self._beside, other]
        return other

    def close(self) -> None:
        """Close it. Who still waits for an answer gets WarehouseError: a long question would keep the process from ending."""
        for other in self._beside:
            other.close()
        while self._pool.end():
            self._give_up_questions()
            sleep(_GIVEN_UP_EVERY_S)
        self._pool.close()

    def _give_up_questions(self) -> None:
        connection = _connect(self.directory, self.database, 1)
        connection.query(_GIVE_UP, params={"database": self.database})
        connection.close()


def _connect(directory: Path, database: str, threads: int) -> Connection:
    try:
        connection = Connection(f"{directory}?{urlencode(_ENGINE)}")
    except RuntimeError as error:
        raise WarehouseHeld(str(error)) from error
    for sql in (f"CREATE DATABASE IF NOT EXISTS {database}", f"USE {database}", _DROP_AT_ONCE, f"SET max_threads = {threads}"):
        connection.query(sql)
    return connection


def _append(connection: Connection, table: str, arrow: bytes) -> None:
    try:
        with connection.send_insert(f"INSERT INTO {table}", "Arrow") as stream:
            stream.append(arrow)
            stream.finish()
    except RuntimeError as error:
        raise _cause(error) from error


def _cause(error: RuntimeError) -> WarehouseError:
    message = str(error)
    return WarehouseFull(message) if any(sign in message for sign in _SIGNS_OF_A_FULL_DISK) else WarehouseError(message)


def _field(name: str, described: str) -> pa.Field:
    """How a column's values are sent; values of an enumeration are sent as text."""
    if described.startswith("Array("):
        return pa.field(name, pa.list_(_field("item", described.removeprefix("Array(")[:-1])), nullable=False)
    if described.startswith("Nullable("):
        return _field(name, described.removeprefix("Nullable(")[:-1]).with_nullable(True)
    if described.startswith("Enum8("):
        return pa.field(name, pa.string(), nullable=False)
    try:
        return pa.field(name, _PLAIN[described], nullable=False)
    except KeyError:
        raise WarehouseError(f"a column of type {described}, which is not supported") from None


def _array(values: Sequence[Any], field: pa.Field) -> pa.Array:
    """The values as an Arrow array. Refuses a missing value in a column that is not nullable, where the engine would insert a default."""
    array = pa.array(values, field.type)
    of_each = array.flatten() if pa.types.is_list(field.type) else array
    nullable = field.type.value_field.nullable if pa.types.is_list(field.type) else field.nullable
    if not nullable and of_each.null_count:
        raise WarehouseError(f"a value is missing in {field.name}")
    return array


def _texts(params: Mapping[str, Value]) -> dict[str, str]:
    return {name: parameter(value) for name, value in params.items()}


def parameter(value: Value) -> str:
    """A value in the engine's text form for typed parameters."""
    if value is None:
        return "\\N"
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, str):
        return value.translate(_ESCAPES)
    if isinstance(value, Sequence):
        return f"[{','.join(_element(item) for item in value)}]"
    return str(value)


def _element(value: Value) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, str | UUID):
        return f"'{str(value).translate(_QUOTED)}'"
    return parameter(value)
