"""The events of an interaction (atendimento) by voice, one class per kind of fact.

Each holds the facts that a source reported and the `Change` that they make to the known state of the call. One fact that only adds
something has an event type of its own; several facts at once are `interaction.observed`; facts that change what was recorded before
are `visit.amended`.
"""

from __future__ import annotations

from typing import ClassVar

from domain.base import Event
from domain.voice.calls import Change
from domain.voice.facts import Fact


class InteractionEvent(Event, frozen=True, kw_only=True):
    """Facts about a call. change: what they change in the call's state. conflicts: new conflicts between its sources."""

    SLICE: ClassVar[str] = "interactions"

    facts: tuple[Fact, ...]
    change: Change
    conflicts: tuple[str, ...] = ()


class CallArrived(InteractionEvent, frozen=True, kw_only=True):
    """A call came in."""

    TOPIC: ClassVar[str] = "interaction.arrived"


class CallDialled(InteractionEvent, frozen=True, kw_only=True):
    """An outbound attempt began."""

    TOPIC: ClassVar[str] = "interaction.dialled"


class DialAnswered(InteractionEvent, frozen=True, kw_only=True):
    """The customer answered the attempt."""

    TOPIC: ClassVar[str] = "interaction.dial_answered"


class DialFailed(InteractionEvent, frozen=True, kw_only=True):
    """The attempt failed."""

    TOPIC: ClassVar[str] = "interaction.dial_failed"


class CallJoined(InteractionEvent, frozen=True, kw_only=True):
    """This channel turned out to be a leg of another call."""

    TOPIC: ClassVar[str] = "interaction.part_of"


class CallHungUp(InteractionEvent, frozen=True, kw_only=True):
    """The customer's line was hung up."""

    TOPIC: ClassVar[str] = "interaction.hung_up"


class QualityMeasured(InteractionEvent, frozen=True, kw_only=True):
    """The final voice quality."""

    TOPIC: ClassVar[str] = "interaction.quality"


class DidIdentified(InteractionEvent, frozen=True, kw_only=True):
    """The number that the caller had dialled."""

    TOPIC: ClassVar[str] = "interaction.did"


class CallTagged(InteractionEvent, frozen=True, kw_only=True):
    """The call was wrapped up with a tag (tabulado)."""

    TOPIC: ClassVar[str] = "interaction.tagged"


class CallNoted(InteractionEvent, frozen=True, kw_only=True):
    """The source reported something else about the call."""

    TOPIC: ClassVar[str] = "interaction.note"


class CallSupervised(InteractionEvent, frozen=True, kw_only=True):
    """A supervisor listened, whispered, barged in, hung up or took the call over."""

    TOPIC: ClassVar[str] = "interaction.supervised"


class IvrEntered(InteractionEvent, frozen=True, kw_only=True):
    """The call entered an IVR (URA)."""

    TOPIC: ClassVar[str] = "interaction.ivr_entered"


class IvrOptionChosen(InteractionEvent, frozen=True, kw_only=True):
    """The caller chose an option, valid or not."""

    TOPIC: ClassVar[str] = "interaction.ivr_option"


class IvrOutOfHours(InteractionEvent, frozen=True, kw_only=True):
    """The IVR announced to the caller that it is closed now."""

    TOPIC: ClassVar[str] = "interaction.ivr_out_of_hours"


class IvrBlacklisted(InteractionEvent, frozen=True, kw_only=True):
    """The blacklist rejected the caller."""

    TOPIC: ClassVar[str] = "interaction.ivr_blacklisted"


class IvrLeft(InteractionEvent, frozen=True, kw_only=True):
    """The IVR itself ended the call."""

    TOPIC: ClassVar[str] = "interaction.ivr_left"


class CallOffered(InteractionEvent, frozen=True, kw_only=True):
    """The call was offered to a queue: a visit opens."""

    TOPIC: ClassVar[str] = "interaction.offered"


class AgentRang(InteractionEvent, frozen=True, kw_only=True):
    """An agent's phone began to ring."""

    TOPIC: ClassVar[str] = "interaction.rang"


