"""Live commands of agents: log in and out of queues, pause with a reason, resume; leases, which log out an agent whose client is gone; the user of an agent."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, ClassVar
from uuid import UUID

from msgspec import Meta

from commands.handler_context import DEPLOYMENT, OWN, Command, Done, DoneWith, ForOthers, HandlerContext, Result, handles
from commands.queues import first_name, must_name_queues, name_now, queues_to_enter
from domain.access import ACT_FOR_OTHERS, ATTEND, MANAGE_USERS, Permission, acts_for_another, must_manage_agents_of
from domain.agents import Agent
from domain.base import MS
from domain.errors import AlreadyExists, InvalidField, NotFound, Refused
from domain.ids import agent_id
from domain.names import checked_name
from domain.users import User
from domain.voice.facts import Fact

SHORTEST_LEASE_MS, LONGEST_LEASE_MS = 60_000, 24 * 3600 * 1_000
"""How long a client may be unheard before its agent is logged out."""


class LoggedQueues(Result, frozen=True, kw_only=True):
    """Where an agent is logged in."""

    queues: Annotated[
        tuple[str, ...], Meta(description="the queues in which the agent is logged in now; an empty name means all", examples=[["vendas"]])
    ]


class Lease(Result, frozen=True, kw_only=True):
    """How long an agent stays logged in without a heartbeat."""

    expires_at: Annotated[
        Annotated[datetime, Meta(tz=True)] | None,
        Meta(description="when the lease expires without another heartbeat; null without a lease", examples=["2026-03-02T17:05:09.250Z"]),
    ]


class Expiry(Result, frozen=True, kw_only=True):
    """Whether the lease, or the session of a phone, had expired."""

    expired: bool


class LogIn(Command, frozen=True, kw_only=True):
    """The agent logs in to these queues (to all, when none is named). at: us UTC, now if None.

    lease_ms: the agent is logged out when the agent's client sends no heartbeat for so long. None keeps the session's lease, if it
    has one.
    """

    permission: ClassVar[str] = ATTEND
    permission_for_others: ClassVar[Permission] = ACT_FOR_OTHERS
    RESULT: ClassVar[type[Result]] = LoggedQueues
    agent: str
    queues: tuple[str, ...] = ()
    lease_ms: int | None = None
    at: int | None = None


class LogOut(Command, frozen=True, kw_only=True):
    """The agent logs out of these queues, or of all."""

    permission: ClassVar[str] = ATTEND
    permission_for_others: ClassVar[Permission] = ACT_FOR_OTHERS
    RESULT: ClassVar[type[Result]] = LoggedQueues
    agent: str
    queues: tuple[str, ...] = ()
    at: int | None = None


class PauseAgent(Command, frozen=True, kw_only=True):
    """The agent pauses in all queues, with a reason; another reason while paused begins another pause, the same one changes nothing."""

    permission: ClassVar[str] = ATTEND
    permission_for_others: ClassVar[Permission] = ACT_FOR_OTHERS
    RESULT: ClassVar[type[Result]] = LoggedQueues
    agent: str
    reason: str
    at: int | None = None


class ResumeAgent(Command, frozen=True, kw_only=True):
    """The agent is back from the pause."""

    permission: ClassVar[str] = ATTEND
    permission_for_others: ClassVar[Permission] = ACT_FOR_OTHERS
    RESULT: ClassVar[type[Result]] = LoggedQueues
    agent: str
    at: int | None = None


class Heartbeat(Command, frozen=True, kw_only=True):
    """The agent's client is running. A heartbeat is as durable as an event, but it is not one."""

    permission: ClassVar[str] = ATTEND
    permission_for_others: ClassVar[Permission] = ACT_FOR_OTHERS
    RESULT: ClassVar[type[Result]] = Lease
    agent: str


