"""A server that cannot be used is reported in one line, soon, without the password."""

from __future__ import annotations

import os
import socket
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from bootstrap import location, open_center
from commands.command_bus import CommandBus
from commands.companies import RegisterCompany
from settings import Settings
from store.chain import Flaw, Verdict
from store.database import StoreUnavailable
from store.event_store import Store
from store.postgres_server import LOST_AFTER_S, Server
from store.server_tables import make_store
from store.storage_location import OnServers
from tests.kit.http import operator
from tests.kit.ports import closed_port
from tests.kit.stores import behind, url_of


def refusal(directory: Path, url: str) -> str:
    with pytest.raises(StoreUnavailable) as refused:
        Store(OnServers(directory, url))
    printed = str(refused.value)
    assert "\n" not in printed
    return printed


def test_a_wrong_password(on_server: OnServers, own_database: str) -> None:
    printed = refusal(on_server.directory, url_of(own_database, "postgres", password="very-wrong"))
    assert "password authentication failed" in printed
    assert "very-wrong" not in printed


def test_a_missing_database(on_server: OnServers, own_database: str) -> None:
    assert 'database "nowhere" does not exist' in refusal(on_server.directory, url_of(own_database, "nowhere"))


def test_a_missing_server(tmp_path: Path) -> None:
    with closed_port() as port:
        assert f"127.0.0.1:{port}" in refusal(tmp_path, f"postgresql://atende:secret@127.0.0.1:{port}/atende")


def test_a_server_that_never_answers(tmp_path: Path) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        assert "timeout" in refusal(tmp_path, f"postgresql://atende:secret@127.0.0.1:{silent.getsockname()[1]}/atende")


@pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="this system gives up by its own measure")
def test_a_server_that_stops_receiving_is_given_up(own_database: str) -> None:
    with closing(Server(own_database).connect()) as db, socket.socket(fileno=os.dup(db.fileno())) as line:
        assert line.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == LOST_AFTER_S * 1000


def test_an_invalid_address(tmp_path: Path) -> None:
    assert "not a PostgreSQL URL" in refusal(tmp_path, "postgresql://host:port:more/?what")


def test_tables_of_another_layout(on_server: OnServers) -> None:
    Store(on_server).close()
    behind(on_server, "UPDATE layout SET version = 0")
    assert "layout 0, this release needs layout 1" in refusal(on_server.directory, on_server.store_url)


def test_missing_tables_are_refused_until_they_are_created(on_server: OnServers) -> None:
    strict = replace(on_server, makes_tables=False)
    with pytest.raises(StoreUnavailable, match="the tables of 'keys' are missing or old: run `atende migrate`"):
        Store(strict)
    with pytest.raises(StoreUnavailable, match="nothing was ever stored there: run `atende migrate`"):
        strict.verify()
    printed: list[str] = []
    assert make_store(strict, printed.append, dry_run=True) == len(printed) > 5
    with pytest.raises(StoreUnavailable):
        Store(strict)
    done: list[str] = []
    make_store(strict, done.append)
    assert done == printed
    assert make_store(strict, pytest.fail) == 0
    Store(strict).close()
    assert strict.verify() == Verdict(0, None)


def test_a_removed_log_is_missing(on_server: OnServers) -> None:
    with closing(Store(on_server)) as store:
        CommandBus(store).execute(RegisterCompany(name="Empresa"), operator("Empresa"))
    behind(on_server, "DROP TABLE stored_events")
    assert on_server.verify() == Verdict(0, Flaw("cut_off", 1))


def test_the_settings_give_the_storage_location(on_server: OnServers, tmp_path: Path) -> None:
    settings = Settings(mode="distributed", store_url=on_server.store_url, master_key="0f" * 32)
    make_store(on_server, lambda _: None)
    with open_center(tmp_path / "none", settings) as center:
        assert center.store.head() == 0
    assert location(tmp_path, settings).exists()
    assert not (tmp_path / "none").exists()


def test_callers_behind_one_that_failed_to_connect_get_its_error_at_once(own_database: str) -> None:
    with closed_port() as port:
        server = Server(f"postgresql://atende:secret@127.0.0.1:{port}/atende")
        with pytest.raises(StoreUnavailable) as first:
            server.connect(0.01)
        with pytest.raises(StoreUnavailable) as second:
            server.connect(3600)
    assert str(first.value) == str(second.value)
