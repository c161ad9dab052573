"""An interaction (atendimento) by voice: all the facts that sources reported about one call, and what they prove together."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

import msgspec

from domain.base import Aggregate, Event, EventMetadata
from domain.errors import AlreadyExists, Refused
from domain.ids import PLACED
from domain.voice.call_state import CallState
from domain.voice.calls import Call, Change, Visit
from domain.voice.context import Context
from domain.voice.evidence import Evidence
from domain.voice.facts import SHOWN, Fact
from domain.voice.guards import completed
from domain.voice.interaction_events import BY_KIND, InteractionEvent, InteractionObserved, VisitAmended
from domain.voice.talks import Talk, talks

_UNCHANGED = Change()

KEPT_FROM = 12
"""The number of facts from which on what they prove is kept for the next one."""


class ObservationResult(msgspec.Struct, frozen=True):
    """The result of an observation: counts for the result of an import. `conflicts`: the new ones."""

    new: int
    repeated: int
    ends: dict[str, int]
    implied: int
    conflicts: tuple[str, ...]


class Interaction(Aggregate):
    """One call of one customer. Its id derives from the id that its source gives it.

    facts: all facts in the order in which they were recorded. latest: the latest instant among them (us).
    state: the call as it is known now. conflicts: all conflicts between its sources so far.
    """

    KIND = "interaction"
    EVENTS = InteractionEvent

    def __init__(self, id: UUID, tenant: UUID) -> None:
        super().__init__(id, tenant)
        self.facts: list[Fact] = []
        self._known: set[tuple[object, ...]] = set()
        self.latest = 0
        self.state = CallState()
        self.conflicts: set[str] = set()
        # Derived from the facts when first needed, and valid as long as it holds exactly these.
        self._evidence: Evidence | None = None

    @property
    def known(self) -> set[tuple[object, ...]]:
        """The identities of the facts. Those of the last facts are added when they are needed: most calls of an import get no more facts."""
        if len(self._known) < len(self.facts):
            self._known.update([fact.identity for fact in self.facts[len(self._known) :]])
        return self._known

    @property
    def call(self) -> Call | None:
        """The head of the call; None before the first event."""
        return self.state.call

    def is_open_with(self, contact: UUID) -> bool:
        """Whether this is an open call of this contact."""
        return self.call is not None and self.call.contact == contact and self.call.ended_ms is None

    def going_on(self) -> list[Talk]:
        """The talks of agents that go on in this call."""
        is_over = self.call is None or self.call.ended_ms is not None
        return [] if is_over else [talk for talk in talks(self.state) if talk.goes_on]

    def talks_since(self, agent: str) -> int | None:
        """Since when (ms) this agent has been talking in this call; None for one who does not talk in it now."""
        return max((talk.began_ms for talk in self.going_on() if talk.agent == agent), default=None)

    def taken_at(self, agent: str) -> int | None:
        """When (ms) this agent answered or dialled this call last; None for one who did not."""
        attempt = self.state.attempt
        answered = [visit.ended_ms for visit in self.state.visits if visit.agent == agent and visit.ended_ms is not None]
        return max(answered, default=attempt.dialled_ms if attempt is not None and attempt.agent == agent else None)

    def has_talk_of(self, agent: str) -> bool:
        """Whether this agent is talking in this call now."""
        return self.talks_since(agent) is not None

    def talking(self) -> set[str]:
        """The names of the agents who are talking in this call now."""
        return {talk.agent for talk in self.going_on() if talk.agent}

    def agents(self) -> tuple[str, ...]:
        """The names of the agents who have answered or dialled this call, the last one first."""
        named = [visit.agent for visit in reversed(self.state.visits)] + ([self.state.attempt.agent] if self.state.attempt else [])
        return tuple(dict.fromkeys(agent for agent in named if agent))

    def taking_part(self) -> tuple[str, ...]:
        """The names of the agents whose call this is now: those who talk in it, or else the last one; nobody's while it waits in a queue."""
        talking = self.talking()
        if talking:
            return tuple(sorted(talking))
        waits = any(visit.open for visit in self.state.visits)
        return () if waits else self.agents()[:1]

    def must_not_be_followed(self) -> None:
        """Refuse to change by a live command what only a PBX can change: a call of which it has told, or that it was asked to place."""
        if self._is_followed():
            raise Refused("call-followed-at-pbx", "a PBX leads this call, and tells what becomes of it")

    def must_be_followed(self) -> None:
        """Refuse to ask a PBX for something in a call that it does not carry."""
        if not self._is_followed():
            raise Refused("call-not-at-pbx", "no PBX leads this call, so none can be asked for anything in it")

    def _is_followed(self) -> bool:
        placed = self.call is not None and self.call.call.startswith(PLACED)
        return placed or any(fact.clock != "live" for fact in self.facts)

    def dials_since(self, agent: str) -> int | None:
        """Since when (ms) this agent has been dialling this call; None for one who does not, and once it is known what became of it."""
        attempt = self.state.attempt
        is_over = self.call is None or self.call.ended_ms is not None
        return attempt.dialled_ms if not is_over and attempt is not None and attempt.agent == agent and attempt.result == "" else None

    def is_on_call(self, agent: str) -> bool:
        """Whether this agent is talking in this call, or dialling it."""
        return self.has_talk_of(agent) or self.dials_since(agent) is not None

    def must_begin_as(self, direction: str, given: str, number: str, *, reads_past: bool) -> None:
        """Refuse a live command that begins another call under this call's id: of the other direction, or with another number.

        given, number: the customer's number by the command, and that of this call; "" if nobody knows it, and then it is not compared. reads_past: whether the
        sender may read calls that have ended. To others every one of these is refused, in the same words: an answer would confirm a guessed number.
        """
        assert self.call is not None
        if not (reads_past or self.call.ended_ms is None):
            raise AlreadyExists("call-id-taken", "this id names a call already", "call")
        if self.call.direction != direction:
            raise AlreadyExists("call-id-taken", f"this id names an {self.call.direction} call already", "call")
        if given and number and given != number:
            field = "from_number" if direction == "inbound" else "to_number"
            raise AlreadyExists("call-id-taken", "this id names a call with another number already", field)

    def observe(self, facts: Iterable[Fact], context: Context, metadata: EventMetadata) -> ObservationResult:
        """Record the facts of a source; repeated facts change nothing. Without facts: record what the restarts change."""
        new: dict[tuple[object, ...], Fact] = {}
        known, repeated = self.known, 0
        for fact in facts:
            identity = fact.identity
            if identity not in known and identity not in new:
                new[identity] = fact
            elif fact.mark != SHOWN:
                repeated += 1
        if not new and not self._affected_by(context):
            return ObservationResult(0, repeated, {}, 0, ())
        fresh = tuple(new.values())
        evidence = self._weighed(fresh, context.call)
        change = evidence.change(self.state, context)
        if not new and change == _UNCHANGED:
            return ObservationResult(0, repeated, {}, 0, ())
        conflicts = evidence.conflicts()
        conflicts = tuple(sorted({*conflicts} - self.conflicts)) if conflicts else ()
        before = self._visits_concerned(change) if change.visits or change.removed else {}
        occurred_at = max((fact.at for fact in fresh), default=context.restarts[-1] if context.restarts else metadata.recorded_at)
        event_type = _event_type(before, change, fresh)
        self.trigger(event_type, metadata, occurred_at, facts=fresh, change=change, conflicts=conflicts)
        if len(self.facts) < KEPT_FROM or (self.state.call is not None and self.state.call.ended_ms is not None):
            # A few facts are weighed again as fast as one is added to them, and facts rarely follow the end of a call: keeping the evidence
            # would waste memory, which the garbage collector walks through again and again.
            self._evidence = None
        return ObservationResult(len(fresh), repeated, _ends(before, change.visits), _implied(before, change.visits), conflicts)

    def command(self, facts: Iterable[Fact]) -> tuple[Fact, ...]:
        """The complete facts of a live command, from the one or two that it states. Raises NotFound, Refused, InvalidField."""
        return completed(self.state, self.latest, facts)

    def _weighed(self, fresh: tuple[Fact, ...], call: str) -> Evidence:
        """The evidence including these facts."""
        if self._evidence is None or self._evidence.count != len(self.facts):
            self._evidence = Evidence(call, [*self.facts, *fresh])
        else:
            self._evidence.add(fresh, self.facts)
        return self._evidence

    def _affected_by(self, context: Context) -> bool:
        """Whether a visit is open that a known restart of the PBX must have ended."""
        return bool(context.restarts) and any(visit.open for visit in self.state.visits)

    def _visits_concerned(self, change: Change) -> dict[int, Visit]:
        """The visits that change or are removed, as they were known before the change."""
        gone = [n for removed in change.removed if removed.kind == "visit" for n in range(removed.first, removed.until)]
        known = self.state.visits
        return {n: known[n] for n in [*(visit.n for visit in change.visits), *gone] if n < len(known)}

    def apply(self, event: Event) -> None:
        if isinstance(event, InteractionEvent):
            self.facts += event.facts
            for fact in event.facts:
                self.latest = max(self.latest, fact.at)
            self.state.apply(event.change)
            if event.conflicts:
                self.conflicts.update(event.conflicts)


