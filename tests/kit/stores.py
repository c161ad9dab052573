"""The storage location of a test: a directory, or a database of its own on the PostgreSQL server that `make services` started."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from services.postgresql import PostgreSQL
from store.storage_location import KEYS_FILE, KEYS_SCHEMA, RELAY_SCHEMA, STORE_FILE, STORE_SCHEMA, InDirectory, OnServers, StorageLocation
from tests.kit.servers import address

BOTH = ("sqlite", "postgresql")


@pytest.fixture(scope="session")
def own_database() -> Iterator[str]:
    """The URL of a database for this run alone."""
    with database_on(address(PostgreSQL)) as url:
        yield url


@contextmanager
def database_on(server: str) -> Iterator[str]:
    """The URL of an empty database, which is dropped afterwards."""
    name = f"test_{uuid4().hex[:12]}"
    with psycopg.connect(server, autocommit=True) as db:
        db.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    yield url_of(server, name)
    with psycopg.connect(server, autocommit=True) as db:
        db.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def url_of(server: str, name: str, **other: str) -> str:
    """The server's URL with another database, or another user or password."""
    parts = {**conninfo_to_dict(server), **other}
    return f"postgresql://{parts['user']}:{parts['password']}@{parts['host']}:{parts['port']}/{name}"


@pytest.fixture
def on_server(own_database: str, tmp_path: Path) -> OnServers:
    """An empty store on the server."""
    with psycopg.connect(own_database, autocommit=True) as db:
        for schema in (STORE_SCHEMA, KEYS_SCHEMA, RELAY_SCHEMA):
            db.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(schema)))
    return OnServers(tmp_path / "data", own_database)


@pytest.fixture
def location(request: pytest.FixtureRequest, tmp_path: Path) -> StorageLocation:
    """An empty store in a directory; on the server for a test that is parametrised with "postgresql"."""
    if getattr(request, "param", "sqlite") == "sqlite":
        return InDirectory(tmp_path / "data")
    found: OnServers = request.getfixturevalue("on_server")
    return found


def behind(location: StorageLocation, statement: str, *params: Any, keys: bool = False) -> list[tuple[Any, ...]]:
    """The rows of a statement that bypasses the store, on the log or on the keys."""
    if isinstance(location, OnServers):
        address = make_conninfo(location.store_url, options=f"-c search_path={KEYS_SCHEMA if keys else STORE_SCHEMA}")
        with psycopg.connect(address, autocommit=True) as server:
            cursor = server.execute(statement.replace("?", "%s").encode(), params)
            return cursor.fetchall() if cursor.description else []
    with closing(sqlite3.connect(location.directory / (KEYS_FILE if keys else STORE_FILE), isolation_level=None)) as file:
        return file.execute(statement, params).fetchall()


def written(location: StorageLocation) -> bytes:
    """All bytes of the store, of every table."""
    if isinstance(location, InDirectory):
        return b"".join(path.read_bytes() for path in location.directory.rglob("*") if path.is_file())
    rows: list[tuple[Any, ...]] = []
    for keys in (False, True):
        for (table,) in behind(location, "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()", keys=keys):
            rows += behind(location, f"SELECT * FROM {table}", keys=keys)
    return b"\n".join(value if isinstance(value, bytes) else str(value).encode() for row in rows for value in row)
