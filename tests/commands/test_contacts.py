"""A forgotten contact: its data cannot be read, and all counts stay, whatever is observed later."""

from __future__ import annotations

import stat
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest

from commands.command_bus import CommandBus
from commands.contacts import ForgetContact
from commands.handler_context import Caller, Receipt
from commands.interactions import EndCall, StartCall
from domain.access import PERMISSIONS
from domain.base import FORGOTTEN
from domain.errors import Refused
from store.event_store import Store
from store.keyring import Additions
from store.storage_location import InDirectory, StorageLocation
from tests.commands.tally import TENANT, Count, Counted, Noon, caller
from tests.kit.stores import BOTH, written

pytestmark = pytest.mark.parametrize("location", BOTH, indirect=True)

PHONE = "5511988000037"
ANA = Caller(TENANT, "ana", frozenset(PERMISSIONS))


def test_nobody_can_read_who_it_was_and_every_count_stays(bus: CommandBus, location: StorageLocation) -> None:
    tally = uuid4()
    contact = bus.execute(Count(tally=tally, by=2, phone=PHONE), caller("key")).result["contact"]
    bus.execute(Count(tally=tally, by=1, phone=PHONE), caller())
    assert PHONE.encode() not in written(location)

    bus.execute(ForgetContact(contact=contact), ANA)

    assert location.verify().flaw is None
    bus.store.close()
    store = Store(location)
    secrets = [event.secret for event in store.stream(tally) if isinstance(event, Counted)]
    assert [store.keyring.open(secret) for secret in secrets if secret] == [FORGOTTEN, FORGOTTEN]
    assert CommandBus(store, Noon()).execute(Count(tally=tally, by=1), caller()).result["total"] == 4
    assert PHONE.encode() not in written(location)
    store.close()


def test_a_forgotten_contact_who_calls_again_is_a_new_contact(bus: CommandBus) -> None:
    first = bus.execute(Count(tally=uuid4(), phone=PHONE), caller()).result["contact"]
    bus.execute(ForgetContact(contact=first), ANA)
    again = bus.execute(Count(tally=uuid4(), phone="+55 11 98800-0037"), caller()).result["contact"]
    assert again != first
    assert bus.execute(Count(tally=uuid4(), phone=PHONE), caller()).result["contact"] == again


def test_a_contact_in_an_open_interaction_stays_until_it_has_ended(bus: CommandBus) -> None:
    call = bus.execute(StartCall(from_number=PHONE), ANA).id
    contact = bus.store.keyring.find(bus.store.keyring.tag(TENANT, "phone", PHONE))
    assert contact is not None
    with pytest.raises(Refused):
        bus.execute(ForgetContact(contact=contact, interactions=(call,)), ANA)
    assert bus.store.keyring.knows(contact)
    bus.execute(EndCall(interaction=call), ANA)
    bus.execute(ForgetContact(contact=contact, interactions=(call,)), ANA)
    assert not bus.store.keyring.knows(contact)


def test_after_a_forgetting_a_repeated_key_is_refused_because_nothing_tells_what_it_was_used_for(bus: CommandBus) -> None:
    command = Count(tally=uuid4(), phone=PHONE)
    receipt = bus.execute(command, caller("key"))
    bus.execute(ForgetContact(contact=receipt.result["contact"]), ANA)
    stored = bus.store.receipts.find(caller("key").receipt_key, Noon().now_us())
    assert stored is not None
    assert stored.digest == b""
    before = bus.store.end()
    for repeat in (command, Count(tally=uuid4())):
        with pytest.raises(Refused) as refused:
            bus.execute(repeat, caller("key"))
        assert refused.value.code == "idempotency-key-forgotten"
    assert bus.store.end() == before


def test_a_process_manager_repeats_its_command_after_a_forgetting_without_executing_it_again(bus: CommandBus) -> None:
    command, process = Count(tally=uuid4(), phone=PHONE), replace(caller("key"), keeps_receipts=True)
    receipt = bus.execute(command, process)
    bus.execute(ForgetContact(contact=receipt.result["contact"]), ANA)
    assert bus.execute(command, process).position == receipt.position


def test_a_repeated_forgetting_gets_its_first_receipt_and_what_was_saved_with_it_keeps_no_digest(bus: CommandBus) -> None:
    contact = bus.execute(Count(tally=uuid4(), phone=PHONE), caller()).result["contact"]
    forget, key = ForgetContact(contact=contact), replace(ANA, idempotency_key="forget")
    first, _ = bus.execute_all([(forget, key), (Count(tally=uuid4()), caller("beside"))])
    assert isinstance(first, Receipt)
    assert bus.execute(forget, key).position == first.position
    with pytest.raises(Refused) as refused:
        bus.execute(ForgetContact(contact=uuid4()), key)
    assert refused.value.code == "idempotency-key-reused"
    beside = bus.store.receipts.find(caller("beside").receipt_key, Noon().now_us())
    assert beside is not None
    assert beside.digest == b""


def test_a_forgetting_that_a_crash_interrupted_is_finished_by_a_repeat(bus: CommandBus) -> None:
    contact = bus.execute(Count(tally=uuid4(), phone=PHONE), caller()).result["contact"]
    bus.store.keyring.destroy(contact)
    again = bus.execute(ForgetContact(contact=contact), ANA)
    assert [event.TOPIC for event in bus.store.stream(contact)] == ["contact.appeared", "contact.forgotten"]
    assert bus.execute(ForgetContact(contact=contact), ANA).position == again.position


def test_an_entry_of_the_index_whose_event_a_crash_prevented_points_to_nobody(bus: CommandBus) -> None:
    ghost, additions = uuid4(), Additions()
    additions.names[bus.store.keyring.tag(TENANT, "phone", PHONE)] = ghost
    bus.store.keyring.save(additions)
    contact = bus.execute(Count(tally=uuid4(), phone=PHONE), caller()).result["contact"]
    assert contact != ghost
    assert bus.execute(Count(tally=uuid4(), phone=PHONE), caller()).result["contact"] == contact


def test_what_a_center_knows_is_for_its_owner_alone(store: Store, location: StorageLocation, tmp_path: Path) -> None:
    CommandBus(store, Noon()).execute(Count(tally=uuid4(), phone=PHONE), caller())
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "data").iterdir()}
    assert len(modes) == (8 if isinstance(location, InDirectory) else 1)
    assert set(modes.values()) == {0o600}
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700
