"""Webhooks: subscriptions by which a company has what happens in its contact center posted to a server of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import ClassVar, Literal
from urllib.parse import urlsplit
from uuid import UUID

import msgspec

from domain.access import ATTEND, Actor
from domain.base import SECOND, Aggregate, Event, EventMetadata, Personal
from domain.errors import InvalidField, InvalidFields, NotFound, PermissionMissing, Refused
from domain.names import identity
from domain.webhook_messages import KINDS, WebhookMessage

Status = Literal["active", "paused", "disabled", "deleted"]
Direction = Literal["inbound", "outbound"]

DIRECTIONS = ("inbound", "outbound")
MOST_OVERLAP_US = 7 * 24 * 3600 * SECOND
"""After a rotation the former secret signs for at most a week."""

LONGEST_URL = 2_000
LONGEST_HOST = 253
LONGEST_LABEL = 63
"""Characters of a host's name and of what stands between two of its points (RFC 1035)."""

MOST_QUEUES = 100
MOST_WEBHOOKS = 50
"""A company has at most so many: each of them is posted to at the same time as all others."""


class Subscription(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is posted. kinds: the types of messages. queues, direction: only messages that belong to one of these queues (in any spelling), and of calls of this direction; empty = all.

    To which queues a message belongs, it says itself. One that belongs to none yet (a call that arrives) passes no filter by queue, and one that belongs to no call
    passes none by direction.
    """

    kinds: tuple[str, ...]
    queues: tuple[str, ...] = ()
    direction: str = ""

    def wants(self, message: WebhookMessage) -> bool:
        """Whether the message is to be posted."""
        return (
            message.type in self.kinds
            and (
                not self.queues
                or message.data.every_queue
                or not {*map(identity, message.data.queues)}.isdisjoint(map(identity, self.queues))
            )
            and (not self.direction or message.data.direction == self.direction)
        )


class WebhookEvent(Event, frozen=True, kw_only=True):
    """Something about a webhook."""

    SLICE: ClassVar[str] = "identity"


class WebhookCreated(WebhookEvent, frozen=True, kw_only=True):
    """A webhook was created. url, secret: sealed with the webhook's own key, which is destroyed when it is deleted. creator: None for the operator."""

    TOPIC: ClassVar[str] = "webhook.created"
    url: Personal
    secret: Personal
    subscription: Subscription
    creator: UUID | None = None


class WebhookChanged(WebhookEvent, frozen=True, kw_only=True):
    """From now on this is posted, to this URL."""

    TOPIC: ClassVar[str] = "webhook.changed"
    url: Personal
    subscription: Subscription


class WebhookSecretRotated(WebhookEvent, frozen=True, kw_only=True):
    """A new secret signs from now on; the former ones sign beside it until `until` (microseconds)."""

    TOPIC: ClassVar[str] = "webhook.secret_rotated"
    secret: Personal
    until: int


class WebhookPaused(WebhookEvent, frozen=True, kw_only=True):
    """Nothing is posted until the webhook is resumed."""

    TOPIC: ClassVar[str] = "webhook.paused"


class WebhookResumed(WebhookEvent, frozen=True, kw_only=True):
    """Messages are posted again."""

    TOPIC: ClassVar[str] = "webhook.resumed"


class WebhookDisabled(WebhookEvent, frozen=True, kw_only=True):
    """Nothing is posted any more, because the receiver failed for days or said that it is gone, or the API key was revoked that made it. The notice for the company."""

    TOPIC: ClassVar[str] = "webhook.disabled"
    reason: str


class RedeliveryRequested(WebhookEvent, frozen=True, kw_only=True):
    """Deliveries are to be posted again: one, or all that failed and were created since an instant (microseconds)."""

    TOPIC: ClassVar[str] = "webhook.redelivery_requested"
    delivery: UUID | None = None
    since: int = 0


class WebhookDeleted(WebhookEvent, frozen=True, kw_only=True):
    """The webhook is gone; its URL and secrets can no longer be read."""

    TOPIC: ClassVar[str] = "webhook.deleted"


class Webhook(Aggregate):
    """One subscription of a company. The id is random."""

    KIND = "webhook"
    EVENTS = WebhookEvent

    def __init__(self, id: UUID, tenant: UUID) -> None:
        super().__init__(id, tenant)
        self.url: Personal | None = None
        self.subscription = Subscription(())
        self.secrets: tuple[tuple[Personal, int], ...] = ()
        """Each secret and until when it signs (microseconds; 0: without end), the newest first."""
        self.status: Status = "active"
        self.reason = ""
        self.creator: UUID | None = None
        self.created_at = 0
        self.created_by = self.url_set_by = self.secret_set_by = ""
        """The actors of the events: who made it, who said last where it posts, and who knows its newest secret."""

    def create(self, url: str, secret: str, subscription: Subscription, actor: Actor | None, metadata: EventMetadata) -> None:
        """Create the webhook. Raises NotAllowed for somebody who may not watch what it posts."""
        _must_watch(actor)
        self.trigger(
            WebhookCreated,
            metadata,
            metadata.recorded_at,
            url=Personal(self.id, _checked_url(url)),
            secret=Personal(self.id, secret),
            subscription=_checked(subscription),
            creator=None if actor is None else actor.user,
        )

    def change(self, url: Personal, subscription: Subscription, actor: Actor | None, metadata: EventMetadata) -> None:
        """Post this, to this URL, from now on. Raises NotAllowed as `create`."""
        self._must_exist()
        _must_watch(actor)
        if url.plain is not None:
            url = Personal(self.id, _checked_url(url.plain))
        if url != self.url or _checked(subscription) != self.subscription:
            self.trigger(WebhookChanged, metadata, metadata.recorded_at, url=url, subscription=_checked(subscription))

    def rotate(self, secret: str, overlap_us: int, actor: Actor | None, metadata: EventMetadata) -> None:
        """Sign with a new secret, and for `overlap_us` with the former ones too, so that the receiver can change to it without a gap."""
        self._must_exist()
        _must_watch(actor)
        if not 0 <= overlap_us <= MOST_OVERLAP_US:
            raise InvalidField("overlap_ms", "a former secret signs for at most seven days")
        until = metadata.recorded_at + overlap_us
        self.trigger(WebhookSecretRotated, metadata, metadata.recorded_at, secret=Personal(self.id, secret), until=until)

    def pause(self, metadata: EventMetadata) -> None:
        """Post nothing for a while. What happens meanwhile is not posted later; what waited already is."""
        self._must_exist()
        if self.status == "disabled":
            raise Refused("webhook-disabled", "the webhook is disabled: resume it first")
        if self.status == "active":
            self.trigger(WebhookPaused, metadata, metadata.recorded_at)

    def resume(self, metadata: EventMetadata) -> None:
        """Post again, after a pause or after it was disabled."""
        self._must_exist()
        if self.status != "active":
            self.trigger(WebhookResumed, metadata, metadata.recorded_at)

    def disable(self, reason: str, metadata: EventMetadata) -> None:
        """Post nothing any more. Changes nothing if it is disabled or deleted already."""
        if self.status in {"active", "paused"}:
            self.trigger(WebhookDisabled, metadata, metadata.recorded_at, reason=reason)

    def redeliver(self, delivery: UUID | None, since: int | None, metadata: EventMetadata) -> None:
        """Post a delivery again, or all failed ones since an instant (microseconds)."""
        self._must_exist()
        if (delivery is None) == (since is None):
            raise InvalidField("delivery_id", "name either a delivery, or an instant since which all failed ones are posted again")
        if self.status == "disabled":
            raise Refused("webhook-disabled", "the webhook is disabled: resume it first")
        self.trigger(RedeliveryRequested, metadata, metadata.recorded_at, delivery=delivery, since=since or 0)

    def delete(self, metadata: EventMetadata) -> None:
        """Delete the webhook for good."""
        self._must_exist()
        self.trigger(WebhookDeleted, metadata, metadata.recorded_at)

    def is_of(self, actor: str) -> bool:
        """Whether this actor made it, said where it posts, or knows by which secret: whoever that is may receive its messages, or forge them."""
        return actor in (self.created_by, self.url_set_by, self.secret_set_by)

    def signing(self, now_us: int) -> list[Personal]:
        """The secrets that sign at an instant, the newest first."""
        return [secret for secret, until in self.secrets if not until or now_us < until]

    def apply(self, event: Event) -> None:
        match event:
            case WebhookCreated(url=url, secret=secret, subscription=subscription, creator=creator, recorded_at=at):
                self.url, self.secrets, self.subscription = url, ((secret, 0),), subscription
                self.creator, self.created_at = creator, at
                self.created_by = self.url_set_by = self.secret_set_by = event.actor
            case WebhookChanged(url=url, subscription=subscription):
                self.url_set_by = self.url_set_by if url == self.url else event.actor
                self.url, self.subscription = url, subscription
            case WebhookSecretRotated(secret=secret, until=until, recorded_at=at):
                former = [(one, min(end, until) if end else until) for one, end in self.secrets]
                self.secrets = ((secret, 0), *((one, end) for one, end in former if end > at))
                self.secret_set_by = event.actor
            case WebhookPaused():
                self.status = "paused"
            case WebhookResumed():
                self.status, self.reason = "active", ""
            case WebhookDisabled(reason=reason):
                self.status, self.reason = "disabled", reason
            case WebhookDeleted():
                self.status, self.url, self.secrets = "deleted", None, ()

    def _must_exist(self) -> None:
        if self.status == "deleted":
            raise NotFound("webhook-unknown", "no such webhook")


@dataclass(frozen=True)
class PostTarget:
    """Where a webhook posts, and the secrets that sign at some instant, in plain text."""

    url: str
    secrets: list[str]


def free_place(is_taken: Callable[[int], bool]) -> int:
    """A place for one more webhook among the MOST_WEBHOOKS of a company. Raises Refused when all are taken."""
    for place in range(MOST_WEBHOOKS):
        if not is_taken(place):
            return place
    raise Refused("too-many-webhooks", f"a company has at most {MOST_WEBHOOKS} webhooks")


def _must_watch(actor: Actor | None) -> None:
    """Nobody has more posted than the live stream shows them. The operator (None) sees everything."""
    if actor is not None and ATTEND not in actor.permissions:
        raise PermissionMissing(ATTEND, f"who has posted what happens in the center needs the permission {ATTEND} to watch it")


def _checked_url(url: str) -> str:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise InvalidField("url", "this is not a URL") from error
    if len(url) > LONGEST_URL or not url.isascii() or not url.isprintable() or " " in url:
        raise InvalidField("url", f"a URL has at most {LONGEST_URL} characters of ASCII, without blanks")
    if parts.scheme not in {"http", "https"} or not parts.hostname or port == 0:
        raise InvalidField("url", "a URL as https://crm.example.com/atende")
    host = parts.hostname.removesuffix(".")
    if len(host) > LONGEST_HOST or any(not 1 <= len(label) <= LONGEST_LABEL for label in host.split(".")):
        raise InvalidField("url", f"a host has at most {LONGEST_HOST} characters, and from 1 to {LONGEST_LABEL} between two points")
    if "@" in parts.netloc or parts.fragment:
        raise InvalidField("url", "a URL holds no user name, password or fragment")
    return url


def _checked(subscription: Subscription) -> Subscription:
    kinds, queues = _unique(subscription.kinds), _unique(subscription.queues)
    unknown = {
        f"events.{index}": f"there are no messages of the type {kind[:64]}"
        for index, kind in enumerate(subscription.kinds)
        if kind not in KINDS
    }
    if unknown:
        raise InvalidFields(unknown)
    if not kinds:
        raise InvalidField("events", "a webhook posts messages of at least one type")
    if len(queues) > MOST_QUEUES:
        raise InvalidField("queues", f"at most {MOST_QUEUES} queues")
    if subscription.direction not in {"", *DIRECTIONS}:
        raise InvalidField("direction", "a direction is inbound or outbound")
    return Subscription(kinds, queues, subscription.direction)


def _unique(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))
