"""A forgotten contact: nothing of it can be read, all that was counted stays, whatever comes later."""

from __future__ import annotations

import stat
from pathlib import Path
from uuid import uuid4

import pytest

from commands.command_bus import Door
from commands.contacts import ForgetContact
from commands.handler_context import Caller
from domain.base import FORGOTTEN
from domain.errors import Refused
from domain.users import PERMISSIONS
from store.event_store import Store
from store.keyring import Additions
from store.storage_location import InDirectory, Place
from tests.commands.tally import TENANT, Count, Counted, Noon, caller
from tests.kit.stores import BOTH, written

pytestmark = pytest.mark.parametrize("place", BOTH, indirect=True)

PHONE = "5511988000037"
ANA = Caller(TENANT, "ana", frozenset(PERMISSIONS))


def test_nobody_can_read_who_it_was_and_every_count_stays(door: Door, place: Place) -> None:
    tally = uuid4()
    contact = door.execute(Count(tally=tally, by=2, phone=PHONE), caller("key")).result["contact"]
    door.execute(Count(tally=tally, by=1, phone=PHONE), caller())
    assert PHONE.encode() not in written(place)

    door.execute(ForgetContact(contact=contact, busy=False), ANA)

    assert place.verify().flaw is None
    door.store.close()
    store = Store(place)
    secrets = [event.secret for event in store.stream(tally) if isinstance(event, Counted)]
    assert [store.keyring.open(secret) for secret in secrets if secret] == [FORGOTTEN, FORGOTTEN]
    assert Door(store, Noon()).execute(Count(tally=tally, by=1), caller()).result["total"] == 4
    assert PHONE.encode() not in written(place)
    store.close()


def test_who_calls_again_is_somebody_new(door: Door) -> None:
    first = door.execute(Count(tally=uuid4(), phone=PHONE), caller()).result["contact"]
    door.execute(ForgetContact(contact=first, busy=False), ANA)
    again = door.execute(Count(tally=uuid4(), phone="+55 11 98800-0037"), caller()).result["contact"]
    assert again != first
    assert door.execute(Count(tally=uuid4(), phone=PHONE), caller()).result["contact"] == again


def test_a_contact_in_an_open_interaction_stays(door: Door) -> None:
    contact = door.execute(Count(tally=uuid4(), phone=PHONE), caller()).result["contact"]
    with pytest.raises(Refused):
        door.execute(ForgetContact(contact=contact, busy=True), ANA)
    assert door.store.keyring.knows(contact)


def test_an_idempotency_key_outlives_the_forgetting_what_was_said_under_it_does_not(door: Door) -> None:
    command = Count(tally=uuid4(), phone=PHONE)
    receipt = door.execute(command, caller("key"))
    door.execute(ForgetContact(contact=receipt.result["contact"], busy=False), ANA)
    stored = door.store.receipt_for(TENANT, "key")
    assert stored is not None
    assert stored[0] == b""
    assert door.execute(command, caller("key")).position == receipt.position


def test_a_forgetting_that_a_crash_cut_short_is_finished_by_asking_again(door: Door) -> None:
    contact = door.execute(Count(tally=uuid4(), phone=PHONE), caller()).result["contact"]
    door.store.keyring.destroy(contact)
    again = door.execute(ForgetContact(contact=contact, busy=False), ANA)
    assert [event.TOPIC for event in door.store.stream(contact)] == ["contact.appeared", "contact.forgotten"]
    assert door.execute(ForgetContact(contact=contact, busy=False), ANA).position == again.position


def test_an_entry_of_the_index_whose_event_a_crash_prevented_points_to_nobody(door: Door) -> None:
    ghost, additions = uuid4(), Additions()
    additions.names[door.store.keyring.tag(TENANT, "phone", PHONE)] = ghost
    door.store.keyring.save(additions)
    contact = door.execute(Count(tally=uuid4(), phone=PHONE), caller()).result["contact"]
    assert contact != ghost
    assert door.execute(Count(tally=uuid4(), phone=PHONE), caller()).result["contact"] == contact


def test_what_a_center_knows_is_for_its_owner_alone(store: Store, place: Place, tmp_path: Path) -> None:
    Door(store, Noon()).execute(Count(tally=uuid4(), phone=PHONE), caller())
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "data").iterdir()}
    assert len(modes) == (8 if isinstance(place, InDirectory) else 1)
    assert set(modes.values()) == {0o600}
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700
