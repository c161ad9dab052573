"""The rows follow the log, in whole batches, and say so; an error is a decision."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import Any

import pytest
from msgspec.structs import replace

from projections.engine import decisions
from projections.engine import progress as progress_of_rows
from projections.engine.decisions import MOST_REFUSED, Quarantine, RetryAfter, Stop, about_event, about_outside
from projections.engine.folding import CALLS
from projections.engine.progress import Progress, ProjectionsStopped
from projections.engine.runner import BATCH, BUSY, LONGEST_REST_S, Runner
from projections.engine.warehouse import Columns, Warehouse, WarehouseError
from projections.engine.writing import position_of
from projections.folds import visits
from tests.kit.log import MemoryLog
from tests.kit.rows import PassingOn, everything, folded_at_once, rows, warehouse
from tests.kit.rows import engine_at_length as engine
from tests.kit.story import Story
from tests.kit.waiting import within

__all__ = ["engine", "rows", "warehouse"]

SOON = 60.0


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decisions, "_PAUSES_S", (0.0, 0.0, 0.0))


@pytest.fixture
def story() -> Story:
    return Story(Random(5))


@pytest.fixture
def log(story: Story) -> MemoryLog:
    return MemoryLog(story.events(40))


@pytest.fixture
def runner(log: MemoryLog, rows: Warehouse) -> Iterator[Runner]:
    made = Runner(log, rows, pace_s=0.001)
    yield made
    made.close()


def test_rows_follow_to_the_end_and_the_position_is_kept(log: MemoryLog, rows: Warehouse, runner: Runner) -> None:
    heard: list[int] = []
    runner.run_until(log.head, heard.append)
    assert (runner.position, position_of(rows), heard) == (40, 40, [40])
    assert everything(rows) == folded_at_once(log, rows)
    assert Runner(log, rows).position == 40


def test_rows_go_as_far_as_requested_and_no_further_than_the_log(log: MemoryLog, rows: Warehouse, runner: Runner) -> None:
    runner.run_until(10)
    assert runner.position == 10
    assert {row["position"] for row in rows.execute("SELECT position FROM events")} == set(range(1, 11))
    runner.run_until(1_000)
    assert runner.position == 40


def test_a_long_log_is_read_by_the_batch(rows: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("projections.engine.runner.BATCH", 7)
    log = MemoryLog(Story(Random(6)).events(40))
    runner = Runner(log, rows)
    heard: list[int] = []
    runner.run_until(log.head, heard.append)
    runner.close()
    assert heard == [7, 14, 21, 28, 35, 40]
    assert everything(rows) == folded_at_once(log, rows)
    assert BATCH >= 5_000


def test_what_is_written_can_be_waited_for(story: Story, log: MemoryLog, rows: Warehouse, runner: Runner) -> None:
    runner.start()
    assert runner.wait(40, SOON)
    for event in story.events(5):
        log.append(event)
        assert runner.wait(log.head, SOON)
        assert runner.position == position_of(rows) == log.head
    assert not runner.wait(log.head + 1, 0.01)


def test_closing_finishes_what_is_being_written_and_can_be_repeated(story: Story, log: MemoryLog, rows: Warehouse, runner: Runner) -> None:
    runner.start()
    runner.close()
    runner.close()
    assert runner.position == position_of(rows)
    log.append(*story.events(1))
    again = Runner(log, rows)
    again.run_until(log.head)
    again.close()
    assert everything(rows) == folded_at_once(log, rows)


def test_garbage_is_looked_for_again_after_a_batch(log: MemoryLog, runner: Runner) -> None:
    assert gc.isenabled()
    runner.run_until(log.head)
    assert gc.isenabled()


class Faulty(PassingOn):
    """Fails at some of the inserts to come."""

    inserts = 0
    at: tuple[int, ...] = ()

    def fail(self, *at: int) -> None:
        self.inserts, self.at = 0, at

    def insert(self, table: str, columns: Columns) -> None:
        self.inserts += 1
        if self.inserts in self.at:
            raise WarehouseError("the disk is full")
        self.inner.insert(table, columns)


@pytest.fixture
def faulty(rows: Warehouse) -> Faulty:
    return Faulty(rows)


@pytest.mark.parametrize("at", [1, 3, 5, 9])
def test_a_write_that_fails_is_tried_again_and_nothing_is_doubled(log: MemoryLog, faulty: Faulty, at: int) -> None:
    faulty.fail(at, at + 1)
    runner = Runner(log, faulty)
    runner.run_until(log.head)
    runner.close()
    assert everything(faulty) == folded_at_once(log, faulty)


def test_a_warehouse_that_stays_broken_stops_the_rows_where_they_are(log: MemoryLog, faulty: Faulty) -> None:
    runner = Runner(log, faulty)
    runner.run_until(10)
    faulty.fail(*range(1, 100))
    with pytest.raises(ProjectionsStopped, match="the disk is full"):
        runner.run_until(log.head)
    assert (runner.position, position_of(faulty)) == (10, 10)
    assert "the disk is full" in str(runner.progress.failure)
    with pytest.raises(ProjectionsStopped, match="the disk is full"):
        runner.wait(11, SOON)
    assert runner.wait(10, 0)
    runner.close()


def test_a_follower_stops_too_and_says_why(log: MemoryLog, faulty: Faulty, caplog: pytest.LogCaptureFixture) -> None:
    faulty.fail(*range(1, 100))
    runner = Runner(log, faulty)
    runner.start()
    with pytest.raises(ProjectionsStopped, match="the disk is full"):
        runner.wait(1, SOON)
    runner.close()
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == ["projections stopped position=0"]


def test_cached_rows_that_were_not_written_are_dropped(log: MemoryLog, faulty: Faulty) -> None:
    runner = Runner(log, faulty)
    faulty.fail(*range(1, 100))
    with pytest.raises(ProjectionsStopped):
        runner.run_until(log.head)
    faulty.fail()
    runner.run_until(log.head)
    runner.close()
    assert everything(faulty) == folded_at_once(log, faulty)


def test_a_log_that_cannot_be_read_is_tried_again_then_given_up(story: Story, log: MemoryLog, rows: Warehouse, runner: Runner) -> None:
    log.fail = [OSError("disk"), OSError("disk")]
    runner.run_until(log.head)
    assert runner.position == 40
    log.append(*story.events(1))
    log.fail = [OSError("disk")] * 10
    with pytest.raises(ProjectionsStopped, match="the log cannot be read: disk"):
        runner.run_until(log.head)


def damage(log: MemoryLog, *positions: int) -> None:
    for position in positions:
        log.events[position - 1] = replace(log.events[position - 1], state=b'{"tenant":')


def quarantined(warehouse: Warehouse) -> list[int]:
    return [row["position"] for row in warehouse.execute("SELECT position FROM quarantine FINAL ORDER BY position")]


def test_a_damaged_event_is_set_aside_and_named_and_the_rest_goes_on(
    log: MemoryLog, rows: Warehouse, runner: Runner, caplog: pytest.LogCaptureFixture
) -> None:
    damage(log, 3, 17)
    runner.run_until(log.head)
    assert (runner.position, runner.refused, quarantined(rows)) == (40, 2, [3, 17])
    assert {row["position"] for row in rows.execute("SELECT position FROM events")} == set(range(1, 41)) - {3, 17}
    assert [record.message.split(" error=")[0] for record in caplog.records] == [
        f"projections refused position={position} topic={log.events[position - 1].topic}" for position in (3, 17)
    ]


def test_an_event_of_an_unknown_name_is_set_aside(log: MemoryLog, rows: Warehouse, runner: Runner) -> None:
    log.events[4] = replace(log.events[4], topic="interaction.unheard_of")
    runner.run_until(log.head)
    assert quarantined(rows) == [5]


def test_a_call_that_a_fold_cannot_take_does_not_hold_up_the_others(
    log: MemoryLog, rows: Warehouse, runner: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = [event.position for event in log.events if event.topic.startswith(("interaction", "visit"))]
    poison = log.events[calls[2] - 1]
    fold = visits.fold

    def failing(batch: Any, events: Any) -> Columns:
        if any(recorded.position == poison.position for recorded in batch):
            raise ZeroDivisionError
        return fold(batch, events)

    monkeypatch.setitem(CALLS, visits.TABLE, failing)
    runner.run_until(log.head)
    assert (runner.position, quarantined(rows)) == (40, [poison.position])
    positions = {row["position"] for row in rows.execute("SELECT position FROM interactions_versions")}
    assert positions == set(calls) - {poison.position}


def test_too_many_bad_events_are_a_bad_program(rows: Warehouse) -> None:
    log = MemoryLog(Story(Random(5)).events(MOST_REFUSED + 10))
    damage(log, *range(1, MOST_REFUSED + 2))
    runner = Runner(log, rows)
    with pytest.raises(ProjectionsStopped, match=f"{MOST_REFUSED + 1} events could not be made rows"):
        runner.run_until(log.head)
    runner.close()
    assert position_of(rows) == 0


def test_decisions() -> None:
    assert about_outside(1) == RetryAfter(0.0)
    assert about_outside(4) == Stop()
    assert about_event(MOST_REFUSED) == Quarantine()
    assert about_event(MOST_REFUSED + 1) == Stop()


def test_an_answer_holds_for_its_position_also_while_rows_are_written() -> None:
    progress = Progress(5, 5)
    assert progress.steady(lambda as_of: as_of) == (None, 5)
    progress.writing()
    assert progress.steady(lambda as_of: as_of) == (5, 5)
    progress.written(6)
    assert progress.steady(lambda as_of: as_of) == (None, 6)

    arguments: list[int | None] = []

    def disturbed(as_of: int | None) -> int | None:
        arguments.append(as_of)
        if as_of is None:
            progress.writing()
            progress.written(7)
        return as_of

    assert progress.steady(disturbed) == (7, 7)
    assert arguments == [None, 7]


def test_under_steady_traffic_an_answer_is_not_computed_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    progress = Progress(5, 5)
    asked: list[int | None] = []

    def disturbed(as_of: int | None) -> int | None:
        asked.append(as_of)
        progress.writing()
        progress.written(progress.position + 1)
        return as_of

    for _ in range(4):
        progress.steady(disturbed)
    assert asked == [None, 6, None, 8, 9, 10]
    # When the traffic has calmed down, the current rows are read again.
    monkeypatch.setattr(progress_of_rows, "_CALM_S", 0.0)
    assert progress.steady(lambda as_of: as_of) == (None, 11)
    monkeypatch.undo()
    assert progress.steady(lambda as_of: as_of) == (None, 11)


def test_brief_answers_and_rows_wait_for_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress_of_rows, "_HELD_S", SOON)
    progress = Progress(5, 5)
    asking, answered, order = threading.Event(), threading.Event(), []

    def ask(as_of: int | None) -> int | None:
        asking.set()
        assert answered.wait(SOON)
        order.append("answered")
        return as_of

    def write() -> None:
        progress.writing()
        order.append("writing")

    with ThreadPoolExecutor(3) as threads:
        answer = threads.submit(progress.steady, ask, brief=True)
        assert asking.wait(SOON)
        writes = threads.submit(write)
        within(lambda: progress._kept_waiting)
        later = threads.submit(progress.steady, lambda as_of: as_of, brief=True)
        answered.set()
        writes.result(SOON)
        assert answer.result(SOON) == (None, 5)
        assert order == ["answered", "writing"]
        assert not later.done()
        progress.written(6)
        assert later.result(SOON) == (None, 6)


def test_neither_waits_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress_of_rows, "_HELD_S", 0.01)
    progress = Progress(5, 5)

    def slow(as_of: int | None) -> int | None:
        if as_of is None:
            progress.writing()
        return as_of

    assert progress.steady(slow, brief=True) == (5, 5)
    assert progress.steady(lambda as_of: as_of, brief=True) == (5, 5)


def test_nobody_waits_for_the_answers_of_a_company_whose_answers_take_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress_of_rows, "_LENGTHY_S", -1.0)
    progress = Progress(5, 5)
    assert progress.steady(lambda as_of: as_of, brief="large") == (None, 5)
    monkeypatch.setattr(progress_of_rows, "_LENGTHY_S", 60.0)
    held: list[tuple[str, int]] = []

    def ask(company: str) -> None:
        progress.steady(lambda as_of: held.append((company, progress._brief)), brief=company)

    for company in ("large", "small"):
        ask(company)
    assert held == [("large", 0), ("small", 1)]
    monkeypatch.setattr(progress_of_rows, "_KNOWN_FOR_S", 0.0)
    progress._lengthy_until.clear()
    ask("large")
    assert held[-1] == ("large", 1)


def test_rows_of_a_killed_writer_are_not_trusted_until_it_is_caught_up_with() -> None:
    progress = Progress(5, 9)
    assert progress.steady(lambda as_of: as_of) == (5, 5)
    progress.writing()
    progress.written(8)
    assert progress.steady(lambda as_of: as_of) == (8, 8)
    progress.writing()
    progress.written(9)
    assert progress.steady(lambda as_of: as_of) == (None, 9)


@pytest.mark.parametrize("brief", [False, True])
def test_answers_are_exact_while_rows_follow(rows: Warehouse, brief: bool) -> None:
    """Each answer, at any moment of the writing, is what the log's first events alone give."""
    events = list(Story(Random(11)).events(30))
    log = MemoryLog()
    runner = Runner(log, rows, pace_s=0.0)
    answers: list[tuple[Any, int]] = []
    done = threading.Event()

    def ask() -> None:
        while not done.is_set():
            answers.append(runner.progress.steady(lambda as_of: everything(rows, as_of), brief=brief))

    asker = threading.Thread(target=ask)
    runner.start()
    asker.start()
    for event in events:
        log.append(event)
        assert runner.wait(log.head - 2, SOON)
    assert runner.wait(log.head, SOON)
    done.set()
    asker.join()
    runner.close()
    assert answers
    for answer, position in answers:
        assert answer == everything(rows, as_of=position)


