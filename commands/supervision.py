"""Commands of supervisors in calls of other agents, and what came of them at the PBX."""

from __future__ import annotations

import secrets
from typing import Annotated, ClassVar, Literal
from uuid import UUID

from msgspec import Meta

from commands.agents import act_as, existing_agent
from commands.handler_context import Command, Done, DoneWith, HandlerContext, Result, handles
from commands.interactions import calls_of
from commands.observations import observe
from domain.access import ACT_FOR_OTHERS, OBSERVE, SUPERVISE, Permission
from domain.agents import Agent
from domain.errors import Refused
from domain.ids import LEG, placed_id, supervision_id
from domain.supervision import Mode, Reason, State, Supervised, Supervision
from domain.voice.facts import Fact
from domain.voice.interactions import Interaction

Outcome = Literal["begun", "done", "ended", "failed"]
"""begun: the supervisor is in the call. done: it was hung up, or taken over. ended: the supervisor is out of it."""


class RequestedSupervision(Result, frozen=True, kw_only=True):
    """What a supervisor does in a call now."""

    state: Annotated[State, Meta(description="as `supervision` of the call says it", examples=["requested"])]


class SuperviseCall(Command, frozen=True, kw_only=True):
    """A supervisor listens to a call, whispers to its agent, joins, hangs up, takes it over, or leaves it.

    supervisor: the agent whose telephone is the supervisor's.
    """

    permission: ClassVar[str] = SUPERVISE
    permission_for_others: ClassVar[Permission] = ACT_FOR_OTHERS
    RESULT: ClassVar[type[Result]] = RequestedSupervision
    interaction: UUID
    supervisor: str
    mode: Mode


class ConcludeSupervision(Command, frozen=True, kw_only=True):
    """What came of it at the PBX. leg: the call to the supervisor's telephone, so that the end of an earlier one ends no later request. reason: why it failed."""

    permission: ClassVar[str] = OBSERVE
    supervision: UUID
    leg: str
    outcome: Outcome
    mode: Mode
    reason: Reason = ""


@handles(SuperviseCall)
def supervise_call(command: SuperviseCall, context: HandlerContext) -> DoneWith[RequestedSupervision]:
    """Refused for a call in which no agent talks, for a supervisor who talks in another call, and without a telephone."""
    act_as(context, command.supervisor)
    supervisor = existing_agent(context, command.supervisor, "supervisor")
    interaction = context.get(Interaction, command.interaction)
    identity = supervision_id(context.tenant, interaction.id, supervisor.id)
    supervision = context.load(Supervision, identity) or context.add(Supervision(identity, context.tenant))
    call = interaction.call
    talking = sorted(interaction.talking() - {supervisor.name})
    if call is None or (not talking and command.mode != "leave"):
        raise Refused("call-not-talking", "no other agent is talking in this call")
    if command.mode not in ("hang-up", "leave"):
        _must_be_free(supervisor, context)
    leg = placed_id(LEG, context.now_us(), secrets.randbelow(1_000_000_000))
    agent = talking[0] if talking else ""
    supervision.request(command.mode, Supervised(interaction.id, call.call, supervisor.name, agent, leg), context.metadata)
    return DoneWith(supervision, RequestedSupervision(state=supervision.state))


def _must_be_free(supervisor: Agent, context: HandlerContext) -> None:
    supervisor.must_not_be_busy(calls_of(supervisor, supervisor.id, context), context.now_us())
    if not supervisor.interfaces:
        raise Refused("agent-without-telephone", f"no telephone of the agent {supervisor.name} is known")


@handles(ConcludeSupervision)
def conclude_supervision(command: ConcludeSupervision, context: HandlerContext) -> Done:
    """What was done is part of the call's history. Nothing changes for a request that is concluded."""
    supervision = context.get(Supervision, command.supervision)
    if supervision.of is None or supervision.of.leg != command.leg:
        return Done(supervision)
    if command.outcome == "failed":
        supervision.fail(command.reason, context.metadata)
    elif command.outcome == "ended":
        supervision.end(context.metadata)
    elif (command.outcome == "begun" and supervision.begin(command.mode, context.metadata)) or (
        command.outcome == "done" and supervision.end(context.metadata)
    ):
        _note(supervision, command.mode, context)
    return Done(supervision)


def _note(supervision: Supervision, mode: Mode, context: HandlerContext) -> None:
    of = supervision.of
    assert of is not None
    interaction = context.get(Interaction, of.interaction)
    visit = next((visit for visit in reversed(interaction.state.visits) if visit.agent == of.agent), None)
    fact = Fact(
        "supervised",
        max(context.now_us(), interaction.latest),
        by=of.supervisor,
        queue=visit.queue if visit is not None else "",
        agent=of.agent,
        text=mode,
        ref="supervised",
    )
    facts = [fact]
    if mode == "pull" and visit is not None and visit.open:
        facts.append(Fact("released", fact.at, by="transfer", queue=visit.queue, agent=of.agent, ref="released"))
    assert interaction.call is not None
    observe(context, interaction, interaction.call.call, tuple(facts))
