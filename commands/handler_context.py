"""What a command is, and the context in which its handler works.

A command says what somebody wants and which permission it needs. Its handler loads aggregates from its context, lets them
decide, and says which one the command was about; the command bus saves what they triggered.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, TypeVar
from uuid import UUID

import msgspec
from msgspec.structs import replace

from domain.access import Actor
from domain.base import SECOND, Aggregate, EventMetadata
from domain.contacts import Contact, normalised
from domain.errors import InvalidField, NotFound
from store.event_store import Store
from store.keyring import Additions, Keyring

_AHEAD_US = 60 * SECOND
"""By so much the clock of whoever tells what happens may be ahead."""

_VERSION_BITS = 0xF << 76 | 0b11 << 62
_VERSION_7 = 0x7 << 76 | 0b10 << 62

A = TypeVar("A", bound=Aggregate)
C = TypeVar("C", bound="Command")


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody asks for. `permission`: what the caller must be allowed (a name of the manual's table)."""

    permission: ClassVar[str]

    OBSERVATION: ClassVar[bool] = False
    """A source says what it has seen: whatever it says, it is not refused."""

    def concerns(self, tenant: UUID) -> Iterable[UUID]:  # noqa: ARG002 - most commands cannot say
        """The aggregates that the handler will surely load; those of many commands are then read at once."""
        return ()


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, for which company. The same `idempotency_key` twice gives the same receipt, done once.

    user: the user who asks; None for a source, the operator or the deployment itself.
    """

    tenant: UUID
    actor: str
    permissions: frozenset[str]
    idempotency_key: str = ""
    correlation: str = ""
    user: Actor | None = None


class Receipt(msgspec.Struct, frozen=True):
    """A command was accepted. Once acknowledged it is on disk.

    id, version: the aggregate that it was about, as it stands after it. position: of its last event in the log, or the
    aggregate's last one if there was nothing new: a reader who waits for it sees what was done. result: what the command says.
    """

    id: UUID
    version: int
    position: int
    result: dict[str, Any]


class Done(msgspec.Struct, frozen=True):
    """What a handler gives back: the aggregate that the command was about, and what else the caller wants to know."""

    aggregate: Aggregate
    result: dict[str, Any] = {}


Handler = Callable[[Any, "HandlerContext"], Done]
HANDLERS: dict[type[Command], Handler] = {}


def handles(command_type: type[C]) -> Callable[[Callable[[C, HandlerContext], Done]], Callable[[C, HandlerContext], Done]]:
    """Let the decorated function be what is done for a command of this type."""

    def register(handler: Callable[[C, HandlerContext], Done]) -> Callable[[C, HandlerContext], Done]:
        assert command_type not in HANDLERS, f"{command_type.__name__} has a handler"
        HANDLERS[command_type] = handler
        return handler

    return register


class Aggregates(Protocol):
    """What a handler context reads from: the store, and what earlier commands of the same unit of work decided."""

    store: Store
    additions: Additions

    def load(self, kind: type[A], id: UUID) -> Aggregate | None:
        """The aggregate with all that was accepted before; None if nothing ever happened to it."""

    def exists(self, id: UUID) -> bool:
        """Whether anything ever happened to this aggregate."""

    def last_heard(self, agent: UUID) -> int:
        """When the agent's client was last heard of (microseconds), 0 if never."""