def test_whoever_waits_for_rows_ends_the_rest() -> None:
    progress = Progress(5, 5)
    rested = threading.Event()

    def rest() -> None:
        progress.rest(SOON)
        rested.set()

    resting = threading.Thread(target=rest)
    resting.start()
    assert progress.wait(5, 0)
    assert not rested.is_set()
    assert not progress.wait(6, 0.1)
    resting.join(SOON)
    assert rested.is_set()
    # Who waited in vain keeps nobody from the next rest; who closes does.
    assert not progress.waited_for
    progress.end_rest()
    progress.rest(SOON)


def test_in_a_busy_time_rows_are_written_longer_apart(log: MemoryLog, rows: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("projections.engine.runner.BUSY", 40)
    rests: list[float] = []
    monkeypatch.setattr(Progress, "rest", lambda _, seconds: rests.append(seconds))
    ticks = iter(range(0, 1_000, 2))
    monkeypatch.setattr("projections.engine.runner.monotonic", lambda: float(next(ticks)))
    runner = Runner(log, rows, pace_s=0.0)
    runner.start()
    assert runner.wait(40, SOON)
    while not rests:
        threading.Event().wait(0.001)
    runner.close()
    # It took two seconds by this clock: four times as long would be longer than the longest rest.
    assert rests == [LONGEST_REST_S]


def test_rows_of_people_who_talk_are_written_at_the_usual_pace(log: MemoryLog, rows: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Progress, "rest", lambda *_: pytest.fail("nobody rests"))
    runner = Runner(log, rows, pace_s=0.0)
    runner.start()
    assert runner.wait(40, SOON)
    runner.close()
    assert log.head < BUSY
