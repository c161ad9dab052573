"""A store migrates from its directory to servers completely, or stays where it is."""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from bootstrap import Unusable, hold, open_center
from cli.company import caller, known
from commands.command_bus import CommandBus
from commands.handler_context import Caller
from commands.interactions import StartCall
from domain.base import FORGOTTEN
from domain.voice.interaction_events import InteractionEvent
from settings import Settings
from store.chain import ChainBroken
from store.event_store import Store
from store.key_backup import BESIDE_THE_LOG, KEYS
from store.log_restore import NotTheSameLog, Occupied, Stopped
from store.mapper import read_aloud
from store.master_key import MASTER_FILE, WrongMasterKey
from store.storage_location import InDirectory, OnServers
from store.store_migration import Moved, leave_note, move
from tests.kit.simulated import Past, log_of, simulated
from tests.kit.stores import behind


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Past:
    return simulated(tmp_path_factory.mktemp("kept"))


@pytest.fixture
def past(kept: Past, tmp_path: Path) -> Past:
    """The test's own."""
    shutil.copytree(kept.location.directory, tmp_path / "past")
    return replace(kept, location=InDirectory(tmp_path / "past"))


def moved(past: Past, target: OnServers) -> Moved:
    return move(past.location, target, past.master)


def same(past: Past, target: OnServers) -> None:
    """Everything is on the servers as it was in the directory, and the chain is valid."""
    assert log_of(target) == log_of(past.location)
    for tables, keys in ((KEYS, True), (BESIDE_THE_LOG, False)):
        for table in tables:
            statement = f"SELECT {', '.join(table.columns)} FROM {table.name}"
            assert sorted(behind(target, statement, keys=keys), key=repr) == sorted(behind(past.location, statement, keys=keys), key=repr)
    assert target.verify().flaw is None


def test_everything_is_on_the_servers_as_it_was_in_the_directory(past: Past, on_server: OnServers) -> None:
    result = moved(past, on_server)
    assert (result.head, result.events) == (past.head, len(past.log))
    same(past, on_server)
    assert behind(on_server, "SELECT count(*) FROM idempotency")[0][0] == 7


def test_the_servers_accept_commands_afterwards(past: Past, on_server: OnServers) -> None:
    moved(past, on_server)
    command = StartCall(call="key.3", to_number="4000")
    with Store(past.location) as here, Store(on_server, master=past.master) as there:
        company = there.companies()[0]
        repeated = replace(caller_of(past), idempotency_key="3")
        assert CommandBus(there).execute(command, repeated) == CommandBus(here).execute(command, repeated)
        assert there.head() == past.head.position
        given = {
            head.protocol
            for decoded in there.read(0, 10**6)
            if isinstance(decoded.event, InteractionEvent) and (head := decoded.event.change.call)
        }
        receipt = CommandBus(there).execute(StartCall(call="another", to_number="4000"), asked_anew(past))
        assert receipt.position == past.head.position + 1
        assert receipt.result["protocol"] not in given
        assert (there.keyring.knows(past.called), there.keyring.knows(past.forgotten)) == (True, False)
        assert company in here.companies()


def caller_of(past: Past) -> Caller:
    with open_center(past.location.directory) as center:
        return caller(known(center, ""))


def asked_anew(past: Past) -> Caller:
    return replace(caller_of(past), idempotency_key="another")


def test_migrated_twice_it_is_there_once(past: Past, on_server: OnServers) -> None:
    moved(past, on_server)
    assert moved(past, on_server).events == 0
    same(past, on_server)


@pytest.mark.parametrize("where", ["here", "there"])
def test_a_damaged_directory_is_not_migrated(past: Past, on_server: OnServers, where: str) -> None:
    damage = {
        "here": (
            "UPDATE stored_events SET state = CAST(replace(CAST(state AS TEXT), 'occurred_at', 'occurred_ad') AS BLOB) WHERE position = 200",
            "event 200",
        ),
        "there": (
            f"DELETE FROM stored_events WHERE position = {past.head.position}",
            f"event {past.head.position} and all after it are missing",
        ),
    }
    statement, message = damage[where]
    behind(past.location, statement)
    with pytest.raises(Stopped, match=message):
        moved(past, on_server)
    with pytest.raises(ChainBroken, match="has not ended"):
        Store(on_server, master=past.master)


def test_a_store_with_another_log_is_left_unchanged(past: Past, on_server: OnServers, tmp_path: Path) -> None:
    other = simulated(tmp_path / "other", days=0.01)
    moved(other, on_server)
    with pytest.raises(NotTheSameLog):
        moved(past, on_server)
    same(other, on_server)
    Store(on_server, master=other.master).close()


def test_keys_of_another_deployment_are_left_unchanged(past: Past, on_server: OnServers, tmp_path: Path) -> None:
    other = simulated(tmp_path / "other", days=0.01)
    moved(other, on_server)
    behind(on_server, "DROP SCHEMA store CASCADE")
    behind(on_server, "DELETE FROM head", keys=True)
    with pytest.raises(NotTheSameLog):
        moved(past, on_server)


def test_on_the_servers_the_keys_are_wrapped_by_the_master_key_of_the_servers(past: Past, on_server: OnServers) -> None:
    other = "0" * 64
    assert move(past.location, on_server, other).head == past.head
    assert log_of(on_server) == log_of(past.location)
    with pytest.raises(WrongMasterKey):
        Store(on_server, master=past.master)
    people = [event.state for event in log_of(past.location) if event.topic == "contact.appeared"]
    with Store(past.location) as here, Store(on_server, master=other) as there:
        read = [read_aloud(state, there.keyring) for state in people]
        assert read == [read_aloud(state, here.keyring) for state in people]
    # One of them was forgotten here.
    assert sum(FORGOTTEN in values.values() for values in read) == 1 < len(read)


def test_the_master_key_of_the_directory_is_needed(past: Past, on_server: OnServers) -> None:
    (past.location.directory / MASTER_FILE).unlink()
    with pytest.raises(WrongMasterKey):
        move(past.location, on_server, "0" * 64)
    assert not on_server.exists()


def test_no_other_process_uses_the_servers_meanwhile(past: Past, on_server: OnServers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("store.log_restore._LEFT_WITHIN_S", 0.0)
    with Store(on_server), pytest.raises(Occupied):
        moved(past, on_server)


def test_a_directory_whose_store_was_migrated_is_not_used_any_more(past: Past, on_server: OnServers) -> None:
    leave_note(past.location.directory, on_server)
    with pytest.raises(Unusable, match=r"was moved to PostgreSQL at \S+: use it there"), hold(past.location.directory, Settings()):
        pass
    with hold(past.location.directory, Settings(), moved=True):
        pass


def _killed(past: Past, target: OnServers, seed: int) -> None:
    """Migrate in a process of its own, which is killed after some steps."""
    words = [sys.executable, "-m", "tests.kit.migrations_of_stores", str(past.location.directory), str(target.directory), target.store_url]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        for _ in range(random.Random(seed).randint(1, 40)):
            child.stdout.readline()
        child.kill()


def test_killed_at_any_moment_it_continues_also_with_later_events(past: Past, on_server: OnServers) -> None:
    for seed in range(6):
        _killed(past, on_server, seed)
        written = log_of(on_server) if on_server.exists() else []
        assert written == log_of(past.location)[: len(written)]
        with open_center(past.location.directory) as center:
            center.bus.execute(StartCall(call=f"since.{seed}", to_number="4000"), caller(known(center, "")))
    moved(past, on_server)
    same(past, on_server)
    Store(on_server, master=past.master).close()
