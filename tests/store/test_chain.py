from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from commands.command_bus import CommandBus
from store.chain import ChainBroken
from store.event_store import Store
from store.storage_location import OnServers, StorageLocation
from tests.commands.tally import Count, Noon, caller
from tests.kit.stores import BOTH, behind

EVENTS = 12

on_both = pytest.mark.parametrize("location", BOTH, indirect=True)


@pytest.fixture
def log(location: StorageLocation) -> StorageLocation:
    """A closed store of some events."""
    with Store(location) as store:
        CommandBus(store, Noon()).execute_all([(Count(tally=uuid4()), caller()) for _ in range(EVENTS)])
    return location


@on_both
def test_an_untouched_log_is_proved_to_its_end(log: StorageLocation) -> None:
    verdict = log.verify()
    assert (verdict.events, verdict.flaw) == (EVENTS, None)


CHANGES = [
    ("state", b'{"bx":1}'),
    ("topic", "tally.Counted"),
    ("originator_version", 2),
    ("originator_id", bytes(range(16))),
    ("hash", bytes(range(32))),
]
ODD_CHANGES = [("state", 7), ("originator_version", "one"), ("originator_id", 1), ("topic", b"tally.\xff")]
"""What a column of a server's table cannot hold."""


def _check_that_the_changed_event_is_named(log: StorageLocation, column: str, value: Any, position: int) -> None:
    behind(log, f"UPDATE stored_events SET {column} = ? WHERE position = ?", value, position)
    flaw = log.verify().flaw
    assert flaw is not None
    assert (flaw.kind, flaw.position) == ("changed", position)
    assert str(flaw).startswith(f"event {position} (")


@on_both
@pytest.mark.parametrize(("column", "value"), CHANGES)
@pytest.mark.parametrize("position", [1, 7, EVENTS])
def test_a_changed_event_is_named(log: StorageLocation, column: str, value: Any, position: int) -> None:
    _check_that_the_changed_event_is_named(log, column, value, position)


@pytest.mark.parametrize(("column", "value"), ODD_CHANGES)
@pytest.mark.parametrize("position", [1, 7, EVENTS])
def test_an_event_changed_to_an_impossible_value_is_named(log: StorageLocation, column: str, value: Any, position: int) -> None:
    _check_that_the_changed_event_is_named(log, column, value, position)


@on_both
def test_one_flipped_bit_anywhere_in_a_state_is_found(log: StorageLocation) -> None:
    ((state,),) = behind(log, "SELECT state FROM stored_events WHERE position = 5")
    for at in range(0, len(state), 7):
        flipped = bytearray(state)
        flipped[at] ^= 1
        behind(log, "UPDATE stored_events SET state = ? WHERE position = 5", bytes(flipped))
        flaw = log.verify().flaw
        assert flaw is not None
        assert flaw.position == 5


def test_a_flipped_byte_of_the_file_is_found(log: StorageLocation) -> None:
    """Wherever the byte is: an event, the tree that holds it, the index. A byte outside of them changes nothing that is read."""
    file = log.directory / "events.db"
    for name in ("idempotency", "protocols", "sessions"):
        behind(log, f"DROP TABLE {name}")
    behind(log, "VACUUM")
    behind(log, "PRAGMA wal_checkpoint(TRUNCATE)")
    whole = file.read_bytes()
    db = sqlite3.connect(file)
    before = db.execute("SELECT * FROM stored_events ORDER BY position").fetchall()
    db.close()
    missed = []
    for at in range(4096, len(whole), 61):
        flipped = bytearray(whole)
        flipped[at] ^= 0x20
        file.write_bytes(flipped)
        if log.verify().flaw is None:
            db = sqlite3.connect(file)
            if db.execute("SELECT * FROM stored_events ORDER BY position").fetchall() != before:
                missed.append(at)
            db.close()
    assert missed == []


@on_both
@pytest.mark.parametrize("position", [1, 7, EVENTS - 1])
def test_a_removed_event_is_named(log: StorageLocation, position: int) -> None:
    behind(log, "DELETE FROM stored_events WHERE position = ?", position)
    verdict = log.verify()
    assert verdict.flaw is not None
    assert (verdict.events, verdict.flaw.kind, verdict.flaw.position) == (position - 1, "removed", position)