class HandlerContext:
    """What the handler of one command works with. It sees what earlier commands of the same unit of work did."""

    def __init__(self, unit: Aggregates, caller: Caller, command: Command, now_us: int) -> None:
        self._unit = unit
        self._now_us = now_us
        self.caller = caller
        self.tenant = caller.tenant
        self.metadata = EventMetadata(
            tenant=caller.tenant, actor=caller.actor, recorded_at=now_us, cause=type(command).__name__, correlation=caller.correlation
        )
        self.touched: dict[UUID, Aggregate] = {}
        self.additions = Additions()
        self.heartbeats: dict[UUID, int] = {}

    def act_on_behalf_of(self, whom: str) -> None:
        """What is still to happen is done on behalf of somebody else ("agent:Ana"), and its events say so."""
        self.metadata = replace(self.metadata, on_behalf_of=whom)

    @property
    def keyring(self) -> Keyring:
        """To open people's data."""
        return self._unit.store.keyring

    def now_us(self) -> int:
        """The moment of the command: the same however often it is asked."""
        return self._now_us

    def instant(self, at: int | None) -> int:
        """When it happened: `at` (microseconds) if the command says so, else now. Raises InvalidField for what is still to come."""
        if at is not None and at > self._now_us + _AHEAD_US:
            raise InvalidField("at", "lies in the future")
        return self._now_us if at is None else at

    def new_id(self) -> UUID:
        """A random id that sorts by its time (UUID version 7), so that what is new lies together in the stores."""
        random = int.from_bytes(os.urandom(10), "big")
        return UUID(int=(self._now_us // 1000 << 80 | random) & ~_VERSION_BITS | _VERSION_7)

    def next_protocol(self) -> int:
        """A protocol number (PROTOCOLO) that the company has never had."""
        return self._unit.store.next_protocol(self.tenant)

    # Aggregates

    def load(self, kind: type[A], id: UUID) -> A | None:
        """The aggregate, or None if nothing ever happened to one of this kind. Another company's does not exist: NotFound."""
        found = self.touched.get(id) or self._unit.load(kind, id)
        if not isinstance(found, kind):
            return None
        if found.tenant != self.tenant:
            raise NotFound(f"no such {kind.KIND}")
        self.touched[id] = found
        return found

    def get(self, kind: type[A], id: UUID) -> A:
        """The aggregate; NotFound if nothing ever happened to it."""
        found = self.load(kind, id)
        if found is None or found.version == 0:
            raise NotFound(f"no such {kind.KIND}")
        return found

    def add(self, aggregate: A) -> A:
        """Take care of a new aggregate: it is saved with the command if anything happens to it."""
        self.touched[aggregate.id] = aggregate
        return aggregate

    # Leases

    def hear(self, agent: UUID) -> None:
        """The client of this agent, who has a lease, is there: that is saved with the command."""
        self.heartbeats[agent] = self._now_us

    def last_heard(self, agent: UUID) -> int:
        """When the client of this agent was last heard of (microseconds), 0 if never. If that changes before the command is saved, it is decided anew."""
        return self._unit.last_heard(agent)

    # People

    def whose(self, kind: str, value: str) -> UUID | None:
        """Who in this company has this phone or e-mail (`kind`)."""
        tag = self.keyring.tag(self.tenant, kind, value)
        subject = self.additions.names.get(tag) or self._unit.additions.names.get(tag) or self.keyring.find(tag)
        return subject if subject is not None and self._exists(subject) else None

    def _exists(self, subject: UUID) -> bool:
        # An entry is written before the events that need it: after a crash in between it points to nobody.
        return subject in self.touched or self._unit.exists(subject)

    def name(self, kind: str, value: str, subject: UUID) -> None:
        """From now on this phone or e-mail finds `subject`."""
        self.additions.names[self.keyring.tag(self.tenant, kind, value)] = subject

    def own(self, subject: UUID, owner: UUID) -> None:
        """The data of `subject` (a call, say) is forgotten together with `owner`."""
        self.additions.owners[subject] = owner

    def forget(self, subject: UUID) -> None:
        """When the command is saved, destroy the key of `subject` and of all that it owns."""
        self.additions.destroyed.add(subject)

    def contact_for(self, phone: str) -> UUID:
        """The contact with this phone; the first call from an unknown number makes one."""
        number = normalised(phone)
        known = self.whose("phone", number)
        if known is not None:
            return known
        contact = self.add(Contact(self.new_id(), self.tenant))
        contact.appear(number, self.metadata)
        self.name("phone", number, contact.id)
        return contact.id
