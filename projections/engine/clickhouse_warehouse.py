"""The warehouse on a ClickHouse server, over its native protocol.

The same statements as in the process. Servers before 21 know no typed parameters, so each becomes a literal that the
driver escapes, cast to its type. Rows are inserted as columns, values of an enumeration as numbers. A connection that broke
while it was idle is replaced. A query or an insert during which the connection breaks is repeated once, as both can be repeated;
anything else is an error.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

import msgspec
from clickhouse_driver import Client
from clickhouse_driver import errors as driver
from clickhouse_driver.util.helpers import parse_url

from projections.engine.clickhouse_values import plain, substituted, typed, written_columns
from projections.engine.durability import make_durable
from projections.engine.pool import Pool
from projections.engine.warehouse import Columns, NoDatabase, Value, WarehouseError, WarehouseUnreachable, must_name_tenant, through_a_swap

R = TypeVar("R")

_PORT = 9000
_SCHEMES = ("clickhouse://", "clickhouses://")
_NO_ADDRESS = "not the address of a ClickHouse server"
_CONNECT_S = 3
_FIRST_WORDS_S = 7
_SETTINGS = {
    # Lists of ids are part of the statement.
    "max_query_size": 16 * 1024 * 1024,
    "max_ast_elements": 500_000,
    "max_expanded_ast_elements": 1_000_000,
}
_INLINE = re.compile(r"\s*INSERT\b.*\bVALUES\b", re.IGNORECASE | re.DOTALL)
"""Rows inside the statement's text. With this protocol the server waits for rows that are sent separately, so they are refused."""

_ADDING = re.compile(
    r"(?:\s*--[^\n]*\n)*\s*(?P<begins>ALTER TABLE (?P<table>\w+) ADD COLUMN )IF NOT EXISTS (?P<column>\w+)(?P<ends>.*)",
    re.IGNORECASE | re.DOTALL,
)
"""Servers before 19 do not know IF NOT EXISTS for columns, so the adapter checks for the column itself."""

_WORD = re.compile(r"\w+")

_READS = ("SELECT", "EXISTS", "SHOW", "DESCRIBE")
_SPECIAL = re.compile("UUID|Float")
"""Types whose values the driver returns in another form than chDB."""

_BROKEN = (driver.NetworkError, EOFError, ConnectionError)
_REFUSED = {
    driver.ErrorCodes.UNKNOWN_USER,
    driver.ErrorCodes.WRONG_PASSWORD,
    driver.ErrorCodes.REQUIRED_PASSWORD,
    driver.ErrorCodes.IP_ADDRESS_NOT_ALLOWED,
    driver.ErrorCodes.DATABASE_ACCESS_DENIED,
    516,  # newer servers return this one for all of the above
}
_OVERBURDENED = {
    driver.ErrorCodes.TIMEOUT_EXCEEDED,
    driver.ErrorCodes.TOO_MANY_SIMULTANEOUS_QUERIES,
    driver.ErrorCodes.SOCKET_TIMEOUT,
    driver.ErrorCodes.NETWORK_ERROR,
    driver.ErrorCodes.ABORTED,
    driver.ErrorCodes.MEMORY_LIMIT_EXCEEDED,
}

_IS_DATABASE = "SELECT name FROM system.databases WHERE name = %(database)s"
_COLUMNS = "SELECT name, type FROM system.columns WHERE database = {database:String} AND table = {table:String}"
_KNOWS_DURABLE = "SELECT count() AS known FROM system.merge_tree_settings WHERE name = 'fsync_after_insert'"

# It logs only what it raises too.
logging.getLogger("clickhouse_driver").setLevel(logging.ERROR)


