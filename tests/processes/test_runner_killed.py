"""Killed at any moment, a process manager does everything once: what follows from an event, and a timer, never before its instant."""

from __future__ import annotations

from collections import Counter
from contextlib import closing
from pathlib import Path
from uuid import UUID

import pytest

from commands.command_bus import CommandBus
from domain.base import MS
from processes.execution import MOST_SET_ASIDE
from store.event_store import Store
from store.storage_location import OnServers
from tests.commands.tally import Counted
from tests.kit.killed import killed
from tests.kit.stores import on_server, own_database
from tests.kit.waiting import within
from tests.processes.reacting import AFTER_MS, ECHOED, POISONED, TIMED, Echo, Faulty, echo_of, rung_for
from tests.processes.reacting_child import URL, location_in, runner_in
from tests.processes.retrying_child import faulty_runner_in
from tests.processes.rounds import count

__all__ = ["on_server", "own_database"]

LIVES = 2
"""How often the process is started anew on the same log in one round."""


def rounds(short: int, long: int) -> list[object]:
    return [*range(short), *(pytest.param(seed, marks=pytest.mark.long) for seed in range(short, long // LIVES))]


@pytest.mark.parametrize("seed", rounds(5, 200))
def test_everything_is_done_once_in_a_directory(tmp_path: Path, seed: int) -> None:
    dies_and_is_started_anew(tmp_path, seed)


@pytest.mark.parametrize("seed", rounds(3, 200))
def test_everything_is_done_once_on_a_server(tmp_path: Path, on_server: OnServers, seed: int) -> None:
    (tmp_path / URL).write_text(on_server.store_url)
    dies_and_is_started_anew(tmp_path, seed)


@pytest.mark.parametrize("seed", rounds(3, 100))
def test_what_is_retried_is_done_once_in_a_directory(tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("processes.execution.PAUSES_S", (0.0,))
    dies_while_it_retries(tmp_path, seed)


@pytest.mark.parametrize("seed", rounds(2, 100))
def test_what_is_retried_is_done_once_on_a_server(tmp_path: Path, on_server: OnServers, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("processes.execution.PAUSES_S", (0.0,))
    (tmp_path / URL).write_text(on_server.store_url)
    dies_while_it_retries(tmp_path, seed)


def dies_while_it_retries(directory: Path, seed: int) -> None:
    """What was asked for is done by the next leader, though nobody asks again."""
    with closing(Store(location_in(directory))) as store:
        bus = CommandBus(store)
        before = faulty_runner_in(directory, bus, mended=False)
        poisoned = [count(bus, POISONED) for _ in range(MOST_SET_ASIDE)]
        before.catch_up(store.head())
        assert len(before.failures()) == len(poisoned)
    told = killed("tests.processes.retrying_child", directory, seed, least=1, most=len(poisoned) // 2, within_s=0.05)
    assert all(line.endswith(" ") for line in told), "none has failed again"
    with closing(Store(location_in(directory))) as store:
        after = faulty_runner_in(directory, CommandBus(store), mended=True)
        left = len(after.failures())
        assert left <= len(poisoned) - len(told)
        after.start()
        within(lambda: after.failures() == [])
        after.close()
        assert after.figures[Faulty.NAME].retried == left
        assert [len(store.stream(echo_of(tally))) for tally in poisoned] == [1] * len(poisoned)


def dies_and_is_started_anew(directory: Path, seed: int) -> None:
    told: dict[UUID, int] = {}
    for life in range(LIVES):
        for line in killed("tests.processes.reacting_child", directory, seed * LIVES + life, least=20, most=100, within_s=0.05):
            tally, by = line.split(" ")
            told[UUID(tally)] = int(by)
    proved = location_in(directory).verify()
    assert proved.flaw is None
    store = Store(location_in(directory))
    try:
        _comes_to_rest(directory, store)
        _everything_once(store, told)
    finally:
        store.close()


def _comes_to_rest(directory: Path, store: Store) -> None:
    """All that waits is done by one more process."""
    runner = runner_in(directory, CommandBus(store))
    runner.start()
    figures = runner.figures[Echo.NAME]
    within(lambda: figures.active and figures.position == store.head() and not figures.timers)
    runner.close()
    assert (figures.failures, figures.set_aside, figures.stopped) == (0, 0, "")


def _everything_once(store: Store, told: dict[UUID, int]) -> None:
    log = [recorded.event for recorded in store.read(0, 10**6)]
    counted = [event for event in log if isinstance(event, Counted)]
    events = Counter(event.originator_id for event in counted)
    at = {event.originator_id: event.recorded_at for event in counted}
    # One whose acknowledgement was cut off by the kill may be there too, and then all holds for it.
    asked = {event.originator_id: event.by for event in counted if event.by}
    assert {tally for tally, by in told.items() if by} <= asked.keys()
    assert set(asked.values()) == {ECHOED, TIMED}
    followed = {echo_of(tally) if by == ECHOED else rung_for(tally): by for tally, by in asked.items()}
    assert {tally: events[tally] for tally in followed} == dict.fromkeys(followed, 1)
    for tally, by in asked.items():
        if by == TIMED:
            assert at[rung_for(tally)] >= at[tally] + AFTER_MS * MS
