"""Routes for the deliveries of a webhook: what was posted, what came of it, posting it again, and a test of the receiver."""

from __future__ import annotations

from time import monotonic
from typing import Annotated, Any, Literal
from uuid import UUID, uuid4

import msgspec
from fastapi import Path, Query, Response
from pydantic import BeforeValidator, Field

from api.access import RequestContext, authorised
from api.field_types import Body, Instant, Moment, Receipt, Shape, microseconds
from api.figure_parameters import Parameters
from api.instants import iso
from api.paging import CURSOR, digest_of
from api.problem_documents import documented, of_command
from api.slice_router import SliceRouter
from api.throttle import too_many
from api.webhooks import ForTheCompany, WebhookId
from commands.webhooks import RedeliverWebhook
from domain.access import ATTEND
from domain.base import SECOND
from domain.webhook_messages import message_of_test
from projections.queries.webhooks import deliveries as deliveries_of
from projections.queries.webhooks import delivery as one_delivery
from projections.queries.webhooks import opened_to_post
from store.webhook_deliveries import AFTER_ANOTHER, Delivery

router = SliceRouter(
    prefix="/v1/webhooks", tags=["webhooks"], responses=documented("unauthenticated", "not-allowed", "invalid", "unavailable", "clock")
)

_ID = "7b9d2f0e-5a4b-7c1e-9a77-0d5d8a8c6f10"
_BEFORE_ALL = 2**62

TESTS_AT_ONCE = 10
"""So many tests a company may send at once, of all its webhooks, and then one every TEST_EVERY_S seconds: a test is no way to send many requests to somebody."""

TEST_EVERY_S = 6


def _of_message(id: object) -> object:
    """The id of the delivery of a message: its `webhook-id` is made of it."""
    return id.removeprefix("msg_") if isinstance(id, str) else id


_Delivery = Annotated[UUID, BeforeValidator(_of_message)]

DeliveryId = Annotated[_Delivery, Path(description="the delivery's id, from the list, or its `message_id`", examples=[_ID])]


class Redelivery(Body):
    """Either one delivery, or all that failed and were created since an instant."""

    delivery_id: Annotated[_Delivery | None, Field(description="the id of a delivery, or its `message_id`", examples=[_ID])] = None
    since: Annotated[
        Moment | None, Field(description="all failed deliveries that were created since then, an instant of the past, are posted again")
    ] = None


class WebhookDelivery(Shape):
    """A message, and what became of it. Kept for seven days after it ended."""

    id: UUID
    message_id: Annotated[
        str, Field(description="its header `webhook-id`, the same for every attempt", examples=["msg_7b9d2f0e5a4b7c1e9a770d5d8a8c6f10"])
    ]
    type: Annotated[str, Field(examples=["interaction.answered"])]
    status: Annotated[Literal["waiting", "delivered", "failed"], Field(description="failed: given up after three days, or withdrawn")]
    created_at: Annotated[Instant, Field(examples=["2026-03-02T17:05:09.250Z"])]
    attempts: Annotated[int, Field(description="so far, those of a redelivery included", examples=[3])]
    failed_attempts: Annotated[int, Field(description="how many of the attempts failed", examples=[2])]
    next_try_at: Annotated[Instant | None, Field(description="null if it ended, or waits for an earlier message of the same interaction")]
    tried_at: Annotated[Instant | None, Field(description="the last attempt")]
    duration_ms: Annotated[int | None, Field(description="how long the last attempt took", examples=[87])]
    status_code: Annotated[int | None, Field(description="the HTTP status of the last attempt; null without an answer", examples=[200])]
    error: Annotated[str, Field(description="why the last attempt failed; empty if it did not", examples=[""])]
    message: Annotated[dict[str, Any], Field(description="the body")]


class WebhookTest(Shape):
    """What a receiver answered to a test message."""

    message_id: Annotated[str, Field(description="its header `webhook-id`", examples=["msg_7b9d2f0e5a4b7c1e9a770d5d8a8c6f10"])]
    delivered: Annotated[bool, Field(description="whether the receiver answered 2xx in time")]
    duration_ms: Annotated[int, Field(description="how long it took", examples=[87])]
    status_code: Annotated[int | None, Field(description="the HTTP status; null without an answer", examples=[200])]
    error: Annotated[str, Field(description="why it does not count as delivered; empty if it does", examples=[""])]
    message: Annotated[dict[str, Any], Field(description="the body that was posted")]


class WebhookDeliveries(Shape):
    """A page of deliveries, the newest first."""

    items: list[WebhookDelivery]
    next: Annotated[str | None, Field(description="cursor of the next page; null on the last one", examples=["Zm9vYmFy…"])]


