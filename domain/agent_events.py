"""The events of an agent: logged in and out of queues, paused and back, as observed or commanded, and what is set about the person."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from domain.base import Event
from domain.voice.facts import Fact
from domain.voice.presence import PresenceSpan, PresenceState

SpanKey = tuple[str, int]
"""A span's kind and start, unique within an agent."""


class AgentEvent(Event, frozen=True, kw_only=True):
    """Something was observed or set about an agent.

    spans: the sessions, pauses and direct calls that began, ended or changed. dropped: keys of those that no longer exist.
    person: True for an agent, False for an interface that never answered, rang or paused.
    standing: the agent's state after this event. lease_ms: the agent is logged out when the agent's client sends no heartbeat for so long;
    0 without a lease. user: the user to whom the agent belongs; None while it is not known.
    interfaces: the telephones (`PJSIP/1001`) by which the agent is reached. calls: the calls in which the agent may be talking, as live
    commands said: that last answered or dialled, and earlier ones that went on then.
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
    calls: tuple[UUID, ...] = ()


class LoggedIn(AgentEvent, frozen=True, kw_only=True):
    """The agent logged in to a queue, or to all."""

    TOPIC: ClassVar[str] = "agent.logged_in"


class LoggedOut(AgentEvent, frozen=True, kw_only=True):
    """The agent logged out of a queue, or of all."""

    TOPIC: ClassVar[str] = "agent.logged_out"


class Paused(AgentEvent, frozen=True, kw_only=True):
    """The agent paused, with a reason, or changed the reason."""

    TOPIC: ClassVar[str] = "agent.paused"


class Resumed(AgentEvent, frozen=True, kw_only=True):
    """The agent is back from a pause."""

    TOPIC: ClassVar[str] = "agent.resumed"


class Seen(AgentEvent, frozen=True, kw_only=True):
    """The agent's phone rang or the agent answered, which proves presence."""

    TOPIC: ClassVar[str] = "agent.seen"


class DirectCallBegan(AgentEvent, frozen=True, kw_only=True):
    """The agent's telephone is in a call that no queue gave it and that is no outbound attempt: the agent talks, and is not available."""

    TOPIC: ClassVar[str] = "agent.direct_call_began"


class DirectCallEnded(AgentEvent, frozen=True, kw_only=True):
    """A direct call of the agent's telephone is over."""

    TOPIC: ClassVar[str] = "agent.direct_call_ended"


class AgentObserved(AgentEvent, frozen=True, kw_only=True):
    """Several facts were observed at once, or one whose kind has no event type of its own. Without facts: a call named the agent, whom nothing had named before."""

    TOPIC: ClassVar[str] = "agent.observed"


class AgentAmended(AgentEvent, frozen=True, kw_only=True):
    """Later evidence changed a recorded session or pause."""

    TOPIC: ClassVar[str] = "agent.amended"


class AgentIdentified(AgentEvent, frozen=True, kw_only=True):
    """This interface turned out to be the agent `member`, who takes over its facts."""

    TOPIC: ClassVar[str] = "agent.identified"
    member: str


class AgentAssigned(AgentEvent, frozen=True, kw_only=True):
    """From now on the agent belongs to `user`, or to nobody. Creates an agent that was never observed before."""

    TOPIC: ClassVar[str] = "agent.assigned"


class AgentInterfacesSet(AgentEvent, frozen=True, kw_only=True):
    """From now on the agent is reached by these `interfaces`, the first of which rings."""

    TOPIC: ClassVar[str] = "agent.interfaces_set"


class AgentTookCall(AgentEvent, frozen=True, kw_only=True):
    """The agent answered or dialled a call by a live command: the last of `calls`."""

    TOPIC: ClassVar[str] = "agent.took_call"


EVENT_OF_KIND: dict[str, type[AgentEvent]] = {event.word(): event for event in AgentEvent.__subclasses__()}
"""The event of one fact of a kind, which is the word of its event; several facts at once, and facts of other kinds, are an AgentObserved."""
