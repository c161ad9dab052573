"""What the relay has done is written down by one relay at a time, and what is old is kept in larger steps."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing

import pytest

from store.storage_location import OnServers
from streams import relay_progress as ledgers
from streams.relay_progress import Deposed, Ledger
from tests.kit.waiting import within


@pytest.fixture
def ledger(on_server: OnServers, prefix: str) -> Iterator[Ledger]:
    with closing(Ledger(on_server.relay(), prefix)) as opened:
        yield opened


def test_a_relay_goes_on_where_the_last_one_was(ledger: Ledger) -> None:
    first = ledger.begin()
    assert (first.position, first.reached) == (0, {})
    ledger.record(first.number, 7, {"a:0": 7, "a:1": 3})
    second = ledger.begin()
    assert (second.position, second.reached) == (7, {"a:0": 7, "a:1": 3})
    assert ledger.position() == 7


def test_the_number_of_partitions_stands_from_the_first_event_on(ledger: Ledger) -> None:
    assert ledger.partitions(4) == 4
    assert ledger.partitions(12) == 12
    ledger.record(ledger.begin().number, 7, {"a:0": 7})
    assert ledger.partitions(4) == 12
    ledger.set(0, {})
    assert ledger.partitions(4) == 12


def test_who_was_followed_cannot_record_any_more(ledger: Ledger) -> None:
    first = ledger.begin()
    second = ledger.begin()
    with pytest.raises(Deposed):
        ledger.record(first.number, 7, {})
    ledger.record(second.number, 3, {"a:0": 3})
    assert ledger.position() == 3
    assert [position for position, _ in ledger.after(0)] == [3]


def test_each_house_has_its_own(ledger: Ledger, on_server: OnServers) -> None:
    ledger.record(ledger.begin().number, 7, {"a:0": 7})
    with closing(Ledger(on_server.relay(), "another")) as other:
        assert other.position() == 0
        assert other.begin().position == 0
        assert list(other.newest()) == []


def test_snapshots_are_read_from_either_end(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledgers, "_AT_ONCE", 3)
    term = ledger.begin()
    for position in range(1, 12):
        ledger.record(term.number, position, {"a:0": position})
    assert list(ledger.after(4)) == [(position, {"a:0": position}) for position in range(5, 12)]
    assert list(ledger.newest()) == [(position, {"a:0": position}) for position in range(11, 0, -1)]


def test_of_old_snapshots_some_are_kept(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("KEPT", 5), ("SPARSE", 10), ("_PRUNED_EVERY", 1)):
        monkeypatch.setattr(ledgers, name, value)
    term = ledger.begin()
    for position in range(2, 60, 2):
        ledger.record(term.number, position, {"a:0": position})
    # The last one of every ten, and the latest five; what one recording makes old, the next one removes.
    assert [position for position, _ in ledger.after(0)] == [8, 18, 28, 38, 48, 50, 52, 54, 56, 58]


def test_after_a_restore_the_relay_goes_on_behind_what_is_there(ledger: Ledger) -> None:
    before = ledger.begin()
    ledger.record(before.number, 3, {"a:0": 3})
    ledger.set(9, {"a:0": 8, "a:1": 9})
    with pytest.raises(Deposed):
        ledger.record(before.number, 4, {})
    after = ledger.begin()
    assert (after.position, after.reached) == (9, {"a:0": 8, "a:1": 9})
    ledger.set(0, {})
    assert ledger.begin().position == 0


def test_who_listens_hears_of_what_is_recorded(ledger: Ledger, on_server: OnServers, prefix: str) -> None:
    heard = threading.Event()
    with closing(Ledger(on_server.relay(), prefix)) as other:
        other.listen(heard.set)
        ledger.record(ledger.begin().number, 1, {"a:0": 1})
        within(heard.is_set)
