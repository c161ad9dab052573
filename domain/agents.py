"""An agent: logged in and out of queues, paused and back, as the sources tell.

Ringing, talking, hold and wrap-up are told by the calls; together with these spans they make an agent's day.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar
from uuid import UUID

from domain.base import SECOND, Aggregate, Event, Stamp
from domain.errors import Refused
from domain.facts import Fact
from domain.merging import in_order
from domain.presence import Presence, Span, resolve

LATE_US = 4 * SECOND
"""A fact this much later than all others cannot be another clock's telling of an earlier one."""


class AgentEvent(Event, frozen=True, kw_only=True):
    """Something was told about an agent.

    spans: the sessions and pauses that began, ended or changed. dropped: keys of those that no longer hold.
    person: whether this is an agent at all, or an interface that never answered, rang or paused.
    queues: those in which the agent is in now.
    """

    name: str
    facts: tuple[Fact, ...] = ()
    spans: tuple[Span, ...] = ()
    dropped: tuple[tuple[str, int], ...] = ()
    person: bool = True
    queues: tuple[str, ...] = ()


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


_BY_KIND: dict[str, type[AgentEvent]] = {"joined": LoggedIn, "left": LoggedOut, "paused": Paused, "unpaused": Resumed, "seen": Seen}


class Agent(Aggregate):
    """One agent under the name that the source gives (or an interface whose agent is not known yet)."""

    KIND = "agent"

    def __init__(self, id: UUID, tenant: UUID, name: str = "") -> None:
        super().__init__(id, tenant)
        self.name = name
        self.member = ""
        self.person = False
        self.facts: list[Fact] = []
        self.known: set[tuple[object, ...]] = set()
        self.spans: dict[tuple[str, int], Span] = {}
        self.clocks: set[str] = set()
        self.latest = 0
        self._presence: Presence | None = None

    def tell(self, facts: Iterable[Fact], stamp: Stamp) -> int:
        """Take in what a source says; returns how many facts were new."""
        new: dict[tuple[object, ...], Fact] = {}
        for fact in facts:
            identity = _identity(fact)
            if identity not in self.known and identity not in new:
                new[identity] = fact
        if not new:
            return 0
        fresh = tuple(sorted(new.values(), key=lambda fact: (fact.at, fact.seq)))
        presence = self._after(fresh)
        spans = presence.spans()
        changed = tuple(span for key, span in spans.items() if self.spans.get(key) != span)
        dropped = tuple(key for key in self.spans if key not in spans)
        amended = dropped or any(_rewritten(self.spans.get(span.key), span) for span in changed)
        kind = AgentAmended if amended else _BY_KIND.get(fresh[0].kind, AgentObserved) if len(fresh) == 1 else AgentObserved
        person = self.person or any(_proves_a_person(self.name, fact) for fact in fresh)
        self.trigger(
            kind,
            stamp,
            fresh[-1].at,
            name=self.name,
            facts=fresh,
            spans=changed,
            dropped=dropped,
            person=person,
            queues=tuple(sorted(presence.queues)),
        )
        self._presence = presence
        return len(fresh)

    def knows(self, fact: Fact) -> bool:
        """Whether this was told before."""
        return _identity(fact) in self.known

    @property
    def implied(self) -> int:
        """How many sessions began because another line proves them."""
        return sum(1 for span in self.spans.values() if span.implied)

    def identify(self, member: str, stamp: Stamp) -> list[Fact]:
        """This interface is `member`: it is no agent of its own any more. Returns the facts to be told to the member."""
        if self.member == member:
            return []
        facts = list(self.facts)
        self.trigger(AgentIdentified, stamp, stamp.recorded_at, name=self.name, dropped=tuple(self.spans), person=False, member=member)
        return facts

    def must_be_in(self) -> None:
        """Refuse what only an agent who is logged in can do."""
        if not self._now().queues:
            raise Refused(f"agent {self.name} is not logged in")

    def must_be_paused(self, paused: bool) -> None:
        """Refuse to pause who is paused, or to resume who is not."""
        if (self._now().pause is not None) != paused:
            raise Refused(f"agent {self.name} is {'not ' if paused else 'already '}paused")

    def queues_now(self) -> tuple[str, ...]:
        """The queues in which the agent is in; "" stands for all."""
        return tuple(sorted(self._now().queues))

    def _now(self) -> Presence:
        if self._presence is None:
            self._presence = resolve(self.facts)
        return self._presence

    def _after(self, fresh: tuple[Fact, ...]) -> Presence:
        """Presence with the new facts: carried on where they are the latest, else worked out anew from all."""
        clocks = self.clocks | {fact.clock for fact in fresh}
        if fresh[0].at <= self.latest + (LATE_US if len(clocks) > 1 else 0):
            return resolve([*self.facts, *fresh])
        presence = self._now()
        presence.take_all(in_order(fresh))
        return presence

    def apply(self, event: Event) -> None:
        if not isinstance(event, AgentEvent):
            return
        self.name = event.name
        self.person = event.person
        self._presence = None
        for fact in event.facts:
            self.facts.append(fact)
            self.known.add(_identity(fact))
            self.clocks.add(fact.clock)
            self.latest = max(self.latest, fact.at)
        for key in event.dropped:
            self.spans.pop(key, None)
        for span in event.spans:
            self.spans[span.key] = span
        if isinstance(event, AgentIdentified):
            self.member = event.member


def _identity(fact: Fact) -> tuple[object, ...]:
    """An interface's facts are the member's: the name they were told under does not matter."""
    return (fact.kind, fact.at, fact.clock, fact.queue, fact.by, fact.text, fact.session_ms, fact.nth)


def _proves_a_person(name: str, fact: Fact) -> bool:
    """An interface (`PJSIP/1001`) becomes an agent by answering, ringing, pausing; who logs in, or is named otherwise, is one."""
    interface = "/" in name and not name.startswith("Agent/")
    return not interface or fact.by == "login" or fact.kind in ("seen", "talked", "paused", "unpaused") or fact.clock == "live"


def _rewritten(before: Span | None, now: Span) -> bool:
    """Whether a stated end or reason reads differently now."""
    return before is not None and before.until_ms is not None and before != now
