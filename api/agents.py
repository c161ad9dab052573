"""Routes for agents: log in and out of queues, pause with a reason, resume."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Query, Response
from msgspec.structs import asdict
from pydantic import Field

from api.access import Authenticated
from api.field_types import AgentId, Body, Moment, Name, Receipt, Shape, microseconds
from api.figure_parameters import OfPast, past_of
from api.lists import Page, Paged, registered
from api.problem_documents import QUERY_FOR_ALL, documented, of_command
from api.slice_router import SliceRouter
from commands import agents as commands
from domain.errors import NotFound
from projections.queries.registers import RegisteredAgent, one

TAG = {"name": "agents", "description": "Agents: sessions and pauses."}

router = SliceRouter(
    prefix="/v1/agents",
    tags=["agents"],
    responses=documented("unauthenticated", "invalid", "unavailable", "clock"),
)

_KNOWN = of_command("not-found")


class OfAgent(Body):
    """An action of an agent."""

    agent: Annotated[Name, Field(description="the agent's name, as sources use it", examples=["Ana"])]
    at: Annotated[
        Moment | None,
        Field(description="when it happened; now if it is left out. Never in the future, nor earlier than the agent's last action."),
    ] = None

    @property
    def us(self) -> int | None:
        """`at` in the commands' unit, microseconds since 1970."""
        return microseconds(self.at)


class Heartbeat(Body):
    """A sign of life of an agent's client."""

    agent: Annotated[Name, Field(description="the agent's name", examples=["Ana"])]


class InQueues(OfAgent):
    """An agent and some queues."""

    queues: Annotated[
        tuple[Name, ...], Field(max_length=200, description="names of queues; an empty list means all", examples=[["vendas"]])
    ] = ()


class LogIn(InQueues):
    """A login of an agent, optionally with a lease."""

    lease_ms: Annotated[
        int | None,
        Field(
            ge=commands.SHORTEST_LEASE_MS,
            le=commands.LONGEST_LEASE_MS,
            description="the agent is logged out if the agent's client sends no heartbeat for so long; if omitted, the session's current lease stays, or there is none",
            examples=[300_000],
        ),
    ] = None


class Pause(OfAgent):
    """An agent's break."""

    reason: Annotated[Name, Field(description="why (motivo de pausa)", examples=["almoço"])]


class AgentDetail(Shape):
    """An agent: a person who answers."""

    id: UUID
    name: Annotated[str, Field(examples=["Ana"])]
    queues: Annotated[list[str], Field(description='queues in which the agent is logged in now; "" means all', examples=[["vendas"]])]
    user_id: Annotated[
        UUID | None,
        Field(description="the user to whom the agent belongs; null if none yet", examples=["7b9d2f0e-5a4b-4c1e-9a77-0d5d8a8c6f10"]),
    ]
    interfaces: Annotated[list[str], Field(description="the agent's telephones", examples=[["PJSIP/1001"]])]


class Owner(Body):
    """The user to whom an agent belongs."""

    user_id: Annotated[
        UUID | None, Field(description="a user of the company; null for none", examples=["7b9d2f0e-5a4b-4c1e-9a77-0d5d8a8c6f10"])
    ]


class NewAgent(Body):
    """A new agent."""

    agent: Annotated[Name, Field(description="the agent's name, as sources will use it", examples=["Ana"])]
    user_id: Annotated[UUID, Field(description="the user to whom the agent belongs", examples=["7b9d2f0e-5a4b-4c1e-9a77-0d5d8a8c6f10"])]


@router.get("", summary="The agents of the company", responses=QUERY_FOR_ALL)
async def list_agents(context: Authenticated, params: Annotated[Paged, Query()]) -> Page[AgentDetail]:
    """Everybody who ever logged in, paused, rang or answered, ordered by name, without interfaces that belong to no agent. Every user may read the list."""
    return await registered(context, params, RegisteredAgent, AgentDetail)


@router.get("/{agent_id}", summary="One agent", responses=QUERY_FOR_ALL)
async def get_agent(agent_id: AgentId, context: Authenticated, params: Annotated[OfPast, Query()]) -> AgentDetail:
    """The agent with the id that `log-in` returns. For the agent's current state see the monitoring."""
    past = await past_of(context, params)
    found = await context.ask(one, RegisteredAgent, agent_id, as_of=past.as_of, moment_ms=past.moment_ms)
    if found is None:
        raise NotFound("agent-unknown", "no such agent")
    return AgentDetail.model_validate(asdict(found))


@router.post(
    "", summary="Register an agent of a user", status_code=201, responses=of_command("not-found", "already-exists"), response_model=Receipt
)
async def register_agent(body: NewAgent, context: Authenticated) -> Response:
    """Registers an agent whom no source has reported yet; the response's `id` is the agent's. Other agents are created by their first login."""
    return await context.do(commands.RegisterAgent(agent=body.agent, user=body.user_id), 201)


@router.put("/{agent_id}/user", summary="Assign an agent to a user", responses=_KNOWN, response_model=Receipt)
async def assign_agent(agent_id: AgentId, body: Owner, context: Authenticated) -> Response:
    """A user of level `user` may act only as their own agents: log in, pause, take calls.

    A `manager` or an `admin` who acts as an agent of another user needs the permission `gerenciar-agentes`, and the history records on
    whose behalf. A user may have several agents.
    """
    return await context.do(commands.AssignAgent(agent=agent_id, user=body.user_id))


@router.post("/log-in", summary="An agent logs in to queues", responses=_KNOWN, response_model=Receipt)
async def log_in_agent(body: LogIn, context: Authenticated) -> Response:
    """Logged time begins. The first login creates the agent; `id` is the agent's.

    With `lease_ms` the agent's client must send `heartbeat`, or any other command of the agent, within that time.
    """
    return await context.do(commands.LogIn(agent=body.agent, queues=body.queues, lease_ms=body.lease_ms, at=body.us))


@router.post("/heartbeat", summary="Renew an agent's lease", responses=_KNOWN, response_model=Receipt)
async def note_agent_heartbeat(body: Heartbeat, context: Authenticated) -> Response:
    """Renews the lease of an agent who logged in with one. It creates no event and changes no figure. Refused for an agent who is not logged in."""
    return await context.do(commands.Heartbeat(agent=body.agent))


@router.post("/log-out", summary="An agent logs out of queues", responses=_KNOWN, response_model=Receipt)
async def log_out_agent(body: InQueues, context: Authenticated) -> Response:
    """Logged time ends with the last queue. Refused for an agent who is not logged in."""
    return await context.do(commands.LogOut(agent=body.agent, queues=body.queues, at=body.us))


@router.post("/pause", summary="An agent pauses with a reason", responses=_KNOWN, response_model=Receipt)
async def pause_agent(body: Pause, context: Authenticated) -> Response:
    """In all queues. A pause that is set during a call begins to count when the call ends; another reason replaces the one before, the same one changes nothing."""
    return await context.do(commands.PauseAgent(agent=body.agent, reason=body.reason, at=body.us))


@router.post("/resume", summary="An agent ends the pause", responses=_KNOWN, response_model=Receipt)
async def resume_agent(body: OfAgent, context: Authenticated) -> Response:
    """The agent is available again. Refused for an agent who is not paused."""
    return await context.do(commands.ResumeAgent(agent=body.agent, at=body.us))
