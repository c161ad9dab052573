"""What only a database in one file must hold."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from store.sqlite_database import SqliteDatabase


def test_a_transaction_that_fails_as_it_begins_is_not_left_open(tmp_path: Path) -> None:
    with closing(SqliteDatabase(tmp_path / "events.db")) as database:
        with pytest.raises(sqlite3.OperationalError, match="no such table"):
            database.begin("SELECT * FROM nowhere")
        assert not database.in_transaction
        with database.transaction():
            database.execute("CREATE TABLE numbers (n INTEGER)")
        assert database.read("SELECT count(*) FROM numbers") == [(0,)]
