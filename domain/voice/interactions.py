"""An interaction (atendimento) by voice: all that was told about one call, and what it proves together.

Every event carries the facts told and the complete `Call` as it is known from then on, so that projections
take it over without a history of their own. Its name says what it adds: one fact that only adds something has a
name of its own; several at once are `interaction.observed`; facts that change what was said before are `visit.amended`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, cast
from uuid import UUID

import msgspec

from domain.base import Aggregate, Event, EventMetadata
from domain.voice.calls import Call
from domain.voice.evidence import Context, resolve
from domain.voice.facts import Fact


class InteractionEvent(Event, frozen=True, kw_only=True):
    """Something was told about a call. `had_visits`: how many visits the call had before this event."""

    SLICE: ClassVar[str] = "interactions"
    facts: tuple[Fact, ...]
    call: Call
    had_visits: int = 0


def _named(kind: str, meaning: str) -> type[InteractionEvent]:
    """The event class whose name on the wire is `interaction.<kind>`."""
    name = "".join(word.capitalize() for word in kind.split("_"))
    named = msgspec.defstruct(
        name,
        [],
        bases=(InteractionEvent,),
        namespace={"__doc__": meaning, "TOPIC": f"interaction.{kind}"},
        module=__name__,
        frozen=True,
        kw_only=True,
    )
    return cast("type[InteractionEvent]", named)


BY_KIND: dict[str, type[InteractionEvent]] = {
    kind: _named(kind, meaning)
    for kind, meaning in {
        "arrived": "A call came in.",
        "dialled": "An outbound attempt began.",
        "dial_answered": "The customer answered the attempt.",
        "dial_failed": "The attempt reached nobody.",
        "part_of": "This channel turned out to be a leg of another call.",
        "hung_up": "The customer's line is free again.",
        "quality": "The final figures of the voice quality.",
        "did": "The number that the caller had dialled.",
        "tag": "The call was wrapped up with a tag (tabulado).",
        "note": "The source said something else about the call.",
        "supervised": "A supervisor listened, whispered or barged in.",
        "ivr_entered": "The call entered an IVR (URA).",
        "ivr_option": "The caller chose an option, valid or not.",
        "ivr_out_of_hours": "The caller was told that it is closed now.",
        "ivr_blacklisted": "The caller is refused by the blacklist.",
        "ivr_left": "The IVR itself ended the call.",
        "offered": "The call was offered to a queue: a visit opens.",
        "rang": "An agent's phone began to ring.",
        "ring_no_answer": "It rang in vain.",
        "ring_canceled": "The ringing ended, because the caller left or another agent answered.",
        "agent_dumped": "The agent hung up during the announcement; the caller goes on waiting.",
        "waiting": "The call was seen, still waiting.",
        "answered": "An agent took the call.",
        "held": "The customer was put on hold.",
        "resumed": "The customer is off hold.",
        "released": "The talk with the agent ended.",
        "wrap_up": "The agent finished the after-call work.",
        "abandoned": "The customer gave up waiting.",
        "timed_out": "The queue's time limit ended the wait.",
        "left_by_key": "The customer chose a key to leave the queue.",
        "withdrawn": "The call was taken out of the queue before an answer.",
        "emptied": "The queue closed because nobody was left to answer.",
        "turned_away": "The queue was full or closed: the visit opens and ends at once.",
        "unseen_end": "The call left the queue, nobody can say how.",
        "outbound": "A dialplan says that this is an outbound attempt.",
        "unseen": "The source was cut off while the call was up.",
        "restarted": "The PBX started anew while the call was up.",
    }.items()
}


class Observed(InteractionEvent, frozen=True, kw_only=True):
    """Several facts were told at once, as an import does."""

    TOPIC: ClassVar[str] = "interaction.observed"


class VisitAmended(InteractionEvent, frozen=True, kw_only=True):
    """Later evidence changed what had been said of a visit: all its instants anew."""

    TOPIC: ClassVar[str] = "visit.amended"


class ObservationResult(msgspec.Struct, frozen=True):
    """What a telling came to. Counts for the result of an import; `conflicts` are the new ones."""

    new: int
    repeated: int
    ends: dict[str, int]
    implied: int
    conflicts: tuple[str, ...]


class Interaction(Aggregate):
    """One call of one customer, under the id that its source gives it."""

    KIND = "interaction"
    EVENTS = InteractionEvent

    def __init__(self, id: UUID, tenant: UUID) -> None:
        super().__init__(id, tenant)
        self.facts: list[Fact] = []
        self.known: set[tuple[object, ...]] = set()
        self.call: Call | None = None
        self.conflicts: frozenset[str] = frozenset()

    def observe(self, facts: Iterable[Fact], context: Context, metadata: EventMetadata) -> ObservationResult:
        """Take in what a source says; nothing happens for what was told before."""
        told = list(facts)
        new: dict[tuple[object, ...], Fact] = {}
        for fact in told:
            identity = fact.identity
            if identity not in self.known and identity not in new:
                new[identity] = fact
        if not new and not self._touched_by(context):
            return ObservationResult(0, len(told), {}, 0, ())
        before = self.call
        resolved = resolve([*self.facts, *new.values()], context)
        call = resolved.call
        if not new and before is not None and call == before:
            return ObservationResult(0, len(told), {}, 0, ())
        conflicts = tuple(sorted(frozenset(resolved.conflicts) - self.conflicts))
        self.conflicts = frozenset(resolved.conflicts)
        fresh = tuple(new.values())
        occurred_at = max((fact.at for fact in fresh), default=context.restarts[-1] if context.restarts else metadata.recorded_at)
        self.trigger(
            _event_type(before, call, fresh),
            metadata,
            occurred_at,
            facts=fresh,
            call=call,
            had_visits=len(before.visits) if before else 0,
        )
        return ObservationResult(len(fresh), len(told) - len(fresh), _ends(before, call), _implied(before, call), conflicts)

    def _touched_by(self, context: Context) -> bool:
        """Whether something is open that a restart of the PBX, known now, must have ended."""
        return bool(context.restarts) and self.call is not None and any(visit.open for visit in self.call.visits)

    def apply(self, event: Event) -> None:
        if isinstance(event, InteractionEvent):
            for fact in event.facts:
                self.facts.append(fact)
                self.known.add(fact.identity)
            self.call = event.call


def _event_type(before: Call | None, call: Call, facts: tuple[Fact, ...]) -> type[InteractionEvent]:
    """The name of what was told: amended, one plain fact, or several."""
    if not facts or (before is not None and _changes(before, call)):
        return VisitAmended
    return BY_KIND[facts[0].kind] if len(facts) == 1 else Observed


_STATED = ("queue", "offered_ms", "end", "ended_ms", "agent", "released_ms", "talk_ms")


def _changes(before: Call, call: Call) -> bool:
    """Whether an instant that had been stated reads differently now."""
    if len(call.visits) < len(before.visits):
        return True
    for old, new in zip(before.visits, call.visits, strict=False):
        for name in _STATED:
            was = getattr(old, name)
            if was not in ("", None) and was != getattr(new, name):
                return True
    return False


def _ends(before: Call | None, call: Call) -> dict[str, int]:
    """How many visits by end this telling adds (or takes away)."""
    counts: dict[str, int] = {}
    for visit in call.visits:
        counts[visit.end or "waiting"] = counts.get(visit.end or "waiting", 0) + 1
    for visit in before.visits if before else ():
        counts[visit.end or "waiting"] = counts.get(visit.end or "waiting", 0) - 1
    return {end: count for end, count in counts.items() if count}


def _implied(before: Call | None, call: Call) -> int:
    return sum(len(visit.implied) for visit in call.visits) - sum(len(visit.implied) for visit in (before.visits if before else ()))
