"""An agent: logged in and out of queues, paused and back, as the sources tell.

Ringing, talking, hold and wrap-up are told by the calls; together with these spans they make an agent's day.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar
from uuid import UUID

from domain.base import MS, SECOND, Aggregate, Event, EventMetadata
from domain.errors import InvalidField, Refused
from domain.voice.facts import Clock, Fact, FactKind
from domain.voice.merging import in_order
from domain.voice.presence import Presence, PresenceSpan, PresenceState, resolve

LATE_US = 4 * SECOND
"""A fact this much later than all others cannot be another clock's observation of an earlier one."""


SpanKey = tuple[str, int]
"""A span's kind and start: no two of an agent have the same."""


class AgentEvent(Event, frozen=True, kw_only=True):
    """Something was told about an agent.

    spans: the sessions and pauses that began, ended or changed. dropped: keys of those that no longer hold.
    person: whether this is an agent at all, or an interface that never answered, rang or paused.
    standing: how the agent stands from now on. lease_ms: after so long without a sign of life of the agent's client the agent is
    logged out; 0 without a lease. user: to whom the agent belongs; None while nobody said so.
    interfaces: the telephones (`PJSIP/1001`) by which the agent is reached.
    """

    SLICE: ClassVar[str] = "agents"
    name: str
    facts: tuple[Fact, ...] = ()
    spans: tuple[PresenceSpan, ...] = ()
    dropped: tuple[SpanKey, ...] = ()
    person: bool = True
    standing: PresenceState = PresenceState()
    lease_ms: int = 0
    user: UUID | None = None
    interfaces: tuple[str, ...] = ()


class LoggedIn(AgentEvent, frozen=True, kw_only=True):
    """The agent came in, to a queue or to all."""

    TOPIC: ClassVar[str] = "agent.logged_in"


class LoggedOut(AgentEvent, frozen=True, kw_only=True):
    """The agent left a queue, or all."""

    TOPIC: ClassVar[str] = "agent.logged_out"


class Paused(AgentEvent, frozen=True, kw_only=True):
    """The agent paused, with a reason, or changed the reason."""

    TOPIC: ClassVar[str] = "agent.paused"


class Resumed(AgentEvent, frozen=True, kw_only=True):
    """The agent is back from a pause."""

    TOPIC: ClassVar[str] = "agent.resumed"


class Seen(AgentEvent, frozen=True, kw_only=True):
    """The agent was rung or answered: proof of presence."""

    TOPIC: ClassVar[str] = "agent.seen"


class AgentObserved(AgentEvent, frozen=True, kw_only=True):
    """Several facts were told at once, or one without a name of its own."""

    TOPIC: ClassVar[str] = "agent.observed"


class AgentAmended(AgentEvent, frozen=True, kw_only=True):
    """Later evidence changed what had been said of a session or pause."""

    TOPIC: ClassVar[str] = "agent.amended"


class AgentIdentified(AgentEvent, frozen=True, kw_only=True):
    """This interface turned out to be the agent `member`, who takes over its facts."""

    TOPIC: ClassVar[str] = "agent.identified"
    member: str


class AgentAssigned(AgentEvent, frozen=True, kw_only=True):
    """From now on the agent belongs to `user`, or to nobody. An agent of whom nothing was observed before comes to be."""

    TOPIC: ClassVar[str] = "agent.assigned"


class AgentInterfacesSet(AgentEvent, frozen=True, kw_only=True):
    """From now on the agent is reached by these `interfaces`."""

    TOPIC: ClassVar[str] = "agent.interfaces_set"


_BY_KIND: dict[FactKind, type[AgentEvent]] = {
    "joined": LoggedIn,
    "left": LoggedOut,
    "paused": Paused,
    "unpaused": Resumed,
    "seen": Seen,
}