@on_both
def test_a_removed_event_is_named_when_the_others_close_the_hole(log: StorageLocation) -> None:
    behind(log, "DELETE FROM stored_events WHERE position = 4")
    for position in range(5, EVENTS + 1):
        behind(log, "UPDATE stored_events SET position = position - 1 WHERE position = ?", position)
    flaw = log.verify().flaw
    assert flaw is not None
    assert flaw.position == 4


@on_both
@pytest.mark.parametrize("how", ["position alone", "whole rows"])
def test_two_swapped_events_are_found(log: StorageLocation, how: str) -> None:
    three, eight = (behind(log, "SELECT hash FROM stored_events WHERE position = ?", position)[0][0] for position in (3, 8))
    for old, new in ((3, -1), (8, 3), (-1, 8)):
        behind(log, "UPDATE stored_events SET position = ? WHERE position = ?", new, old)
    if how == "whole rows":
        behind(log, "UPDATE stored_events SET hash = ? WHERE position = 3", three)
        behind(log, "UPDATE stored_events SET hash = ? WHERE position = 8", eight)
    flaw = log.verify().flaw
    assert flaw is not None
    assert (flaw.kind, flaw.position, flaw.found_at) == ("moved", 3, 8)


@on_both
def test_a_missing_end_is_detected_and_nothing_is_appended_to_it(log: StorageLocation) -> None:
    behind(log, "DELETE FROM stored_events WHERE position > ?", EVENTS - 3)
    flaw = log.verify().flaw
    assert flaw is not None
    assert (flaw.kind, flaw.position) == ("cut_off", EVENTS - 2)
    with pytest.raises(ChainBroken):
        Store(log)


@on_both
def test_a_missing_head_is_detected(log: StorageLocation) -> None:
    _take_away_the_head(log)
    _check_that_a_missing_head_is_seen(log)


def test_a_damaged_head_is_detected(log: StorageLocation) -> None:
    (log.directory / "head").write_bytes(b"12 what\n")
    _check_that_a_missing_head_is_seen(log)


def _check_that_a_missing_head_is_seen(log: StorageLocation) -> None:
    flaw = log.verify().flaw
    assert flaw is not None
    assert (flaw.kind, flaw.position) == ("no_head", EVENTS)
    with pytest.raises(ChainBroken):
        Store(log)


def _take_away_the_head(log: StorageLocation) -> None:
    if isinstance(log, OnServers):
        behind(log, "DELETE FROM head", keys=True)
    else:
        (log.directory / "head").unlink()


def test_another_log_in_the_place_of_this_one_is_detected(log: StorageLocation, tmp_path: Path) -> None:
    with Store(tmp_path / "other") as other:
        CommandBus(other, Noon()).execute_all([(Count(tally=uuid4()), caller()) for _ in range(EVENTS)])
    shutil.copy(tmp_path / "other" / "events.db", log.directory / "events.db")
    flaw = log.verify().flaw
    assert flaw is not None
    assert (flaw.kind, flaw.position) == ("head", EVENTS)


def test_a_log_whose_head_lags_behind_after_a_crash_is_sound(log: StorageLocation) -> None:
    head = log.directory / "head"
    earlier = head.read_bytes()
    with Store(log) as store:
        CommandBus(store, Noon()).execute(Count(tally=uuid4()), caller())
    head.write_bytes(earlier)
    assert log.verify().flaw is None
    Store(log).close()
    assert head.read_bytes() != earlier


@on_both
def test_a_log_can_be_verified_while_it_grows(log: StorageLocation) -> None:
    with Store(log) as store:
        bus = CommandBus(store, Noon())
        for extra in range(1, 4):
            bus.execute(Count(tally=uuid4()), caller())
            assert log.verify().events == EVENTS + extra


@on_both
def test_an_empty_log_is_sound(location: StorageLocation) -> None:
    Store(location).close()
    assert location.verify().events == 0


@on_both
def test_a_log_that_is_rewritten_under_an_open_store_accepts_no_more_events(log: StorageLocation) -> None:
    with Store(log) as store:
        bus = CommandBus(store, Noon())
        behind(log, "DELETE FROM stored_events WHERE position > ?", EVENTS - 1)
        with pytest.raises(ChainBroken):
            bus.execute(Count(tally=uuid4()), caller())
