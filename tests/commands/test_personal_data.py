"""What names a person is sealed, wherever an integration or a caller puts it, and goes with the contact."""

from __future__ import annotations

import json

import pytest

from commands.command_bus import CommandBus
from commands.contacts import ForgetContact, known_contact
from commands.handler_context import Caller
from commands.interactions import ChooseOption, EndCall, EnterIvr, StartCall
from commands.ivr import RegisterIvr
from commands.observations import ObserveCall
from commands.queues import RegisterQueue
from domain.access import PERMISSIONS
from domain.base import FORGOTTEN, NOBODY, Personal
from domain.ids import interaction_id
from domain.ivr_settings import Option
from domain.personal_data import OTHER_INPUT
from domain.voice.facts import Fact
from domain.voice.interactions import Interaction
from store.event_store import project
from store.mapper import read_aloud
from store.storage_location import StorageLocation
from tests.commands.tally import TENANT, Noon
from tests.kit.searching import forms
from tests.kit.stores import BOTH, written

pytestmark = pytest.mark.parametrize("location", BOTH, indirect=True)

PHONE, CPF = "5531977916159", "52998224725"
ANA = Caller(TENANT, "ana", frozenset(PERMISSIONS))


def correlated(correlation: str, key: str = "") -> Caller:
    return Caller(TENANT, "ana", frozenset(PERMISSIONS), key, correlation)


def aloud(bus: CommandBus) -> str:
    """The log, as those may read it who may."""
    return json.dumps([read_aloud(recorded.state, bus.store.keyring) for recorded in bus.store.recorder.events_after(0, 1_000)])


def forget(bus: CommandBus) -> None:
    found = known_contact(bus.store, TENANT, phone=PHONE)
    assert found is not None
    bus.execute(ForgetContact(contact=found.id), ANA)


def stored_plainly(location: StorageLocation, text: str) -> bool:
    content = written(location)
    return any(form in content for form in forms(text))


def options(bus: CommandBus, call: str) -> list[str]:
    interaction = project(bus.store.stream(interaction_id(TENANT, call)), Interaction)
    assert interaction is not None
    return interaction.state.options


@pytest.mark.parametrize("number", [PHONE, ""], ids=["known caller", "unknown caller"])
def test_a_cpf_keyed_in_an_ivr_is_sealed_and_forgotten_with_the_caller(bus: CommandBus, location: StorageLocation, number: str) -> None:
    call = bus.execute(StartCall(call="k.1", from_number=number), ANA).id
    bus.execute(EnterIvr(interaction=call, ivr="principal"), ANA)
    for keyed in ("1", CPF, ""):
        bus.execute(ChooseOption(interaction=call, option=keyed), ANA)
    assert options(bus, "k.1") == ["1", OTHER_INPUT, ""]
    assert not stored_plainly(location, CPF)
    assert CPF in aloud(bus)
    if number:
        bus.execute(EndCall(interaction=call), ANA)
        forget(bus)
        assert CPF not in aloud(bus)
        assert FORGOTTEN in aloud(bus)


def test_of_an_ivr_with_a_menu_only_its_digits_are_options(bus: CommandBus, location: StorageLocation) -> None:
    bus.execute(RegisterQueue(name="vendas"), ANA)
    bus.execute(RegisterIvr(name="principal", menu=(Option("1", "vendas"),)), ANA)
    call = bus.execute(StartCall(call="k.1", from_number=PHONE), ANA).id
    bus.execute(EnterIvr(interaction=call, ivr="principal"), ANA)
    for keyed in ("1", "7"):
        bus.execute(ChooseOption(interaction=call, option=keyed), ANA)
    assert options(bus, "k.1") == ["1", OTHER_INPUT]


def test_of_an_observed_ivr_short_keys_are_options_because_its_menu_is_in_the_dialplan(bus: CommandBus, location: StorageLocation) -> None:
    bus.execute(RegisterQueue(name="vendas"), ANA)
    bus.execute(RegisterIvr(name="principal", menu=(Option("1", "vendas"),)), ANA)
    now = Noon().now_us()
    facts = [Fact("arrived", now, clock="ami"), Fact("ivr_entered", now + 1, clock="ami", text="principal")]
    facts += [Fact("ivr_option", now + 2 + n, clock="ami", text=keyed) for n, keyed in enumerate(("7", CPF))]
    bus.execute(ObserveCall(call="1772470800.12", facts=tuple(facts)), ANA)
    assert options(bus, "1772470800.12") == ["7", OTHER_INPUT]
    assert not stored_plainly(location, CPF)


def test_a_call_id_that_is_a_number_finds_its_call_again_and_is_stored_nowhere(bus: CommandBus, location: StorageLocation) -> None:
    first = bus.execute(StartCall(call=f"crm-{PHONE}", from_number=PHONE), ANA)
    again = bus.execute(StartCall(call=f"crm-{PHONE}", from_number=PHONE), ANA)
    assert (again.id, again.version) == (first.id, first.version)
    assert first.id != interaction_id(TENANT, f"crm-{PHONE}")
    assert PHONE not in first.result["call"]
    assert not stored_plainly(location, PHONE)

    bus.execute(EndCall(interaction=first.id), ANA)
    forget(bus)
    assert bus.execute(StartCall(call=f"crm-{PHONE}", from_number=PHONE), ANA).id != first.id


def test_other_call_ids_stay_as_the_integration_gave_them(bus: CommandBus, location: StorageLocation) -> None:
    receipt = bus.execute(StartCall(call="crm-4711", from_number=PHONE), ANA)
    assert (receipt.id, receipt.result["call"]) == (interaction_id(TENANT, "crm-4711"), "crm-4711")


def test_a_correlation_id_that_is_a_number_is_forgotten_with_its_contact(bus: CommandBus, location: StorageLocation) -> None:
    bus.execute(StartCall(call="k.1", from_number=PHONE), correlated(f"lead-{CPF}", key=f"lead-{CPF}"))
    bus.execute(EndCall(interaction=interaction_id(TENANT, "k.1")), correlated("crm-4711"))
    assert not stored_plainly(location, CPF)
    assert CPF in aloud(bus)
    assert stored_plainly(location, "crm-4711")
    forget(bus)
    assert CPF not in aloud(bus)


def test_a_correlation_id_of_an_unknown_caller_is_forgotten_once_the_caller_is_known(bus: CommandBus, location: StorageLocation) -> None:
    call = bus.execute(StartCall(call="k.1"), correlated(CPF)).id
    now = Noon().now_us()
    bus.execute(ObserveCall(call="k.1", facts=(Fact("offered", now, clock="ami", queue="vendas", private=Personal(NOBODY, PHONE)),)), ANA)
    bus.execute(EndCall(interaction=call), ANA)
    assert CPF in aloud(bus)
    forget(bus)
    assert CPF not in aloud(bus)
