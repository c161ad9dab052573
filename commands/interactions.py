"""Live commands of calls, from the API, an integration or the simulator. Each states one fact, and is refused when the call's state does not allow it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated, ClassVar, cast
from uuid import UUID

from msgspec import Meta
from msgspec.structs import replace

from commands.agents import act_as, existing_agent, note_heartbeat
from commands.begun_calls import BegunCall, begin_call
from commands.handler_context import Command, DoneWith, HandlerContext, Result, handles
from commands.observations import member_on, observe
from commands.queues import first_name, queue_for_call
from domain.access import ACT_FOR_OTHERS, ATTEND, Permission, must_act_for_all
from domain.agents import Agent
from domain.base import NOBODY, Personal
from domain.dialled_numbers import dialable
from domain.ids import agent_id, interaction_id, timeline_id
from domain.names import checked_name
from domain.texts import LONGEST_NOTE, checked_text
from domain.voice.facts import AGENTS_NOTE, CallKind, Fact
from domain.voice.interactions import Interaction
from domain.voice.outbound_and_ivr import Status


class CallNow(Result, frozen=True, kw_only=True):
    """How a call stands."""

    status: Annotated[Status | None, Meta(description="null while it goes on", examples=["answered"])]


class NewCall(Command, frozen=True, kw_only=True):
    """A call begins. `call`: the integration's own id of it, so that a repeat is the same call."""

    permission: ClassVar[str] = ATTEND
    RESULT: ClassVar[type[Result]] = BegunCall
    call: str = ""

    def concerns(self, tenant: UUID) -> Iterable[UUID]:
        return (interaction_id(tenant, self.call), timeline_id(tenant)) if self.call else ()


class StartCall(NewCall, frozen=True, kw_only=True):
    """A customer calls in. to_number: the company's number that was called. at: us UTC, now if None."""

    from_number: str = ""
    to_number: str = ""
    at: int | None = None


class DialOut(NewCall, frozen=True, kw_only=True):
    """An agent, or a dialler, calls a customer."""

    permission_for_others: ClassVar[Permission] = ACT_FOR_OTHERS

    to_number: str
    agent: str = ""
    queue: str = ""
    at: int | None = None


_FIELDS = {"queue": "queue", "agent": "agent", "by": "by", "ivr": "text", "option": "text", "result": "text"}
"""The fields of commands, and those of the facts that they state."""


class CallCommand(Command, frozen=True, kw_only=True):
    """A command about an open call. at: us UTC, now if None."""

    permission: ClassVar[str] = ATTEND
    permission_for_others: ClassVar[Permission] = ACT_FOR_OTHERS
    RESULT: ClassVar[type[Result]] = CallNow
    kind: ClassVar[CallKind]
    ON_FOLLOWED_CALLS: ClassVar[bool] = False
    """Whether users may send it of a call that a PBX leads: what agents write about a call."""

    interaction: UUID
    at: int | None = None

    def concerns(self, tenant: UUID) -> Iterable[UUID]:
        return self.interaction, timeline_id(tenant)

    def facts(self, at: int) -> list[Fact]:
        """The facts that the command states, at an instant (us)."""
        fields = {_FIELDS[name]: getattr(self, name) for name in self.__struct_fields__ if name in _FIELDS}
        return [Fact(self.kind, at, ref=self.kind, **fields)]


class EnterIvr(CallCommand, frozen=True, kw_only=True):
    """The call enters an IVR (URA)."""

    kind = "ivr_entered"
    ivr: str


class ChooseOption(CallCommand, frozen=True, kw_only=True):
    """The caller keys an option; empty when nothing was keyed in time."""

    kind = "ivr_option"
    option: str


class AnnounceOutOfHours(CallCommand, frozen=True, kw_only=True):
    """The IVR announces to the caller that it is closed now."""

    kind = "ivr_out_of_hours"
    ivr: str


class LeaveIvr(CallCommand, frozen=True, kw_only=True):
    """The IVR itself ends the call."""

    kind = "ivr_left"


class OfferCall(CallCommand, frozen=True, kw_only=True):
    """The call is offered to a queue: a visit opens."""

    kind = "offered"
    queue: str


