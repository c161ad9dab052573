"""An agent: logged in and out of queues, paused and back, as the sources report it.

Ringing, talk, hold and wrap-up come from the calls. Together with these spans they make an agent's day.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from domain.agent_events import (
    EVENT_OF_KIND,
    AgentAmended,
    AgentAssigned,
    AgentEvent,
    AgentIdentified,
    AgentInterfacesSet,
    AgentObserved,
    AgentTookCall,
    SpanKey,
)
from domain.base import MS, SECOND, Aggregate, Event, EventMetadata
from domain.errors import InvalidField, Refused
from domain.ids import LEG
from domain.names import identity
from domain.voice.echoes import commanded, without_echoes
from domain.voice.facts import CLAIMED, Clock, Fact
from domain.voice.interactions import Interaction
from domain.voice.merging import OF_AGENT, in_order
from domain.voice.presence import Presence, PresenceSpan, PresenceState, resolve

LATE_US = 4 * SECOND
"""A fact this much later than all others cannot be another clock's observation of an earlier fact."""

LONGEST_CALL_US = 12 * 3_600 * SECOND
"""A talk, or a number that is dialled, for longer has ended unseen: a log that breaks off in a call must not keep the agent from all later ones."""


class Agent(Aggregate):
    """A person who answers, under the name that the sources give; or an interface whose person is not known yet.

    A person may be a user of the company, and is reached by interfaces (telephones).

    The aggregate holds only the agent's current state, not the facts of years: that is enough to apply later facts.
    When an earlier fact arrives, all facts are read again from the stream and resolved anew.
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
        self.calls: tuple[UUID, ...] = ()

    def observe(
        self, facts: Iterable[Fact], metadata: EventMetadata, restarts: Sequence[int] = (), lease_ms: int | None = None
    ) -> tuple[Fact, ...]:
        """Record the facts of a source and the restarts of the PBX (us). Returns the new facts. lease_ms: the lease that begins with them."""
        observed = [*without_echoes(self.standing, facts), *self._restarted(restarts)]
        if not observed:
            return ()
        earliest = min(fact.at for fact in observed)
        if earliest > self.standing.latest + (LATE_US if len(self._clocks(observed)) > 1 else 0):
            fresh, before, presence = _each_once(observed, set()), Presence(self.standing).spans(), Presence(self.standing)
            presence.take_all(in_order(fresh, OF_AGENT))
        else:
            known, before = self._recorded()
            fresh = _each_once(observed, {_identity(fact) for fact in known})
            presence = resolve([*known, *fresh])
        if fresh:
            lease_ms = self.lease_ms if lease_ms is None else lease_ms
            self._change(fresh, before, presence, metadata, lease_ms)
        return fresh

    def appear(self, at: int, metadata: EventMetadata) -> None:
        """Record that a call named the agent at `at` (us), whom no source and no command had named before."""
        self._trigger_unchanged(AgentObserved, metadata, at, person=not is_interface(self.name))

    def _change(
        self, fresh: tuple[Fact, ...], before: dict[SpanKey, PresenceSpan], presence: Presence, metadata: EventMetadata, lease_ms: int
    ) -> None:
        """Trigger the event with the sessions, pauses and direct calls that changed. A lease ends with the session."""
        spans = presence.spans()
        latest = max(self.standing.latest, fresh[-1].at)
        changed = tuple(span for key, span in spans.items() if before.get(key) != span)
        dropped = tuple(key for key in before if key not in spans)
        amended = dropped or any(_rewritten(before.get(span.key), span) for span in changed)
        known = self.standing
        self.trigger(
            AgentAmended if amended else EVENT_OF_KIND.get(fresh[0].kind, AgentObserved) if len(fresh) == 1 else AgentObserved,
            metadata,
            fresh[-1].at,
            name=self.name,
            user=self.user,
            interfaces=self.interfaces,
            calls=self.calls,
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
                latest=latest,
                clocks=self._clocks(fresh),
                restarts=known.restarts + sum(1 for fact in fresh if fact.kind == "restarted"),
                implied=known.implied + _implied(spans) - _implied(before),
                commanded=commanded(known, fresh, latest),
                calls=presence.calls,
            ),
            lease_ms=lease_ms if presence.queues else 0,
        )

    def _restarted(self, restarts: Sequence[int]) -> list[Fact]:
        """The restarts as facts. Known ones are left out where that can be decided without reading the stream."""
        earlier = sum(1 for at in restarts if at <= self.standing.latest)
        known = self.standing.latest if earlier == self.standing.restarts else -1
        return [Fact("restarted", at, _RESTART_CLOCK) for at in restarts if at > known]

    def _clocks(self, facts: Iterable[Fact]) -> tuple[str, ...]:
        return tuple(sorted({*self.standing.clocks, *(fact.clock for fact in facts)}))

    def _recorded(self) -> tuple[list[Fact], dict[SpanKey, PresenceSpan]]:
        """All facts in the stream that the member of an interface has not taken over, and the sessions and pauses that they prove."""
        facts: list[Fact] = []
        spans: dict[SpanKey, PresenceSpan] = {}
        for event in self.stream():
            assert isinstance(event, AgentEvent)
            if isinstance(event, AgentIdentified):
                facts.clear()
            facts.extend(event.facts)
            for key in event.dropped:
                spans.pop(key, None)
            spans.update({span.key: span for span in event.spans})
        return facts, spans

    @property
    def implied(self) -> int:
        """The number of sessions whose begin only another line proves."""
        return self.standing.implied

    def identify(self, member: str, metadata: EventMetadata) -> list[Fact]:
        """Record that this interface is `member`, and no longer an agent of its own. Returns the facts that the member must observe."""
        if self.member == member:
            return []
        facts, spans = self._recorded()
        self.trigger(AgentIdentified, metadata, metadata.recorded_at, name=self.name, dropped=tuple(spans), person=False, member=member)
        return facts

    def lease_runs_out(self, heard_us: int) -> int | None:
        """When the lease expires (us), if the last heartbeat of the agent's client was at `heard_us`; None without a lease."""
        return heard_us + self.lease_ms * MS if self.lease_ms else None

    def expire(self, due_us: int, metadata: EventMetadata) -> None:
        """Log the agent out of all queues, because the lease expired at `due_us`. An agent observed at work later is logged out from then on."""
        self.observe([Fact("logged_out", max(due_us, self.standing.latest), by="lease", ref="lease")], metadata)

    def give_way(self, metadata: EventMetadata) -> None:
        """Log out whoever was called as this telephone is, because it is another agent's from now on: what it does later says nothing of this one."""
        if self.standing.queues:
            at = max(metadata.recorded_at, self.standing.latest)
            self.observe([Fact("logged_out", at, by=CLAIMED, ref=CLAIMED)], metadata)

    def assign(self, user: UUID | None, metadata: EventMetadata) -> None:
        """Assign the agent to this user, or to nobody. Refused for an interface that belongs to another agent."""
        if self.member:
            raise Refused("agent-is-interface", f"{self.name} is an interface of the agent {self.member}")
        if self.version == 0 or user != self.user:
            self._trigger_unchanged(AgentAssigned, metadata, user=user, person=True)

    def is_reached_by(self, interface: str) -> bool:
        """Whether this is one of the agent's telephones."""
        return identity(interface) in map(identity, self.interfaces)

    def add_interface(self, interface: str, metadata: EventMetadata) -> None:
        """Add an interface by which the agent is reached."""
        if not self.is_reached_by(interface):
            self._trigger_unchanged(AgentInterfacesSet, metadata, interfaces=(*self.interfaces, interface))

    def prefer_interface(self, interface: str, metadata: EventMetadata) -> None:
        """Let this interface be the one that rings: the first of the agent's."""
        others = tuple(other for other in self.interfaces if identity(other) != identity(interface))
        if self.interfaces != (interface, *others):
            self._trigger_unchanged(AgentInterfacesSet, metadata, interfaces=(interface, *others))

    def remove_interface(self, interface: str, metadata: EventMetadata) -> None:
        """Remove an interface by which the agent is reached."""
        left = tuple(other for other in self.interfaces if identity(other) != identity(interface))
        if left != self.interfaces:
            self._trigger_unchanged(AgentInterfacesSet, metadata, interfaces=left)

    def _trigger_unchanged(self, kind: type[AgentEvent], metadata: EventMetadata, at: int | None = None, **changed: Any) -> None:
        """Trigger an event that leaves sessions and pauses unchanged."""
        as_it_is = {name: getattr(self, name) for name in ("name", "person", "standing", "lease_ms", "user", "interfaces", "calls")}
        self.trigger(kind, metadata, metadata.recorded_at if at is None else at, **(as_it_is | changed))

    def must_follow(self, facts: Iterable[Fact]) -> None:
        """Refuse a live command whose facts are earlier than the last known fact."""
        if any(fact.at < self.standing.latest for fact in facts):
            raise InvalidField("at", "this instant is earlier than what already happened to this agent", "instant-out-of-order")

    def must_be_free(self, queue: str, calls: Iterable[Interaction], at: int) -> None:
        """Refuse to give a call of `queue` at `at` (us), by a live command, to an agent who is logged out, paused, talking or dialling.

        calls: those of `calls`, as they are now. One agent has one voice call at a time.
        """
        self.must_be_in()
        if self.standing.pause is not None or queue in self.standing.paused:
            raise Refused("agent-paused", f"agent {self.name} is paused")
        self.must_not_be_busy(calls, at)

    @property
    def _named_by_calls(self) -> tuple[str, ...]:
        """What a call may name the agent by: a source that knows no names states the telephone."""
        return (self.name, *self.interfaces)

    def must_not_be_busy(self, calls: Iterable[Interaction], at: int) -> None:
        """Refuse a live command that gives the agent a call at `at` (us), while the agent talks in one of `calls` or dials it: those of `calls`, as they are now."""
        named = [(call, name) for call in calls for name in self._named_by_calls]
        if any(_lasts(call.talks_since(name), at) for call, name in named):
            raise Refused("agent-busy", f"agent {self.name} is talking in another call")
        if any(_lasts(call.dials_since(name), at) for call, name in named):
            raise Refused("agent-busy", f"agent {self.name} is dialling another number")
        # A supervisor who listens may listen otherwise, or take the call over.
        if any(_lasts(since // MS, at) for channel, since in self.standing.calls.items() if not channel.startswith(LEG)):
            raise Refused("agent-busy", f"agent {self.name} is talking in a direct call")

    def take_call(self, call: UUID, earlier: Iterable[Interaction], at: int, metadata: EventMetadata) -> None:
        """Record at `at` (us) that the agent answered or dialled this call. earlier: those of `calls`, as they are now.

        Of two answers at once, both of which change the agent, the second is decided anew.
        """
        named = self._named_by_calls
        going_on = [other.id for other in earlier if any(other.is_on_call(name) for name in named)]
        self._trigger_unchanged(AgentTookCall, metadata, at, calls=(*going_on, call))

    def must_be_in(self) -> None:
        """Raises Refused when the agent is not logged in."""
        if not self.standing.queues:
            raise Refused("agent-logged-out", f"agent {self.name} is not logged in")

    def leaves_by(self, facts: Iterable[Fact]) -> bool:
        """Whether the agent leaves any queue by these facts of now."""
        after = Presence(self.standing)
        after.take_all([*facts])
        return after.queues.keys() != self.standing.queues.keys()

    def is_paused_for(self, reason: str) -> bool:
        """Whether the agent is paused in all queues, for this reason."""
        known = self.standing
        return known.pause is not None and all(
            queue in known.paused and identity(known.paused[queue]) == identity(reason) for queue in known.queues
        )

    def must_be_paused(self) -> None:
        """Raises Refused when the agent is not paused."""
        if self.standing.pause is None:
            raise Refused("agent-not-paused", f"agent {self.name} is not paused")

    @property
    def is_administered(self) -> bool:
        """Whether a command has logged the agent in: the PBX follows Atende, not the other way round."""
        return "command" in self.standing.queues.values()

    def queues_now(self) -> tuple[str, ...]:
        """The queues in which the agent is logged in; "" means all."""
        return tuple(sorted(self.standing.queues))

    def apply(self, event: Event) -> None:
        if isinstance(event, AgentEvent):
            self.name = event.name
            self.person = event.person
            self.standing = event.standing
            self.lease_ms = event.lease_ms
            self.user = event.user
            self.interfaces = event.interfaces
            self.calls = event.calls
        if isinstance(event, AgentIdentified):
            self.member = event.member


_RESTART_CLOCK: Clock = "log"


def _lasts(since_ms: int | None, at: int) -> bool:
    """Whether what an agent has been doing since `since_ms` still counts at `at` (us)."""
    return since_ms is not None and at - since_ms * MS <= LONGEST_CALL_US


def _each_once(facts: Iterable[Fact], known: set[tuple[object, ...]]) -> tuple[Fact, ...]:
    """The facts not known yet, each once, in order."""
    fresh: dict[tuple[object, ...], Fact] = {}
    for fact in facts:
        key = _identity(fact)
        if key not in known:
            fresh.setdefault(key, fact)
    return tuple(sorted(fresh.values(), key=lambda fact: (fact.at, fact.seq)))


def _implied(spans: dict[SpanKey, PresenceSpan]) -> int:
    return sum(1 for span in spans.values() if span.implied)


def _identity(fact: Fact) -> tuple[object, ...]:
    """The identity of a fact without the agent's name: an interface and its member share their facts."""
    return (fact.kind, fact.at, fact.clock, fact.queue, fact.by, fact.text, fact.session_ms, fact.nth, fact.mark)


def is_interface(name: str) -> bool:
    """Whether a member is named by a telephone (`PJSIP/1001`, `Local/1005@agentes/n`) and not by a person. `Agent/1001` is a person in old releases of the PBX."""
    return "/" in name and not name.startswith("Agent/")


def _proves_a_person(name: str, fact: Fact) -> bool:
    """An interface (`PJSIP/1001`) becomes an agent by answering, ringing or pausing. A login, or a name that is no interface, is an agent at once."""
    return not is_interface(name) or fact.by == "login" or fact.kind in ("seen", "talked", "paused", "resumed") or fact.clock == "live"


def _rewritten(before: PresenceSpan | None, now: PresenceSpan) -> bool:
    """Whether a recorded end or reason changed."""
    return before is not None and before.until_ms is not None and before != now
