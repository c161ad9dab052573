"""What a command is, and the context in which its handler works.

A command names the action and the permission that it needs. Its handler loads aggregates from the handler context, lets them
decide, and returns the one that the command was about. The command bus saves the events that they triggered.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar, Final, Generic, Literal, Protocol, TypeVar
from uuid import UUID

import msgspec
from msgspec.structs import asdict, replace

from domain.access import Actor, Permission
from domain.base import SECOND, Aggregate, EventMetadata
from domain.contacts import Contact
from domain.errors import InvalidField, NotFound
from domain.personal_data import may_name_a_person, normalised_phone
from domain.refusals import UNKNOWN
from store.event_store import Store
from store.keyring import Additions, Keyring
from store.receipts import ReceiptKey

_AHEAD_US = 60 * SECOND
"""How far the caller's clock may be ahead."""

_VERSION_BITS = 0xF << 76 | 0b11 << 62
_VERSION_7 = 0x7 << 76 | 0b10 << 62

OWN: Final = "own"
"""Nobody sends such a command for an agent of somebody else."""

DEPLOYMENT: Final = "deployment"
"""The deployment itself alone sends such a command: sources, process managers, the operator."""

ForOthers = Permission | Literal["", "own", "deployment"]

A = TypeVar("A", bound=Aggregate)
C = TypeVar("C", bound="Command")
R = TypeVar("R", bound="Result")
D = TypeVar("D", bound="DoneWith[Any]")


