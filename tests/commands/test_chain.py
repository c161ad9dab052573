from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path
from uuid import uuid4

import pytest

from commands.chain import ChainBroken, verify
from commands.door import Door
from commands.store import Store
from tests.commands.tally import Count, Noon, caller

EVENTS = 12


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("chain") / "data"
    store = Store(directory)
    door = Door(store, Noon())
    for _ in range(EVENTS):
        door.execute(Count(tally=uuid4()), caller())
    store.close()
    return directory


@pytest.fixture
def directory(written: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(written, tmp_path / "data"))


def tamper(directory: Path, *statements: str) -> None:
    db = sqlite3.connect(directory / "events.db")
    for statement in statements:
        db.execute(statement)
    db.commit()
    db.close()


def test_an_untouched_log_is_proved_to_its_end(directory: Path) -> None:
    verdict = verify(directory)
    assert (verdict.events, verdict.flaw) == (EVENTS, None)


@pytest.mark.parametrize(
    "column",
    [
        "state = replace(state, '\"by\"', '\"bx\"')",
        "topic = 'tally.Counted'",
        "originator_version = 2",
        "originator_id = randomblob(16)",
        "hash = randomblob(32)",
        "state = 7",
        "originator_version = 'one'",
        "originator_id = 1",
        "topic = x'74616c6c792eff'",
    ],
)
@pytest.mark.parametrize("position", [1, 7, EVENTS])
def test_a_changed_event_is_named(directory: Path, column: str, position: int) -> None:
    tamper(directory, f"UPDATE stored_events SET {column} WHERE position = {position}")
    flaw = verify(directory).flaw
    assert flaw is not None
    assert (flaw.kind, flaw.position) == ("changed", position)
    assert str(flaw).startswith(f"event {position} (tally.")


def test_one_flipped_bit_anywhere_in_a_state_is_found(directory: Path) -> None:
    db = sqlite3.connect(directory / "events.db")
    (state,) = db.execute("SELECT state FROM stored_events WHERE position = 5").fetchone()
    for at in range(0, len(state), 7):
        flipped = bytearray(state)
        flipped[at] ^= 1
        db.execute("UPDATE stored_events SET state = ? WHERE position = 5", (bytes(flipped),))
        db.commit()
        flaw = verify(directory).flaw
        assert flaw is not None
        assert flaw.position == 5
    db.close()


def test_a_flipped_byte_of_the_file_is_found(directory: Path) -> None:
    """Wherever it hits: an event, the tree that holds it, the index. What belongs to neither changes nothing that anybody reads."""
    file = directory / "events.db"
    tamper(
        directory, "PRAGMA wal_checkpoint(TRUNCATE)", *(f"DROP TABLE {name}" for name in ("idempotency", "protocols", "sessions")), "VACUUM"
    )
    whole = file.read_bytes()
    db = sqlite3.connect(file)
    before = db.execute("SELECT * FROM stored_events ORDER BY position").fetchall()
    db.close()
    missed = []
    for at in range(4096, len(whole), 61):
        flipped = bytearray(whole)
        flipped[at] ^= 0x20
        file.write_bytes(flipped)
        if verify(directory).flaw is None:
            db = sqlite3.connect(file)
            if db.execute("SELECT * FROM stored_events ORDER BY position").fetchall() != before:
                missed.append(at)
            db.close()
    assert missed == []


@pytest.mark.parametrize("position", [1, 7, EVENTS - 1])
def test_a_removed_event_is_named(directory: Path, position: int) -> None:
    tamper(directory, f"DELETE FROM stored_events WHERE position = {position}")
    verdict = verify(directory)
    assert verdict.flaw is not None
    assert (verdict.events, verdict.flaw.kind, verdict.flaw.position) == (position - 1, "removed", position)


def test_a_removed_event_is_named_when_the_others_close_the_hole(directory: Path) -> None:
    tamper(directory, "DELETE FROM stored_events WHERE position = 4", "UPDATE stored_events SET position = position - 1 WHERE position > 4")
    flaw = verify(directory).flaw
    assert flaw is not None
    assert flaw.position == 4


@pytest.mark.parametrize("how", ["position alone", "whole rows"])
def test_two_swapped_events_are_found(directory: Path, how: str) -> None:
    if how == "position alone":
        tamper(directory, *(f"UPDATE stored_events SET position = {new} WHERE position = {old}" for old, new in ((3, -1), (8, 3), (-1, 8))))
    else:
        content = "originator_id, originator_version, topic, state"
        tamper(
            directory,
            "CREATE TEMP TABLE kept AS SELECT * FROM stored_events WHERE position IN (3, 8)",
            "DELETE FROM stored_events WHERE position IN (3, 8)",
            f"INSERT INTO stored_events SELECT 11 - position, {content}, (SELECT hash FROM kept AS k WHERE k.position = 11 - kept.position) FROM kept",
        )
    flaw = verify(directory).flaw
    assert flaw is not None
    assert (flaw.kind, flaw.position, flaw.found_at) == ("moved", 3, 8)


def test_a_missing_end_is_seen_and_nothing_is_appended_to_it(directory: Path) -> None:
    tamper(directory, f"DELETE FROM stored_events WHERE position > {EVENTS - 3}")
    flaw = verify(directory).flaw
    assert flaw is not None
    assert (flaw.kind, flaw.position) == ("cut_off", EVENTS - 2)
    with pytest.raises(ChainBroken):
        Store(directory)


@pytest.mark.parametrize("content", [None, b"12 what\n"])
def test_a_missing_or_damaged_head_is_seen(directory: Path, content: bytes | None) -> None:
    (directory / "head").unlink()
    if content is not None:
        (directory / "head").write_bytes(content)
    flaw = verify(directory).flaw
    assert flaw is not None
    assert (flaw.kind, flaw.position) == ("no_head", EVENTS)
    with pytest.raises(ChainBroken):
        Store(directory)


def test_another_log_in_the_place_of_this_one_is_seen(directory: Path, tmp_path: Path) -> None:
    other = Store(tmp_path / "other")
    Door(other, Noon()).execute_all([(Count(tally=uuid4()), caller()) for _ in range(EVENTS)])
    other.close()
    shutil.copy(tmp_path / "other" / "events.db", directory / "events.db")
    flaw = verify(directory).flaw
    assert flaw is not None
    assert (flaw.kind, flaw.position) == ("head", EVENTS)


def test_a_log_whose_head_lags_behind_after_a_crash_is_sound(directory: Path, tmp_path: Path) -> None:
    behind = (directory / "head").read_bytes()
    store = Store(directory)
    Door(store, Noon()).execute(Count(tally=uuid4()), caller())
    store.close()
    (directory / "head").write_bytes(behind)
    assert verify(directory).flaw is None
    Store(directory).close()
    assert (directory / "head").read_bytes() != behind


def test_a_log_can_be_verified_while_it_grows(directory: Path) -> None:
    store = Store(directory)
    door = Door(store, Noon())
    for extra in range(1, 4):
        door.execute(Count(tally=uuid4()), caller())
        assert verify(directory).events == EVENTS + extra
    store.close()


def test_an_empty_log_is_sound(tmp_path: Path) -> None:
    Store(tmp_path / "data").close()
    assert verify(tmp_path / "data").events == 0
