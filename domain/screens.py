"""Screens: devices on a wall (Mural) that show the queues of a company day and night, without a user who is logged in."""

from __future__ import annotations

from collections.abc import Iterable
from hmac import compare_digest
from typing import ClassVar
from uuid import UUID

from domain.base import Aggregate, Event, EventMetadata
from domain.errors import InvalidField, NotFound, Refused
from domain.names import checked_name

LINK_VALID_US = 24 * 3600 * 1_000_000
"""A one-time link that connects a device can be used for a day."""


class ScreenEvent(Event, frozen=True, kw_only=True):
    """Something about a screen."""

    SLICE: ClassVar[str] = "identity"


class ScreenCreated(ScreenEvent, frozen=True, kw_only=True):
    """A user created the screen. queues: ids of the queues that it shows, None = all."""

    TOPIC: ClassVar[str] = "screen.created"
    name: str
    queues: tuple[UUID, ...] | None = None


class ScreenLinkIssued(ScreenEvent, frozen=True, kw_only=True):
    """A one-time link was issued, by which a device becomes the screen. digest: SHA-256 of its secret, hexadecimal. expires_at: microseconds."""

    TOPIC: ClassVar[str] = "screen.link_issued"
    digest: str
    expires_at: int


class ScreenConnected(ScreenEvent, frozen=True, kw_only=True):
    """A device used the link and is the screen from now on; the device before it is not any more. digest: SHA-256 of the device's secret, hexadecimal."""

    TOPIC: ClassVar[str] = "screen.connected"
    digest: str


class ScreenRevoked(ScreenEvent, frozen=True, kw_only=True):
    """No device shows anything as this screen any more, for ever."""

    TOPIC: ClassVar[str] = "screen.revoked"


class Screen(Aggregate):
    """One screen of a company. It outlives the session of the user who created it, until it is revoked. It only reads, and no customer's data."""

    KIND = "screen"
    EVENTS = ScreenEvent

    def __init__(self, id: UUID, tenant: UUID) -> None:
        super().__init__(id, tenant)
        self.name = ""
        self.queues: tuple[UUID, ...] | None = None
        self.link: tuple[str, int] | None = None
        """The digest of the link that may be used, and until when (microseconds)."""
        self.device = ""
        """The digest of the secret of the device that is the screen now; "" before the first one."""
        self.created_at = 0
        self.creator = ""
        self.revoked = False

    def create(self, name: str, queues: Iterable[UUID] | None, metadata: EventMetadata) -> None:
        """Create the screen. The handler makes sure that its queues exist."""
        shown = None if queues is None else tuple(dict.fromkeys(queues))
        if shown == ():
            raise InvalidField("queue_ids", "name at least one queue, or none at all for every queue")
        self.trigger(ScreenCreated, metadata, metadata.recorded_at, name=checked_name(name, "name", "a screen"), queues=shown)

    def issue_link(self, digest: str, metadata: EventMetadata) -> None:
        """Issue a link for a device. Earlier links become invalid; the present device stays the screen until the link is used."""
        self._must_be_active()
        self.trigger(ScreenLinkIssued, metadata, metadata.recorded_at, digest=digest, expires_at=metadata.recorded_at + LINK_VALID_US)

    def connect(self, link: str, device: str, metadata: EventMetadata) -> None:
        """Make the device with the secret of this digest the screen. link: the digest of the secret by which the device proves that it may."""
        self._must_be_active()
        if self.link is None or not compare_digest(link, self.link[0]):
            raise Refused("link-used", "this link was used, or another took its place")
        if metadata.recorded_at >= self.link[1]:
            raise Refused("link-expired", "this link has expired")
        self.trigger(ScreenConnected, metadata, metadata.recorded_at, digest=device)

    def revoke(self, metadata: EventMetadata) -> None:
        """Show nothing on the screen any more."""
        self._must_exist()
        if not self.revoked:
            self.trigger(ScreenRevoked, metadata, metadata.recorded_at)

    def is_device(self, digest: str) -> bool:
        """Whether the device with the secret of this digest is the screen now."""
        return not self.revoked and bool(self.device) and compare_digest(digest, self.device)

    def apply(self, event: Event) -> None:
        match event:
            case ScreenCreated(name=name, queues=queues):
                self.name, self.queues = name, queues
                self.created_at, self.creator = event.occurred_at, event.actor
            case ScreenLinkIssued(digest=digest, expires_at=expires_at):
                self.link = (digest, expires_at)
            case ScreenConnected(digest=digest):
                self.device, self.link = digest, None
            case ScreenRevoked():
                self.revoked, self.link, self.device = True, None, ""

    def _must_exist(self) -> None:
        if not self.version:
            raise NotFound("screen-unknown", "no such screen")

    def _must_be_active(self) -> None:
        self._must_exist()
        if self.revoked:
            raise Refused("screen-revoked", "this screen was revoked: create another one")
