"""The runner of process managers, over a log in a directory and on PostgreSQL: what follows from an event or timer is done once."""

from __future__ import annotations

import threading
from uuid import UUID, uuid4

import pytest

from commands.command_bus import CommandBus
from processes.changes import SENT_AT_ONCE
from processes.execution import MOST_SET_ASIDE, TRIES, Execution
from processes.runner import ProcessRunner, ProcessStopped, Sole
from store.database import Fenced, StoreUnavailable
from store.process_progress import ProcessProgress, be_quiet
from tests.commands.tally import Count, caller
from tests.kit.clocks import Settable
from tests.kit.stores import BOTH, location, on_server, own_database
from tests.kit.waiting import within
from tests.processes.reacting import AFTER_MS, CANCELLED, ECHOED, POISONED, TIMED, Echo, Faulty, Keyed, Slow, echo_of, rung_for
from tests.processes.rounds import count, done, registered, rounds

__all__ = ["location", "on_server", "own_database"]

pytestmark = pytest.mark.parametrize("location", BOTH, indirect=True)


# Events


def test_what_follows_from_an_event_is_done_once(bus: CommandBus, echo: Execution) -> None:
    tallies = [count(bus, ECHOED) for _ in range(5)]
    rounds(echo)
    assert [done(bus, echo_of(tally)) for tally in tallies] == [1] * 5
    again = Execution(Echo(), bus)
    rounds(again)
    assert [done(bus, echo_of(tally)) for tally in tallies] == [1] * 5


def test_the_position_is_saved_with_what_was_sent(bus: CommandBus, echo: Execution) -> None:
    count(bus, ECHOED)
    position = bus.store.head()
    echo.round()
    assert echo.progress.position() == position
    assert bus.store.head() == position + 1


def test_a_command_that_is_not_saved_moves_no_position_and_is_sent_again(
    bus: CommandBus, echo: Execution, monkeypatch: pytest.MonkeyPatch
) -> None:
    tally = count(bus, ECHOED)

    def away(*_: object) -> None:
        raise StoreUnavailable("away")

    with monkeypatch.context() as patched:
        patched.setattr(echo.progress, "set_timers", away)
        assert echo.round() > 0
        assert (done(bus, echo_of(tally)), echo.progress.position(), echo.figures.failures) == (0, 0, 0)
    rounds(echo)
    assert done(bus, echo_of(tally)) == 1


def test_a_key_is_done_once_for_ever_and_many_commands_go_in_parts(bus: CommandBus) -> None:
    assert Keyed.MANY > 2 * SENT_AT_ONCE
    keyed = registered(Execution(Keyed(), bus))
    for _ in range(2):
        count(bus, ECHOED)
    rounds(keyed)
    assert [done(bus, UUID(int=n)) for n in range(Keyed.MANY)] == [1] * Keyed.MANY
    assert keyed.figures.failures == 0


def test_what_is_written_alongside_is_saved_with_the_commands_or_undoes_them(bus: CommandBus) -> None:
    progress = ProcessProgress(bus.store.recorder.db, "echo")
    progress.register()
    epoch = progress.begin().number
    one, other = uuid4(), uuid4()
    answers = bus.execute_all([(Count(tally=one), caller())], lambda _, answers: progress.move(epoch, len(answers)))
    assert (done(bus, one), progress.position(), len(answers)) == (1, 1, 1)
    progress.begin()
    with pytest.raises(Fenced):
        bus.execute_all([(Count(tally=other), caller())], lambda _, answers: progress.move(epoch, 2))
    assert (done(bus, other), progress.position()) == (0, 1)
    assert bus.execute(Count(tally=other), caller()).version == 1


# Timers


def test_a_timer_is_due_at_its_instant_and_not_before_and_once(bus: CommandBus, echo: Execution, clock: Settable) -> None:
    tally = count(bus, TIMED)
    clock.pass_s(AFTER_MS / 1000 - 0.000_001)
    rounds(echo)
    assert done(bus, rung_for(tally)) == 0
    assert len(echo.figures.timers) == 1
    clock.pass_s(0.000_001)
    rounds(echo)
    assert done(bus, rung_for(tally)) == 1
    clock.pass_s(3600)
    rounds(Execution(Echo(), bus))
    assert done(bus, rung_for(tally)) == 1
    assert echo.progress.timers() == []


def test_a_timer_outlives_the_process_and_is_due_when_the_next_one_begins(bus: CommandBus, echo: Execution, clock: Settable) -> None:
    tally = count(bus, TIMED)
    echo.round()
    clock.pass_s(60)
    rounds(Execution(Echo(), bus))
    assert done(bus, rung_for(tally)) == 1


def test_a_timer_that_is_cancelled_or_set_anew_is_not_due_as_before(bus: CommandBus, echo: Execution, clock: Settable) -> None:
    cancelled, moved = count(bus, TIMED), count(bus, TIMED)
    echo.round()
    clock.pass_s(AFTER_MS / 2000)
    count(bus, CANCELLED, cancelled)
    count(bus, TIMED, moved)
    echo.round()
    clock.pass_s(AFTER_MS / 2000)
    rounds(echo)
    assert [done(bus, rung_for(tally)) for tally in (cancelled, moved)] == [0, 0]
    clock.pass_s(AFTER_MS / 2000)
    rounds(echo)
    assert [done(bus, rung_for(tally)) for tally in (cancelled, moved)] == [0, 1]


