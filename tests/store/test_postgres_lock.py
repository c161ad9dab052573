"""A lock on the server has one holder, or shared ones, and outlives none of them by more than 10 s."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from store.database import StoreUnavailable
from store.postgres_lock import ServerLock
from store.postgres_server import channel_of
from tests.kit.waiting import within

ROOT = Path(__file__).parents[2]
AT_ONCE_S = 0.05
TAKE_OVER_S = 10


@pytest.fixture
def one(own_database: str) -> Iterator[ServerLock]:
    with ServerLock(own_database, "relay") as lock:
        yield lock


@pytest.fixture
def other(own_database: str) -> Iterator[ServerLock]:
    with ServerLock(own_database, "relay") as lock:
        yield lock


def cut(url: str) -> None:
    """End all other connections to the database."""
    with psycopg.connect(url, autocommit=True) as db:
        db.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")


def test_the_second_waits_until_the_first_releases_it(one: ServerLock, other: ServerLock) -> None:
    assert one.take(AT_ONCE_S)
    assert not other.take(AT_ONCE_S)
    assert not other.still_held()
    waiting = threading.Thread(target=other.take, args=(TAKE_OVER_S,))
    waiting.start()
    assert one.release()
    waiting.join()
    assert (one.still_held(), other.still_held()) == (False, True)


def test_many_share_it_and_none_holds_it_alone_meanwhile(one: ServerLock, other: ServerLock, own_database: str) -> None:
    assert one.take(AT_ONCE_S, shared=True)
    assert other.take(AT_ONCE_S, shared=True)
    with ServerLock(own_database, "relay") as third:
        assert not third.take(AT_ONCE_S)
        assert (one.release(), other.release()) == (True, True)
        assert third.take(AT_ONCE_S)
        assert not one.take(AT_ONCE_S, shared=True)


def test_locks_of_other_names_are_others(one: ServerLock, own_database: str) -> None:
    assert one.take(AT_ONCE_S)
    with ServerLock(own_database, "rows") as rows:
        assert rows.take(AT_ONCE_S)


def test_a_release_notifies_the_listeners(one: ServerLock, own_database: str) -> None:
    with psycopg.connect(own_database, autocommit=True) as db:
        db.execute(f"LISTEN {channel_of('relay')}")
        assert one.take(AT_ONCE_S, shared=True)
        assert one.release(notify="relay")
        assert [heard.channel for heard in db.notifies(timeout=TAKE_OVER_S, stop_after=1)] == ["atende_relay"]


def test_a_lost_connection_is_a_lost_lock_that_can_be_taken_again(one: ServerLock, other: ServerLock, own_database: str) -> None:
    assert one.take(AT_ONCE_S)
    cut(own_database)
    assert other.take(AT_ONCE_S)
    assert not one.still_held()
    assert not one.release()
    assert not one.take(AT_ONCE_S)
    assert other.release()
    assert one.take(AT_ONCE_S)
    assert one.still_held()


def test_a_lock_whose_loss_is_detected_at_its_release_was_not_held(one: ServerLock, own_database: str) -> None:
    assert one.take(AT_ONCE_S)
    cut(own_database)
    assert not one.release(notify="relay")


@contextmanager
def holder(url: str) -> Iterator[subprocess.Popen[str]]:
    """Another process that has it."""
    command = [sys.executable, "-m", "tests.store.holding_child", url, "relay"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as child:
        assert child.stdout is not None
        try:
            assert child.stdout.readline() == "taken True\n"
            yield child
        finally:
            child.kill()


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP])
def test_a_holder_that_is_dead_or_hangs_is_replaced_within_ten_seconds(one: ServerLock, own_database: str, how: signal.Signals) -> None:
    with holder(own_database) as child:
        assert not one.take(AT_ONCE_S)
        child.send_signal(how)
        assert one.take(TAKE_OVER_S)


def test_an_idle_holder_keeps_it(one: ServerLock, other: ServerLock, own_database: str) -> None:
    """Without the traffic of the holder's thread the server would end its session."""
    assert one.take(AT_ONCE_S)
    statement = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query = 'SELECT 1' AND state_change > now() - interval '1s'"
    with psycopg.connect(own_database, autocommit=True) as db:
        within(lambda: db.execute(statement).fetchall() == [(1,)])
    assert not other.take(AT_ONCE_S)


def test_a_missing_server_is_reported_in_one_line() -> None:
    with (
        ServerLock("postgresql://atende:secret@127.0.0.1:1/atende", "relay") as lock,
        pytest.raises(StoreUnavailable, match=r"127\.0\.0\.1:1") as refused,
    ):
        lock.take(AT_ONCE_S)
    assert "\n" not in str(refused.value)
    assert "secret" not in str(refused.value)