class Agent(Aggregate):
    """A person who answers, under the name that the sources give; or an interface whose person is not known yet.

    A person may be a user of the company, and is reached by interfaces (telephones).

    What an agent was told in years does not stand here, only how things stand after it: that is enough for whatever comes
    later. When earlier evidence comes, all of it is read again from the stream and weighed anew.
    """

    KIND = "agent"
    EVENTS = AgentEvent
    STATE_IN_EVENT = True

    def __init__(self, id: UUID, tenant: UUID, name: str = "") -> None:
        super().__init__(id, tenant)
        self.name = name
        self.member = ""
        self.person = False
        self.standing = PresenceState()
        self.lease_ms = 0
        self.user: UUID | None = None
        self.interfaces: tuple[str, ...] = ()

    def observe(
        self, facts: Iterable[Fact], metadata: EventMetadata, restarts: Sequence[int] = (), lease_ms: int | None = None
    ) -> tuple[Fact, ...]:
        """Take in what a source says, and the restarts of the PBX (us); returns what was new of it. lease_ms: a lease that begins with it."""
        told = [*facts, *self._restarted(restarts)]
        if not told:
            return ()
        earliest = min(fact.at for fact in told)
        if earliest > self.standing.latest + (LATE_US if len(self._clocks(told)) > 1 else 0):
            fresh, before, presence = _each_once(told, set()), Presence(self.standing).spans(), Presence(self.standing)
            presence.take_all(in_order(fresh))
        else:
            heard, before = self._heard()
            fresh = _each_once(told, {_identity(fact) for fact in heard})
            presence = resolve([*heard, *fresh])
        if fresh:
            lease_ms = self.lease_ms if lease_ms is None else lease_ms
            self._change(fresh, before, presence, metadata, lease_ms)
        return fresh

    def _change(
        self, fresh: tuple[Fact, ...], before: dict[SpanKey, PresenceSpan], presence: Presence, metadata: EventMetadata, lease_ms: int
    ) -> None:
        """Say which sessions and pauses read differently now. A lease ends with the session."""
        spans = presence.spans()
        changed = tuple(span for key, span in spans.items() if before.get(key) != span)
        dropped = tuple(key for key in before if key not in spans)
        amended = dropped or any(_rewritten(before.get(span.key), span) for span in changed)
        known = self.standing
        self.trigger(
            AgentAmended if amended else _BY_KIND.get(fresh[0].kind, AgentObserved) if len(fresh) == 1 else AgentObserved,
            metadata,
            fresh[-1].at,
            name=self.name,
            user=self.user,
            interfaces=self.interfaces,
            facts=fresh,
            spans=changed,
            dropped=dropped,
            person=self.person or any(_proves_a_person(self.name, fact) for fact in fresh),
            standing=PresenceState(
                queues=presence.queues,
                paused=presence.paused,
                session=presence.session,
                pause=presence.pause,
                reason=presence.reason,
                closed=presence.last_closed(),
                ever=presence.ever,
                latest=max(known.latest, fresh[-1].at),
                clocks=self._clocks(fresh),
                restarts=known.restarts + sum(1 for fact in fresh if fact.kind == "restarted"),
                implied=known.implied + _implied(spans) - _implied(before),
            ),
            lease_ms=lease_ms if presence.queues else 0,
        )

    def _restarted(self, restarts: Sequence[int]) -> list[Fact]:
        """The restarts as facts; those told already are left out where that can be told without reading all again."""
        earlier = sum(1 for at in restarts if at <= self.standing.latest)
        known = self.standing.latest if earlier == self.standing.restarts else -1
        return [Fact("restarted", at, _RESTART_CLOCK) for at in restarts if at > known]

    def _clocks(self, facts: Iterable[Fact]) -> tuple[str, ...]:
        return tuple(sorted({*self.standing.clocks, *(fact.clock for fact in facts)}))

    def _heard(self) -> tuple[list[Fact], dict[SpanKey, PresenceSpan]]:
        """Everything that was ever told, and the sessions and pauses that it came to."""
        facts: list[Fact] = []
        spans: dict[SpanKey, PresenceSpan] = {}
        for event in self.stream():
            assert isinstance(event, AgentEvent)
            facts.extend(event.facts)
            for key in event.dropped:
                spans.pop(key, None)
            spans.update({span.key: span for span in event.spans})
        return facts, spans

    @property
    def implied(self) -> int:
        """How many sessions began because another line proves them."""
        return self.standing.implied

    def identify(self, member: str, metadata: EventMetadata) -> list[Fact]:
        """This interface is `member`: it is no agent of its own any more. Returns the facts to be told to the member."""
        if self.member == member:
            return []
        facts, spans = self._heard()
        self.trigger(AgentIdentified, metadata, metadata.recorded_at, name=self.name, dropped=tuple(spans), person=False, member=member)
        return facts

    def lease_runs_out(self, heard_us: int) -> int | None:
        """When, if the agent's client was last heard of at `heard_us`; None without a lease."""
        return heard_us + self.lease_ms * MS if self.lease_ms else None

    def expire(self, due_us: int, metadata: EventMetadata) -> None:
        """Log the agent out of all queues, for the lease ran out then. Whoever was seen at work since was not away before that."""
        self.observe([Fact("left", max(due_us, self.standing.latest), by="lease", ref="lease")], metadata)

    def assign(self, user: UUID | None, metadata: EventMetadata) -> None:
        """Belong to this user, or to nobody. Refused for an interface that turned out to be another agent's."""
        if self.member:
            raise Refused(f"{self.name} is an interface of the agent {self.member}")
        if self.version == 0 or user != self.user:
            self._say(AgentAssigned, metadata, user=user, person=True)

    def add_interface(self, interface: str, metadata: EventMetadata) -> None:
        """Be reached by this interface too."""
        if interface not in self.interfaces:
            self._say(AgentInterfacesSet, metadata, interfaces=(*self.interfaces, interface))

    def remove_interface(self, interface: str, metadata: EventMetadata) -> None:
        """Be reached by this interface no more."""
        if interface in self.interfaces:
            left = tuple(other for other in self.interfaces if other != interface)
            self._say(AgentInterfacesSet, metadata, interfaces=left)

    def _say(self, kind: type[AgentEvent], metadata: EventMetadata, **changed: Any) -> None:
        """An event that changes who the agent is, and nothing of sessions and pauses."""
        as_it_is = {name: getattr(self, name) for name in ("name", "person", "standing", "lease_ms", "user", "interfaces")}
        self.trigger(kind, metadata, metadata.recorded_at, **(as_it_is | changed))

    def must_follow(self, facts: Iterable[Fact]) -> None:
        """Refuse a live command that is earlier than what is known."""
        if any(fact.at < self.standing.latest for fact in facts):
            raise InvalidField("at", "earlier than what already happened to this agent")

    def must_be_in(self) -> None:
        """Refuse what only an agent who is logged in can do."""
        if not self.standing.queues:
            raise Refused(f"agent {self.name} is not logged in")

    def must_be_paused(self, paused: bool) -> None:
        """Refuse to pause who is paused, or to resume who is not."""
        if (self.standing.pause is not None) != paused:
            raise Refused(f"agent {self.name} is {'not ' if paused else 'already '}paused")

    def queues_now(self) -> tuple[str, ...]:
        """The queues in which the agent is in; "" stands for all."""
        return tuple(sorted(self.standing.queues))

    def apply(self, event: Event) -> None:
        if isinstance(event, AgentEvent):
            self.name = event.name
            self.person = event.person
            self.standing = event.standing
            self.lease_ms = event.lease_ms
            self.user = event.user
            self.interfaces = event.interfaces
        if isinstance(event, AgentIdentified):
            self.member = event.member


