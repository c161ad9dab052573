"""The messages that webhooks post, for the programs of a company that react to its contact center.

A message states what happened, not how it is stored: it is a contract with receivers, versioned by type, and events may change without it.
Only this module makes them from events. No message holds a customer's number, name or keyed digits.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final
from uuid import UUID

import msgspec

from domain.agent_events import AgentEvent
from domain.base import CATALOGUE, SECOND, Event
from domain.known_before import Before, concerned
from domain.queues import QueueEvent, QueueNameTaken, QueueRegistered, QueueRenamed
from domain.voice.facts import Fact
from domain.voice.happenings import MEANINGS, said_of
from domain.voice.interaction_events import InteractionEvent

LATEST_US = 3600 * SECOND
"""A fact that is recorded more than an hour after it happened belongs to an imported past: no webhook posts it."""

_POSTED: Final = (
    "interaction.arrived", "interaction.dialled", "interaction.dial_answered", "interaction.dial_failed", "interaction.offered",
    "interaction.rang", "interaction.ring_no_answer", "interaction.answered", "interaction.held", "interaction.resumed",
    "interaction.released", "interaction.wrap_up", "interaction.abandoned", "interaction.timed_out", "interaction.left_by_key",
    "interaction.withdrawn", "interaction.emptied", "interaction.turned_away", "interaction.unseen_end", "interaction.tagged", "interaction.hung_up",
    "agent.logged_in", "agent.logged_out", "agent.paused", "agent.resumed",
)  # fmt: skip
"""The events that webhooks post. A message has the name of its event, also where an event of several facts tells of it."""

_QUEUE_CHANGED = "queue.changed"

KINDS: Final[dict[str, str]] = {
    **{event: CATALOGUE[event].meaning() for event in _POSTED},
    _QUEUE_CHANGED: "The settings of a queue changed: read it again.",
}
"""The types of messages to which a webhook may subscribe, and what each means."""

_TEST = "webhook.test"

POSTED: Final[dict[str, str]] = {**KINDS, _TEST: "Somebody tests the webhook: nothing happened in the center."}
"""All types of messages that are posted, and what each means."""


class MessageData(msgspec.Struct, frozen=True, kw_only=True):
    """What happened, in contact center terms."""

    version: Annotated[
        int, msgspec.Meta(description="version of this type of message; no field is removed without a new one", examples=[1])
    ] = 1
    position: Annotated[int, msgspec.Meta(description="position of the log: orders messages of one webhook", examples=[1204])]
    id: Annotated[
        UUID, msgspec.Meta(description="the interaction, the agent or the queue that the message is about; of a test the webhook")
    ]
    call: Annotated[
        str | None,
        msgspec.Meta(
            description="of an interaction: your own id of the call, as the API answers it, or that of the PBX; null of anything else",
            examples=["crm-4711"],
        ),
    ] = None
    protocol: Annotated[
        int | None,
        msgspec.Meta(description="of an interaction: the number that the customer is told; null of anything else", examples=[4711]),
    ] = None
    queue: Annotated[str | None, msgspec.Meta(description="the queue concerned; null if none", examples=["vendas"])] = None
    queues: Annotated[
        tuple[str, ...],
        msgspec.Meta(
            description="the queues to which this belongs, by which a webhook with `queues` chooses: those that the call has been in up to now, "
            "those that the agent is or was just logged in to (a renamed one by its current and its first name), or the names of the queue that changed",
            examples=[["vendas"]],
        ),
    ] = ()
    every_queue: Annotated[
        bool,
        msgspec.Meta(description="true: of an agent who is logged in to every queue, so this belongs to all of them", examples=[False]),
    ] = False
    agent: Annotated[str | None, msgspec.Meta(description="the agent concerned; null if none", examples=["Ana"])] = None
    direction: Annotated[
        str | None, msgspec.Meta(description="of an interaction: inbound or outbound; null of anything else", examples=["inbound"])
    ] = None
    to_number: Annotated[str | None, msgspec.Meta(description=MEANINGS["to_number"], examples=["551140028922"])] = None
    style: Annotated[str | None, msgspec.Meta(description=MEANINGS["style"], examples=["agent_first"])] = None
    result: Annotated[str | None, msgspec.Meta(description=MEANINGS["result"], examples=["busy"])] = None
    by: Annotated[str | None, msgspec.Meta(description=MEANINGS["by"], examples=["caller"])] = None
    tag: Annotated[str | None, msgspec.Meta(description=MEANINGS["tag"], examples=["venda fechada"])] = None
    reason: Annotated[str | None, msgspec.Meta(description=MEANINGS["reason"], examples=["almoço"])] = None


class WebhookMessage(msgspec.Struct, frozen=True, kw_only=True):
    """The body of a webhook's POST."""

    type: Annotated[str, msgspec.Meta(description="what happened", examples=["interaction.answered"])]
    timestamp: Annotated[str, msgspec.Meta(description="when it happened, ISO 8601", examples=["2026-03-02T17:05:09.250Z"])]
    data: MessageData


