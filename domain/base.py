"""What every aggregate and event shares.

An aggregate decides in its public methods (they may refuse) and changes only in `apply`, which replays old
events and never refuses. An event is a frozen msgspec struct; its name on the wire (`TOPIC`), version and
fields are frozen by a golden file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from inspect import getdoc
from typing import Annotated, Any, ClassVar, Self
from uuid import UUID

import msgspec
from eventsourcing.utils import register_topic

MS = 1_000
SECOND = 1_000_000


class Personal:
    """A datum about a person. It is stored only sealed, with the key of its `subject`.

    A new value is plain (`plain`) until the event mapper seals it. A value read from an event has only `sealed` (text),
    which the keyring opens for callers who may read it. Once the subject's key is destroyed nobody can.
    """

    __slots__ = ("plain", "sealed", "subject")

    def __init__(self, subject: UUID, plain: str | None = None, sealed: str = "") -> None:
        self.subject = subject
        self.plain = plain
        self.sealed = sealed

    def of(self, subject: UUID) -> Personal:
        """The same plain datum, belonging to `subject`."""
        return Personal(subject, self.plain, self.sealed)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Personal):
            return NotImplemented
        if self.sealed and other.sealed:
            return self.subject == other.subject and self.sealed == other.sealed
        return self.subject == other.subject and self.plain == other.plain

    def __hash__(self) -> int:
        return hash(self.subject)

    def __repr__(self) -> str:
        return f"Personal({self.subject})"


NOBODY = UUID(int=0)
"""The subject of a datum whose person is not known yet. A handler replaces it before the event is saved."""

FORGOTTEN = "(anonimizado)"
"""The text shown for a datum whose subject's key was destroyed."""


class EventMetadata(msgspec.Struct, frozen=True, kw_only=True):
    """Who caused an event, on whose behalf, and when it was recorded.

    on_behalf_of: the agent ("agent:Ana") on whose behalf the actor acted; "" when the actor acted as themselves. request: the id of the request, where
    the client has correlated its events otherwise.
    """

    tenant: UUID
    actor: str
    recorded_at: int
    cause: str = ""
    correlation: str = ""
    on_behalf_of: str = ""
    request: str = ""


InstantUs = Annotated[int, "instant-us"]
"""An instant, microseconds since 1970, UTC. A plain `int` with `_ms` is a duration."""

InstantMs = Annotated[int, "instant-ms"]
"""An instant, milliseconds since 1970, UTC."""


class Event(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something that happened. Instants are microseconds since 1970, UTC."""

    TOPIC: ClassVar[str] = ""
    SLICE: ClassVar[str] = ""
    """Events of one slice travel together, in order: of one aggregate, and of what it may be merged with."""
    VERSION: ClassVar[int] = 1

    originator_id: UUID
    originator_version: int
    tenant: UUID
    actor: str
    occurred_at: int
    recorded_at: int
    cause: str = ""
    correlation: str = ""
    on_behalf_of: str = ""
    request: str = ""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        topic = cls.__dict__.get("TOPIC")
        if topic:
            register_topic(topic, cls)
            CATALOGUE[topic] = cls

    @classmethod
    def word(cls) -> str:
        """What happened, in the one word of every vocabulary: the name without what it happened to (`answered`)."""
        return cls.TOPIC.partition(".")[2]

    @classmethod
    def meaning(cls) -> str:
        """What happened, in a sentence."""
        return getdoc(cls) or ""

    @classmethod
    def upcast(cls, state: dict[str, Any], version: int) -> dict[str, Any]:
        """Convert the state of an event written at `version` to the fields of the current class."""
        return state


CATALOGUE: dict[str, type[Event]] = {}


class NewerEvent(Exception):
    """An event was written by a later release. This one would lose the fields that it does not know."""


def up_to_date(kind: type[Event], fields: dict[str, Any]) -> dict[str, Any]:
    """The fields of a stored event of this kind in the current version. Raises NewerEvent."""
    written_at = fields.pop("v", 1)
    if written_at > kind.VERSION:
        raise NewerEvent(f"it is of version {written_at}, this release knows version {kind.VERSION}")
    return kind.upcast(fields, written_at) if written_at < kind.VERSION else fields


class Aggregate:
    """A consistency boundary with its own stream of events.

    EVENTS: the base class of its events. STATE_IN_EVENT: each event holds the whole state after it, so the last event is enough to load the
    aggregate. history: reads the saved events of its stream, for an aggregate that needs more than its state.
    """

    KIND: ClassVar[str]
    EVENTS: ClassVar[type[Event]] = Event
    STATE_IN_EVENT: ClassVar[bool] = False

    def __init__(self, id: UUID, tenant: UUID) -> None:
        self.id = id
        self.tenant = tenant
        self.version = 0
        self.pending: list[Event] = []
        self.history: Callable[[], Iterable[Event]] = tuple

    def stream(self) -> list[Event]:
        """All events of the aggregate, including those that are not saved yet."""
        events = [*self.history(), *self.pending]
        assert len(events) == self.version, f"{len(events)} events of {self.version} of {self.KIND} {self.id}"
        return events

    def trigger(self, event_type: type[Event], metadata: EventMetadata, occurred_at: int, **fields: Any) -> None:
        """Create an event of `event_type`, apply it, and keep it in `pending` until it is saved."""
        event = event_type(
            originator_id=self.id,
            originator_version=self.version + 1,
            tenant=metadata.tenant,
            actor=metadata.actor,
            occurred_at=occurred_at,
            recorded_at=metadata.recorded_at,
            cause=metadata.cause,
            correlation=metadata.correlation,
            on_behalf_of=metadata.on_behalf_of,
            request=metadata.request,
            **fields,
        )
        self.replay(event)
        self.pending.append(event)

    def replay(self, event: Event) -> Self:
        """Apply one event of the stream."""
        self.apply(event)
        self.version = event.originator_version
        return self

    def apply(self, event: Event) -> None:
        raise NotImplementedError

    def collect(self) -> list[Event]:
        """Return the events that are not saved yet, and clear `pending`."""
        pending, self.pending = self.pending, []
        return pending
