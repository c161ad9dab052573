"""Queues (Serviços) through the command bus: permissions, effects, and the queues that sources create."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest

from commands.command_bus import CommandBus
from commands.companies import RegisterCompany
from commands.handler_context import Caller, Command, DoneWith, HandlerContext, Result, handles
from commands.queues import (
    ActivateQueue,
    ChangeQueueSettings,
    DeactivateQueue,
    DeleteQueue,
    RegisterQueue,
    RenameQueue,
    SetQueueAgents,
    ensure_queue,
)
from domain.access import MANAGE_QUEUES
from domain.companies import CompanySettings
from domain.errors import AlreadyExists, InvalidField, NotAllowed, NotFound, Refused
from domain.ids import company_id, queue_id
from domain.queues import Queue, QueueSettings

TENANT = company_id("Empresa")
OTHER = company_id("Outra")
VENDAS = queue_id(TENANT, "vendas")
ADMIN = Caller(TENANT, "ana@empresa", frozenset({MANAGE_QUEUES}))


class Ensured(Result, frozen=True, kw_only=True):
    """The queue's name."""

    name: str


class Ensure(Command, frozen=True, kw_only=True):
    """A source names a queue."""

    RESULT: ClassVar[type[Result]] = Ensured
    permission: ClassVar[str] = MANAGE_QUEUES
    name: str
    at: int = 5


@handles(Ensure)
def ensure(command: Ensure, context: HandlerContext) -> DoneWith[Ensured]:
    queue = ensure_queue(context, command.name, command.at)
    return DoneWith(queue, Ensured(name=queue.name))


def events(bus: CommandBus, name: str = "vendas") -> list[Any]:
    return bus.store.stream(queue_id(TENANT, name))


def topics(bus: CommandBus, name: str = "vendas") -> list[str]:
    return [event.TOPIC for event in events(bus, name)]


def test_a_registered_queue_has_the_defaults_for_what_the_command_leaves_out(bus: CommandBus) -> None:
    receipt = bus.execute(RegisterQueue(name="vendas", sla_ms=30_000, agents=("Ana",)), ADMIN)
    assert (receipt.id, receipt.version) == (VENDAS, 1)
    (event,) = events(bus)
    assert (event.settings, event.agents) == (QueueSettings(sla_ms=30_000), ("Ana",))
    assert event.actor == "ana@empresa"


def test_the_companys_settings_are_the_defaults_of_its_queues(bus: CommandBus) -> None:
    order = RegisterCompany(name="Empresa", settings=CompanySettings(sla_target=70.0, sla_ms=45_000, tolerated_ms=10_000))
    bus.execute(order, Caller(TENANT, "setup", frozenset({order.permission})))
    bus.execute(RegisterQueue(name="vendas", sla_target=90.0), ADMIN)
    bus.execute(Ensure(name="suporte"), ADMIN)
    assert events(bus)[0].settings == QueueSettings(sla_target=90.0, sla_ms=45_000, tolerated_ms=10_000)
    assert events(bus, "suporte")[0].settings == QueueSettings(sla_target=70.0, sla_ms=45_000, tolerated_ms=10_000)


def test_changing_some_settings_leaves_the_others(bus: CommandBus) -> None:
    bus.execute(RegisterQueue(name="vendas", sla_target=90.0, internal_number="401"), ADMIN)
    bus.execute(ChangeQueueSettings(queue=VENDAS, tolerated_ms=8_000, internal_number=""), ADMIN)
    changed = events(bus)[-1]
    assert changed.settings == QueueSettings(sla_target=90.0, tolerated_ms=8_000)


def test_a_queue_is_registered_changed_and_deleted(bus: CommandBus) -> None:
    bus.execute(RegisterQueue(name="vendas"), ADMIN)
    with pytest.raises(Refused):
        bus.execute(DeleteQueue(queue=VENDAS), ADMIN)
    for command in (
        SetQueueAgents(queue=VENDAS, agents=("Ana", "Bruno")),
        DeactivateQueue(queue=VENDAS),
        ActivateQueue(queue=VENDAS),
        DeactivateQueue(queue=VENDAS),
        DeleteQueue(queue=VENDAS),
        RegisterQueue(name="vendas"),
    ):
        bus.execute(command, ADMIN)
    said = [topic.removeprefix("queue.") for topic in topics(bus)]
    assert said == ["registered", "agents_set", "deactivated", "activated", "deactivated", "deleted", "registered"]


