"""IVRs (URAs) through the command bus: permissions, effects, and the IVRs that sources create."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest

from commands.command_bus import CommandBus
from commands.handler_context import Caller, Command, Done, HandlerContext, handles
from commands.ivr import ChangeIvrSettings, DeleteIvr, RegisterIvr, ensure_ivr
from commands.queues import RegisterQueue
from domain.access import MANAGE_PHONES, MANAGE_QUEUES
from domain.errors import AlreadyExists, InvalidField, NotAllowed, NotFound
from domain.ids import company_id, ivr_id
from domain.ivr_settings import Hours, IvrSettings, Message, Option

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
def ensure(command: EnsureIvr, context: HandlerContext) -> Done:
    return Done(ensure_ivr(context, command.name, command.at))


def topics(bus: CommandBus, name: str = "principal") -> list[str]:
    return [event.TOPIC for event in bus.store.stream(ivr_id(TENANT, name))]


def test_an_ivr_is_registered_with_the_given_settings(bus: CommandBus) -> None:
    bus.execute(RegisterQueue(name="vendas"), ADMIN)
    hours = (Hours(0, "08:00", "18:00"),)
    menu = (Option("1", "vendas"),)
    order = RegisterIvr(
        name="principal", area_code="11", number="30034000", always_open=False, hours=hours, welcome=Message(text="Oi"), menu=menu
    )
    receipt = bus.execute(order, ADMIN)
    event: Any = bus.store.stream(receipt.id)[0]
    expected = IvrSettings(area_code="11", number="30034000", always_open=False, hours=hours, welcome=Message(text="Oi"), menu=menu)
    assert event.settings == expected


def test_an_ivr_is_changed_and_deleted(bus: CommandBus) -> None:
    bus.execute(RegisterIvr(name="principal"), ADMIN)
    with pytest.raises(AlreadyExists):
        bus.execute(RegisterIvr(name="principal"), ADMIN)
    bus.execute(ChangeIvrSettings(ivr=MAIN, number="30034000"), ADMIN)
    bus.execute(ChangeIvrSettings(ivr=MAIN, area_code="21"), ADMIN)
    changed: Any = bus.store.stream(MAIN)[-1]
    assert changed.settings == IvrSettings(area_code="21", number="30034000")
    bus.execute(DeleteIvr(ivr=MAIN), ADMIN)
    with pytest.raises(NotFound):
        bus.execute(ChangeIvrSettings(ivr=MAIN, number="1"), ADMIN)
    bus.execute(RegisterIvr(name="principal"), ADMIN)
    assert topics(bus) == ["ivr.registered", "ivr.settings_set", "ivr.settings_set", "ivr.deleted", "ivr.registered"]


def test_a_menu_may_name_only_queues_that_exist(bus: CommandBus) -> None:
    with pytest.raises(InvalidField) as refusal:
        bus.execute(RegisterIvr(name="principal", menu=(Option("1", "vendas"),)), ADMIN)
    assert refusal.value.field == "menu.0.queue"
    assert bus.store.head() == 0


def test_an_ivr_that_a_source_names_is_created_once_as_of_that_instant(bus: CommandBus) -> None:
    for at in (7, 3):
        bus.execute(EnsureIvr(name="principal", at=at), ADMIN)
    events: list[Any] = bus.store.stream(MAIN)
    (event,) = events
    assert (event.occurred_at, event.settings) == (7, IvrSettings())


@pytest.mark.parametrize(
    "order",
    [RegisterIvr(name="outra"), ChangeIvrSettings(ivr=MAIN, number="1"), DeleteIvr(ivr=MAIN)],
    ids=lambda order: type(order).__name__,
)
def test_each_command_needs_the_permission_and_an_ivr_of_the_own_company(bus: CommandBus, order: Any) -> None:
    bus.execute(RegisterIvr(name="principal"), ADMIN)
    with pytest.raises(NotAllowed):
        bus.execute(order, Caller(TENANT, "x", frozenset({MANAGE_QUEUES})))
    if not isinstance(order, RegisterIvr):
        with pytest.raises(NotFound):
            bus.execute(order, Caller(OTHER, "x", frozenset({MANAGE_PHONES})))
    assert topics(bus) == ["ivr.registered"]
