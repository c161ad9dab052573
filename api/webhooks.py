"""Routes for webhooks: what happens in the center, posted to servers of the company."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from fastapi import Depends, Path, Response
from pydantic import Field

from api.access import Authenticated, RequestContext, authorised
from api.field_types import Body, Instant, Name, Receipt, Shape, Version
from api.instants import iso
from api.invalid_fields import form
from api.problem_documents import documented, of_command
from api.slice_router import SliceRouter
from commands import webhooks as commands
from commands.handler_context import Command
from domain.webhook_messages import KINDS
from projections.queries.webhooks import OpenedWebhook
from projections.queries.webhooks import webhook as one_webhook
from projections.queries.webhooks import webhooks as all_webhooks

TAG = {
    "name": "webhooks",
    "description": "What happens in the center, posted to servers of the company as [Standard Webhooks](https://www.standardwebhooks.com): signed, at least once, "
    "in order per interaction, tried again for three days. The messages are in the section Webhooks.",
}

router = SliceRouter(
    prefix="/v1/webhooks", tags=["webhooks"], responses=documented("unauthenticated", "not-allowed", "invalid", "unavailable", "clock")
)

_ID = "7b9d2f0e-5a4b-7c1e-9a77-0d5d8a8c6f10"
_OF_WEBHOOK = of_command("not-found")
_OVERLAP_MS = 24 * 3600 * 1_000

WebhookId = Annotated[UUID, Path(description="the webhook's id, from the response that created it or from the list", examples=[_ID])]
Kind = Annotated[str, Field(json_schema_extra={"enum": sorted(KINDS)}, max_length=64)]
Direction = Literal["", "inbound", "outbound"]
Events = Annotated[
    tuple[Kind, ...], Field(min_length=1, max_length=50, description="types of messages to post", examples=[["interaction.answered"]])
]
Queues = Annotated[
    tuple[Name, ...],
    Field(
        max_length=100,
        description="only messages that belong to one of these queues, as their `queues` say; empty: all",
        examples=[["vendas"]],
    ),
]
Url = Annotated[
    str,
    Field(
        min_length=8,
        max_length=2_000,
        pattern=form(r"^https?://[\x21-\x7e]+$", "should be a URL, as https://crm.example.com/atende"),
        description="where messages are posted: https, to an address of the public internet; others need the operator's setting `ATENDE_WEBHOOK_ALLOW`",
        examples=["https://crm.example.com/atende"],
    ),
]
Calls = Annotated[Direction, Field(description="only messages about calls of this direction; empty: all", examples=["inbound"])]


class NewWebhook(Body):
    """A subscription."""

    url: Url
    events: Events
    queues: Queues = ()
    direction: Calls = ""


class WebhookChange(Body):
    """What changes; what is left out stays."""

    url: Url | None = None
    events: Events | None = None
    queues: Queues | None = None
    direction: Calls | None = None


class SecretRotation(Body):
    """How long the former secret goes on signing beside the new one."""

    overlap_ms: Annotated[int, Field(ge=0, le=7 * 24 * 3600 * 1_000, examples=[_OVERLAP_MS])] = _OVERLAP_MS


class WebhookDetail(Shape):
    """A webhook. Its secret is shown only when it is made."""

    id: UUID
    version: Version
    url: Annotated[str, Field(examples=["https://crm.example.com/atende"])]
    events: Annotated[list[str], Field(examples=[["interaction.answered"]])]
    queues: Annotated[list[str], Field(examples=[["vendas"]])]
    direction: Direction
    status: Annotated[
        Literal["active", "paused", "disabled"],
        Field(
            description="disabled: by Atende, after three days of failures or a 410 Gone, or because the API key that made it was revoked"
        ),
    ]
    disabled_reason: Annotated[str, Field(description="why it is disabled; else empty", examples=[""])]
    created_at: Annotated[Instant, Field(examples=["2026-03-02T17:05:09.250Z"])]
    created_by: Annotated[str, Field(description="who made it: `user:<id>`, `key:<id>` or `operator`", examples=[f"user:{_ID}"])]
    url_set_by: Annotated[str, Field(description="who set its present URL, in the same form", examples=[f"user:{_ID}"])]
    secret_set_by: Annotated[str, Field(description="who got its newest secret, in the same form", examples=[f"user:{_ID}"])]
    secrets: Annotated[int, Field(description="number of secrets that sign now: several during a rotation", examples=[1])]
    failed_attempts: Annotated[
        int, Field(description="how many attempts in a row have failed, of all its messages; 0 after one that was delivered", examples=[0])
    ]
    next_try_at: Annotated[
        Instant | None, Field(description="when the next message that waits is posted; null if none waits, or while it is not active")
    ]
    tried_at: Annotated[
        Instant | None, Field(description="the last attempt; null if there was none", examples=["2026-03-02T17:05:09.250Z"])
    ]
    status_code: Annotated[int | None, Field(description="the HTTP status of the last attempt; null without an answer", examples=[200])]
    error: Annotated[str, Field(description="why the last attempt failed; empty if it did not", examples=[""])]


class WebhookList(Shape):
    """All webhooks of the company, the oldest first."""

    items: list[WebhookDetail]


async def _for_the_company(context: Authenticated) -> RequestContext:
    """The context of a caller who sees the whole company: a webhook is no matter of a part of it."""
    context.asker.scope.must_be_whole()
    return context


ForTheCompany = Annotated[RequestContext, Depends(_for_the_company)]


@router.post("", status_code=201, summary="Create a webhook", responses=of_command("not-found"), response_model=Receipt)
async def create_webhook(body: NewWebhook, context: ForTheCompany) -> Response:
    """A queue that nobody has is 404 `queue-unknown`. Needs `gerenciar-atendimento` too, to watch what it posts. The messages hold no numbers or names of customers.

    A company has at most 50 webhooks (409 `too-many-webhooks`).
    """
    command = commands.CreateWebhook(url=body.url, events=body.events, queues=body.queues, direction=body.direction)
    _must_accept(context, command, body.url)
    return await context.do(command, 201)


@router.get("", summary="The webhooks of the company")
async def list_webhooks(context: Annotated[RequestContext, authorised(all_webhooks)]) -> WebhookList:
    """The oldest first, without those that were deleted."""
    now = context.application.center.bus.clock.now_us()
    return WebhookList(items=[_shaped(one, now) for one in await context.ask(all_webhooks)])


@router.get("/{webhook_id}", summary="One webhook", responses=documented("not-found"))
async def get_webhook(webhook_id: WebhookId, context: Annotated[RequestContext, authorised(one_webhook)]) -> WebhookDetail:
    """`disabled_reason` says why Atende posts nothing any more."""
    return _shaped(await context.ask(one_webhook, webhook_id), context.application.center.bus.clock.now_us())


@router.patch("/{webhook_id}", summary="Change a webhook", responses=_OF_WEBHOOK, response_model=Receipt)
async def change_webhook(webhook_id: WebhookId, body: WebhookChange, context: ForTheCompany) -> Response:
    """Messages that wait go to the new URL too."""
    command = commands.ChangeWebhook(webhook=webhook_id, url=body.url, events=body.events, queues=body.queues, direction=body.direction)
    if body.url is not None:
        _must_accept(context, command, body.url)
    return await context.do(command)


@router.post("/{webhook_id}/pause", summary="Pause a webhook", responses=_OF_WEBHOOK, response_model=Receipt)
async def pause_webhook(webhook_id: WebhookId, context: ForTheCompany) -> Response:
    """What happens during a pause is not posted; what waited already is, once it is resumed."""
    return await context.do(commands.PauseWebhook(webhook=webhook_id))


@router.post("/{webhook_id}/resume", summary="Resume a webhook", responses=_OF_WEBHOOK, response_model=Receipt)
async def resume_webhook(webhook_id: WebhookId, context: ForTheCompany) -> Response:
    """After a pause, or after Atende disabled it; `redeliver` then posts what failed meanwhile."""
    return await context.do(commands.ResumeWebhook(webhook=webhook_id))


@router.post("/{webhook_id}/secret", summary="Rotate the secret of a webhook", responses=_OF_WEBHOOK, response_model=Receipt)
async def rotate_webhook_secret(webhook_id: WebhookId, body: SecretRotation, context: ForTheCompany) -> Response:
    """During the overlap `webhook-signature` has a signature by each secret."""
    return await context.do(commands.RotateWebhookSecret(webhook=webhook_id, overlap_ms=body.overlap_ms))


@router.delete("/{webhook_id}", summary="Delete a webhook", responses=_OF_WEBHOOK, response_model=Receipt)
async def delete_webhook(webhook_id: WebhookId, context: ForTheCompany) -> Response:
    """What waits is not posted; its URL, secrets and deliveries are erased."""
    return await context.do(commands.DeleteWebhook(webhook=webhook_id))


def _must_accept(context: RequestContext, command: Command, url: str) -> None:
    """Refuse a URL to which nothing can be posted. Who lacks the permission does not learn which ones the operator allows."""
    context.asker.must_have(command.permission)
    context.application.center.destinations.must_accept(url)


def _shaped(opened: OpenedWebhook, now_us: int) -> WebhookDetail:
    webhook, receiver = opened.webhook, opened.receiver
    return WebhookDetail(
        id=webhook.id,
        version=webhook.version,
        url=opened.url,
        events=list(webhook.subscription.kinds),
        queues=list(webhook.subscription.queues),
        direction=webhook.subscription.direction,  # type: ignore[arg-type]  # the aggregate has checked it
        status=webhook.status,  # type: ignore[arg-type]  # no query returns one that is deleted
        disabled_reason=webhook.reason,
        created_at=iso(webhook.created_at // 1_000),
        created_by=webhook.created_by,
        url_set_by=webhook.url_set_by,
        secret_set_by=webhook.secret_set_by,
        secrets=len(webhook.signing(now_us)),
        failed_attempts=receiver.failed,
        next_try_at=iso(receiver.due // 1_000) if receiver.due and webhook.status == "active" else None,
        tried_at=iso(receiver.tried // 1_000) if receiver.tried else None,
        status_code=receiver.code or None,
        error=receiver.error,
    )