class ClickhouseWarehouse:
    """One database of the server at `url`: `clickhouse://user:password@host:port/database`. Thread-safe."""

    def __init__(self, url: str, database: str | None = None, *, makes_database: bool = True) -> None:
        """Open the database; create it if it is missing, or raise NoDatabase. Raises WarehouseUnreachable if no server answers or it refuses the user."""
        try:
            self._host, self._options = parse_url(url)
        except ValueError as error:
            raise WarehouseUnreachable(f"{_NO_ADDRESS}: {error}") from error
        if self._host is None or not url.startswith(_SCHEMES):
            raise WarehouseUnreachable(f"{_NO_ADDRESS}, which begins with {' or '.join(_SCHEMES)}")
        self.url = url
        self.database = database or self._options.get("database") or "atende"
        self._pool = Pool(lambda: self._client(self.database), Client.disconnect)
        self._columns: dict[str, dict[str, str]] = {}
        self._beside: list[ClickhouseWarehouse] = []
        try:
            # A server that accepts the connection and then does not answer counts as unreachable.
            with self._client("", send_receive_timeout=_FIRST_WORDS_S) as client:
                if makes_database:
                    client.execute(f"CREATE DATABASE IF NOT EXISTS {self.database}")
                elif not client.execute(_IS_DATABASE, {"database": self.database}):
                    raise NoDatabase(str(self), self.database)
        except (driver.Error, EOFError, OSError) as error:
            raise self._failed(error) from error

    def __str__(self) -> str:
        return f"ClickHouse at {self._host}:{self._options.get('port', _PORT)}"

    def _client(self, database: str, **more: int) -> Client:
        """A connection that is made when it is first used."""
        options = {**self._options, **more, "database": database}
        return Client(
            self._host,
            **{"connect_timeout": _CONNECT_S, "sync_request_timeout": _CONNECT_S, "client_name": "atende", **options},
            settings=_SETTINGS,
        )

    # Questions and statements

    def query(self, sql: str, tenant: UUID, **params: Value) -> list[dict[str, Any]]:
        must_name_tenant(sql)
        return through_a_swap(lambda: self._run(sql, {**params, "tenant": tenant}, plain))

    def rows(self, row_type: type[R], sql: str, tenant: UUID, **params: Value) -> list[R]:
        must_name_tenant(sql)
        found = through_a_swap(lambda: self._run(sql, {**params, "tenant": tenant}, typed))
        return msgspec.convert(found, list[row_type])  # type: ignore[valid-type]

    def rows_beside(self, row_type: type[R], sql: str, tenant: UUID, beside: Mapping[str, Columns], **params: Value) -> list[R]:
        must_name_tenant(sql)
        words = set(_WORD.findall(sql))
        tables = [self._beside_table(table, columns, words) for table, columns in beside.items()]
        found = through_a_swap(lambda: self._run(sql, {**params, "tenant": tenant}, typed, tables))
        return msgspec.convert(found, list[row_type])  # type: ignore[valid-type]

    def _beside_table(self, table: str, columns: Columns, words: AbstractSet[str]) -> dict[str, Any]:
        """Rows as the driver sends them along with a query, without the columns that it does not name."""
        described = self._columns.get(table) or self._described(table)
        kinds = {name: kind for name, kind in described.items() if name in words}
        return {
            "name": f"tail_{table}",
            "structure": list(kinds.items()),
            "data": list(zip(*written_columns(columns, kinds), strict=True)),
        }

    def execute(self, sql: str, **params: Value) -> list[dict[str, Any]]:
        if _INLINE.match(sql):
            raise WarehouseError("INSERT with VALUES: use `insert`, or INSERT with SELECT")
        adding = _ADDING.match(sql)
        if adding is not None:
            sql = adding["begins"] + adding["column"] + adding["ends"]
            if adding["column"] in (column["name"] for column in self._run(f"DESCRIBE TABLE {adding['table']}", {}, plain)):
                return []
        if not _reads(sql):
            # The statement may change a table's columns.
            self._columns.clear()
        return self._run(sql, params, plain)

    def _run(
        self, sql: str, params: Mapping[str, Value], read: Callable[[Any], Any], beside: Sequence[Mapping[str, Any]] = ()
    ) -> list[dict[str, Any]]:
        statement, literals = substituted(sql, params)
        columns, described = self._do(
            lambda client: client.execute(statement, literals, with_column_types=True, columnar=True, external_tables=list(beside) or None),
            again=_reads(sql),
        )
        names = [name for name, _ in described]
        converted = [
            list(map(read, column)) if _SPECIAL.search(kind) else column for column, (_, kind) in zip(columns, described, strict=False)
        ]
        return [dict(zip(names, row, strict=True)) for row in zip(*converted, strict=True)]

    def _do(self, what: Callable[[Client], Any], *, again: bool = True) -> Any:
        """Call `what` with a connection, once more if the connection breaks and `again` is set. Raises WarehouseError."""
        with self._pool.connection() as client:
            try:
                try:
                    return what(client)
                except _BROKEN:
                    if not again:
                        raise
                    return what(client)
            except (driver.Error, EOFError, OSError) as error:
                raise self._failed(error) from error

    def _failed(self, error: Exception) -> WarehouseError:
        """The driver's error as a WarehouseError, never with a password in it."""
        if isinstance(error, driver.ServerException):
            message = str(error.message).partition("Stack trace")[0].strip()
            if error.code in _REFUSED:
                return WarehouseUnreachable(f"{self} refuses the user {self._options.get('user', 'default')}: {message}")
            if error.code in _OVERBURDENED:
                return WarehouseUnreachable(f"{self} cannot answer now: {message}")
            return WarehouseError(message)
        return WarehouseUnreachable(f"{self} does not answer: {str(error) or type(error).__name__}")

    # Rows

    def insert(self, table: str, columns: Columns) -> None:
        kinds = self._columns.get(table) or self._described(table)
        if columns.keys() != kinds.keys():
            raise WarehouseError(f"{table} has other columns: {sorted(columns.keys() ^ kinds.keys())}")
        if not next(iter(columns.values())):
            return
        try:
            values = written_columns(columns, kinds)
            self._do(partial(_append, sql=f"INSERT INTO {table} ({', '.join(kinds)}) VALUES", values=values))
        except (TypeError, ValueError, AttributeError) as error:
            raise WarehouseError(f"a value that {table} cannot hold: {error}") from error

    def _described(self, table: str) -> dict[str, str]:
        """The table's columns and their types."""
        described = self.execute(_COLUMNS, database=self.database, table=table)
        if not described:
            raise WarehouseError(f"no table {table}")
        kinds = {column["name"]: column["type"] for column in described}
        self._columns[table] = kinds
        return kinds

    # The server

    def durable(self) -> None:
        """Let the server flush rows to disk before an insert returns, if its version can; else durability is a matter of the server's configuration."""
        if self.execute(_KNOWS_DURABLE)[0]["known"]:
            make_durable(self)

    def beside(self, database: str) -> ClickhouseWarehouse:
        other = ClickhouseWarehouse(self.url, database)
        self._beside = [*(known for known in self._beside if not known._pool.closed), other]
        return other

    @property
    def remembers(self) -> bool:
        # Other processes write the rows.
        return False

    @property
    def for_small_queries(self) -> ClickhouseWarehouse:
        # A server has cores of its own.
        return self

    def close(self) -> None:
        for other in self._beside:
            other.close()
        self._pool.close()


def _reads(sql: str) -> bool:
    return sql.lstrip().upper().startswith(_READS)


def _append(client: Client, *, sql: str, values: Sequence[Sequence[Any]]) -> None:
    # The driver changes the lists that it is given, so each call passes copies.
    client.execute(sql, list(map(list, values)), columnar=True)