_RESTART_CLOCK: Clock = "log"


def _each_once(told: Iterable[Fact], known: set[tuple[object, ...]]) -> tuple[Fact, ...]:
    """The facts not known yet, each once, in order."""
    fresh: dict[tuple[object, ...], Fact] = {}
    for fact in told:
        identity = _identity(fact)
        if identity not in known:
            fresh.setdefault(identity, fact)
    return tuple(sorted(fresh.values(), key=lambda fact: (fact.at, fact.seq)))


def _implied(spans: dict[SpanKey, PresenceSpan]) -> int:
    return sum(1 for span in spans.values() if span.implied)


def _identity(fact: Fact) -> tuple[object, ...]:
    """An interface's facts are the member's: the name they were told under does not matter."""
    return (fact.kind, fact.at, fact.clock, fact.queue, fact.by, fact.text, fact.session_ms, fact.nth, fact.mark)


def is_interface(name: str) -> bool:
    """Whether a member is named by a telephone (`PJSIP/1001`, `Local/1005@agentes/n`), not by who sits there. `Agent/1001` is a person of old."""
    return "/" in name and not name.startswith("Agent/")


def _proves_a_person(name: str, fact: Fact) -> bool:
    """An interface (`PJSIP/1001`) becomes an agent by answering, ringing, pausing; who logs in, or is named otherwise, is one."""
    return not is_interface(name) or fact.by == "login" or fact.kind in ("seen", "talked", "paused", "unpaused") or fact.clock == "live"


def _rewritten(before: PresenceSpan | None, now: PresenceSpan) -> bool:
    """Whether a stated end or reason reads differently now."""
    return before is not None and before.until_ms is not None and before != now