def _event_type(before: dict[int, Visit], change: Change, facts: tuple[Fact, ...]) -> type[InteractionEvent]:
    """The event type: amended, one fact, or several facts."""
    if not facts or (change.removed and any(removed.kind == "visit" for removed in change.removed)):
        return VisitAmended
    if before and any(visit.n in before and _rewritten(before[visit.n], visit) for visit in change.visits):
        return VisitAmended
    return BY_KIND[facts[0].kind] if len(facts) == 1 else InteractionObserved


_RECORDED = ("queue", "offered_ms", "end", "ended_ms", "agent", "released_ms", "talk_ms")


def _rewritten(before: Visit, now: Visit) -> bool:
    """Whether a recorded value of the visit changed."""
    return any(was not in ("", None) and was != getattr(now, name) for name in _RECORDED for was in (getattr(before, name),))


def _ends(before: dict[int, Visit], now: Iterable[Visit]) -> dict[str, int]:
    """How many visits an observation adds (or removes), by end."""
    counts: dict[str, int] = {}
    for visits, sign in ((now, 1), (before.values(), -1)):
        for visit in visits:
            counts[visit.end or "waiting"] = counts.get(visit.end or "waiting", 0) + sign
    return {end: count for end, count in counts.items() if count}


def _implied(before: dict[int, Visit], now: Iterable[Visit]) -> int:
    return sum([len(visit.implied) for visit in now]) - sum([len(visit.implied) for visit in before.values()])
