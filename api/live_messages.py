"""The messages of the live stream, for clients that watch the center.

A message states what happened, not how it is stored: it is a contract with clients, versioned by type, and events may change without it.
Only this module makes messages from events. No message holds a customer's data.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, ClassVar, Literal
from uuid import UUID

from pydantic import Field, TypeAdapter

from api.field_types import Instant, Shape
from api.instants import iso
from domain.access import ATTEND, Permission
from domain.agent_events import AgentEvent, AgentTookCall
from domain.base import Event
from domain.ivr import IvrEvent
from domain.known_before import Before, concerned
from domain.queues import QueueEvent, QueueNameTaken
from domain.voice.facts import Fact
from domain.voice.happenings import MEANINGS, said_of
from domain.voice.interaction_events import InteractionEvent
from domain.voice.timeline import TimelineEvent


class LiveAction(Shape):
    """One thing that happened, in contact center terms."""

    kind: Annotated[
        str,
        Field(
            description="what happened, in the word of its event: `answered` of a call is `interaction.answered` in the history and as the type of a webhook's message",
            examples=["answered"],
        ),
    ]
    queue: Annotated[str | None, Field(description="the queue concerned; null if none", examples=["vendas"])] = None
    agent: Annotated[str | None, Field(description="the agent concerned; null if none", examples=["Ana"])] = None
    to_number: Annotated[str | None, Field(description=MEANINGS["to_number"], examples=["551140028922"])] = None
    style: Annotated[str | None, Field(description=MEANINGS["style"], examples=["agent_first"])] = None
    result: Annotated[str | None, Field(description=MEANINGS["result"], examples=["busy"])] = None
    ivr: Annotated[str | None, Field(description=MEANINGS["ivr"], examples=["principal"])] = None
    by: Annotated[str | None, Field(description=MEANINGS["by"], examples=["caller"])] = None
    tag: Annotated[str | None, Field(description=MEANINGS["tag"], examples=["venda fechada"])] = None
    reason: Annotated[str | None, Field(description=MEANINGS["reason"], examples=["almoço"])] = None


class _Message(Shape):
    PERMISSION: ClassVar[Permission] = ATTEND
    """The permission that is needed for messages of this type."""

    version: Annotated[Literal[1], Field(description="version of this message type; no field is removed without a new version")] = 1
    position: Annotated[int, Field(description="position of the log: the sequence number to resume from", examples=[1204])]
    occurred_at: Annotated[Instant, Field(description="when it happened", examples=["2026-03-02T17:05:09.250Z"])]


class InteractionMessage(_Message):
    """Something happened to a call, or later evidence changed its known state (then `steps` is usually empty)."""

    type: Literal["interaction"] = "interaction"
    interaction_id: Annotated[UUID, Field(description="the call, or one of its legs")]
    call: Annotated[str, Field(description="your own id of the call, as the API answers it, or that of the PBX", examples=["crm-4711"])]
    protocol: Annotated[int, Field(description="the number that the customer is told", examples=[4711])]
    steps: list[LiveAction]


class AgentMessage(_Message):
    """An agent logged in or out, paused or resumed, began or ended a direct call, or was assigned to another user (then `steps` is empty). `queues`: those in which the agent is logged in from then on."""

    type: Literal["agent"] = "agent"
    agent_id: UUID
    agent: Annotated[str, Field(description="the agent's name", examples=["Ana"])]
    queues: Annotated[
        list[str], Field(description='the queues in which the agent is logged in after it; "" means every queue', examples=[["vendas"]])
    ]
    steps: list[LiveAction]


class QueueMessage(_Message):
    """The settings of a queue changed: read it again."""

    type: Literal["queue"] = "queue"
    queue_id: UUID


class IvrMessage(_Message):
    """The settings of an IVR changed: read it again."""

    type: Literal["ivr"] = "ivr"
    ivr_id: UUID


class SourceMessage(_Message):
    """The coverage of the PBX's sources changed (a span, a gap, a restart), so bounds of figures may have changed."""

    type: Literal["source"] = "source"


class UnreadableMessage(_Message):
    """An event of which no message could be made: read the board again, with this position as `If-Position`."""

    type: Literal["unreadable"] = "unreadable"


LiveMessage = Annotated[
    InteractionMessage | AgentMessage | QueueMessage | IvrMessage | SourceMessage | UnreadableMessage, Field(discriminator="type")
]


def message_of(event: Event, position: int, before: Before) -> LiveMessage | None:
    """The message of an event; None for events that the stream leaves out (users, contacts, companies). before: of a call at least its head, unless the event has it; of an agent the names of the queues."""
    common: dict[str, Any] = {"position": position, "occurred_at": iso(event.occurred_at // 1_000)}
    match event:
        case InteractionEvent(originator_id=id):
            call = event.change.call or before.call
            assert call is not None
            return InteractionMessage(
                interaction_id=id, call=call.call, protocol=call.protocol, steps=_steps(concerned(event, before)), **common
            )
        case AgentTookCall():
            return None  # the call's own message says so
        case AgentEvent(originator_id=id, name=name, facts=facts, standing=standing):
            names = before.names_now
            steps = _steps((fact, names.get(fact.queue, fact.queue), fact.agent) for fact in facts)
            queues = list(dict.fromkeys(names.get(queue, queue) for queue in standing.queues))
            return AgentMessage(agent_id=id, agent=name, queues=queues, steps=steps, **common)
        case QueueNameTaken():
            return None  # the renamed queue's own message says so
        case QueueEvent(originator_id=id):
            return QueueMessage(queue_id=id, **common)
        case IvrEvent(originator_id=id):
            return IvrMessage(ivr_id=id, **common)
        case TimelineEvent():
            return SourceMessage(**common)
        case _:
            return None


def unreadable(event: Event, position: int) -> UnreadableMessage:
    """The message for an event of which no other message could be made."""
    return UnreadableMessage(position=position, occurred_at=iso(event.occurred_at // 1_000))


def _steps(facts: Iterable[tuple[Fact, str, str]]) -> list[LiveAction]:
    """A step for each fact, with the queue and the agent that it concerns."""
    return [LiveAction(kind=fact.kind, queue=queue or None, agent=agent or None, **said_of(fact)) for fact, queue, agent in facts]


def schemas() -> dict[str, Any]:
    """The messages as the OpenAPI document describes them: `LiveMessage`, and each type by its name."""
    schema = TypeAdapter(LiveMessage).json_schema(mode="serialization", ref_template="#/components/schemas/{model}")
    return {**schema.pop("$defs"), "LiveMessage": {"title": "LiveMessage", **schema}}
