"""A process whose clock is wrong accepts no commands."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from commands.command_bus import CommandBus
from commands.companies import RegisterCompany
from store.clock import EVERY_S, MOST_OFF_S, ClockOff, ClockWatch
from store.event_store import Store
from store.storage_location import InDirectory, OnServers
from tests.kit.clocks import Shifted
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
