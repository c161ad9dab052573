"""A process whose clock is not the server's accepts no commands; one whose clock was set back goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commands.command_bus import CommandBus
from commands.companies import RegisterCompany
from domain.base import SECOND
from store.clock import EVERY_S, MOST_OFF_S, ClockOff, ClockWatch, LogClock
from store.event_store import Store
from store.storage_location import InDirectory, OnServers
from tests.kit.clocks import Settable, Shifted
from tests.kit.http import operator


class Passing:
    """A monotonic clock that the test advances."""

    def __init__(self) -> None:
        self.s = 0.0

    def __call__(self) -> float:
        return self.s


@pytest.fixture
def store(on_server: OnServers) -> Iterator[Store]:
    with closing(Store(on_server)) as store:
        yield store


@pytest.mark.parametrize(("by_s", "how"), [(3600, "3,600 s ahead of"), (-3600, "behind"), (MOST_OFF_S + 5, "ahead of")])
def test_a_clock_that_is_off_accepts_no_commands_until_it_is_right_again(store: Store, by_s: float, how: str) -> None:
    clock = Shifted()
    bus = CommandBus(store, clock, watched=True)
    assert bus.watch is not None
    clock.by_s = by_s
    register = RegisterCompany(name="Empresa"), operator("Empresa")
    with pytest.raises(ClockOff, match=how):
        bus.execute(*register)
    with pytest.raises(ClockOff, match=how):
        asyncio.run(bus.execute_soon(*register))
    assert store.end() == 0
    clock.by_s = 0
    bus.watch.look()
    assert bus.execute(*register).position == store.end() == 1


def test_a_clock_that_is_a_little_off_is_right(store: Store) -> None:
    clock = Shifted()
    clock.by_s = MOST_OFF_S - 5
    assert CommandBus(store, clock, watched=True).execute(RegisterCompany(name="Empresa"), operator("Empresa")).position == 1


def test_a_clock_is_compared_again_after_some_seconds(store: Store) -> None:
    clock, passing = Shifted(), Passing()
    watch = ClockWatch(clock, store.recorder.db, passing)
    watch.must_fit()
    clock.by_s = 3600
    watch.must_fit()
    passing.s += EVERY_S + 1
    with pytest.raises(ClockOff):
        watch.must_fit()
    clock.by_s = 0
    with pytest.raises(ClockOff):
        watch.must_fit()
    passing.s += EVERY_S + 1
    watch.must_fit()


def test_a_store_in_a_directory_has_the_clock_of_its_machine(tmp_path: Path) -> None:
    clock = Shifted()
    clock.by_s = 3600
    with closing(Store(InDirectory(tmp_path / "data"))) as store:
        bus = CommandBus(store, clock, watched=True)
        assert bus.execute(RegisterCompany(name="Empresa"), operator("Empresa")).position == 1


def test_the_time_of_a_log_goes_on_while_the_clock_is_behind_it_and_follows_the_clock_again() -> None:
    clock, passing = Settable(), Passing()
    log = LogClock(clock, clock.us, passing)

    def after(seconds: float) -> float:
        """Let time pass. Returns how far the time of the log is from the beginning."""
        passing.s += seconds
        clock.pass_s(seconds)
        return (log.now_us() - began) / SECOND

    began = clock.us
    assert after(10) == 10
    log.recorded(log.now_us())
    clock.pass_s(-3_600)
    assert after(100) == pytest.approx(100)
    assert log.behind_s == 3_500
    saved = log.now_us()
    assert after(1) == pytest.approx(100.9)
    log.recorded(saved)
    assert after(9) == pytest.approx(109), "what passes while events are saved is not lost"
    clock.us = began + 200 * SECOND
    assert after(0) == 200, "the clock has passed the last event"
    assert log.behind_s == 0


@given(st.lists(st.tuples(st.floats(0, 5_000), st.floats(-10_000, 10_000), st.booleans()), max_size=20))
def test_no_event_happens_before_one_that_was_recorded_earlier(steps: list[tuple[float, float, bool]]) -> None:
    clock, passing = Settable(), Passing()
    log = LogClock(clock, clock.us, passing)
    recorded = clock.us
    for seconds, jump, saves in steps:
        passing.s += seconds
        clock.pass_s(seconds + jump)
        now = log.now_us()
        assert now >= max(recorded, clock.us)
        if saves:
            log.recorded(now)
            recorded = now