class DeliveryPage(Parameters):
    """Which deliveries."""

    status: Annotated[Literal["waiting", "delivered", "failed"] | None, Field(description="only these", examples=["failed"])] = None
    limit: Annotated[int, Field(ge=1, le=1_000, description="number of rows of a page")] = 100
    cursor: Annotated[
        str | None, Field(max_length=1_000, pattern=CURSOR, description="`next` of the previous page", examples=["Zm9vYmFy…"])
    ] = None


@router.get("/{webhook_id}/deliveries", summary="The deliveries of a webhook", responses=documented("not-found"))
async def list_webhook_deliveries(
    webhook_id: WebhookId, context: Annotated[RequestContext, authorised(deliveries_of)], params: Annotated[DeliveryPage, Query()]
) -> WebhookDeliveries:
    """The newest first, those that wait included; those that ended are kept for seven days."""
    # The messages are what the live stream shows.
    context.asker.must_have(ATTEND)
    digest = digest_of("deliveries", context.tenant, webhook_id, params.status)
    before = _BEFORE_ALL
    if params.cursor is not None:
        before = int(context.application.cursors.read(params.cursor, digest).after[0])
    found = await context.ask(deliveries_of, webhook_id, before, params.limit + 1, params.status or "")
    rows = found[: params.limit]
    following = context.application.cursors.write(digest, -1, (rows[-1].number,)) if len(found) > params.limit else None
    return WebhookDeliveries(items=[_delivery(row) for row in rows], next=following)


@router.get("/{webhook_id}/deliveries/{delivery_id}", summary="One delivery of a webhook", responses=documented("not-found"))
async def get_webhook_delivery(
    webhook_id: WebhookId, delivery_id: DeliveryId, context: Annotated[RequestContext, authorised(one_delivery)]
) -> WebhookDelivery:
    """404 `delivery-unknown` for one that the webhook does not have, or that ended more than seven days ago."""
    context.asker.must_have(ATTEND)
    return _delivery(await context.ask(one_delivery, webhook_id, delivery_id))


@router.post(
    "/{webhook_id}/redeliver", status_code=202, summary="Post deliveries again", responses=of_command("not-found"), response_model=Receipt
)
async def redeliver_webhook(webhook_id: WebhookId, body: Redelivery, context: ForTheCompany) -> Response:
    """They are posted soon, with the same `webhook-id`, in the order of their interactions. A delivery that the webhook does not have is 404 `delivery-unknown`."""
    if body.delivery_id is not None and body.since is None:
        await context.ask(one_delivery, webhook_id, body.delivery_id)
    command = RedeliverWebhook(webhook=webhook_id, delivery=body.delivery_id, since=microseconds(body.since))
    return await context.do(command, 202)


@router.post("/{webhook_id}/test", summary="Test a webhook", responses=documented("not-found"))
async def test_webhook(webhook_id: WebhookId, context: Annotated[RequestContext, authorised(opened_to_post)]) -> WebhookTest:
    """Posts one message `webhook.test` at once, signed as every other one, and says what was answered; it may take ten seconds.

    It is posted whether the webhook is active or not, is never tried again, and is no delivery of the list. A repeat posts another message. A company
    may send ten tests at once, then one every six seconds.
    """
    application, center = context.application, context.application.center
    now = center.bus.clock.now_us()
    target = await context.ask(opened_to_post, webhook_id, now)
    wait = application.webhook_tests.take(context.tenant, TESTS_AT_ONCE, 1 / TEST_EVERY_S).wait_s
    if wait:
        raise too_many("too many tests of webhooks", wait)
    message, id = message_of_test(webhook_id, center.store.head(), now), f"msg_{uuid4().hex}"
    began = monotonic()
    answer = await center.webhook_poster.post_signed(context.tenant, target, id, now // SECOND, msgspec.json.encode(message).decode())
    return WebhookTest(
        message_id=id,
        delivered=not answer.error,
        duration_ms=round((monotonic() - began) * 1_000),
        status_code=answer.code or None,
        error=answer.error,
        message=msgspec.to_builtins(message),
    )


def _delivery(row: Delivery) -> WebhookDelivery:
    return WebhookDelivery(
        id=row.id,
        message_id=f"msg_{row.id.hex}",
        type=row.type,
        status=row.status,
        created_at=iso(row.created // 1_000),
        attempts=row.attempts,
        failed_attempts=row.failed,
        next_try_at=iso(row.due // 1_000) if row.status == "waiting" and row.due != AFTER_ANOTHER else None,
        tried_at=iso(row.tried // 1_000) if row.tried else None,
        duration_ms=row.took_ms if row.attempts else None,
        status_code=row.code or None,
        error=row.error,
        message=msgspec.json.decode(row.body),
    )
