"""Post the messages that wait for webhooks, and record what came of each.

It runs beside the process manager of webhooks, in the process that leads. A post is an effect outside of the log: it is recorded after it was made, so that a
crash between the two repeats it with the same `webhook-id`. A receiver that is slow or away holds up the messages to itself alone.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from time import monotonic
from uuid import UUID

from commands.command_bus import CommandBus
from commands.handler_context import Caller
from commands.webhooks import DisableWebhook
from domain.access import MANAGE_WEBHOOKS
from domain.base import SECOND
from domain.webhooks import PostTarget, Webhook
from processes.webhook_posts import Answer, Poster
from store import webhook_deliveries as queue
from store.clock import ClockOff
from store.database import StoreUnavailable
from store.event_store import project
from store.webhook_deliveries import Delivery, Outcome

log = logging.getLogger(__name__)

AT_ONCE = 4
"""The most posts to one webhook at the same time, of different interactions."""

DELAYS_S = (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 72_000)
"""Seconds until the next attempt after each that failed, as Standard Webhooks recommends; together about three days."""

GIVEN_UP_US = 3 * 24 * 3600 * SECOND
"""A message that was tried for so long is given up; a webhook to which none was delivered for so long is disabled."""

KEPT_US = 7 * 24 * 3600 * SECOND
"""How long a delivery is kept after it ended."""

GONE = 410
LOOK_S = 0.25
_SWEEP_S = 3600.0
_PAUSE_S = 1.0


@dataclass
class SenderFigures:
    """Figures for operators, of this process. attempts: by how they ended."""

    attempts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(("delivered", "retried", "given_up"), 0))
    disabled: int = 0


class WebhookSender:
    """Posts what is due. Used by one thread at a time."""

    def __init__(self, bus: CommandBus, poster: Poster) -> None:
        self.figures = SenderFigures()
        self._bus = bus
        self._store = bus.store
        self._db = bus.store.recorder.db
        self._poster = poster
        self._under_way: dict[UUID, dict[UUID, asyncio.Task[None]]] = {}
        """By webhook and delivery."""
        self._ended: set[UUID] = set()
        """The deliveries that have ended since the queue began to be read."""
        self._swept_at = 0.0

    def run(self, stopping: Callable[[], bool]) -> None:
        """Post until `stopping`. Posts that are under way then are abandoned, and made again by the next leader."""
        asyncio.run(self._run(stopping))

    async def _run(self, stopping: Callable[[], bool]) -> None:
        self._under_way.clear()
        while not stopping():
            pause = LOOK_S
            try:
                await self.look()
            except (StoreUnavailable, ClockOff) as error:
                log.warning("webhooks retry reason=%s", error)
                pause = _PAUSE_S
            await asyncio.sleep(pause)

    async def look(self) -> list[asyncio.Task[None]]:
        """Begin to post what is due now, as far as each webhook may have more at once. Returns what is under way. Raises StoreUnavailable."""
        now = self._bus.clock.now_us()
        self._under_way = {webhook: posts for webhook, posts in self._under_way.items() if posts}
        for webhook in await asyncio.to_thread(queue.webhooks_with_due, self._db, now):
            posts = self._under_way.setdefault(webhook, {})
            if len(posts) < AT_ONCE:
                await self._begin(webhook, posts, now)
        if monotonic() - self._swept_at > _SWEEP_S or not self._swept_at:
            self._swept_at = monotonic()
            await asyncio.to_thread(self._sweep, now - KEPT_US)
        return [task for posts in self._under_way.values() for task in posts.values()]

    async def _begin(self, id: UUID, posts: dict[UUID, asyncio.Task[None]], now: int) -> None:
        webhook = await asyncio.to_thread(lambda: project(self._store.stream(id), Webhook))
        if webhook is None or webhook.status != "active":
            return
        self._ended.clear()
        for delivery in await asyncio.to_thread(queue.due, self._db, id, now, AT_ONCE + len(posts)):
            # One that ended while the queue was read may have been read as due still.
            if delivery.id not in posts and delivery.id not in self._ended and len(posts) < AT_ONCE:
                posts[delivery.id] = task = asyncio.create_task(self._deliver(webhook, delivery))
                task.add_done_callback(partial(self._done, delivery))

    def _done(self, delivery: Delivery, task: asyncio.Task[None]) -> None:
        self._under_way.get(delivery.webhook, {}).pop(delivery.id, None)
        self._ended.add(delivery.id)
        if not task.cancelled() and (error := task.exception()) is not None:
            if isinstance(error, StoreUnavailable | ClockOff):
                log.warning("webhooks retry reason=%s", error)
            else:
                log.error("webhook delivery failed id=%s", delivery.id, exc_info=error)

    async def _deliver(self, webhook: Webhook, delivery: Delivery) -> None:
        """Post one, and record what came of it."""
        now = self._bus.clock.now_us()
        target = await asyncio.to_thread(self._opened, webhook, now)
        began = monotonic()
        answer = await self._poster.post_signed(delivery.tenant, target, f"msg_{delivery.id.hex}", now // SECOND, delivery.body)
        took_ms = round((monotonic() - began) * 1_000)
        await asyncio.to_thread(self._record, delivery, answer, took_ms)

    def _opened(self, webhook: Webhook, now: int) -> PostTarget:
        assert webhook.url is not None
        keyring = self._store.keyring
        return PostTarget(keyring.open(webhook.url), [keyring.open(secret) for secret in webhook.signing(now)])

    def _record(self, delivery: Delivery, answer: Answer, took_ms: int) -> None:
        """Save the outcome, together with the end of the webhook if it follows from it."""
        now = self._bus.clock.now_us()
        outcome = outcome_of(delivery, answer, now, took_ms)
        reason = self._ends(delivery, answer, outcome, now)
        noted = False

        def alongside(*_: object) -> None:
            nonlocal noted
            noted = queue.note(self._db, delivery, outcome)

        if reason:
            caller = Caller(delivery.tenant, "system:webhooks", frozenset({MANAGE_WEBHOOKS}))
            self._bus.execute_all([(DisableWebhook(webhook=delivery.webhook, reason=reason), caller)], alongside)
            self.figures.disabled += 1
            log.error("webhook disabled id=%s reason=%s", delivery.webhook, reason)
        else:
            with self._store.recorder.transaction():
                alongside()
        if noted:
            self.figures.attempts[{"delivered": "delivered", "waiting": "retried", "failed": "given_up"}[outcome.status]] += 1

    def _ends(self, delivery: Delivery, answer: Answer, outcome: Outcome, now: int) -> str:
        """Why the webhook is disabled after this attempt; "" if it goes on."""
        if answer.code == GONE:
            return "the receiver answered 410 Gone"
        if outcome.status == "failed" and queue.last_success(self._db, delivery.webhook) < now - GIVEN_UP_US:
            return f"nothing was delivered for three days: {answer.error}{f' ({answer.code})' if answer.code else ''}"
        return ""

    def _sweep(self, before: int) -> None:
        with self._store.recorder.transaction() as db:
            queue.sweep(db, before)


def outcome_of(delivery: Delivery, answer: Answer, now: int, took_ms: int) -> Outcome:
    """What is recorded of an attempt: delivered; to be tried again, later each time; or given up after three days."""
    if not answer.error:
        return Outcome("delivered", now, now, took_ms, answer.code, "")
    due = now + DELAYS_S[min(delivery.attempts, len(DELAYS_S) - 1)] * SECOND
    if answer.code == GONE or due >= (delivery.began or now) + GIVEN_UP_US:
        return Outcome("failed", now, now, took_ms, answer.code, answer.error)
    return Outcome("waiting", due, now, took_ms, answer.code, answer.error)
