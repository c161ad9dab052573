"""The projection progress is never too high, never decreases, and reaches the end of the log when everything is done."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projections.engine.warehouse import Warehouse, WarehouseUnreachable
from store.database import StoreUnavailable
from store.event_store import Store
from store.postgres_lock import ServerLock
from store.storage_location import OnServers
from streams.projection_progress import CoveredPosition, ProjectionProgress
from streams.relay_progress import RelayProgress, Snapshot
from tests.kit.center import fresh, opened
from tests.kit.stores import behind
from tests.kit.waiting import within

AT_ONCE_S = 0.05
SOON_S = 20


class Model:
    """A log whose events are in partitions, a relay that appends them by batches, workers that each follow a partition."""

    def __init__(self, homes: list[int]) -> None:
        self.homes = homes
        self.relayed = 0
        self.kept: list[Snapshot] = []
        self.done: dict[int, int] = {}

    def relay(self, count: int, kept: bool) -> None:
        self.relayed = min(self.relayed + count, len(self.homes))
        if self.relayed and (not self.kept or self.kept[-1][0] < self.relayed):
            self.kept.append((self.relayed, {f"t:{home}": self._last(home, self.relayed) for home in set(self.homes[: self.relayed])}))
        if not kept and len(self.kept) > 1:
            del self.kept[len(self.kept) // 2 - 1]

    def _last(self, home: int, until: int) -> int:
        return max(position for position, one in enumerate(self.homes[:until], 1) if one == home)

    def work(self, home: int, count: int) -> None:
        of_it = [
            position for position, one in enumerate(self.homes[: self.relayed], 1) if one == home and position > self.done.get(home, 0)
        ]
        if of_it:
            self.done[home] = of_it[:count][-1]

    @property
    def truth(self) -> int:
        for position, home in enumerate(self.homes, 1):
            if position > self.done.get(home, 0):
                return position - 1
        return len(self.homes)

    def positions(self) -> Mapping[str, int]:
        return {"rows": 10**9} | {f"t:{home}": position for home, position in self.done.items()}

    def newest(self) -> Iterable[Snapshot]:
        return iter(self.kept[::-1])

    def after(self, position: int) -> Iterable[Snapshot]:
        return [snapshot for snapshot in self.kept if snapshot[0] > position]


class Few(CoveredPosition):
    MOST = 3


HOMES = 4
STEPS = st.one_of(
    st.tuples(st.just("relay"), st.integers(1, 8), st.booleans()),
    st.tuples(st.just("work"), st.integers(0, HOMES - 1), st.integers(1, 5)),
    st.tuples(st.just("look"), st.just(0), st.booleans()),
)


@given(
    kind=st.sampled_from([CoveredPosition, Few]),
    homes=st.lists(st.integers(0, HOMES - 1), min_size=1, max_size=40),
    actions=st.lists(STEPS, max_size=60),
)
def test_the_covered_position_is_never_too_high_never_decreases_and_reaches_the_end(
    kind: type[CoveredPosition], homes: list[int], actions: list[tuple[str, int, int]]
) -> None:
    model = Model(homes)
    coverage = kind(model, model.positions)
    reported = 0
    for action, one, other in actions:
        if action == "relay":
            model.relay(one, bool(other))
        elif action == "work":
            model.work(one, other)
        else:
            if other:
                # A process that has just begun knows as much as the snapshots say that are left.
                assert kind(model, model.positions).look() <= model.truth
            position = coverage.look()
            assert reported <= position <= model.truth
            reported = position
    model.relay(len(homes), kept=True)
    for home in range(HOMES):
        model.work(home, len(homes))
    assert coverage.look() == kind(model, model.positions).look() == len(homes)


def test_of_a_long_history_only_what_is_ahead_is_looked_at() -> None:
    looked: list[int] = []

    class Long:
        def newest(self) -> Iterator[Snapshot]:
            for position in range(1_000, 0, -1):
                looked.append(position)
                yield position, {"t:0": position}

        def after(self, position: int) -> list[Snapshot]:
            return []

    coverage = CoveredPosition(Long(), lambda: {"t:0": 995})
    assert coverage.look() == 995
    assert looked == list(range(1_000, 994, -1))


def test_while_no_rows_are_written_no_more_and_more_snapshots_are_kept() -> None:
    model = Model([0] * 40)
    coverage = Few(model, model.positions)
    for _ in range(40):
        model.relay(1, kept=True)
        assert coverage.look() == 0
    assert coverage._ahead is not None
    assert [position for position, _ in coverage._ahead] == [1, 2, 3]
    model.work(0, 38)
    assert coverage.look() == 38


# With the real ledger, log and rows


@pytest.fixture
def rows(tmp_path: Path) -> Iterator[Warehouse]:
    with opened(tmp_path / "warehouse") as engine:
        yield fresh(engine).warehouse


@pytest.fixture
def store(on_server: OnServers) -> Iterator[Store]:
    with Store(on_server) as opened:
        yield opened


@pytest.fixture
def relay_progress(on_server: OnServers, prefix: str) -> Iterator[RelayProgress]:
    with closing(RelayProgress(on_server.relay(), prefix)) as opened:
        yield opened


@pytest.fixture
def projection_progress(on_server: OnServers, prefix: str, rows: Warehouse, store: Store) -> Iterator[ProjectionProgress]:
    with (
        closing(RelayProgress(on_server.relay(), prefix)) as own,
        closing(ProjectionProgress(own, rows, store.recorder.db)) as opened,
    ):
        yield opened


def reach(rows: Warehouse, **positions: int) -> None:
    numbers = list(positions.values())
    rows.insert("positions", {"name": [f"t:{name[1:]}" for name in positions], "position": numbers, "version": numbers})


def append(location: OnServers, *positions: int) -> None:
    """Events, as far as the end of the log goes."""
    for position in positions:
        behind(location, "INSERT INTO stored_events VALUES (?, ?, 1, 'queue.opened', '', '')", position, position.to_bytes(16, "big"))


def test_it_is_notified_of_the_relay_and_of_the_workers_at_once(
    projection_progress: ProjectionProgress,
    relay_progress: RelayProgress,
    rows: Warehouse,
    on_server: OnServers,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("streams.projection_progress._TICK_S", 3_600.0)
    reach(rows, p0=2)
    relay_progress.record(relay_progress.begin().number, 3, {"t:0": 2, "t:1": 3})
    assert not projection_progress.wait(3, AT_ONCE_S)
    assert projection_progress.position == 0
    with ServerLock(on_server.store_url, "rows") as lock:
        lock.take(SOON_S, shared=True)
        reach(rows, p1=3)
        lock.release(notify="relay")
        assert projection_progress.wait(3, SOON_S)


def test_it_looks_now_and_then_by_itself(projection_progress: ProjectionProgress, relay_progress: RelayProgress, rows: Warehouse) -> None:
    relay_progress.record(relay_progress.begin().number, 3, {"t:0": 3})
    reach(rows, p0=3)
    assert projection_progress.wait(3, SOON_S)


def test_an_answer_is_of_the_rows_as_they_are_only_when_the_log_ends_there_before_and_after(
    projection_progress: ProjectionProgress, relay_progress: RelayProgress, rows: Warehouse, store: Store, on_server: OnServers
) -> None:
    assert projection_progress.steady(lambda as_of: as_of) == (None, 0)
    append(on_server, 1, 2)
    assert projection_progress.steady(lambda as_of: as_of) == (0, 0)
    reach(rows, p0=2)
    relay_progress.record(relay_progress.begin().number, 2, {"t:0": 2})
    assert projection_progress.wait(2, SOON_S)
    assert projection_progress.steady(lambda as_of: as_of) == (None, 2)
    arguments: list[int | None] = []

    def meanwhile(as_of: int | None) -> int | None:
        arguments.append(as_of)
        if as_of is None:
            append(on_server, 3)
        return as_of

    assert projection_progress.steady(meanwhile) == (2, 2)
    assert arguments == [None, 2]


def test_while_a_server_is_away_the_position_stays_and_callers_get_false_at_their_deadline(
    projection_progress: ProjectionProgress, relay_progress: RelayProgress, rows: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = threading.Event()
    reach(rows, p0=3)
    for error in (WarehouseUnreachable("ClickHouse is away"), StoreUnavailable("PostgreSQL is away")):
        with monkeypatch.context() as away:

            def fail(error: Exception = error) -> int:
                failed.set()
                raise error

            away.setattr(projection_progress._coverage, "look", fail)
            failed.clear()
            position = projection_progress.position
            relay_progress.record(relay_progress.begin().number, position + 1, {"t:0": position + 1})
            within(failed.is_set)
            assert not projection_progress.wait(position + 1, AT_ONCE_S)
            assert projection_progress.position == position
        assert projection_progress.wait(position + 1, SOON_S)
