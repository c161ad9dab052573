"""Commands about queues (Serviços): register, change, rename, activate, deactivate, delete. A queue is also created when a source first names it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import ClassVar
from uuid import UUID

from msgspec.structs import replace

from commands.handler_context import Command, Done, HandlerContext, handles
from domain.access import MANAGE_QUEUES, Scope
from domain.agents import Agent
from domain.companies import Company
from domain.errors import InvalidFields, NotFound
from domain.ids import agent_id, queue_id
from domain.names import cleaned, identity
from domain.queues import Profile, Queue, QueueRegistered, QueueRenamed, QueueSettings, RecordingRule
from domain.refusals import UNKNOWN
from store.event_store import Store


class QueueCommand(Command, frozen=True, kw_only=True):
    """A command of an administrator about queues."""

    permission: ClassVar[str] = MANAGE_QUEUES


class RegisterQueue(QueueCommand, frozen=True, kw_only=True):
    """Register a queue. Fields that are None get the company's defaults. Receipt: the queue's id."""

    name: str
    sla_target: float | None = None
    sla_ms: int | None = None
    tolerated_ms: int | None = None
    internal_number: str | None = None
    on_screen: bool | None = None
    sla_profile: Profile | None = None
    wrap_up_ms: int | None = None
    recording: RecordingRule | None = None
    agents: tuple[str, ...] = ()


class ChangeQueueSettings(QueueCommand, frozen=True, kw_only=True):
    """Change a queue's settings from now on. Fields that are None stay unchanged; `internal_number` "" removes the number."""

    queue: UUID
    sla_target: float | None = None
    sla_ms: int | None = None
    tolerated_ms: int | None = None
    internal_number: str | None = None
    on_screen: bool | None = None
    sla_profile: Profile | None = None
    wrap_up_ms: int | None = None
    recording: RecordingRule | None = None


class RenameQueue(QueueCommand, frozen=True, kw_only=True):
    """Rename a queue. A name that another queue has, or has had, is refused."""

    queue: UUID
    name: str


class SetQueueAgents(QueueCommand, frozen=True, kw_only=True):
    """Set the agents who answer a queue: exactly these."""

    queue: UUID
    agents: tuple[str, ...]


class ActivateQueue(QueueCommand, frozen=True, kw_only=True):
    """Activate a queue: it takes calls again."""

    queue: UUID


class DeactivateQueue(QueueCommand, frozen=True, kw_only=True):
    """Deactivate a queue: it takes no new calls."""

    queue: UUID


class DeleteQueue(QueueCommand, frozen=True, kw_only=True):
    """Remove a deactivated queue from the settings; its history stays."""

    queue: UUID


@handles(RegisterQueue)
def register_queue(command: RegisterQueue, context: HandlerContext) -> Done:
    """Refused if a queue has, or has had, this name."""
    queue = _under(context, command.name)
    must_name_agents(context, command.agents)
    queue.register(command.name, _changed(_defaults(context), command), command.agents, context.metadata)
    return Done(queue)


@handles(ChangeQueueSettings)
def change_queue_settings(command: ChangeQueueSettings, context: HandlerContext) -> Done:
    """Calls offered earlier keep the settings of their time."""
    queue = context.get(Queue, command.queue)
    queue.set_settings(_changed(queue.settings, command), context.metadata)
    return Done(queue)


@handles(RenameQueue)
def rename_queue(command: RenameQueue, context: HandlerContext) -> Done:
    """The new name is reserved for this queue for good: a source that uses it means this queue."""
    queue = context.get(Queue, command.queue)
    queue.rename(command.name, context.metadata)
    _under(context, command.name).take_name(command.name, queue.id, context.metadata)
    return Done(queue)


@handles(SetQueueAgents)
def set_queue_agents(command: SetQueueAgents, context: HandlerContext) -> Done:
    """The agents are given by their names. Those that the queue has already may stay, whoever they are."""
    queue = context.get(Queue, command.queue)
    must_name_agents(context, command.agents, queue.agents)
    queue.set_agents(command.agents, context.metadata)
    return Done(queue)


@handles(ActivateQueue)
def activate_queue(command: ActivateQueue, context: HandlerContext) -> Done:
    """Nothing changes for a queue that is active."""
    queue = context.get(Queue, command.queue)
    queue.activate(context.metadata)
    return Done(queue)


@handles(DeactivateQueue)
def deactivate_queue(command: DeactivateQueue, context: HandlerContext) -> Done:
    """Calls that wait in the queue go on waiting."""
    queue = context.get(Queue, command.queue)
    queue.deactivate(context.metadata)
    return Done(queue)


@handles(DeleteQueue)
def delete_queue(command: DeleteQueue, context: HandlerContext) -> Done:
    """Refused while the queue is active."""
    queue = context.get(Queue, command.queue)
    queue.delete(context.metadata)
    return Done(queue)


def existing_queue(context: HandlerContext, name: str, field: str = "queue") -> Queue:
    """The queue that has this name, for a live command: only what a source observes creates queues. Raises NotFound, which names the command's field."""
    queue = _named(context, name)
    if queue is None:
        raise NotFound("queue-unknown", f"no queue {name}", {field: f"no queue {name}"})
    return queue


def queue_for_call(context: HandlerContext, name: str) -> str:
    """The name of now of the queue to which a live command gives a call; "" for none. Raises NotFound, and Refused for a queue that takes no calls."""
    if not name:
        return ""
    queue = existing_queue(context, name)
    queue.must_take_calls()
    return queue.name


