"""What the relay has done is written down by one relay at a time, and what is old is kept in larger steps."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing

import pytest

from store.database import Fenced
from store.storage_location import OnServers
from streams import relay_progress as ledgers
from streams.relay_progress import RelayProgress
from tests.kit.waiting import within


@pytest.fixture
def relay_progress(on_server: OnServers, prefix: str) -> Iterator[RelayProgress]:
    with closing(RelayProgress(on_server.relay(), prefix)) as opened:
        yield opened


def test_a_relay_goes_on_where_the_last_one_was(relay_progress: RelayProgress) -> None:
    first = relay_progress.begin()
    assert (first.position, first.reached) == (0, {})
    relay_progress.record(first.number, 7, {"a:0": 7, "a:1": 3})
    second = relay_progress.begin()
    assert (second.position, second.reached) == (7, {"a:0": 7, "a:1": 3})
    assert relay_progress.position() == 7


def test_the_number_of_partitions_is_fixed_from_the_first_event_on(relay_progress: RelayProgress) -> None:
    assert relay_progress.partitions(4) == 4
    assert relay_progress.partitions(12) == 12
    relay_progress.record(relay_progress.begin().number, 7, {"a:0": 7})
    assert relay_progress.partitions(4) == 12
    relay_progress.set(0, {})
    assert relay_progress.partitions(4) == 12


def test_who_was_followed_cannot_record_any_more(relay_progress: RelayProgress) -> None:
    first = relay_progress.begin()
    second = relay_progress.begin()
    with pytest.raises(Fenced):
        relay_progress.record(first.number, 7, {})
    relay_progress.record(second.number, 3, {"a:0": 3})
    assert relay_progress.position() == 3
    assert [position for position, _ in relay_progress.after(0)] == [3]


def test_each_deployment_has_its_own(relay_progress: RelayProgress, on_server: OnServers) -> None:
    relay_progress.record(relay_progress.begin().number, 7, {"a:0": 7})
    with closing(RelayProgress(on_server.relay(), "another")) as other:
        assert other.position() == 0
        assert other.begin().position == 0
        assert list(other.newest()) == []


def test_snapshots_are_read_from_either_end(relay_progress: RelayProgress, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledgers, "_AT_ONCE", 3)
    epoch = relay_progress.begin()
    for position in range(1, 12):
        relay_progress.record(epoch.number, position, {"a:0": position})
    assert list(relay_progress.after(4)) == [(position, {"a:0": position}) for position in range(5, 12)]
    assert list(relay_progress.newest()) == [(position, {"a:0": position}) for position in range(11, 0, -1)]


def test_of_old_snapshots_some_are_kept(relay_progress: RelayProgress, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("KEPT", 5), ("SPARSE", 10), ("_PRUNED_EVERY", 1)):
        monkeypatch.setattr(ledgers, name, value)
    epoch = relay_progress.begin()
    for position in range(2, 60, 2):
        relay_progress.record(epoch.number, position, {"a:0": position})
    # The last one of every ten, and the latest five; what one recording makes old, the next one removes.
    assert [position for position, _ in relay_progress.after(0)] == [8, 18, 28, 38, 48, 50, 52, 54, 56, 58]


def test_after_a_restore_the_relay_goes_on_behind_what_is_there(relay_progress: RelayProgress) -> None:
    before = relay_progress.begin()
    relay_progress.record(before.number, 3, {"a:0": 3})
    relay_progress.set(9, {"a:0": 8, "a:1": 9})
    with pytest.raises(Fenced):
        relay_progress.record(before.number, 4, {})
    after = relay_progress.begin()
    assert (after.position, after.reached) == (9, {"a:0": 8, "a:1": 9})
    relay_progress.set(0, {})
    assert relay_progress.begin().position == 0


def test_listeners_are_notified_of_what_is_recorded(relay_progress: RelayProgress, on_server: OnServers, prefix: str) -> None:
    heard = threading.Event()
    with closing(RelayProgress(on_server.relay(), prefix)) as other:
        other.listen(heard.set)
        relay_progress.record(relay_progress.begin().number, 1, {"a:0": 1})
        within(heard.is_set)