class RingNoAnswer(InteractionEvent, frozen=True, kw_only=True):
    """An agent's phone rang for the visit and nobody answered (RONA)."""

    TOPIC: ClassVar[str] = "interaction.ring_no_answer"


class RingCanceled(InteractionEvent, frozen=True, kw_only=True):
    """The ringing ended, because the caller left or another agent answered."""

    TOPIC: ClassVar[str] = "interaction.ring_canceled"


class AgentDumped(InteractionEvent, frozen=True, kw_only=True):
    """The agent hung up during the announcement; the caller goes on waiting."""

    TOPIC: ClassVar[str] = "interaction.agent_dumped"


class CallSeenWaiting(InteractionEvent, frozen=True, kw_only=True):
    """The call was observed to be still waiting."""

    TOPIC: ClassVar[str] = "interaction.waiting"


class CallAnswered(InteractionEvent, frozen=True, kw_only=True):
    """An agent took the call."""

    TOPIC: ClassVar[str] = "interaction.answered"


class CallHeld(InteractionEvent, frozen=True, kw_only=True):
    """The customer was put on hold."""

    TOPIC: ClassVar[str] = "interaction.held"


class CallResumed(InteractionEvent, frozen=True, kw_only=True):
    """The customer was taken off hold."""

    TOPIC: ClassVar[str] = "interaction.resumed"


class CallReleased(InteractionEvent, frozen=True, kw_only=True):
    """The talk with the agent ended."""

    TOPIC: ClassVar[str] = "interaction.released"


class CallWrappedUp(InteractionEvent, frozen=True, kw_only=True):
    """The agent finished the after-call work."""

    TOPIC: ClassVar[str] = "interaction.wrap_up"


class CallAbandoned(InteractionEvent, frozen=True, kw_only=True):
    """The customer gave up waiting (abandon)."""

    TOPIC: ClassVar[str] = "interaction.abandoned"


class CallTimedOut(InteractionEvent, frozen=True, kw_only=True):
    """The queue's time limit ended the wait."""

    TOPIC: ClassVar[str] = "interaction.timed_out"


class CallLeftByKey(InteractionEvent, frozen=True, kw_only=True):
    """The customer chose a key to leave the queue."""

    TOPIC: ClassVar[str] = "interaction.left_by_key"


class CallWithdrawn(InteractionEvent, frozen=True, kw_only=True):
    """The call was taken out of the queue before an answer."""

    TOPIC: ClassVar[str] = "interaction.withdrawn"


class QueueEmptied(InteractionEvent, frozen=True, kw_only=True):
    """The queue closed because nobody was left to answer."""

    TOPIC: ClassVar[str] = "interaction.emptied"


class CallTurnedAway(InteractionEvent, frozen=True, kw_only=True):
    """The queue was full or closed: the visit opens and ends at once."""

    TOPIC: ClassVar[str] = "interaction.turned_away"


class CallLeftUnseen(InteractionEvent, frozen=True, kw_only=True):
    """The call left the queue in an unknown way."""

    TOPIC: ClassVar[str] = "interaction.unseen_end"


class OutboundDeclared(InteractionEvent, frozen=True, kw_only=True):
    """A dialplan declared the call an outbound attempt."""

    TOPIC: ClassVar[str] = "interaction.outbound"


class CallUnseen(InteractionEvent, frozen=True, kw_only=True):
    """The source was cut off while the call was up."""

    TOPIC: ClassVar[str] = "interaction.unseen"


class PbxRestartedDuringCall(InteractionEvent, frozen=True, kw_only=True):
    """The PBX restarted while the call was up."""

    TOPIC: ClassVar[str] = "interaction.restarted"


class InteractionObserved(InteractionEvent, frozen=True, kw_only=True):
    """Several facts were reported at once, as by an import."""

    TOPIC: ClassVar[str] = "interaction.observed"


class VisitAmended(InteractionEvent, frozen=True, kw_only=True):
    """Later evidence changed a recorded visit."""

    TOPIC: ClassVar[str] = "visit.amended"


BY_KIND: dict[str, type[InteractionEvent]] = {event.word(): event for event in InteractionEvent.__subclasses__()}
"""The event type for one fact of each kind: the kind is the word of its event."""
