"""A queue (Serviço): its service level, and the agents who answer it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from typing import ClassVar, Literal, get_args
from uuid import UUID

import msgspec

from domain.base import Aggregate, Event, EventMetadata
from domain.errors import AlreadyExists, InvalidField, NotFound, Refused
from domain.names import checked_name, identity

Profile = Literal["offered", "answered-only", "asterisk-perf2", "amazon-connect", "genesys", "xcally", "offered-minus-short"]
"""How a service level (SLA) is calculated. Each profile is defined in the metric engine."""

RecordingRule = Literal["by-hand", "always", "never"]
"""Which calls of a queue are recorded: those whose agent asks for it, all, or none."""

LONGEST_WRAP_UP_MS = 3_600_000

PROFILES: tuple[str, ...] = get_args(Profile)
RECORDING_RULES: tuple[str, ...] = get_args(RecordingRule)


class QueueSettings(msgspec.Struct, frozen=True, omit_defaults=True):
    """A queue's service level targets, and where it is reached.

    sla_target: percentage of calls to be answered in time (Atendimento %). sla_ms: "in time" (Tempo Atendimento).
    tolerated_ms: a shorter wait before an abandon does not count against the queue (Tempo Abandono).
    internal_number: three digits by which agents transfer to the queue; "" = none.
    on_screen: whether the agent screen offers the queue. sla_profile: the default SLA profile. wrap_up_ms: a PBX gives an
    agent who has talked no other call of the queue for so long (pós-atendimento); 0 = none. recording: which of its calls are recorded (gravação).
    """

    sla_target: float = 80.0
    sla_ms: int = 20_000
    tolerated_ms: int = 5_000
    internal_number: str = ""
    on_screen: bool = True
    sla_profile: Profile = "offered"
    wrap_up_ms: int = 0
    recording: RecordingRule = "by-hand"


class QueueEvent(Event, frozen=True, kw_only=True):
    """Something about a queue itself, not about its calls."""

    SLICE: ClassVar[str] = "queues"


class QueueRegistered(QueueEvent, frozen=True, kw_only=True):
    """A queue was registered, by an administrator or because a source named it (see `cause`)."""

    TOPIC: ClassVar[str] = "queue.registered"
    name: str
    settings: QueueSettings
    agents: tuple[str, ...] = ()


class QueueSettingsSet(QueueEvent, frozen=True, kw_only=True):
    """These settings apply from now on; calls offered earlier keep the settings of their time."""

    TOPIC: ClassVar[str] = "queue.settings_set"
    settings: QueueSettings


class QueueRenamed(QueueEvent, frozen=True, kw_only=True):
    """The queue has a new name; sources may still use any former name."""

    TOPIC: ClassVar[str] = "queue.renamed"
    name: str


class QueueNameTaken(QueueEvent, frozen=True, kw_only=True):
    """This name belongs to another queue that was renamed to it: a source that uses the name means that queue."""

    TOPIC: ClassVar[str] = "queue.name_taken"
    name: str
    owner: UUID


class QueueAgentsSet(QueueEvent, frozen=True, kw_only=True):
    """The agents who answer the queue were set."""

    TOPIC: ClassVar[str] = "queue.agents_set"
    agents: tuple[str, ...]


class QueueActivated(QueueEvent, frozen=True, kw_only=True):
    """The queue takes calls again."""

    TOPIC: ClassVar[str] = "queue.activated"


class QueueDeactivated(QueueEvent, frozen=True, kw_only=True):
    """The queue takes no new calls by command; its history stays."""

    TOPIC: ClassVar[str] = "queue.deactivated"


class QueueDeleted(QueueEvent, frozen=True, kw_only=True):
    """The queue was removed from the settings; its history stays."""

    TOPIC: ClassVar[str] = "queue.deleted"


class Queue(Aggregate):
    """One queue. Its id derives from its first name.

    spelling: the first spelling of the name that gives the queue its id, in which observations of it are recorded. `promises` is the history of its settings, oldest first, as (since when in microseconds, settings).
    """

    KIND = "queue"
    EVENTS = QueueEvent

    def __init__(self, id: UUID, tenant: UUID) -> None:
        super().__init__(id, tenant)
        self.name = ""
        self.spelling = ""
        self.owner: UUID | None = None
        self.settings = QueueSettings()
        self.promises: list[tuple[int, QueueSettings]] = []
        self.agents: tuple[str, ...] = ()
        self.active = False
        self.deleted = False

    @property
    def exists(self) -> bool:
        """Registered and not deleted."""
        return bool(self.promises) and not self.deleted

    def must_take_calls(self) -> None:
        """Refuse a live offer to a queue that was deactivated or removed. What a source observes is recorded all the same."""
        if self.deleted:
            raise Refused("queue-inactive", f"the queue {self.name} was removed: register it again, or offer the call to another queue")
        if not self.active:
            raise Refused("queue-inactive", f"the queue {self.name} is deactivated: activate it, or offer the call to another queue")

    def settings_at(self, instant_us: int) -> tuple[int, int, int]:
        """The SLA threshold, the tolerated abandon and the longest wrap-up (all ms) that applied at an instant; before the first settings, the first ones."""
        if not self.promises:
            raise NotFound("queue-unknown", "this queue was never registered")
        at = bisect_right(self.promises, instant_us, key=lambda promise: promise[0])
        settings = self.promises[max(at - 1, 0)][1]
        return settings.sla_ms, settings.tolerated_ms, settings.wrap_up_ms

    def register(self, name: str, settings: QueueSettings, agents: Iterable[str], metadata: EventMetadata, at: int | None = None) -> None:
        """Register the queue, at `at` (a source's instant in microseconds) or now."""
        if self.exists or self.owner is not None:
            raise AlreadyExists("queue-exists", f"there is a queue {name} already")
        name = checked_name(name, "name", "a queue")
        _check(settings)
        self.trigger(
            QueueRegistered,
            metadata,
            metadata.recorded_at if at is None else at,
            name=name,
            settings=settings,
            agents=_distinct(agents),
        )

    def set_settings(self, settings: QueueSettings, metadata: EventMetadata) -> None:
        """Change the settings from now on."""
        self.must_exist()
        _check(settings)
        if settings != self.settings:
            self.trigger(QueueSettingsSet, metadata, metadata.recorded_at, settings=settings)

    def rename(self, name: str, metadata: EventMetadata) -> None:
        """Rename the queue. The handler makes sure that no other queue has had the name."""
        self.must_exist()
        name = checked_name(name, "name", "a queue")
        if name != self.name:
            self.trigger(QueueRenamed, metadata, metadata.recorded_at, name=name)

    def take_name(self, name: str, owner: UUID, metadata: EventMetadata) -> None:
        """Reserve this name for the queue `owner`: a name that one queue has had is never used by another."""
        if owner in (self.id, self.owner):
            return
        if self.version > 0:
            raise AlreadyExists("queue-exists", f"the name {name} belongs to another queue")
        self.trigger(QueueNameTaken, metadata, metadata.recorded_at, name=checked_name(name, "name", "a queue"), owner=owner)

    def set_agents(self, agents: Iterable[str], metadata: EventMetadata) -> None:
        """Set the agents who answer the queue: exactly these."""
        self.must_exist()
        chosen = _distinct(agents)
        if chosen != self.agents:
            self.trigger(QueueAgentsSet, metadata, metadata.recorded_at, agents=chosen)

    def activate(self, metadata: EventMetadata) -> None:
        """Activate the queue: it takes calls again."""
        self.must_exist()
        if not self.active:
            self.trigger(QueueActivated, metadata, metadata.recorded_at)

    def deactivate(self, metadata: EventMetadata) -> None:
        """Deactivate the queue: it takes no new calls."""
        self.must_exist()
        if self.active:
            self.trigger(QueueDeactivated, metadata, metadata.recorded_at)

    def delete(self, metadata: EventMetadata) -> None:
        """Remove the queue from the settings. Refused while it is active, so that no call is lost by mistake."""
        self.must_exist()
        if self.active:
            raise Refused("queue-active", f"the queue {self.name} is active: deactivate it first")
        self.trigger(QueueDeleted, metadata, metadata.recorded_at)

    def apply(self, event: Event) -> None:
        match event:
            case QueueRegistered(name=name, settings=settings, agents=agents):
                self.name, self.spelling, self.agents = name, self.spelling or name, agents
                self.active, self.deleted = True, False
                self._promise(event.occurred_at, settings)
            case QueueSettingsSet(settings=settings):
                self._promise(event.occurred_at, settings)
            case QueueRenamed(name=name):
                self.name = name
            case QueueNameTaken(name=name, owner=owner):
                self.name, self.spelling, self.owner = name, name, owner
            case QueueAgentsSet(agents=agents):
                self.agents = agents
            case QueueActivated():
                self.active = True
            case QueueDeactivated():
                self.active = False
            case QueueDeleted():
                self.active, self.deleted = False, True

    def _promise(self, since_us: int, settings: QueueSettings) -> None:
        # A clock may be set back: the settings given last apply from their own instant on.
        self.promises = [promise for promise in self.promises if promise[0] < since_us]
        self.promises.append((since_us, settings))
        self.settings = settings

    def must_exist(self) -> None:
        """Raises NotFound for a queue that was never registered, or was removed."""
        if not self.exists:
            raise NotFound("queue-unknown", "no such queue")


def _distinct(names: Iterable[str]) -> tuple[str, ...]:
    """The agents' names, each agent once. Raises InvalidField."""
    known: dict[str, str] = {}
    for name in names:
        known.setdefault(identity(name), checked_name(name, "agents", "an agent"))
    return tuple(known.values())


def _check(settings: QueueSettings) -> None:
    if not 0 <= settings.sla_target <= 100:
        raise InvalidField("sla_target", "the target is a percentage, from 0 to 100")
    if settings.sla_ms < 0:
        raise InvalidField("sla_ms", "the time to answer cannot be negative")
    if settings.tolerated_ms < 0:
        raise InvalidField("tolerated_ms", "the tolerated time to abandon cannot be negative")
    if not 0 <= settings.wrap_up_ms <= LONGEST_WRAP_UP_MS:
        raise InvalidField("wrap_up_ms", f"the wrap-up lasts 0 to {LONGEST_WRAP_UP_MS} ms, at most an hour")
    number = settings.internal_number
    if number and not (len(number) == 3 and number.isascii() and number.isdigit()):
        raise InvalidField("internal_number", "the internal number has three digits")
    if settings.sla_profile not in PROFILES:
        raise InvalidField("sla_profile", f"the SLA profile is one of {', '.join(PROFILES)}")
    if settings.recording not in RECORDING_RULES:
        raise InvalidField("recording", f"the rule for recordings is one of {', '.join(RECORDING_RULES)}")
