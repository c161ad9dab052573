"""All rows built anew beside the old ones give the same, and nobody notices."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest

from projections.engine import decisions
from projections.engine.progress import ProjectionsStopped
from projections.engine.rebuild import open_rows, rebuild
from projections.engine.runner import Runner
from projections.engine.warehouse import Warehouse, WarehouseError
from projections.engine.writing import position_of
from tests.kit.log import MemoryLog
from tests.kit.rows import Killed, PassingOn, cut_off, engine, everything, warehouse
from tests.kit.story import Story

__all__ = ["engine", "warehouse"]

SOON = 60.0


@pytest.fixture
def story() -> Story:
    return Story(Random(5))


@pytest.fixture
def log(story: Story) -> MemoryLog:
    return MemoryLog(story.events(60))


@pytest.fixture
def rows(warehouse: Warehouse, log: MemoryLog) -> Iterator[Warehouse]:
    open_rows(warehouse)
    runner = Runner(log, warehouse)
    runner.run_until(log.head)
    runner.close()
    yield warehouse
    for database in beside(warehouse):
        warehouse.execute(f"DROP DATABASE {database}")


def beside(warehouse: Warehouse) -> set[str]:
    """What a rebuild has left."""
    return {row["name"] for row in warehouse.execute("SHOW DATABASES")} & {f"{warehouse.database}_next", f"{warehouse.database}_old"}


def test_the_same_rows_come_out(rows: Warehouse, log: MemoryLog) -> None:
    before = everything(rows), everything(rows, as_of=30)
    heard: list[tuple[int, int]] = []
    assert rebuild(log, rows, say=lambda done, of: heard.append((done, of))) == 60
    assert (everything(rows), everything(rows, as_of=30)) == before
    assert heard == [(60, 60)]
    assert beside(rows) == set()


def test_rows_that_were_wrong_are_right_afterwards(rows: Warehouse, log: MemoryLog) -> None:
    right = everything(rows)
    rows.execute("TRUNCATE TABLE visits")
    rows.execute(
        "INSERT INTO agents SELECT tenant, id, 999, position, removed, 'Wrong', person, member, queues, user, interfaces FROM agents FINAL"
    )
    assert everything(rows) != right
    rebuild(log, rows)
    assert everything(rows) == right


def test_rows_built_anew_are_as_durable_as_the_old(rows: Warehouse, log: MemoryLog) -> None:
    if not rows.execute("SELECT count() AS known FROM system.merge_tree_settings WHERE name = 'fsync_after_insert'")[0]["known"]:
        pytest.skip("this server cannot flush rows to disk at once")
    rebuild(log, rows)
    sql = "SELECT create_table_query AS made FROM system.tables WHERE database = {database:String} AND name != 'migrations'"
    assert all("fsync_after_insert = 1" in table["made"] for table in rows.execute(sql, database=rows.database))


def test_the_runner_goes_on_after_the_swap(rows: Warehouse, story: Story, log: MemoryLog) -> None:
    runner = Runner(log, rows, pace_s=0.001)
    runner.start()
    log.append(*story.events(5))
    rebuild(log, rows, runner)
    log.append(*story.events(5))
    assert runner.wait(70, SOON)
    runner.close()
    assert position_of(rows) == 70
    followed = everything(rows)
    rebuild(log, rows)
    assert everything(rows) == followed


def test_rows_answer_and_follow_while_they_are_built_anew(rows: Warehouse, story: Story, log: MemoryLog) -> None:
    """Commands go on being written, questions being asked: every answer is exact for its position."""
    runner = Runner(log, rows, pace_s=0.0)
    runner.start()
    answers: list[tuple[dict[str, Any], int]] = []
    errors: list[Exception] = []
    done = threading.Event()

    def observe() -> None:
        for event in story.events(400):
            log.append(event)
            if done.wait(0.002):
                return

    def ask() -> None:
        while not done.is_set():
            try:
                answers.append(runner.progress.steady(lambda as_of: everything(rows, as_of)))
            except Exception as error:  # noqa: BLE001 - raised below, in the thread of the test
                errors.append(error)

    threads = [threading.Thread(target=observe), threading.Thread(target=ask)]
    for thread in threads:
        thread.start()
    for _ in range(3):
        rebuild(log, rows, runner)
    done.set()
    for thread in threads:
        thread.join()
    assert runner.wait(log.head, SOON)
    runner.close()
    assert not errors
    assert answers
    for answer, position in answers[:: max(len(answers) // 10, 1)]:
        assert answer == everything(rows, as_of=position)


@pytest.mark.parametrize("moves", [0, 1, 2, 7, 20, -2, -1])
def test_a_swap_that_was_cut_off_is_finished_at_the_next_start(rows: Warehouse, log: MemoryLog, moves: int) -> None:
    right = everything(rows), everything(rows, as_of=30)
    dying = PassingOn(rows)
    dying.execute = cut_off(rows.execute, moves)
    with pytest.raises(Killed):
        rebuild(log, dying)
    assert beside(rows)
    open_rows(rows)
    assert (everything(rows), everything(rows, as_of=30)) == right
    assert (position_of(rows), beside(rows)) == (60, set())


def test_a_rebuild_that_was_killed_before_the_swap_leaves_the_old_rows(rows: Warehouse, log: MemoryLog) -> None:
    right = everything(rows)

    def die(*_: int) -> None:
        raise Killed

    with pytest.raises(Killed):
        rebuild(log, rows, say=die)
    assert everything(rows) == right
    assert beside(rows)
    open_rows(rows)
    assert (everything(rows), beside(rows)) == (right, set())
    rebuild(log, rows)
    assert everything(rows) == right


def test_a_rebuild_that_cannot_go_on_says_so_and_the_old_rows_stay(
    rows: Warehouse, log: MemoryLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decisions, "_PAUSES_S", ())
    right = everything(rows)
    log.fail = [OSError("disk")]
    with pytest.raises(ProjectionsStopped, match="disk"):
        rebuild(log, rows)
    assert everything(rows) == right


def test_a_runner_whose_rows_could_not_be_swapped_stops(rows: Warehouse, log: MemoryLog, monkeypatch: pytest.MonkeyPatch) -> None:
    runner = Runner(log, rows)

    def full(*_: object) -> None:
        raise WarehouseError("the disk is full")

    monkeypatch.setattr("projections.engine.rebuild.Swap._swap", full)
    with pytest.raises(ProjectionsStopped, match="the disk is full"):
        rebuild(log, rows, runner)
    with pytest.raises(ProjectionsStopped):
        runner.wait(61, 0)
    runner.close()
