"""A server that cannot be used is told in one line, soon, without the password."""

from __future__ import annotations

import socket
from contextlib import closing
from pathlib import Path

import pytest

from bootstrap import open_center, place
from commands.database import StoreUnavailable
from commands.place import OnServers
from commands.store import Store
from settings import Settings
from tests.kit.stores import behind, url_of


def refusal(directory: Path, url: str) -> str:
    with pytest.raises(StoreUnavailable) as refused:
        Store(OnServers(directory, url))
    said = str(refused.value)
    assert "\n" not in said
    return said


def test_a_wrong_password(on_server: OnServers, own_database: str) -> None:
    said = refusal(on_server.directory, url_of(own_database, "postgres", password="very-wrong"))
    assert "password authentication failed" in said
    assert "very-wrong" not in said


def test_a_database_that_is_not_there(on_server: OnServers, own_database: str) -> None:
    assert 'database "nowhere" does not exist' in refusal(on_server.directory, url_of(own_database, "nowhere"))


def test_a_server_that_is_not_there(tmp_path: Path) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
    assert f"127.0.0.1:{port}" in refusal(tmp_path, f"postgresql://atende:secret@127.0.0.1:{port}/atende")


def test_a_server_that_never_answers(tmp_path: Path) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        assert "timeout" in refusal(tmp_path, f"postgresql://atende:secret@127.0.0.1:{silent.getsockname()[1]}/atende")


def test_an_address_that_is_none(tmp_path: Path) -> None:
    assert "not a PostgreSQL URL" in refusal(tmp_path, "postgresql://host:port:more/?what")


def test_tables_of_another_layout(on_server: OnServers) -> None:
    Store(on_server).close()
    behind(on_server, "UPDATE layout SET version = 0")
    assert "layout 0, this release needs layout 1" in refusal(on_server.directory, on_server.store_url)


def test_the_settings_say_where_a_center_is(on_server: OnServers) -> None:
    settings = Settings(mode="distributed", store_url=on_server.store_url)
    with open_center(on_server.directory, settings) as center:
        assert center.store.head() == 0
    assert place(on_server.directory, settings).exists()
    assert not (on_server.directory / "events.db").exists()
