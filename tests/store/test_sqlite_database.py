"""What only a database in one file must hold."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from store.database import StoreUnavailable
from store.sqlite_database import SqliteDatabase


def test_a_transaction_that_fails_as_it_begins_is_not_left_open(tmp_path: Path) -> None:
    with closing(SqliteDatabase(tmp_path / "events.db")) as database:
        with pytest.raises(sqlite3.OperationalError, match="no such table"):
            database.begin("SELECT * FROM nowhere")
        assert not database.in_transaction
        with database.transaction():
            database.execute("CREATE TABLE numbers (n INTEGER)")
        assert database.read("SELECT count(*) FROM numbers") == [(0,)]


def test_what_is_asked_after_the_end_is_refused_as_of_a_database_that_is_away(tmp_path: Path) -> None:
    database = SqliteDatabase(tmp_path / "events.db")
    database.close()
    database.close()
    assert not database.in_transaction
    for ask in (database.execute, database.read, database.begin):
        with pytest.raises(StoreUnavailable, match="closed"):
            ask("SELECT 1")
    with pytest.raises(StoreUnavailable, match="closed"), database.transaction():
        pass
