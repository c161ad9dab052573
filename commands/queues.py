"""Queues (Serviços): registered, set, renamed, switched on and off, deleted. Sources bring theirs about by naming them."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from msgspec.structs import replace

from commands.handler_context import Command, Done, HandlerContext, handles
from domain.access import MANAGE_QUEUES
from domain.companies import Company
from domain.ids import queue_id
from domain.queues import Profile, Queue, QueueSettings


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
def register_queue(command: RegisterQueue, context: HandlerContext) -> Done:
    """Refused if there is, or was under a former name, such a queue."""
    queue = _under(context, command.name)
    queue.register(command.name, _changed(_defaults(context), command), command.agents, context.metadata)
    return Done(queue)


@handles(ChangeQueueSettings)
def change_queue_settings(command: ChangeQueueSettings, context: HandlerContext) -> Done:
    """Calls offered earlier keep what they were promised."""
    queue = context.get(Queue, command.queue)
    queue.set_settings(_changed(queue.settings, command), context.metadata)
    return Done(queue)


@handles(RenameQueue)
def rename_queue(command: RenameQueue, context: HandlerContext) -> Done:
    """The new name is kept for this queue for good: a source that says it means this queue."""
    queue = context.get(Queue, command.queue)
    queue.rename(command.name, context.metadata)
    _under(context, command.name).take_name(command.name, queue.id, context.metadata)
    return Done(queue)


@handles(SetQueueAgents)
def set_queue_agents(command: SetQueueAgents, context: HandlerContext) -> Done:
    """Who answers the queue's customers, by the agents' names."""
    queue = context.get(Queue, command.queue)
    queue.set_agents(command.agents, context.metadata)
    return Done(queue)


@handles(ActivateQueue)
def activate_queue(command: ActivateQueue, context: HandlerContext) -> Done:
    """Nothing happens to a queue that is active."""
    queue = context.get(Queue, command.queue)
    queue.activate(context.metadata)
    return Done(queue)


@handles(DeactivateQueue)
def deactivate_queue(command: DeactivateQueue, context: HandlerContext) -> Done:
    """Calls that wait in it go on waiting."""
    queue = context.get(Queue, command.queue)
    queue.deactivate(context.metadata)
    return Done(queue)


@handles(DeleteQueue)
def delete_queue(command: DeleteQueue, context: HandlerContext) -> Done:
    """Refused while it is active."""
    queue = context.get(Queue, command.queue)
    queue.delete(context.metadata)
    return Done(queue)


def ensure_queue(context: HandlerContext, name: str, at: int) -> Queue:
    """The queue that a source calls `name`; first seen at `at` (microseconds), it comes to be with the company's defaults."""
    queue = _under(context, name)
    if queue.owner is not None:
        return context.get(Queue, queue.owner)
    if queue.version == 0:
        queue.register(name, _defaults(context), (), context.metadata, at)
    return queue


def _under(context: HandlerContext, name: str) -> Queue:
    """What is kept under this name: a queue, the note that the name is another queue's, or something new."""
    identity = queue_id(context.tenant, name)
    return context.load(Queue, identity) or context.add(Queue(identity, context.tenant))


def _defaults(context: HandlerContext) -> QueueSettings:
    """What the company's queues promise unless they say otherwise."""
    company = context.load(Company, context.tenant)
    if company is None:
        return QueueSettings()
    settings = company.settings
    return QueueSettings(sla_target=settings.sla_target, sla_ms=settings.sla_ms, tolerated_ms=settings.tolerated_ms)


def _changed(settings: QueueSettings, command: RegisterQueue | ChangeQueueSettings) -> QueueSettings:
    """The settings, with what the command says in place of what they said."""
    said = {field: getattr(command, field) for field in QueueSettings.__struct_fields__}
    return replace(settings, **{field: value for field, value in said.items() if value is not None})
