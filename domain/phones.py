"""An agent's phone in the browser: the session in which a page is registered at the PBX as the agent's telephone.

The page signs in by a credential that lasts some minutes, never by the agent's password. The log has no secret: the password is derived from
the session's nonce by a key that only the deployment has. The PBX gets the credential by an effect that follows the event
(`telephony_adapter/control/`), and loses it when the session has ended.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar
from uuid import UUID

from domain.base import SECOND, Aggregate, Event, EventMetadata
from domain.errors import Refused
from domain.ids import phone_id
from domain.names import identity

SESSION_US = 15 * 60 * SECOND
"""A credential is valid for a quarter of an hour, unless it is renewed."""

ENDPOINT = "web_"
"""The beginning of the names of these telephones at the PBX. Its dialplan knows them by it, so it has no character that a pattern would read as its own."""


MAX_CHOSEN = 4
"""Telephones that are chosen for one agent: the desk, the computer, another place of work."""


class PhoneEvent(Event, frozen=True, kw_only=True):
    """Something about an agent's phone in the browser. name: the agent's. endpoint: the telephone's name at the PBX, without its technology."""

    SLICE: ClassVar[str] = "agents"
    agent: UUID
    name: str
    endpoint: str


class PhoneSessionOpened(PhoneEvent, frozen=True, kw_only=True):
    """A credential is valid from now on until `expires_at` (microseconds); an earlier one of this phone no longer is. nonce: from which the password is derived."""

    TOPIC: ClassVar[str] = "phone.session_opened"
    nonce: str
    expires_at: int


class PhoneSessionRenewed(PhoneEvent, frozen=True, kw_only=True):
    """The same credential is valid until `expires_at` (microseconds)."""

    TOPIC: ClassVar[str] = "phone.session_renewed"
    nonce: str
    expires_at: int


class PhoneSessionClosed(PhoneEvent, frozen=True, kw_only=True):
    """The credential is no longer valid: the agent signed out, or it expired."""

    TOPIC: ClassVar[str] = "phone.session_closed"
    expired: bool = False


class Phone(Aggregate):
    """The phone in the browser of one agent. nonce: that of the open session, "" without one. expires_at: until when it is valid (microseconds)."""

    KIND = "phone"
    EVENTS = PhoneEvent

    def __init__(self, id: UUID, tenant: UUID) -> None:
        super().__init__(id, tenant)
        self.nonce = ""
        self.expires_at = 0

    @property
    def endpoint(self) -> str:
        """The telephone's name at the PBX, the same in every session."""
        return ENDPOINT + self.id.hex[:16]

    @property
    def last_used_at(self) -> int:
        """When the open session was opened or renewed last (microseconds)."""
        return self.expires_at - SESSION_US

    @property
    def interface(self) -> str:
        """The telephone as queues know it."""
        return f"PJSIP/{self.endpoint}"

    def open(self, agent: UUID, name: str, nonce: str, metadata: EventMetadata) -> None:
        """Begin a session with a credential of its own: whoever used an earlier one cannot register any more."""
        self.trigger(
            PhoneSessionOpened, metadata, metadata.recorded_at, agent=agent, name=name, endpoint=self.endpoint,
            nonce=nonce, expires_at=metadata.recorded_at + SESSION_US,
        )  # fmt: skip

    def renew(self, agent: UUID, name: str, nonce: str, metadata: EventMetadata) -> None:
        """Let the credential of this nonce last longer. Refused if it is no longer valid."""
        if not nonce or self.nonce != nonce or self.expires_at <= metadata.recorded_at:
            raise Refused("phone-session-ended", "this session of the phone has ended, or another browser has begun one")
        self.trigger(
            PhoneSessionRenewed, metadata, metadata.recorded_at, agent=agent, name=name, endpoint=self.endpoint,
            nonce=self.nonce, expires_at=metadata.recorded_at + SESSION_US,
        )  # fmt: skip

    def close(self, agent: UUID, name: str, metadata: EventMetadata, *, expired: bool = False) -> None:
        """End the session, if there is one."""
        if self.nonce:
            self.trigger(
                PhoneSessionClosed, metadata, metadata.recorded_at, agent=agent, name=name, endpoint=self.endpoint, expired=expired
            )  # fmt: skip

    def apply(self, event: Event) -> None:
        match event:
            case PhoneSessionOpened(nonce=nonce, expires_at=expires_at) | PhoneSessionRenewed(nonce=nonce, expires_at=expires_at):
                self.nonce, self.expires_at = nonce, expires_at
            case PhoneSessionClosed():
                self.nonce, self.expires_at = "", 0


def phone_of(tenant: UUID, agent: UUID) -> Phone:
    """The phone of an agent, before its first session."""
    return Phone(phone_id(tenant, agent), tenant)


def must_have_room(phone: Phone, interfaces: Iterable[str], chosen: str) -> None:
    """Refuse to choose one more telephone for an agent who has as many `interfaces` as an agent may have, besides the phone in the browser."""
    others = {identity(interface) for interface in interfaces} - {identity(phone.interface), identity(chosen)}
    if len(others) >= MAX_CHOSEN:
        raise Refused("too-many-telephones", f"an agent has at most {MAX_CHOSEN} telephones: give one up first")