def messages_of(event: Event, position: int, before: Before) -> Iterator[WebhookMessage]:
    """The messages of an event in their order; none for an event that no webhook posts, or that tells of a past."""
    match event:
        case InteractionEvent():
            yield from _of_call(event, position, before)
        case AgentEvent(person=True):
            yield from _of_agent(event, position, before)
        case QueueNameTaken():
            return  # the renamed queue's own message says so
        case QueueEvent():
            given = event.name if isinstance(event, QueueRegistered | QueueRenamed) else ""
            names = _distinct((given, *before.queues))
            data = MessageData(position=position, id=event.originator_id, queue=next(iter(names), None), queues=names)
            yield WebhookMessage(type=_QUEUE_CHANGED, timestamp=_iso(event.occurred_at), data=data)


def message_of_test(webhook: UUID, position: int, at_us: int) -> WebhookMessage:
    """The message by which a company tests a webhook, at the end of the log."""
    return WebhookMessage(type=_TEST, timestamp=_iso(at_us), data=MessageData(position=position, id=webhook))


def _of_call(event: InteractionEvent, position: int, before: Before) -> Iterator[WebhookMessage]:
    """A call belongs to each queue that it has been in, from the offer to the end of the call."""
    call, queues = event.change.call or before.call, before.queues
    for fact, queue, agent in concerned(event, before):
        queues = _distinct((*queues, queue))
        kind = f"interaction.{fact.kind}"
        if call is not None and kind in KINDS and _is_new(fact, event):
            data = MessageData(
                position=position,
                id=event.originator_id,
                call=call.call,
                protocol=call.protocol,
                queue=queue or None,
                queues=queues,
                agent=agent or None,
                direction=call.direction,
                **said_of(fact),
            )
            yield WebhookMessage(type=kind, timestamp=_iso(fact.at), data=data)


def _of_agent(event: AgentEvent, position: int, before: Before) -> Iterator[WebhookMessage]:
    """What an agent does belongs to the queues that the agent is logged in to, before or after it: a logout to those that the agent leaves."""
    logged_in = (*before.queues, *event.standing.queues)
    concerned = (*logged_in, *(fact.queue for fact in event.facts))
    queues = _distinct(name for queue in concerned for name in (before.names_now.get(queue, queue), queue))
    for fact in event.facts:
        kind = f"agent.{fact.kind}"
        if kind in KINDS and _is_new(fact, event):
            data = MessageData(
                position=position,
                id=event.originator_id,
                queue=before.names_now.get(fact.queue, fact.queue) or None,
                queues=queues,
                every_queue="" in logged_in,
                agent=event.name,
                **said_of(fact),
            )
            yield WebhookMessage(type=kind, timestamp=_iso(fact.at), data=data)


def _is_new(fact: Fact, event: Event) -> bool:
    return fact.at >= event.recorded_at - LATEST_US


def _distinct(queues: Iterable[str]) -> tuple[str, ...]:
    """The queues that are named, each once, in their order."""
    return tuple(dict.fromkeys(queue for queue in queues if queue))


def _iso(us: int) -> str:
    """An instant (microseconds) as "2026-01-02T03:04:05.678Z"."""
    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=us)
    return at.isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"