class RingAgent(CallCommand, frozen=True, kw_only=True):
    """The phone of an agent who is logged in begins to ring for the waiting call."""

    kind = "rang"
    agent: str


class RingNoAnswer(CallCommand, frozen=True, kw_only=True):
    """The agent's phone rang and nobody answered (RONA); the call goes on waiting."""

    kind = "ring_no_answer"
    agent: str


class AnswerCall(CallCommand, frozen=True, kw_only=True):
    """The agent takes the waiting call."""

    kind = "answered"
    agent: str


class HoldCall(CallCommand, frozen=True, kw_only=True):
    """The customer is put on hold."""

    kind = "held"


class ResumeCall(CallCommand, frozen=True, kw_only=True):
    """The customer is taken off hold."""

    kind = "resumed"


class ReleaseCall(CallCommand, frozen=True, kw_only=True):
    """The talk ends: by the agent, the caller, or a transfer (the next offer names the target)."""

    kind = "released"
    by: str = "agent"


class AbandonCall(CallCommand, frozen=True, kw_only=True):
    """The customer gives up waiting."""

    kind = "abandoned"


class TimeOutCall(CallCommand, frozen=True, kw_only=True):
    """The queue's time limit ends the wait."""

    kind = "timed_out"


class LeaveByKey(CallCommand, frozen=True, kw_only=True):
    """The customer chooses a key to leave the queue."""

    kind = "left_by_key"


class WithdrawCall(CallCommand, frozen=True, kw_only=True):
    """A supervisor takes the call out of the queue before an answer."""

    kind = "withdrawn"


class AnswerDial(CallCommand, frozen=True, kw_only=True):
    """The customer answers the attempt."""

    kind = "dial_answered"


class FailDial(CallCommand, frozen=True, kw_only=True):
    """The attempt fails: busy, no-answer, bad-number, congestion, rejected, unavailable, agent-no-answer or failed."""

    kind = "dial_failed"
    result: str = "failed"


class EndCall(CallCommand, frozen=True, kw_only=True):
    """The customer's line is hung up."""

    kind = "hung_up"


class WrapUp(CallCommand, frozen=True, kw_only=True):
    """The agent finishes the wrap-up and tags the call (tabula)."""

    ON_FOLLOWED_CALLS: ClassVar[bool] = True
    kind = "wrap_up"
    tag: str = ""

    def facts(self, at: int) -> list[Fact]:
        return [*super().facts(at), *([Fact("tagged", at, text=checked_name(self.tag, "tag", "a tag"), ref="tagged")] if self.tag else [])]


class NoteCall(CallCommand, frozen=True, kw_only=True):
    """What the agent writes down about the call. It is the customer's personal data, whatever it says."""

    ON_FOLLOWED_CALLS: ClassVar[bool] = True
    kind = "note"
    note: str

    def facts(self, at: int) -> list[Fact]:
        return [Fact("note", at, text=AGENTS_NOTE, private=_private(checked_text(self.note, "note", LONGEST_NOTE)), ref=f"note:{at}")]


class MeasureQuality(CallCommand, frozen=True, kw_only=True):
    """The final voice quality: jitter in ms, loss in percent."""

    kind = "quality"
    jitter_ms: float
    loss_percent: float

    def facts(self, at: int) -> list[Fact]:
        return [Fact("quality", at, text=f"{self.jitter_ms};{self.loss_percent}", ref="quality")]


@handles(StartCall)
def start_call(command: StartCall, context: HandlerContext) -> DoneWith[BegunCall]:
    """Create a call. A repeated `call` is the same call."""
    at = context.instant(command.at)
    return begin_call(
        context, command.call, Fact("arrived", at, text=command.to_number, private=_private(command.from_number), ref="arrived")
    )


@handles(DialOut)
def dial_out(command: DialOut, context: HandlerContext) -> DoneWith[BegunCall]:
    """An outbound attempt begins. Refused for an agent who is not free for a call, unless it repeats one that has begun."""
    at = context.instant(command.at)
    number = Personal(NOBODY, dialable(command.to_number, "to_number"))
    queue, agent = queue_for_call(context, command.queue), None
    if command.agent:
        act_as(context, command.agent)
        agent = existing_agent(context, command.agent)
        note_heartbeat(context, agent)
    name = agent.name if agent is not None else ""
    fact = Fact("dialled", at, queue=queue, agent=name, private=number, ref="dialled")
    done = begin_call(context, command.call, fact)
    if agent is not None and done.aggregate.pending:
        earlier = calls_of(agent, done.aggregate.id, context)
        agent.must_be_free(first_name(context, queue), earlier, at)
        agent.take_call(done.aggregate.id, earlier, at, context.metadata)
    return done