def test_a_command_that_changes_nothing_is_accepted_without_an_event(bus: CommandBus) -> None:
    first = bus.execute(RegisterQueue(name="vendas"), ADMIN)
    again = bus.execute(ActivateQueue(queue=VENDAS), ADMIN)
    assert (again.version, again.position) == (first.version, first.position)


def test_a_renamed_queue_keeps_its_id_and_both_names(bus: CommandBus) -> None:
    bus.execute(RegisterQueue(name="vendas"), ADMIN)
    receipt = bus.execute(RenameQueue(queue=VENDAS, name="comercial"), ADMIN)
    assert receipt.id == VENDAS
    for name in ("vendas", "comercial"):
        receipt = bus.execute(Ensure(name=name), ADMIN)
        assert (receipt.id, receipt.result) == (VENDAS, {"name": "comercial"})
        with pytest.raises(AlreadyExists):
            bus.execute(RegisterQueue(name=name), ADMIN)
    bus.execute(RegisterQueue(name="suporte"), ADMIN)
    for name in ("vendas", "comercial"):
        with pytest.raises(AlreadyExists):
            bus.execute(RenameQueue(queue=queue_id(TENANT, "suporte"), name=name), ADMIN)
    bus.execute(RenameQueue(queue=VENDAS, name="vendas"), ADMIN)
    assert topics(bus) == ["queue.registered", "queue.renamed", "queue.renamed"]
    assert topics(bus, "comercial") == ["queue.name_taken"]
    assert topics(bus, "suporte") == ["queue.registered"]


def test_a_queue_that_a_source_names_is_created_once_as_of_that_instant(bus: CommandBus) -> None:
    receipts = [bus.execute(Ensure(name="Cobrança", at=at), ADMIN) for at in (7, 3, 9)]
    assert {receipt.id for receipt in receipts} == {queue_id(TENANT, "Cobrança")}
    (event,) = events(bus, "Cobrança")
    assert (event.occurred_at, event.cause) == (7, "Ensure")
    assert event.settings == QueueSettings()


def test_a_source_goes_on_naming_a_queue_that_was_deleted(bus: CommandBus) -> None:
    for command in (RegisterQueue(name="vendas"), DeactivateQueue(queue=VENDAS), DeleteQueue(queue=VENDAS), Ensure(name="vendas")):
        bus.execute(command, ADMIN)
    assert topics(bus)[-1] == "queue.deleted"


@pytest.mark.parametrize(
    "order",
    [
        RegisterQueue(name="suporte"),
        ChangeQueueSettings(queue=VENDAS, sla_ms=1),
        RenameQueue(queue=VENDAS, name="x"),
        SetQueueAgents(queue=VENDAS, agents=()),
        ActivateQueue(queue=VENDAS),
        DeactivateQueue(queue=VENDAS),
        DeleteQueue(queue=VENDAS),
    ],
    ids=lambda order: type(order).__name__,
)
def test_each_command_needs_the_permission_and_a_queue_of_the_own_company(bus: CommandBus, order: Any) -> None:
    bus.execute(RegisterQueue(name="vendas"), ADMIN)
    with pytest.raises(NotAllowed):
        bus.execute(order, Caller(TENANT, "x", frozenset({"gerenciar-phone"})))
    if not isinstance(order, RegisterQueue):
        with pytest.raises(NotFound):
            bus.execute(order, Caller(OTHER, "x", frozenset({MANAGE_QUEUES})))
    assert topics(bus) == ["queue.registered"]


def test_invalid_settings_are_refused_by_field_and_leave_no_trace(bus: CommandBus) -> None:
    with pytest.raises(InvalidField) as refusal:
        bus.execute(RegisterQueue(name="vendas", internal_number="9999"), ADMIN)
    assert refusal.value.field == "internal_number"
    assert bus.store.head() == 0


def test_a_queue_read_from_its_events_has_the_settings_it_had(bus: CommandBus) -> None:
    bus.execute(RegisterQueue(name="vendas", sla_ms=30_000), ADMIN)
    bus.execute(ChangeQueueSettings(queue=VENDAS, sla_ms=10_000), ADMIN)
    queue = Queue(VENDAS, TENANT)
    for event in events(bus):
        queue.replay(event)
    assert queue.settings_at(0) == (10_000, 5_000, 0), "the clock does not advance: the second settings replace the first"
