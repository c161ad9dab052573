"""Queue a message for every webhook of a company that subscribes to what happened. `webhook_sender` posts what is in the queue."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID, uuid5

import msgspec

from domain.access import MANAGE_WEBHOOKS
from domain.agent_events import AgentEvent
from domain.base import Event
from domain.known_before import Before
from domain.queues import QueueEvent
from domain.voice.interaction_events import InteractionEvent
from domain.webhook_messages import messages_of
from domain.webhooks import RedeliveryRequested, Webhook, WebhookDeleted, WebhookDisabled, WebhookEvent
from processes.manager import Decision, Ports, ProcessManager, Timer, Write
from store.webhook_deliveries import Delivery, Enqueue, Erase, Redeliver, Withdraw

MESSAGES_OF_AN_EVENT = 2**24
"""A delivery's place in the order: the position of its event, times this, and its place among the messages of the event.

More than any event has: each message stands for a fact, and an event of so many facts is larger than a stored value may be. The number of
an event up to position 2**39 fits into the 64 bits of both databases."""

_encode = msgspec.json.Encoder()


@dataclass(frozen=True)
class Subscribed:
    """The active webhooks of the event's company, the position of the event, and what was known before it (nothing if no webhook is active)."""

    webhooks: tuple[Webhook, ...]
    position: int
    before: Before


class Webhooks(ProcessManager[Subscribed]):
    """Queues messages. While no company has an active webhook it reads only events about webhooks."""

    NAME: ClassVar[str] = "webhooks"
    REACTS_TO: ClassVar[tuple[type[Event], ...]] = (InteractionEvent, AgentEvent, QueueEvent, WebhookEvent)
    PERMISSIONS: ClassVar[frozenset[str]] = frozenset({MANAGE_WEBHOOKS})

    def __init__(self, ports: Ports) -> None:
        super().__init__(ports)
        self._about_webhooks = tuple(topic for topic in self._all_topics if topic.startswith("webhook."))
        self._known: dict[UUID, dict[UUID, Webhook]] = {}
        """The webhooks that are not deleted, by company and id."""
        self._active: dict[UUID, tuple[Webhook, ...]] = {}

    def begin(self) -> None:
        """Read which webhooks there are."""
        self._known, self._active = {}, {}
        for webhook in self.ports.webhooks():
            self._known.setdefault(webhook.tenant, {})[webhook.id] = webhook
        for tenant in self._known:
            self._look_for_active(tenant)

    def _take(self, event: WebhookEvent) -> None:
        """What is known after this event. That of an event from before the reading is known already."""
        known = self._known.setdefault(event.tenant, {})
        webhook = known.get(event.originator_id) or Webhook(event.originator_id, event.tenant)
        if event.originator_version == webhook.version + 1:
            known[webhook.id] = webhook.replay(event)
        if webhook.status == "deleted":
            known.pop(webhook.id, None)
        self._look_for_active(event.tenant)

    def _look_for_active(self, tenant: UUID) -> None:
        active = tuple(webhook for webhook in self._known[tenant].values() if webhook.status == "active")
        if active:
            self._active[tenant] = active
        else:
            self._active.pop(tenant, None)

    def reads(self) -> tuple[str, ...]:
        """Nothing but webhooks, as long as there are none."""
        return self._all_topics if self._active else self._about_webhooks

    def state(self, trigger: Event | Timer, position: int) -> Subscribed:
        """The webhooks of the company, as they are after the event."""
        if isinstance(trigger, WebhookEvent):
            self._take(trigger)
        webhooks = self._active.get(trigger.tenant, ())
        return Subscribed(webhooks, position, self.ports.before(trigger) if webhooks and isinstance(trigger, Event) else Before())

    def react(self, event: Event, state: Subscribed) -> Sequence[Decision]:
        """Queue its messages; post again, withdraw or erase what a webhook's own event asks for."""
        match event:
            case RedeliveryRequested(delivery=delivery, since=since):
                return [Write(Redeliver(event.originator_id, event.recorded_at, delivery, since))]
            case WebhookDisabled(reason=reason):
                return [Write(Withdraw(event.originator_id, event.recorded_at, reason))]
            case WebhookDeleted():
                return [Write(Erase(event.originator_id))]
            case WebhookEvent():
                return []
        deliveries = tuple(_deliveries(event, state))
        return [Write(Enqueue(deliveries))] if deliveries else []


def _deliveries(event: Event, state: Subscribed) -> Iterator[Delivery]:
    webhooks = [webhook for webhook in state.webhooks if event.recorded_at >= webhook.created_at]
    if not webhooks:
        return
    for place, message in enumerate(messages_of(event, state.position, state.before)):
        number = state.position * MESSAGES_OF_AN_EVENT + place
        body = _encode.encode(message).decode()
        for webhook in webhooks:
            if webhook.subscription.wants(message):
                yield Delivery(
                    id=uuid5(webhook.id, f"{state.position}:{place}"),
                    number=number,
                    tenant=event.tenant,
                    webhook=webhook.id,
                    subject=event.originator_id,
                    type=message.type,
                    body=body,
                    created=event.recorded_at,
                )
