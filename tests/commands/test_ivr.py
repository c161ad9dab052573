"""IVRs (URAs) through the door: who may, what happens, and what sources bring about."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest

from commands.command_bus import Door
from commands.handler_context import Caller, Command, Desk, Done, handles
from commands.ivr import MANAGE_PHONES, ChangeIvrSettings, DeleteIvr, RegisterIvr, ensure_ivr
from commands.queues import MANAGE_QUEUES, RegisterQueue
from domain.errors import AlreadyExists, InvalidField, NotAllowed, NotFound
from domain.ids import company_id, ivr_id
from domain.ivr import Hours, IvrSettings, Message, Option

TENANT = company_id("Empresa")
OTHER = company_id("Outra")
MAIN = ivr_id(TENANT, "principal")
ADMIN = Caller(TENANT, "ana@empresa", frozenset({MANAGE_PHONES, MANAGE_QUEUES}))


class EnsureIvr(Command, frozen=True, kw_only=True):
    """A source names an IVR."""

    permission: ClassVar[str] = MANAGE_PHONES
    name: str
    at: int = 5


@handles(EnsureIvr)
def ensure(command: EnsureIvr, desk: Desk) -> Done:
    return Done(ensure_ivr(desk, command.name, command.at))


def topics(door: Door, name: str = "principal") -> list[str]:
    return [event.TOPIC for event in door.store.stream(ivr_id(TENANT, name))]


def test_an_ivr_is_registered_with_what_was_said(door: Door) -> None:
    door.execute(RegisterQueue(name="vendas"), ADMIN)
    hours = (Hours(0, "08:00", "18:00"),)
    menu = (Option("1", "vendas"),)
    wish = RegisterIvr(
        name="principal", area_code="11", number="30034000", always_open=False, hours=hours, welcome=Message(text="Oi"), menu=menu
    )
    receipt = door.execute(wish, ADMIN)
    event: Any = door.store.stream(receipt.id)[0]
    expected = IvrSettings(area_code="11", number="30034000", always_open=False, hours=hours, welcome=Message(text="Oi"), menu=menu)
    assert event.settings == expected


def test_its_life(door: Door) -> None:
    door.execute(RegisterIvr(name="principal"), ADMIN)
    with pytest.raises(AlreadyExists):
        door.execute(RegisterIvr(name="principal"), ADMIN)
    door.execute(ChangeIvrSettings(ivr=MAIN, number="30034000"), ADMIN)
    door.execute(ChangeIvrSettings(ivr=MAIN, area_code="21"), ADMIN)
    changed: Any = door.store.stream(MAIN)[-1]
    assert changed.settings == IvrSettings(area_code="21", number="30034000")
    door.execute(DeleteIvr(ivr=MAIN), ADMIN)
    with pytest.raises(NotFound):
        door.execute(ChangeIvrSettings(ivr=MAIN, number="1"), ADMIN)
    door.execute(RegisterIvr(name="principal"), ADMIN)
    assert topics(door) == ["ivr.registered", "ivr.settings_set", "ivr.settings_set", "ivr.deleted", "ivr.registered"]


def test_a_menu_leads_to_queues_that_are_there(door: Door) -> None:
    with pytest.raises(InvalidField) as refusal:
        door.execute(RegisterIvr(name="principal", menu=(Option("1", "vendas"),)), ADMIN)
    assert refusal.value.field == "menu"
    assert door.store.head() == 0


def test_an_ivr_that_a_source_names_comes_to_be_once_as_of_then(door: Door) -> None:
    for at in (7, 3):
        door.execute(EnsureIvr(name="principal", at=at), ADMIN)
    events: list[Any] = door.store.stream(MAIN)
    (event,) = events
    assert (event.occurred_at, event.settings) == (7, IvrSettings())


@pytest.mark.parametrize(
    "wish", [RegisterIvr(name="outra"), ChangeIvrSettings(ivr=MAIN, number="1"), DeleteIvr(ivr=MAIN)], ids=lambda wish: type(wish).__name__
)
def test_each_wish_needs_the_permission_and_an_own_ivr(door: Door, wish: Any) -> None:
    door.execute(RegisterIvr(name="principal"), ADMIN)
    with pytest.raises(NotAllowed):
        door.execute(wish, Caller(TENANT, "x", frozenset({MANAGE_QUEUES})))
    if not isinstance(wish, RegisterIvr):
        with pytest.raises(NotFound):
            door.execute(wish, Caller(OTHER, "x", frozenset({MANAGE_PHONES})))
    assert topics(door) == ["ivr.registered"]
