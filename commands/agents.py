"""Agents commanded live: log in and out of queues, pause with a reason, come back."""

from __future__ import annotations

from typing import ClassVar

from commands.handler_context import Command, Done, HandlerContext, handles
from commands.queues import ensure_queue
from domain.agents import Agent
from domain.errors import InvalidField, NotFound
from domain.ids import agent_id
from domain.voice.facts import Fact

ATTEND = "gerenciar-atendimento"


class LogIn(Command, frozen=True, kw_only=True):
    """The agent comes in to these queues (to all, when none is named). at: us UTC, now if None."""

    permission: ClassVar[str] = ATTEND
    agent: str
    queues: tuple[str, ...] = ()
    at: int | None = None


class LogOut(Command, frozen=True, kw_only=True):
    """The agent leaves these queues, or all."""

    permission: ClassVar[str] = ATTEND
    agent: str
    queues: tuple[str, ...] = ()
    at: int | None = None


class PauseAgent(Command, frozen=True, kw_only=True):
    """The agent pauses in all queues, with a reason; a new reason while paused takes over."""

    permission: ClassVar[str] = ATTEND
    agent: str
    reason: str
    at: int | None = None


class ResumeAgent(Command, frozen=True, kw_only=True):
    """The agent is back from the pause."""

    permission: ClassVar[str] = ATTEND
    agent: str
    at: int | None = None


@handles(LogIn)
def log_in(command: LogIn, context: HandlerContext) -> Done:
    """An agent comes to be with the first login."""
    if not command.agent.strip():
        raise InvalidField("agent", "an agent has a name")
    identity = agent_id(context.tenant, command.agent)
    agent = context.load(Agent, identity) or context.add(Agent(identity, context.tenant, command.agent))
    at = context.instant(command.at)
    for queue in command.queues:
        ensure_queue(context, queue, at)
    return _observe(context, agent, [Fact("joined", at, queue=queue, by="member", ref="joined") for queue in command.queues or ("",)])


@handles(LogOut)
def log_out(command: LogOut, context: HandlerContext) -> Done:
    """Refused for an agent who is not in."""
    agent = existing_agent(context, command.agent)
    agent.must_be_in()
    at = context.instant(command.at)
    return _observe(context, agent, [Fact("left", at, queue=queue, ref="left") for queue in command.queues or ("",)])


@handles(PauseAgent)
def pause_agent(command: PauseAgent, context: HandlerContext) -> Done:
    """Refused for an agent who is not in."""
    if not command.reason.strip():
        raise InvalidField("reason", "a pause has a reason")
    agent = existing_agent(context, command.agent)
    agent.must_be_in()
    return _observe(context, agent, [Fact("paused", context.instant(command.at), text=command.reason, ref="paused")])


@handles(ResumeAgent)
def resume_agent(command: ResumeAgent, context: HandlerContext) -> Done:
    """Refused for an agent who is not paused."""
    agent = existing_agent(context, command.agent)
    agent.must_be_in()
    agent.must_be_paused(True)
    return _observe(context, agent, [Fact("unpaused", context.instant(command.at), ref="unpaused")])


def existing_agent(context: HandlerContext, name: str) -> Agent:
    """The agent of this name. Raises NotFound, for an interface of which no agent is known too."""
    agent = context.load(Agent, agent_id(context.tenant, name))
    if agent is None or not agent.person:
        raise NotFound(f"no agent {name}")
    return agent


def _observe(context: HandlerContext, agent: Agent, facts: list[Fact]) -> Done:
    agent.must_follow(facts)
    agent.observe(facts, context.metadata)
    return Done(agent, {"queues": agent.queues_now()})
