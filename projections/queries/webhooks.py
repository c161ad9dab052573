"""Webhooks and their deliveries, as they are now: from the log, and from the queue beside it."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from domain.access import MANAGE_WEBHOOKS
from domain.errors import NotFound
from domain.voice.interaction_events import InteractionEvent
from domain.webhooks import Webhook
from projections.query_bus import CompanyLog, query
from store import webhook_deliveries
from store.event_store import Store, project
from store.webhook_deliveries import Delivery


@dataclass(frozen=True)
class OpenedWebhook:
    """A webhook with its URL in plain text."""

    webhook: Webhook
    url: str


def all_webhooks(store: Store) -> list[Webhook]:
    """The webhooks of all companies that are not deleted, the oldest first."""
    found = (project(store.stream(id), Webhook) for id in store.recorder.webhooks())
    return [webhook for webhook in found if webhook is not None and webhook.status != "deleted"]


def direction_of(store: Store, interaction: UUID) -> str:
    """The direction of an interaction, inbound or outbound; "" if there is none of this id."""
    for event in reversed(store.stream(interaction)):
        if isinstance(event, InteractionEvent) and event.change.call is not None:
            return event.change.call.direction
    return ""


@query(MANAGE_WEBHOOKS, CompanyLog)
def webhooks(log: CompanyLog) -> list[OpenedWebhook]:
    """The webhooks of the company that are not deleted, the oldest first. A caller who sees only a part of the company sees none."""
    log.scope.must_be_whole()
    return [_opened(log, webhook) for webhook in all_webhooks(log.store) if webhook.tenant == log.tenant]


@query(MANAGE_WEBHOOKS, CompanyLog)
def webhook(log: CompanyLog, id: UUID) -> OpenedWebhook:
    """One webhook. Raises NotFound."""
    log.scope.must_be_whole()
    return _opened(log, _found(log, id))


@query(MANAGE_WEBHOOKS, CompanyLog)
def deliveries(log: CompanyLog, id: UUID, before: int, limit: int, status: str = "") -> list[Delivery]:
    """The deliveries to a webhook before a place in the order of the log, the newest first. status: "" = any. Raises NotFound."""
    log.scope.must_be_whole()
    _found(log, id)
    return webhook_deliveries.page(log.store.recorder.db, id, before, limit, status)


def _found(log: CompanyLog, id: UUID) -> Webhook:
    found = log.find(Webhook, id)
    if found.status == "deleted":
        raise NotFound("webhook-unknown", "no such webhook")
    return found


def _opened(log: CompanyLog, found: Webhook) -> OpenedWebhook:
    return OpenedWebhook(found, log.open(found.url))
