"""Queues (Serviços): registered, set, renamed, switched on and off, deleted. Sources bring theirs about by naming them."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from msgspec.structs import replace

from commands.handler_context import Command, Desk, Done, handles
from domain.ids import queue_id
from domain.queues import Profile, Queue, QueueSettings
from domain.users import Company

MANAGE_QUEUES = "gerenciar-service"


class QueueCommand(Command, frozen=True, kw_only=True):
    """An administrator's wish about queues."""

    permission: ClassVar[str] = MANAGE_QUEUES


class RegisterQueue(QueueCommand, frozen=True, kw_only=True):
    """Let a queue be. What is None is as the company's defaults say. Receipt: the queue's id."""

    name: str
    sla_target: float | None = None
    sla_ms: int | None = None
    tolerated_ms: int | None = None
    internal_number: str | None = None
    on_screen: bool | None = None
    profile: Profile | None = None
    agents: tuple[str, ...] = ()


class ChangeQueueSettings(QueueCommand, frozen=True, kw_only=True):
    """Let the queue promise something else from now on. What is None stays; `internal_number` "" takes it away."""

    queue: UUID
    sla_target: float | None = None
    sla_ms: int | None = None
    tolerated_ms: int | None = None
    internal_number: str | None = None
    on_screen: bool | None = None
    profile: Profile | None = None


class RenameQueue(QueueCommand, frozen=True, kw_only=True):
    """Call the queue otherwise. A name that another queue has, or has had, is refused."""

    queue: UUID
    name: str


class SetQueueAgents(QueueCommand, frozen=True, kw_only=True):
    """Let exactly these agents answer the queue's customers."""

    queue: UUID
    agents: tuple[str, ...]


class ActivateQueue(QueueCommand, frozen=True, kw_only=True):
    """Let the queue take calls again."""

    queue: UUID


class DeactivateQueue(QueueCommand, frozen=True, kw_only=True):
    """Let the queue take no new calls."""

    queue: UUID


class DeleteQueue(QueueCommand, frozen=True, kw_only=True):
    """Remove a deactivated queue from the settings; its past stays."""

    queue: UUID


@handles(RegisterQueue)
def register_queue(command: RegisterQueue, desk: Desk) -> Done:
    """Refused if there is, or was under a former name, such a queue."""
    queue = _under(desk, command.name)
    queue.register(command.name, _changed(_defaults(desk), command), command.agents, desk.stamp)
    return Done(queue)


@handles(ChangeQueueSettings)
def change_queue_settings(command: ChangeQueueSettings, desk: Desk) -> Done:
    """Calls offered earlier keep what they were promised."""
    queue = desk.get(Queue, command.queue)
    queue.set_settings(_changed(queue.settings, command), desk.stamp)
    return Done(queue)


@handles(RenameQueue)
def rename_queue(command: RenameQueue, desk: Desk) -> Done:
    """The new name is kept for this queue for good: a source that says it means this queue."""
    queue = desk.get(Queue, command.queue)
    queue.rename(command.name, desk.stamp)
    _under(desk, command.name).take_name(command.name, queue.id, desk.stamp)
    return Done(queue)


@handles(SetQueueAgents)
def set_queue_agents(command: SetQueueAgents, desk: Desk) -> Done:
    """Who answers the queue's customers, by the agents' names."""
    queue = desk.get(Queue, command.queue)
    queue.set_agents(command.agents, desk.stamp)
    return Done(queue)


@handles(ActivateQueue)
def activate_queue(command: ActivateQueue, desk: Desk) -> Done:
    """Nothing happens to a queue that is active."""
    queue = desk.get(Queue, command.queue)
    queue.activate(desk.stamp)
    return Done(queue)


@handles(DeactivateQueue)
def deactivate_queue(command: DeactivateQueue, desk: Desk) -> Done:
    """Calls that wait in it go on waiting."""
    queue = desk.get(Queue, command.queue)
    queue.deactivate(desk.stamp)
    return Done(queue)


@handles(DeleteQueue)
def delete_queue(command: DeleteQueue, desk: Desk) -> Done:
    """Refused while it is active."""
    queue = desk.get(Queue, command.queue)
    queue.delete(desk.stamp)
    return Done(queue)


def ensure_queue(desk: Desk, name: str, at: int) -> Queue:
    """The queue that a source calls `name`; first seen at `at` (microseconds), it comes to be with the company's defaults."""
    queue = _under(desk, name)
    if queue.owner is not None:
        return desk.get(Queue, queue.owner)
    if queue.version == 0:
        queue.register(name, _defaults(desk), (), desk.stamp, at)
    return queue


def _under(desk: Desk, name: str) -> Queue:
    """What is kept under this name: a queue, the note that the name is another queue's, or something new."""
    identity = queue_id(desk.tenant, name)
    return desk.load(Queue, identity) or desk.add(Queue(identity, desk.tenant))


def _defaults(desk: Desk) -> QueueSettings:
    """What the company's queues promise unless they say otherwise."""
    company = desk.load(Company, desk.tenant)
    if company is None:
        return QueueSettings()
    settings = company.settings
    return QueueSettings(sla_target=settings.sla_target, sla_ms=settings.sla_ms, tolerated_ms=settings.tolerated_ms)


def _changed(settings: QueueSettings, command: RegisterQueue | ChangeQueueSettings) -> QueueSettings:
    """The settings, with what the command says in place of what they said."""
    said = {field: getattr(command, field) for field in QueueSettings.__struct_fields__}
    return replace(settings, **{field: value for field, value in said.items() if value is not None})