class Result(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a command tells its caller besides id, version and position: nothing, unless its own class of results says more.

    A field that may be missing is a secret that is shown once: the answer to a repeat lacks it. The API documents the fields as they are declared.
    """


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """An action to execute. `permission`: the permission that the caller must have (a name of the manual's table).

    permission_for_others: the permission that a user needs to send it for an agent of somebody else, or for a call of others; OWN or DEPLOYMENT where
    no permission lets a user do so; "" for a command that is about no agent.
    """

    permission: ClassVar[str]
    permission_for_others: ClassVar[ForOthers] = ""
    RESULT: ClassVar[type[Result]] = Result
    """What its receipt's `result` has."""

    OBSERVATION: ClassVar[bool] = False
    """True for a command with observations of a source, which is never refused for what it states."""

    def concerns(self, tenant: UUID) -> Iterable[UUID]:  # noqa: ARG002 - most commands do not know
        """The aggregates that the handler will load, so that those of many commands can be read by one query."""
        return ()


@dataclass(frozen=True, slots=True)
class Caller:
    """The caller of a command, and its company. A repeated `idempotency_key` of the same actor returns the first receipt without executing again.

    request: the id of the request, where `correlation` is another one that the client has chosen. user: the calling user or API key, for a handler with the rights that the log gives it now; None for a source, the operator or the
    deployment itself. expected_version: of what the command is about, as the caller has read it; a change since is a conflict. None: whatever it is.
    keeps_receipts: its keys are remembered for ever, not for a day, because it may repeat a command at any time (a
    process manager, which never uses a key for two commands).
    """

    tenant: UUID
    actor: str
    permissions: frozenset[str]
    idempotency_key: str = ""
    correlation: str = ""
    request: str = ""
    user: Actor | None = None
    keeps_receipts: bool = False
    expected_version: int | None = None

    @property
    def receipt_key(self) -> ReceiptKey:
        """By which the receipt of the command is found again. Every caller has keys of its own: nobody gets the receipt of another."""
        return self.tenant, self.actor, self.idempotency_key


class Receipt(msgspec.Struct, frozen=True):
    """A command was accepted. Once acknowledged it is on disk.

    id, version: of the aggregate that the command was about, after it. position: of the command's last event in the log, or the
    aggregate's last one if there was no new event: a reader who waits for this position sees the effect. result: the command's own values.
    """

    id: UUID
    version: int
    position: int
    result: dict[str, Any]


class RepeatedReceipt(Receipt, frozen=True):
    """The receipt of an earlier command with the same idempotency key: nothing was executed again."""


class DoneWith(msgspec.Struct, Generic[R], frozen=True):
    """What the handler of a command with results returns: the aggregate that the command was about, and the values for the caller.

    Fields of the result that may be missing are secrets, which are shown once: they are in the first answer and are not stored, so a repeat with
    the same idempotency key lacks them.
    known_again: whether a repeat can be told from another command afterwards. It cannot where the command made unreadable by what it was named.
    """

    aggregate: Aggregate
    result: R
    known_again: bool = True

    def told(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """The values for the caller: those that are stored, and those that are shown once."""
        values, once = asdict(self.result), _shown_once(type(self.result))
        if not once:
            return values, {}
        assert not any(values[name] is msgspec.UNSET for name in once), f"a secret is missing in {type(self.result).__name__}"
        return {name: value for name, value in values.items() if name not in once}, {name: values[name] for name in once}


class Done(DoneWith[Result], frozen=True):
    """What the handler of a command without results returns."""

    result: Result = Result()


@cache
def _shown_once(declared: type[Result]) -> frozenset[str]:
    """The fields of a class of results that may be missing. Looking them up costs as much as a command."""
    return frozenset(field.name for field in msgspec.structs.fields(declared) if not field.required)


Handler = Callable[[Any, "HandlerContext"], DoneWith[Any]]
HANDLERS: dict[type[Command], Handler] = {}


def handles(command_type: type[C]) -> Callable[[Callable[[C, HandlerContext], D]], Callable[[C, HandlerContext], D]]:
    """Register the decorated function as the handler of a command type. It returns Done, or DoneWith the RESULT of the command."""

    def register(handler: Callable[[C, HandlerContext], D]) -> Callable[[C, HandlerContext], D]:
        assert command_type not in HANDLERS, f"{command_type.__name__} has a handler"
        HANDLERS[command_type] = handler
        return handler

    return register


class Aggregates(Protocol):
    """What a handler context reads from: the store, and the events of earlier commands of the same unit of work."""

    store: Store
    additions: Additions

    def load(self, kind: type[A], id: UUID) -> Aggregate | None:
        """The aggregate with all accepted events; None if it has none."""

    def exists(self, id: UUID) -> bool:
        """Whether this aggregate has any event."""

    def last_heard(self, agent: UUID) -> int:
        """The last heartbeat of the agent's client (microseconds), 0 if there was none."""


class HandlerContext:
    """What the handler of one command works with. It sees the effects of earlier commands of the same unit of work."""

    def __init__(self, unit: Aggregates, caller: Caller, command: Command, now_us: int) -> None:
        self._unit = unit
        self._now_us = now_us
        self.caller = caller
        self.tenant = caller.tenant
        self.permission_for_others = command.permission_for_others
        self._subjects: list[UUID] = []
        """Of the ids of the request that may name a person."""
        self.metadata = EventMetadata(
            tenant=caller.tenant,
            actor=caller.actor,
            recorded_at=now_us,
            cause=type(command).__name__,
            correlation=self._recorded(caller.correlation),
            request=self._recorded(caller.request),
        )
        self.touched: dict[UUID, Aggregate] = {}
        self.additions = Additions()
        self.heartbeats: dict[UUID, int] = {}
        self.protocols: list[int] = []
        """The protocol numbers that it took, which are given back if the command is refused."""

    def act_on_behalf_of(self, whom: str) -> None:
        """Record on the events that follow that the caller acts on behalf of somebody else ("agent:Ana")."""
        self.metadata = replace(self.metadata, on_behalf_of=whom)

    @property
    def keyring(self) -> Keyring:
        """The keyring, which opens personal data."""
        return self._unit.store.keyring

    def now_us(self) -> int:
        """The instant of the command (microseconds). It does not change while the command is handled."""
        return self._now_us

    def instant(self, at: int | None, field: str = "at") -> int:
        """`at` (microseconds) if the command's `field` gives it, else now. Raises InvalidField for an instant in the future."""
        if at is not None and at > self._now_us + _AHEAD_US:
            raise InvalidField(field, "this instant is in the future", "instant-in-future")
        return self._now_us if at is None else at

    def new_id(self) -> UUID:
        """A random id that sorts by its time (UUID version 7), so that new rows are stored next to each other."""
        random = int.from_bytes(os.urandom(10), "big")
        return UUID(int=(self._now_us // 1000 << 80 | random) & ~_VERSION_BITS | _VERSION_7)

    def next_protocol(self) -> int:
        """A protocol number (PROTOCOLO) that the company has never had."""
        self.protocols.append(self._unit.store.protocols.next(self.tenant))
        return self.protocols[-1]

    # Aggregates

    def load(self, kind: type[A], id: UUID) -> A | None:
        """The aggregate, or None if there is none of this kind. Raises NotFound for another company's aggregate."""
        found = self.touched.get(id) or self._unit.load(kind, id)
        if not isinstance(found, kind):
            return None
        if found.tenant != self.tenant:
            raise NotFound(UNKNOWN[kind.KIND], f"no such {kind.KIND}")
        self.touched[id] = found
        return found

    def get(self, kind: type[A], id: UUID) -> A:
        """The aggregate. Raises NotFound if it has no events."""
        found = self.load(kind, id)
        if found is None or found.version == 0:
            raise NotFound(UNKNOWN[kind.KIND], f"no such {kind.KIND}")
        return found

    def add(self, aggregate: A) -> A:
        """Add a new aggregate, which is saved with the command if it triggers an event."""
        self.touched[aggregate.id] = aggregate
        return aggregate

    # Leases

    def note_heartbeat(self, agent: UUID) -> None:
        """Record a heartbeat of this agent's client. It is saved with the command."""
        self.heartbeats[agent] = self._now_us

    def last_heard(self, agent: UUID) -> int:
        """The last heartbeat of this agent's client (microseconds), 0 if there was none. If it changes before the command is saved, the command is decided anew."""
        return self._unit.last_heard(agent)

    # People

    def whose(self, kind: str, value: str) -> UUID | None:
        """The person of this company who has this phone or e-mail (`kind`); None if unknown."""
        tag = self.keyring.tag(self.tenant, kind, value)
        subject = self.additions.names.get(tag) or self._unit.additions.names.get(tag) or self.keyring.find(tag)
        return subject if subject is not None and self._exists(subject) else None

    def _exists(self, subject: UUID) -> bool:
        # An entry is written before the events that need it: after a crash in between it points to no aggregate.
        return subject in self.touched or self._unit.exists(subject)

    def name(self, kind: str, value: str, subject: UUID) -> None:
        """Register this phone or e-mail as an entry that finds `subject`."""
        self.additions.names[self.keyring.tag(self.tenant, kind, value)] = subject

    def own(self, subject: UUID, owner: UUID) -> None:
        """Forget the data of `subject` (a call, for example) together with `owner`."""
        self.additions.owners[subject] = owner

    def _recorded(self, id: str) -> str:
        """A correlation id, or the id of a request, as events hold it: sealed if it may name a person."""
        if not may_name_a_person(id):
            return id
        self._subjects.append(self.new_id())
        return self.keyring.seal(self._subjects[-1], id)

    def attribute(self, subject: UUID) -> None:
        """Forget the ids of the request that may name a person together with `subject`. The first call decides."""
        for id in self._subjects:
            if id not in self.additions.owners:
                self.own(id, subject)

    def forget(self, subject: UUID) -> None:
        """Destroy the key of `subject` and of all that it owns, when the command is saved."""
        self.additions.destroyed.add(subject)

    def contact_for(self, phone: str) -> UUID:
        """The contact with this phone. An unknown number creates one."""
        number = normalised_phone(phone)
        known = self.whose("phone", number)
        if known is not None:
            return known
        contact = self.add(Contact(self.new_id(), self.tenant))
        contact.appear(number, self.metadata)
        self.name("phone", number, contact.id)
        return contact.id
