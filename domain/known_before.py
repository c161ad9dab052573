"""What was known of a call, an agent or a queue before an event, so that messages name whom a happening concerns.

Live stream and webhooks both say what this module finds: a hold names the agent who talks, though its fact does not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from domain.queues import Queue
from domain.voice.calls import Attempt, Call
from domain.voice.facts import OUTBOUND_TALK, Fact
from domain.voice.interaction_events import InteractionEvent
from domain.voice.interactions import Interaction
from domain.voice.presence import PresenceState

_IN_TALK: Final = frozenset({"held", "resumed", "released", "wrap_up", "tagged"})
"""Facts about a talk, which name no agent: it is who answered, or who dialled."""

_OF_ATTEMPT: Final = frozenset({"dialled", "dial_answered", "dial_failed"})
_NOT_DIALLED: Final = Attempt(0)


@dataclass(frozen=True, slots=True)
class Before:
    """What was known, before an event, of the call, the agent or the queue that it is about.

    call: its head. attempt: of a dialled call. agent: who answered the call last. queues: those that the call had been in, or that the agent was logged in to ("" = every queue), or the queue's own name.
    names_now: of an agent's queues that were renamed, the current names by the first ones.
    """

    call: Call | None = None
    queues: tuple[str, ...] = ()
    agent: str = ""
    attempt: Attempt = _NOT_DIALLED
    names_now: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of_call(cls, call: Interaction | None) -> Before:
        """Of a call as it was known. None: it was not."""
        if call is None or call.call is None:
            return cls()
        attempt = call.state.attempt or _NOT_DIALLED
        answered = [visit.agent for visit in call.state.visits if visit.agent]
        return cls(call.call, (attempt.queue, *(visit.queue for visit in call.state.visits)), next(reversed(answered), ""), attempt)

    @classmethod
    def of_agent(cls, standing: PresenceState, names_now: Mapping[str, str]) -> Before:
        """Of an agent in this state."""
        return cls(queues=tuple(standing.queues), names_now=names_now)

    @classmethod
    def of_queue(cls, queue: Queue | None) -> Before:
        """Of a queue as it was set. None: it was not."""
        return cls() if queue is None else cls(queues=(queue.name,))


class Concerned(NamedTuple):
    """A fact about a call, and the queue and the agent that it concerns, whether it names them or not; "" for none."""

    fact: Fact
    queue: str
    agent: str


def concerned(event: InteractionEvent, before: Before) -> Iterator[Concerned]:
    """The facts of an event in their order. What happens in a talk concerns the agent who talks: who answered or dialled last."""
    attempt = event.change.attempt or before.attempt
    talking = before.agent or attempt.agent
    for fact in event.facts:
        if fact.kind == "answered":
            talking = fact.agent
        if _is_of_attempt(fact):
            yield Concerned(fact, fact.queue or attempt.queue, fact.agent or attempt.agent)
        else:
            yield Concerned(fact, fact.queue, fact.agent or (talking if fact.kind in _IN_TALK else ""))


def concerns_earlier(event: InteractionEvent) -> bool:
    """Whether a fact concerns somebody whom only earlier events of the call name."""
    knows_attempt = event.change.attempt is not None
    return any(
        (fact.kind in _IN_TALK and not fact.agent) or (_is_of_attempt(fact) and not knows_attempt and not (fact.queue and fact.agent))
        for fact in event.facts
    )


def _is_of_attempt(fact: Fact) -> bool:
    return fact.kind in _OF_ATTEMPT or fact.mark == OUTBOUND_TALK