class ExpireLease(Command, frozen=True, kw_only=True):
    """The lease of this agent may have expired at `due` (us UTC)."""

    permission: ClassVar[str] = ATTEND
    permission_for_others: ClassVar[ForOthers] = DEPLOYMENT
    RESULT: ClassVar[type[Result]] = Expiry
    agent: UUID
    due: int


class RegisterAgent(Command, frozen=True, kw_only=True):
    """A new agent, who belongs to `user`. Raises AlreadyExists for a name that another agent has."""

    permission: ClassVar[str] = MANAGE_USERS
    permission_for_others: ClassVar[Permission] = MANAGE_USERS
    agent: str
    user: UUID


class AssignAgent(Command, frozen=True, kw_only=True):
    """Assign an agent to `user`, or to nobody (None)."""

    permission: ClassVar[str] = MANAGE_USERS
    permission_for_others: ClassVar[Permission] = MANAGE_USERS
    agent: UUID
    user: UUID | None


@handles(RegisterAgent)
def register_agent(command: RegisterAgent, context: HandlerContext) -> Done:
    """Create an agent of a user before any source has reported the agent."""
    agent = _named(context, command.agent)
    if agent.person:
        raise AlreadyExists("agent-exists", f"there is an agent {command.agent} already")
    return _assign(context, agent, command.user)


@handles(AssignAgent)
def assign_agent(command: AssignAgent, context: HandlerContext) -> Done:
    """A user may have several agents: a source may know one person by several names."""
    return _assign(context, context.get(Agent, command.agent), command.user)


def _assign(context: HandlerContext, agent: Agent, user: UUID | None) -> Done:
    changed = () if user == agent.user else (agent.user, user)
    for owner in (context.get(User, id) for id in changed if id is not None):
        must_manage_agents_of(context.caller.user, owner.id, owner.level)
    if user is not None and not context.get(User, user).active:
        raise Refused("user-inactive", "the user may not sign in")
    agent.assign(user, context.metadata)
    return Done(agent)


def act_as(context: HandlerContext, name: str) -> None:
    """Let the caller act as the agent of this name. The events record it when the agent is not the caller's own.

    Raises NotAllowed when the caller may not: the command names the permission to act for others. Only users are checked: sources, the operator and
    process managers act as no agent.
    """
    permission = context.permission_for_others
    assert permission not in ("", OWN, DEPLOYMENT), f"{context.metadata.cause} names no permission to act for others"
    if context.caller.user is None:
        return
    agent = context.load(Agent, agent_id(context.tenant, name))
    if acts_for_another(context.caller.user, agent.user if agent is not None else None, permission):
        context.act_on_behalf_of(f"agent:{agent.name if agent is not None else name}")


def _named(context: HandlerContext, name: str) -> Agent:
    """The agent of this name, or a new one. Raises InvalidField."""
    name = checked_name(name, "agent", "an agent")
    identity = agent_id(context.tenant, name)
    return context.load(Agent, identity) or context.add(Agent(identity, context.tenant, name))


@handles(LogIn)
def log_in(command: LogIn, context: HandlerContext) -> DoneWith[LoggedQueues]:
    """The first login creates the agent. Raises NotFound for a queue that does not exist."""
    agent = _named(context, command.agent)
    act_as(context, command.agent)
    if command.lease_ms is not None and not SHORTEST_LEASE_MS <= command.lease_ms <= LONGEST_LEASE_MS:
        raise InvalidField("lease_ms", f"a lease lasts {SHORTEST_LEASE_MS} to {LONGEST_LEASE_MS} ms, a minute to a day")
    at = context.instant(command.at)
    queues = queues_to_enter(context, command.queues)
    facts = [Fact("logged_in", at, queue=queue, by="command", ref="logged_in") for queue in queues or ("",)]
    return _observe(context, agent, facts, command.lease_ms)