def test_an_event_that_cancels_counts_even_when_the_timer_is_due_by_then(bus: CommandBus, echo: Execution, clock: Settable) -> None:
    tally = count(bus, TIMED)
    echo.round()
    count(bus, CANCELLED, tally)
    clock.pass_s(60)
    rounds(echo)
    assert done(bus, rung_for(tally)) == 0


# Errors


def test_what_fails_is_tried_again_then_set_aside_without_anybodys_data_and_the_next_is_done(bus: CommandBus) -> None:
    faulty = registered(Execution(Faulty(), bus))
    before, poison, refused, after = (count(bus, by) for by in (ECHOED, POISONED, POISONED + 1, ECHOED))
    rounds(faulty, 3 * TRIES)
    assert [done(bus, echo_of(tally)) for tally in (before, poison, refused, after)] == [1, 0, 0, 1]
    assert (faulty.figures.failures, faulty.figures.set_aside) == (2 * TRIES, 2)
    failures = faulty.progress.failures()
    assert [failure.cause for failure in failures] == ["event 2", "event 3"]
    assert "ValueError at tests.processes.reacting" in failures[0].reason
    assert failures[1].reason == "a command was refused: Refused"
    assert {failure.tries for failure in failures} == {TRIES}
    assert "Silva" not in str(failures)
    rounds(Execution(Faulty(), bus), 3 * TRIES)
    assert done(bus, echo_of(after)) == 1


def test_a_process_manager_that_fails_too_often_stops(bus: CommandBus) -> None:
    faulty = registered(Execution(Faulty(), bus))
    for _ in range(MOST_SET_ASIDE + 1):
        count(bus, POISONED)
    with pytest.raises(ProcessStopped, match="faulty has stopped at event 21"):
        rounds(faulty, (MOST_SET_ASIDE + 1) * (TRIES + 1))
    assert len(faulty.progress.failures()) == MOST_SET_ASIDE


def test_a_slow_and_a_failing_one_hold_up_no_other(bus: CommandBus) -> None:
    may_go_on = threading.Event()
    runner = ProcessRunner(bus, [Echo(), Faulty(), Slow(may_go_on.wait)])
    runner.start()
    try:
        for _ in range(MOST_SET_ASIDE + 1):
            count(bus, POISONED)
        tally = count(bus, ECHOED)
        within(lambda: done(bus, echo_of(tally)) == 1)
        assert runner.figures["slow"].position < runner.figures["echo"].position
        assert runner.figures["faulty"].position < runner.figures["echo"].position
    finally:
        may_go_on.set()
        runner.close()


def test_whoever_waits_is_told_of_one_that_has_stopped(bus: CommandBus) -> None:
    runner = ProcessRunner(bus, [Faulty()])
    runner.figures["faulty"].stopped = "event 1: ValueError"
    with pytest.raises(ProcessStopped, match="faulty"):
        runner.catch_up(bus.store.head() + 1)


# Who runs them


def test_who_was_fenced_saves_nothing_any_more(bus: CommandBus, echo: Execution) -> None:
    echo.round()
    successor = Execution(Echo(), bus)
    successor.round()
    tally = count(bus, ECHOED)
    with pytest.raises(Fenced):
        echo.round()
    assert done(bus, echo_of(tally)) == 0
    rounds(successor)
    assert done(bus, echo_of(tally)) == 1


def test_who_waits_runs_them_where_nobody_does(bus: CommandBus) -> None:
    runner = ProcessRunner(bus, [Echo()])
    tally = count(bus, ECHOED)
    runner.catch_up(bus.store.head())
    assert done(bus, echo_of(tally)) == 1
    assert ProcessProgress(bus.store.recorder.db, "echo").position() >= bus.store.head() - 1


def test_one_that_is_closed_while_it_takes_the_lead_ends(bus: CommandBus) -> None:
    class Late(Sole):
        def take(self, timeout_s: float) -> bool:
            within(runner._stepping_down.is_set)
            return True

    runner = ProcessRunner(bus, [Echo()], Late())
    runner.start()
    closing = threading.Thread(target=runner.close, daemon=True)
    closing.start()
    within(lambda: not closing.is_alive())


def test_who_waits_waits_for_those_that_run_in_the_background(bus: CommandBus) -> None:
    runner = ProcessRunner(bus, [Echo()])
    runner.start()
    try:
        tally = count(bus, ECHOED)
        runner.catch_up(bus.store.head())
        assert done(bus, echo_of(tally)) == 1
    finally:
        runner.close()


# Replay


def test_one_that_is_new_to_a_log_sends_nothing_of_its_past_but_knows_its_timers(bus: CommandBus, clock: Settable) -> None:
    past, waiting = count(bus, ECHOED), count(bus, TIMED)
    echo = registered(Execution(Echo(), bus))
    present = count(bus, ECHOED)
    rounds(echo)
    assert [done(bus, echo_of(tally)) for tally in (past, present)] == [0, 1]
    clock.pass_s(60)
    rounds(echo)
    assert done(bus, rung_for(waiting)) == 1


def test_a_restored_log_is_replayed_without_sending_anything(bus: CommandBus, echo: Execution, clock: Settable) -> None:
    echoed, waiting, cancelled = count(bus, ECHOED), count(bus, TIMED), count(bus, TIMED)
    count(bus, CANCELLED, cancelled)
    clock.pass_s(60)
    # The store came back from Kafka, with nothing that lay beside the log but an old position.
    be_quiet(bus.store.recorder.db, bus.store.head())
    present = count(bus, ECHOED)
    rounds(echo)
    assert [done(bus, echo_of(tally)) for tally in (echoed, present)] == [0, 1]
    assert [done(bus, rung_for(tally)) for tally in (waiting, cancelled)] == [1, 0]