def queues_to_enter(context: HandlerContext, names: Iterable[str]) -> tuple[str, ...]:
    """These queues, each once, by their first names. Raises NotFound, which names each in `queues` that does not exist, or was removed."""
    names = tuple(names)
    _must_be("queue", "queues", names, lambda name: (queue := _named(context, name)) is not None and queue.exists)
    return tuple(dict.fromkeys(first_name(context, name) for name in names))


def must_name_queues(context: HandlerContext, names: Iterable[str], kept: Iterable[str] = ()) -> None:
    """Refuse users (NotFound, each by its place in `queues`) the names that no queue has, or has had, unless they are among the `kept` ones.

    Only users are held to it: what a source or the deployment itself names is what there is.
    """
    if context.caller.user is not None:
        known = set(map(identity, kept))
        _must_be("queue", "queues", names, lambda name: identity(name) in known or _named(context, name) is not None)


def must_name_agents(context: HandlerContext, names: Iterable[str], kept: Iterable[str] = ()) -> None:
    """Refuse users (NotFound, each by its place in `agents`) the names that no agent has, unless they are among the `kept` ones. As for queues."""
    if context.caller.user is not None:
        known = set(map(identity, kept))
        _must_be("agent", "agents", names, lambda name: identity(name) in known or _is_agent(context, name))


def _must_be(kind: str, field: str, names: Iterable[str], is_known: Callable[[str], bool]) -> None:
    unknown = {f"{field}.{index}": f"no {kind} {name}" for index, name in enumerate(names) if not is_known(name)}
    if unknown:
        raise NotFound(UNKNOWN[kind], "; ".join(unknown.values()), unknown)


def _named(context: HandlerContext, name: str) -> Queue | None:
    """The queue that has this name, or has had it; None for a name that no queue ever had."""
    queue = context.load(Queue, queue_id(context.tenant, name))
    if queue is not None and queue.owner is not None:
        queue = context.load(Queue, queue.owner)
    return queue if queue is not None and queue.promises else None


def _is_agent(context: HandlerContext, name: str) -> bool:
    agent = context.load(Agent, agent_id(context.tenant, name))
    return agent is not None and agent.person


def spelling(context: HandlerContext, name: str) -> str:
    """The queue's name in its first spelling, whichever spelling `name` is; the cleaned name of an unknown queue."""
    queue = context.load(Queue, queue_id(context.tenant, name))
    return queue.spelling if queue is not None and queue.spelling else cleaned(name)


def first_name(context: HandlerContext, name: str) -> str:
    """The first name of the queue that has, or has had, this name; the cleaned name of an unknown queue.

    Agents' sessions are recorded by it: so an agent is in a renamed queue once, whichever of its names a command or a source uses.
    """
    queue = _named(context, name)
    return queue.spelling if queue is not None else cleaned(name)


def name_now(context: HandlerContext, name: str) -> str:
    """The name of now of the queue that has, or has had, this name; the name itself of an unknown queue."""
    queue = _named(context, name)
    return queue.name if queue is not None else name


def ensure_queue(context: HandlerContext, name: str, at: int) -> Queue:
    """The queue that a source calls `name`, created with the company's defaults if it is new, as of `at` (microseconds)."""
    queue = _under(context, name)
    if queue.owner is not None:
        return context.get(Queue, queue.owner)
    if queue.version == 0:
        queue.register(cleaned(name), _defaults(context), (), context.metadata, at)
    return queue


def must_be_queues(context: HandlerContext, ids: Iterable[UUID]) -> None:
    """Refuse (InvalidFields, each by its place in `queue_ids`) the ids that no queue of the company has."""
    unknown = {f"queue_ids.{index}": "no such queue" for index, id in enumerate(ids) if not _is_queue(context, id)}
    if unknown:
        raise InvalidFields(unknown)


def _is_queue(context: HandlerContext, id: UUID) -> bool:
    try:
        return context.get(Queue, id).exists
    except NotFound:
        return False


def scope_of_queues(store: Store, queues: Iterable[UUID] | None) -> Scope:
    """What may be seen by whoever sees these queues alone (None: all). By every name that each has had: rows name a queue as it was called then."""
    if queues is None:
        return Scope.whole_company()
    events = (event for queue in queues for event in store.stream(queue))
    return Scope(queues=frozenset(event.name for event in events if isinstance(event, QueueRegistered | QueueRenamed)))


def _under(context: HandlerContext, name: str) -> Queue:
    """The queue of this name, the mark that the name belongs to another queue, or a new aggregate."""
    identity = queue_id(context.tenant, name)
    return context.load(Queue, identity) or context.add(Queue(identity, context.tenant))


def _defaults(context: HandlerContext) -> QueueSettings:
    """The default settings of the company's queues."""
    company = context.load(Company, context.tenant)
    if company is None:
        return QueueSettings()
    settings = company.settings
    return QueueSettings(sla_target=settings.sla_target, sla_ms=settings.sla_ms, tolerated_ms=settings.tolerated_ms)


def _changed(settings: QueueSettings, command: RegisterQueue | ChangeQueueSettings) -> QueueSettings:
    """The settings with the values that the command gives."""
    given = {field: getattr(command, field) for field in QueueSettings.__struct_fields__}
    return replace(settings, **{field: value for field, value in given.items() if value is not None})