@handles(LogOut)
def log_out(command: LogOut, context: HandlerContext) -> DoneWith[LoggedQueues]:
    """Refused for an agent who is not logged in. From queues in which the agent is not, nothing new has happened."""
    act_as(context, command.agent)
    agent = existing_agent(context, command.agent)
    agent.must_be_in()
    must_name_queues(context, command.queues, agent.queues_now())
    at = context.instant(command.at)
    asked = dict.fromkeys(first_name(context, queue) for queue in command.queues)
    # A source may have named the queue so before it was renamed to it: then the session has that name.
    queues = [queue for queue in agent.queues_now() if first_name(context, queue) in asked] or asked
    facts = [Fact("logged_out", at, queue=queue, ref="logged_out") for queue in queues or ("",)]
    return _observe(context, agent, facts) if agent.leaves_by(facts) else _unchanged(context, agent)


@handles(PauseAgent)
def pause_agent(command: PauseAgent, context: HandlerContext) -> DoneWith[LoggedQueues]:
    """Refused for an agent who is not logged in. An agent who is paused for this reason already stays so: nothing new has happened."""
    reason = checked_name(command.reason, "reason", "a pause")
    act_as(context, command.agent)
    agent = existing_agent(context, command.agent)
    agent.must_be_in()
    if agent.is_paused_for(reason):
        return _unchanged(context, agent)
    return _observe(context, agent, [Fact("paused", context.instant(command.at), text=reason, ref="paused")])


@handles(ResumeAgent)
def resume_agent(command: ResumeAgent, context: HandlerContext) -> DoneWith[LoggedQueues]:
    """Refused for an agent who is not paused."""
    act_as(context, command.agent)
    agent = existing_agent(context, command.agent)
    agent.must_be_in()
    agent.must_be_paused()
    return _observe(context, agent, [Fact("resumed", context.instant(command.at), ref="resumed")])


@handles(Heartbeat)
def heartbeat(command: Heartbeat, context: HandlerContext) -> DoneWith[Lease]:
    """Refused for an agent who is not logged in. Without a lease nothing is stored."""
    act_as(context, command.agent)
    agent = existing_agent(context, command.agent)
    agent.must_be_in()
    note_heartbeat(context, agent)
    until = agent.lease_runs_out(context.now_us())
    return DoneWith(agent, Lease(expires_at=None if until is None else datetime.fromtimestamp(until // MS / 1_000, UTC)))


@handles(ExpireLease)
def expire_lease(command: ExpireLease, context: HandlerContext) -> DoneWith[Expiry]:
    """Nothing happens when the agent has no lease any more, or the client sent a heartbeat in time."""
    agent = context.get(Agent, command.agent)
    ends = agent.lease_runs_out(context.last_heard(agent.id))
    expired = ends is not None and max(ends, command.due) <= context.now_us()
    if expired:
        agent.expire(max(ends or 0, command.due), context.metadata)
    return DoneWith(agent, Expiry(expired=expired))


def note_heartbeat(context: HandlerContext, agent: Agent | None) -> None:
    """Record a heartbeat: any command of an agent's client proves that it is running."""
    if agent is not None and agent.lease_ms:
        context.note_heartbeat(agent.id)


def existing_agent(context: HandlerContext, name: str, field: str = "agent") -> Agent:
    """The agent of this name. Raises NotFound, which names the command's field, also for an interface without a known agent."""
    agent = context.load(Agent, agent_id(context.tenant, name))
    if agent is None or not agent.person:
        raise NotFound("agent-unknown", f"no agent {name}", {field: f"no agent {name}"})
    return agent


def _observe(context: HandlerContext, agent: Agent, facts: list[Fact], lease_ms: int | None = None) -> DoneWith[LoggedQueues]:
    agent.must_follow(facts)
    agent.observe(facts, context.metadata, lease_ms=lease_ms)
    return _unchanged(context, agent)


def _unchanged(context: HandlerContext, agent: Agent) -> DoneWith[LoggedQueues]:
    """Where the agent is logged in, without anything more to record than that its client is running."""
    note_heartbeat(context, agent)
    return DoneWith(agent, LoggedQueues(queues=tuple(sorted({name_now(context, queue) for queue in agent.queues_now()}))))