def on_call(command: CallCommand, context: HandlerContext) -> DoneWith[CallNow]:
    """Apply the command to the call, if the call's state allows it."""
    interaction = context.get(Interaction, command.interaction)
    acting = _acting(command, interaction, context)
    if context.caller.user is not None and not command.ON_FOLLOWED_CALLS:
        interaction.must_not_be_followed()
    if isinstance(command, OfferCall):
        command = replace(command, queue=queue_for_call(context, command.queue))
    facts = interaction.command([_spelt(fact, context) for fact in command.facts(context.instant(command.at))])
    if isinstance(command, (RingAgent, AnswerCall)):
        _call_to(existing_agent(context, command.agent), command, facts[0], context)
    if acting:
        note_heartbeat(context, context.load(Agent, agent_id(context.tenant, acting)))
    assert interaction.call is not None
    observe(context, interaction, interaction.call.call, facts)
    # The head has it as a text, because every event of a call has the head.
    return DoneWith(interaction, CallNow(status=cast("Status | None", interaction.call.status or None)))


def _spelt(fact: Fact, context: HandlerContext) -> Fact:
    """The fact with its agent's name in the first spelling."""
    agent = context.load(Agent, agent_id(context.tenant, fact.agent)) if fact.agent else None
    return replace(fact, agent=agent.name) if agent is not None else fact


def _call_to(agent: Agent, command: RingAgent | AnswerCall, fact: Fact, context: HandlerContext) -> None:
    """Ring or answer, if the agent is free for the call."""
    earlier = calls_of(agent, command.interaction, context)
    agent.must_be_free(first_name(context, fact.queue), earlier, fact.at)
    if isinstance(command, AnswerCall):
        agent.take_call(command.interaction, earlier, fact.at, context.metadata)


def _private(number: str) -> Personal | None:
    return Personal(NOBODY, number) if number else None


def calls_of(agent: Agent, besides: UUID, context: HandlerContext) -> list[Interaction]:
    """The calls that the agent took last, besides one, as they are now."""
    loaded = [context.load(Interaction, call) for call in agent.calls if call != besides]
    return [call for call in loaded if call is not None]


def _acting(command: CallCommand, interaction: Interaction, context: HandlerContext) -> str:
    """The agent whose client acts, named by the command or on the call; "" when a telephone, the customer or the line acts. Raises NotAllowed."""
    match command:
        case RingAgent(agent=agent) | RingNoAnswer(agent=agent):
            act_as(context, agent)
            return ""
        case AnswerCall(agent=agent):
            act_as(context, agent)
            return agent
        case NoteCall():
            return act_on_call(context, interaction, interaction.agents())
        case WrapUp():
            return act_on_call(context, interaction, interaction.agents()[:1])
        case HoldCall() | ResumeCall() | ReleaseCall(by="agent"):
            return act_on_call(context, interaction, interaction.taking_part())
    act_on_call(context, interaction, interaction.taking_part())
    return ""


def act_on_call(context: HandlerContext, interaction: Interaction, named: Sequence[str]) -> str:
    """Let the caller act on a call in which these agents of it take part: as an agent of the caller's own, or else on behalf of the first.

    Returns this agent, "" without any. Raises NotAllowed for whoever takes no part in it and may not act for others.
    """
    actor = context.caller.user
    agents = [member_on(context, interaction, name) for name in named]
    if actor is None:
        return next(iter(agents), "")
    for name in agents:
        agent = context.load(Agent, agent_id(context.tenant, name))
        if agent is not None and agent.user == actor.user:
            return name
    must_act_for_all(actor, "call-of-another-user", "whoever takes no part in a call does not change it")
    if agents:
        context.act_on_behalf_of(f"agent:{agents[0]}")
    return next(iter(agents), "")


for _command in CallCommand.__subclasses__():
    handles(_command)(on_call)
