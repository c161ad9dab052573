"""Commands about webhooks. A secret is in the result of the command that makes it, and nowhere else in plain text."""

from __future__ import annotations

import secrets
from base64 import b64encode
from collections.abc import Iterator
from typing import Annotated, ClassVar
from uuid import UUID

from msgspec import UNSET, Meta, UnsetType

from commands.handler_context import Command, Done, DoneWith, HandlerContext, Result, handles
from commands.queues import must_name_queues
from domain.access import MANAGE_WEBHOOKS
from domain.base import MS, Personal
from domain.webhooks import MOST_WEBHOOKS, Subscription, Webhook, free_place

SECRET_PREFIX = "whsec_"  # noqa: S105 - by which Standard Webhooks marks every secret
_SECRET_BYTES = 32


class WebhookSecret(Result, frozen=True, kw_only=True):
    """The secret of a webhook."""

    secret: Annotated[
        str | UnsetType,
        Meta(description="signs the messages; shown in this answer alone", examples=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"]),
    ] = UNSET


class CreateWebhook(Command, frozen=True, kw_only=True):
    """Post what happens to this URL, signed with a new secret."""

    permission: ClassVar[str] = MANAGE_WEBHOOKS
    RESULT: ClassVar[type[Result]] = WebhookSecret
    url: str
    events: tuple[str, ...]
    queues: tuple[str, ...] = ()
    direction: str = ""


class ChangeWebhook(Command, frozen=True, kw_only=True):
    """Change what is given; None leaves it as it is."""

    permission: ClassVar[str] = MANAGE_WEBHOOKS
    webhook: UUID
    url: str | None = None
    events: tuple[str, ...] | None = None
    queues: tuple[str, ...] | None = None
    direction: str | None = None


class RotateWebhookSecret(Command, frozen=True, kw_only=True):
    """Sign with a new secret; the former one signs beside it for `overlap_ms`."""

    permission: ClassVar[str] = MANAGE_WEBHOOKS
    RESULT: ClassVar[type[Result]] = WebhookSecret
    webhook: UUID
    overlap_ms: int


class PauseWebhook(Command, frozen=True, kw_only=True):
    """Post nothing for a while."""

    permission: ClassVar[str] = MANAGE_WEBHOOKS
    webhook: UUID


class ResumeWebhook(Command, frozen=True, kw_only=True):
    """Post again, after a pause or after the webhook was disabled."""

    permission: ClassVar[str] = MANAGE_WEBHOOKS
    webhook: UUID


class DisableWebhook(Command, frozen=True, kw_only=True):
    """Post nothing any more, for a reason that the company reads. Sent by the deployment itself."""

    permission: ClassVar[str] = MANAGE_WEBHOOKS
    webhook: UUID
    reason: str


class RedeliverWebhook(Command, frozen=True, kw_only=True):
    """Post a delivery again, or all that failed and were created since an instant (microseconds)."""

    permission: ClassVar[str] = MANAGE_WEBHOOKS
    webhook: UUID
    delivery: UUID | None = None
    since: int | None = None


class DeleteWebhook(Command, frozen=True, kw_only=True):
    """Delete a webhook, its URL and its secrets."""

    permission: ClassVar[str] = MANAGE_WEBHOOKS
    webhook: UUID


@handles(CreateWebhook)
def create_webhook(command: CreateWebhook, context: HandlerContext) -> DoneWith[WebhookSecret]:
    """A new secret. The webhook takes one of the company's places, each of which is an entry of the index that is deleted with the webhook's key."""
    place = str(free_place(lambda number: context.whose("webhook", str(number)) is not None))
    must_name_queues(context, command.queues)
    webhook = context.add(Webhook(context.new_id(), context.tenant))
    secret = _new_secret()
    subscription = Subscription(command.events, command.queues, command.direction)
    webhook.create(command.url, secret, subscription, context.caller.user, context.metadata)
    context.name("webhook", place, webhook.id)
    return DoneWith(webhook, WebhookSecret(secret=secret))


@handles(ChangeWebhook)
def change_webhook(command: ChangeWebhook, context: HandlerContext) -> Done:
    """What is not given stays."""
    webhook = context.get(Webhook, command.webhook)
    before = webhook.subscription
    must_name_queues(context, command.queues or (), before.queues)
    subscription = Subscription(
        before.kinds if command.events is None else command.events,
        before.queues if command.queues is None else command.queues,
        before.direction if command.direction is None else command.direction,
    )
    same = webhook.url or Personal(webhook.id, "")
    webhook.change(same if command.url is None else Personal(webhook.id, command.url), subscription, context.caller.user, context.metadata)
    return Done(webhook)


@handles(RotateWebhookSecret)
def rotate_webhook_secret(command: RotateWebhookSecret, context: HandlerContext) -> DoneWith[WebhookSecret]:
    """The former secret goes on for the overlap."""
    webhook = context.get(Webhook, command.webhook)
    secret = _new_secret()
    webhook.rotate(secret, command.overlap_ms * MS, context.caller.user, context.metadata)
    return DoneWith(webhook, WebhookSecret(secret=secret))


@handles(PauseWebhook)
def pause_webhook(command: PauseWebhook, context: HandlerContext) -> Done:
    """Until it is resumed."""
    webhook = context.get(Webhook, command.webhook)
    webhook.pause(context.metadata)
    return Done(webhook)


@handles(ResumeWebhook)
def resume_webhook(command: ResumeWebhook, context: HandlerContext) -> Done:
    """From now on."""
    webhook = context.get(Webhook, command.webhook)
    webhook.resume(context.metadata)
    return Done(webhook)


@handles(DisableWebhook)
def disable_webhook(command: DisableWebhook, context: HandlerContext) -> Done:
    """Changes nothing for a webhook that posts nothing already."""
    webhook = context.get(Webhook, command.webhook)
    webhook.disable(command.reason, context.metadata)
    return Done(webhook)


@handles(RedeliverWebhook)
def redeliver_webhook(command: RedeliverWebhook, context: HandlerContext) -> Done:
    """The process manager of webhooks puts them into the queue again."""
    webhook = context.get(Webhook, command.webhook)
    since = None if command.since is None else context.instant(command.since, "since")
    webhook.redeliver(command.delivery, since, context.metadata)
    return Done(webhook)


@handles(DeleteWebhook)
def delete_webhook(command: DeleteWebhook, context: HandlerContext) -> Done:
    """Its key is destroyed: neither the log nor a backup of it shows the URL or a secret."""
    webhook = context.get(Webhook, command.webhook)
    webhook.delete(context.metadata)
    context.forget(webhook.id)
    return Done(webhook)


def webhooks_of_company(context: HandlerContext) -> Iterator[Webhook]:
    """The webhooks of the caller's company that are not deleted."""
    for place in range(MOST_WEBHOOKS):
        id = context.whose("webhook", str(place))
        if id is not None:
            yield context.get(Webhook, id)


def _new_secret() -> str:
    return SECRET_PREFIX + b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()
