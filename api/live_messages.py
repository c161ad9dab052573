"""What the live stream says: messages of its own, made for whoever watches the center.

A message says what happened to which thing, not how it is stored: it is a contract with clients, versioned by type, and an event may change without it.
This file is the one place where events become messages. No message holds a datum of a customer.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, ClassVar, Literal
from uuid import UUID

from pydantic import Field, TypeAdapter

from api.field_types import Shape
from api.instants import iso
from domain.access import ATTEND, Permission
from domain.agents import AgentEvent
from domain.base import Event
from domain.ivr import IvrEvent
from domain.queues import QueueEvent
from domain.voice.facts import Fact
from domain.voice.interaction_events import InteractionEvent
from domain.voice.timeline import TimelineEvent


class LiveStep(Shape):
    """One thing that happened, in the words of the contact center."""

    what: Annotated[
        str, Field(description="arrived, offered, rang, answered, held, released, hung_up, joined, paused …", examples=["answered"])
    ]
    queue: Annotated[str, Field(description="the queue concerned; empty where none is", examples=["vendas"])] = ""
    agent: Annotated[str, Field(description="the agent concerned; empty where none is", examples=["Ana"])] = ""


class _Message(Shape):
    PERMISSION: ClassVar[Permission] = ATTEND
    """Who gets messages of this type."""

    version: Annotated[Literal[1], Field(description="of this type of message: a field is never taken away without another version")] = 1
    position: Annotated[int, Field(description="position of the log: the sequence number to resume from", examples=[1204])]
    occurred_at: Annotated[str, Field(description="when it happened, ISO 8601", examples=["2026-03-02T17:05:09.250Z"])]


class InteractionMessage(_Message):
    """Something happened to a call, or later evidence changed what was known of it (no steps then, as a rule)."""

    type: Literal["interaction"] = "interaction"
    interaction: Annotated[UUID, Field(description="the call, or one of its legs")]
    steps: list[LiveStep]


class AgentMessage(_Message):
    """An agent logged in or out, paused or came back, or was assigned to another user (no steps then)."""

    type: Literal["agent"] = "agent"
    agent: Annotated[UUID, Field(description="the agent's id")]
    name: Annotated[str, Field(description="the agent's name", examples=["Ana"])]
    steps: list[LiveStep]


class QueueMessage(_Message):
    """The settings of a queue changed: read it anew."""

    type: Literal["queue"] = "queue"
    queue: Annotated[UUID, Field(description="the queue's id")]


class IvrMessage(_Message):
    """The settings of an IVR changed: read it anew."""

    type: Literal["ivr"] = "ivr"
    ivr: Annotated[UUID, Field(description="the IVR's id")]


class SourceMessage(_Message):
    """What the sources of the PBX cover changed (a span, a gap, a restart): bounds of figures may have changed with it."""

    type: Literal["source"] = "source"


class UnreadableMessage(_Message):
    """Something happened that cannot be told: read the board anew, with this position as `If-Position`."""

    type: Literal["unreadable"] = "unreadable"


LiveMessage = Annotated[
    InteractionMessage | AgentMessage | QueueMessage | IvrMessage | SourceMessage | UnreadableMessage, Field(discriminator="type")
]


def message_of(event: Event, position: int) -> LiveMessage | None:
    """What the stream tells of an event; None for one of which it tells nothing (users, contacts, companies)."""
    said: dict[str, Any] = {"position": position, "occurred_at": iso(event.occurred_at // 1_000)}
    match event:
        case InteractionEvent(originator_id=id, facts=facts):
            return InteractionMessage(interaction=id, steps=_steps(facts), **said)
        case AgentEvent(originator_id=id, name=name, facts=facts):
            return AgentMessage(agent=id, name=name, steps=_steps(facts), **said)
        case QueueEvent(originator_id=id):
            return QueueMessage(queue=id, **said)
        case IvrEvent(originator_id=id):
            return IvrMessage(ivr=id, **said)
        case TimelineEvent():
            return SourceMessage(**said)
        case _:
            return None


def unreadable(event: Event, position: int) -> UnreadableMessage:
    """In place of a message that could not be made."""
    return UnreadableMessage(position=position, occurred_at=iso(event.occurred_at // 1_000))


def _steps(facts: Iterable[Fact]) -> list[LiveStep]:
    return [LiveStep(what=fact.kind, queue=fact.queue, agent=fact.agent) for fact in facts]


def schemas() -> dict[str, Any]:
    """The messages as the OpenAPI document describes them: `LiveMessage`, and each type by its name."""
    schema = TypeAdapter(LiveMessage).json_schema(mode="serialization", ref_template="#/components/schemas/{model}")
    return {**schema.pop("$defs"), "LiveMessage": {"title": "LiveMessage", **schema}}
