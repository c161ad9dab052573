"""Acknowledged means on disk: a process that executes commands is killed at random moments, again and again."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import pytest

from domain.contacts import Contact
from domain.personal_data import normalised_phone
from store.event_store import Store, project
from store.storage_location import InDirectory
from tests.commands.tally import TENANT, Counted, Tally
from tests.kit.killed import killed

ROUNDS = [*range(20), *(pytest.param(seed, marks=pytest.mark.long) for seed in range(20, 200))]
LIVES = 2
"""How often the process is restarted on the same directory in one round."""


@pytest.mark.parametrize("seed", ROUNDS)
def test_nothing_acknowledged_is_lost_and_nothing_is_doubled(tmp_path: Path, seed: int) -> None:
    directory, acknowledged = tmp_path / "data", []
    for life in range(LIVES):
        acknowledged += [line.split(" ") for line in killed("tests.store.counting_child", directory, seed * LIVES + life)]
        proved = InDirectory(directory).verify()
        assert proved.flaw is None
        assert proved.events >= max(int(line[0]) for line in acknowledged)
    store = Store(directory)
    _check_what_was_acknowledged(store, acknowledged)
    _check_that_people_are_who_they_were(store, acknowledged)
    store.close()


def _check_what_was_acknowledged(store: Store, acknowledged: list[list[str]]) -> None:
    """Every receipt's event is where the receipt says; versions follow one another; no protocol number comes twice."""
    log = {recorded.position: recorded.event for recorded in store.read(0, 10**6)}
    assert list(log) == list(range(1, store.head() + 1))
    for position, id, version, total, *_ in acknowledged:
        event = log[int(position)]
        assert (event.originator_id, event.originator_version) == (UUID(id), int(version))
        upto = [event for event in store.stream(UUID(id)) if event.originator_version <= int(version)]
        tally = project(upto, Tally)
        assert tally is not None
        assert tally.total == int(total)
    counted = [event for event in log.values() if isinstance(event, Counted)]
    assert len({(event.originator_id, event.originator_version) for event in counted}) == len(counted)
    protocols = [line[4] for line in acknowledged]
    assert len(set(protocols)) == len(protocols)


def _check_that_people_are_who_they_were(store: Store, acknowledged: list[list[str]]) -> None:
    """A number has one contact, whose data can be read."""
    for *_, contact, phone in acknowledged:
        if phone != "-":
            known = project(store.stream(UUID(contact)), Contact)
            assert known is not None
            number = normalised_phone(phone)
            assert [store.keyring.open(datum) for datum in known.phones] == [number]
            assert store.keyring.find(store.keyring.tag(TENANT, "phone", number)) == known.id
