"""Webhooks and their deliveries, as they are now: from the log, and from the queue beside it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from domain.access import MANAGE_WEBHOOKS
from domain.agent_events import AgentEvent
from domain.base import Event
from domain.errors import NotFound
from domain.known_before import Before
from domain.queues import Queue, QueueEvent
from domain.voice.interaction_events import InteractionEvent
from domain.voice.interactions import Interaction
from domain.voice.presence import PresenceState
from domain.webhooks import PostTarget, Webhook
from projections.queries.queue_names import names_now, queues_of
from projections.query_bus import CompanyLog, query
from store import webhook_deliveries
from store.event_store import Store, project
from store.webhook_deliveries import Delivery, Receiver


@dataclass(frozen=True)
class OpenedWebhook:
    """A webhook with its URL in plain text, and how its receiver answers."""

    webhook: Webhook
    url: str
    receiver: Receiver


def all_webhooks(store: Store) -> list[Webhook]:
    """The webhooks of all companies that are not deleted, the oldest first."""
    return _not_deleted(store, store.recorder.webhooks())


def _not_deleted(store: Store, ids: Iterable[UUID]) -> list[Webhook]:
    found = (project(store.stream(id), Webhook) for id in ids)
    return [webhook for webhook in found if webhook is not None and webhook.status != "deleted"]


def known_before(store: Store, event: Event) -> Before:
    """What the log said, before an event, of the call, the agent or the queue that the event is about."""
    id, version = event.originator_id, event.originator_version
    match event:
        case InteractionEvent(facts=[_, *_]):
            return Before.of_call(project(store.stream(id, until=version - 1), Interaction))
        case AgentEvent(facts=[_, *_]):
            previous = store.newest(id, until=version - 1)
            standing = previous.standing if isinstance(previous, AgentEvent) else PresenceState()
            return Before.of_agent(standing, names_now(store, event.tenant, {*standing.queues, *queues_of(event)}))
        case QueueEvent():
            return Before.of_queue(project(store.stream(id, until=version - 1), Queue))
        case _:
            return Before()


@query(MANAGE_WEBHOOKS, CompanyLog)
def webhooks(log: CompanyLog) -> list[OpenedWebhook]:
    """The webhooks of the company that are not deleted, the oldest first. A caller who sees only a part of the company sees none."""
    log.scope.must_be_whole()
    own = [event.originator_id for event in log.store.first_of(log.store.recorder.webhooks()) if event.tenant == log.tenant]
    found = sorted(_not_deleted(log.store, own), key=lambda webhook: webhook.created_at)
    return [_opened(log, webhook) for webhook in found]


@query(MANAGE_WEBHOOKS, CompanyLog)
def webhook(log: CompanyLog, id: UUID) -> OpenedWebhook:
    """One webhook. Raises NotFound."""
    log.scope.must_be_whole()
    return _opened(log, _found(log, id))


@query(MANAGE_WEBHOOKS, CompanyLog)
def opened_to_post(log: CompanyLog, id: UUID, now_us: int) -> PostTarget:
    """What is needed to post to a webhook at an instant. Raises NotFound."""
    log.scope.must_be_whole()
    found = _found(log, id)
    return PostTarget(log.open(found.url), [log.open(secret) for secret in found.signing(now_us)])


@query(MANAGE_WEBHOOKS, CompanyLog)
def deliveries(log: CompanyLog, id: UUID, before: int, limit: int, status: str = "") -> list[Delivery]:
    """The deliveries to a webhook before a place in the order of the log, the newest first. status: "" = any. Raises NotFound."""
    log.scope.must_be_whole()
    _found(log, id)
    return webhook_deliveries.page(log.store.recorder.db, id, before, limit, status)


@query(MANAGE_WEBHOOKS, CompanyLog)
def delivery(log: CompanyLog, webhook: UUID, id: UUID) -> Delivery:
    """One delivery to a webhook. Raises NotFound."""
    log.scope.must_be_whole()
    _found(log, webhook)
    found = webhook_deliveries.find(log.store.recorder.db, webhook, id)
    if found is None:
        raise NotFound("delivery-unknown", "the webhook has no such delivery, or no longer")
    return found


def _found(log: CompanyLog, id: UUID) -> Webhook:
    found = log.find(Webhook, id)
    if found.status == "deleted":
        raise NotFound("webhook-unknown", "no such webhook")
    return found


def _opened(log: CompanyLog, found: Webhook) -> OpenedWebhook:
    return OpenedWebhook(found, log.open(found.url), webhook_deliveries.receiver_of(log.store.recorder.db, found.id))
