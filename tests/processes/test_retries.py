"""What a process manager set aside and an operator asks for again, over a log in a directory and on PostgreSQL: it is decided again once."""

from __future__ import annotations

from uuid import UUID

import pytest
from prometheus_client import CollectorRegistry

from commands.command_bus import CommandBus
from processes.execution import TRIES, Execution
from processes.figures import ProcessFigures
from processes.metrics import ProcessMetrics
from processes.runner import ProcessRunner, ProcessStopped, Sole
from processes.webhook_sender import SenderFigures
from store.database import Fenced, StoreUnavailable
from store.process_progress import Failure
from tests.kit.clocks import Settable
from tests.kit.stores import BOTH, location, on_server, own_database
from tests.kit.waiting import within
from tests.processes.reacting import AFTER_MS, CANCELLED, POISONED, TIMED, Faulty, FaultyTimers, echo_of, rung_for
from tests.processes.rounds import count, done, registered, rounds

__all__ = ["location", "on_server", "own_database"]

pytestmark = pytest.mark.parametrize("location", BOTH, indirect=True)

AFTER_S = AFTER_MS / 1000


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Attempts follow one another at once."""
    monkeypatch.setattr("processes.execution.PAUSES_S", (0.01,))


@pytest.fixture
def faulty(bus: CommandBus) -> Execution:
    return registered(Execution(Faulty(), bus))


@pytest.fixture
def timers(bus: CommandBus) -> Execution:
    return registered(Execution(FaultyTimers(), bus))


def set_aside(execution: Execution) -> Failure:
    """The one thing that it gives up now."""
    rounds(execution, TRIES + 1)
    (failure,) = execution.progress.failures()
    return failure


def mend(execution: Execution) -> None:
    """A release came that can."""
    manager = execution.manager
    if isinstance(manager, FaultyTimers):
        manager.broken.clear()
    elif isinstance(manager, Faulty):
        manager.mended = True


def retry(execution: Execution, failure: Failure) -> None:
    execution.progress.retry(failure)
    rounds(execution)


class Another:
    """The leadership of a process while another one leads."""

    def take(self, timeout_s: float) -> bool:
        return False

    def still_held(self) -> bool:
        return False

    def release(self) -> bool:
        return False


# Events


@pytest.mark.parametrize("by", [POISONED, POISONED + 1])
def test_what_is_retried_and_succeeds_is_done_once_and_not_listed_any_more(bus: CommandBus, faulty: Execution, by: int) -> None:
    tally = count(bus, by)
    failure = set_aside(faulty)
    mend(faulty)
    rounds(faulty)
    assert done(bus, echo_of(tally)) == 0, "nobody has asked for it"
    for _ in range(2):
        retry(faulty, failure)
        assert done(bus, echo_of(tally)) == 1
        assert (faulty.progress.failures(), faulty.figures.failed, faulty.figures.retried) == ([], {}, 1)


def test_what_fails_again_stays_listed_with_its_new_reason_and_is_not_tried_by_itself(
    bus: CommandBus, faulty: Execution, clock: Settable
) -> None:
    tally = count(bus, POISONED)
    failure = set_aside(faulty)
    clock.pass_s(60)
    retry(faulty, failure)
    (again,) = faulty.progress.failures()
    assert (again.cause, again.tries, again.retrying) == (failure.cause, TRIES + 1, False)
    assert again.at_us == failure.at_us + 60_000_000
    assert "ValueError at tests.processes.reacting" in again.reason
    assert "Silva" not in str(again)
    assert done(bus, echo_of(tally)) == 0


def test_a_retry_that_could_not_be_saved_is_done_once_later(bus: CommandBus, faulty: Execution, monkeypatch: pytest.MonkeyPatch) -> None:
    tally = count(bus, POISONED)
    failure = set_aside(faulty)
    mend(faulty)

    def away(*_: object) -> None:
        raise StoreUnavailable("away")

    with monkeypatch.context() as patched:
        patched.setattr(faulty.progress, "settle", away)
        retry(faulty, failure)
        assert done(bus, echo_of(tally)) == 0
    assert [failure.retrying for failure in faulty.progress.failures()] == [True]
    rounds(faulty)
    assert (done(bus, echo_of(tally)), faulty.progress.failures()) == (1, [])


def test_a_retry_outlives_the_leader_and_who_was_fenced_does_not_do_it(bus: CommandBus, faulty: Execution) -> None:
    tally = count(bus, POISONED)
    failure = set_aside(faulty)
    mend(faulty)
    successor = Execution(Faulty(), bus)
    mend(successor)
    successor.round()
    faulty.progress.retry(failure)
    with pytest.raises(Fenced):
        faulty.round()
    assert done(bus, echo_of(tally)) == 0
    rounds(successor)
    assert (done(bus, echo_of(tally)), successor.progress.failures()) == (1, [])


# Timers


def test_a_timer_that_was_set_aside_rings_once_when_it_is_retried(bus: CommandBus, timers: Execution, clock: Settable) -> None:
    timers.manager.broken = {"timer"}  # type: ignore[attr-defined]
    tally = count(bus, TIMED)
    timers.round()
    clock.pass_s(AFTER_S)
    failure = set_aside(timers)
    assert (failure.timer is not None, failure.tries) == (True, TRIES)
    retry(timers, failure)
    assert [failure.tries for failure in timers.progress.failures()] == [TRIES + 1]
    mend(timers)
    retry(timers, failure)
    assert (done(bus, rung_for(tally)), timers.progress.failures(), timers.progress.timers()) == (1, [], [])


@pytest.mark.parametrize("by", [CANCELLED, TIMED])
def test_a_timer_that_was_set_aside_is_over_when_an_event_cancels_it_or_sets_it_anew(
    bus: CommandBus, timers: Execution, clock: Settable, by: int
) -> None:
    timers.manager.broken = {"timer"}  # type: ignore[attr-defined]
    tally = count(bus, TIMED)
    timers.round()
    clock.pass_s(AFTER_S)
    set_aside(timers)
    mend(timers)
    count(bus, by, tally)
    rounds(timers)
    assert (timers.progress.failures(), timers.figures.failed) == ([], {})
    clock.pass_s(60)
    rounds(timers)
    assert done(bus, rung_for(tally)) == (by == TIMED)


def test_an_event_that_is_retried_sets_its_timer_unless_a_later_event_has_decided_about_it(
    bus: CommandBus, timers: Execution, clock: Settable
) -> None:
    timers.manager.broken = {"event"}  # type: ignore[attr-defined]
    tallies = [count(bus, by) for by in (TIMED, TIMED, TIMED, CANCELLED)]
    rounds(timers, (TRIES + 1) * len(tallies))
    failures = timers.progress.failures()
    assert len(failures) == len(tallies)
    mend(timers)
    alone, over, again, cancelled = tallies
    count(bus, CANCELLED, over)
    clock.pass_s(60)
    count(bus, TIMED, again)
    count(bus, TIMED, cancelled)
    rounds(timers)
    for failure in failures:
        timers.progress.retry(failure)
    rounds(timers)
    assert timers.progress.failures() == []
    assert [done(bus, rung_for(tally)) for tally in tallies] == [1, 0, 0, 0], "the first was due a minute ago"
    assert {UUID(timer.key) for timer in timers.progress.timers()} == {again, cancelled}
    clock.pass_s(AFTER_S)
    rounds(timers)
    assert [done(bus, rung_for(tally)) for tally in (alone, over, again, cancelled)] == [1, 0, 1, 1]


# Who asks


def test_who_asks_gets_the_outcome_from_whoever_leads(bus: CommandBus) -> None:
    manager = Faulty()
    leader, asking = ProcessRunner(bus, [manager]), ProcessRunner(bus, [Faulty()], Another())
    poisoned = count(bus, POISONED)
    leader.start()
    try:
        within(lambda: asking.failures() != [])
        ((process, failure),) = asking.failures()
        ((_, _, reason),) = asking.retry([(process, failure)])
        assert (process, "ValueError" in reason) == ("faulty", True)
        manager.mended = True
        assert list(asking.retry([(process, failure)])) == [(process, failure, "")]
        assert (done(bus, echo_of(poisoned)), asking.failures()) == (1, [])
        assert list(leader.retry([(process, failure)])) == [(process, failure, "")], "it is done already"
        assert done(bus, echo_of(poisoned)) == 1
    finally:
        leader.close()


def test_who_asks_decides_it_where_nobody_leads(bus: CommandBus) -> None:
    manager = Faulty()
    runner = ProcessRunner(bus, [manager], Sole())
    tally = count(bus, POISONED)
    runner.catch_up(bus.store.head())
    ((process, failure),) = runner.failures()
    assert ["ValueError" in reason for _, _, reason in runner.retry([(process, failure)])] == [True]
    manager.mended = True
    assert [reason for _, _, reason in runner.retry([(process, failure)])] == [""]
    assert done(bus, echo_of(tally)) == 1


def test_who_asks_is_told_that_it_waits_when_the_leader_does_not_decide(
    bus: CommandBus, faulty: Execution, monkeypatch: pytest.MonkeyPatch
) -> None:
    tally = count(bus, POISONED)
    failure = set_aside(faulty)
    monkeypatch.setattr("processes.runner._STANDSTILL_S", 0.0)
    with pytest.raises(ProcessStopped, match="faulty has not decided event 1 yet"):
        list(ProcessRunner(bus, [Faulty()], Another()).retry([("faulty", failure)]))
    mend(faulty)
    rounds(faulty)
    assert done(bus, echo_of(tally)) == 1


def test_metrics_say_what_is_left_undone_and_what_was_retried(bus: CommandBus, faulty: Execution) -> None:
    class Watched:
        @property
        def figures(self) -> dict[str, ProcessFigures]:
            return {"faulty": faulty.figures}

        def now_us(self) -> int:
            return bus.clock.now_us()

    registry = CollectorRegistry()
    registry.register(ProcessMetrics(Watched(), bus.store.head, SenderFigures()))

    def figures() -> list[float | None]:
        names = ("left_undone", "set_aside_total", "retried_total")
        return [registry.get_sample_value(f"atende_process_{name}", {"process": "faulty"}) for name in names]

    faulty.figures.active = True
    count(bus, POISONED)
    failure = set_aside(faulty)
    assert figures() == [1, 1, 0]
    mend(faulty)
    retry(faulty, failure)
    assert figures() == [0, 1, 1]
