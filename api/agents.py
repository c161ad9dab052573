"""Agents: they log in and out of queues, pause with a reason, come back."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from msgspec.structs import asdict
from pydantic import Field

from api.access import Asked
from api.field_types import AgentId, AgentName, Body, Done, Moment, Name, Shape, microseconds
from api.figure_parameters import OfPast, past_of
from api.lists import Page, Paged, registered
from api.problem import EVERYBODYS_QUESTION, documented, of_command
from commands import agents as commands
from domain.errors import NotFound
from projections.queries.registers import RegisteredAgent, one

TAG = {"name": "agents", "description": "Agents: sessions and pauses."}

router = APIRouter(
    prefix="/v1/agents",
    tags=["agents"],
    responses=documented("unauthenticated", "invalid", "unavailable", "clock"),
)

_KNOWN = of_command("not-found")


class OfAgent(Body):
    """Something that an agent does."""

    agent: Annotated[Name, Field(description="the agent's name, as sources say it", examples=["Ana"])]
    at: Annotated[
        Moment | None,
        Field(description="when it happened; now if it is left out. Never in the future, nor earlier than what the agent did before."),
    ] = None

    @property
    def us(self) -> int | None:
        """`at` as commands say it."""
        return microseconds(self.at)


class InQueues(OfAgent):
    """An agent and some queues."""

    queues: Annotated[tuple[Name, ...], Field(max_length=200, description="names of queues; none means all", examples=[["vendas"]])] = ()


class LogIn(InQueues):
    """An agent comes in, perhaps with a lease."""

    lease_minutes: Annotated[
        int | None,
        Field(
            ge=1,
            le=commands.LONGEST_LEASE,
            description="when the agent's client is not heard of for so many minutes, the agent is logged out; left out: never, or as this session already has it",
            examples=[5],
        ),
    ] = None


class Pause(OfAgent):
    """An agent's break."""

    reason: Annotated[Name, Field(description="why (motivo de pausa)", examples=["almoço"])]


class SaidAgent(Shape):
    """A person who answers."""

    id: UUID
    name: Annotated[str, Field(examples=["Ana"])]
    queues: Annotated[list[str], Field(description='in which the agent is in now; "" stands for all', examples=[["vendas"]])]
    user: Annotated[
        UUID | None,
        Field(description="the user to whom the agent belongs; null for nobody yet", examples=["7b9d2f0e-5a4b-4c1e-9a77-0d5d8a8c6f10"]),
    ]
    interfaces: Annotated[list[str], Field(description="the telephones by which the agent is reached", examples=[["PJSIP/1001"]])]


class Owner(Body):
    """To whom an agent belongs."""

    user: Annotated[
        UUID | None, Field(description="a user who may sign in; null for nobody", examples=["7b9d2f0e-5a4b-4c1e-9a77-0d5d8a8c6f10"])
    ]


class NewAgent(Body):
    """An agent to be."""

    agent: Annotated[Name, Field(description="the agent's name, as sources will say it", examples=["Ana"])]
    user: Annotated[UUID, Field(description="the user to whom the agent belongs", examples=["7b9d2f0e-5a4b-4c1e-9a77-0d5d8a8c6f10"])]


@router.get("", summary="The agents of the company", responses=EVERYBODYS_QUESTION)
async def agents(asking: Asked, asked: Annotated[Paged, Query()]) -> Page[SaidAgent]:
    """Everybody who ever logged in, paused, rang or answered, in the order of names; interfaces of nobody left out. Every user may ask."""
    return await registered(asking, asked, RegisteredAgent, SaidAgent)


@router.get("/{agent}", summary="One agent", responses=EVERYBODYS_QUESTION)
async def one_agent(agent: AgentId, asking: Asked, asked: Annotated[OfPast, Query()]) -> SaidAgent:
    """By the id that `log-in` answers. What the agent does now: see the monitor."""
    past = await past_of(asking, asked)
    found = await asking.ask(one, RegisteredAgent, agent, as_of=past.as_of, moment_ms=past.moment_ms)
    if found is None:
        raise NotFound("no such agent")
    return SaidAgent.model_validate(asdict(found))


@router.post(
    "", summary="Register an agent of a user", status_code=201, responses=of_command("not-found", "already-exists"), response_model=Done
)
async def register(body: NewAgent, asking: Asked) -> Response:
    """An agent of whom no source has told yet; the answer's `id` is the agent's. Other agents come to be with their first login."""
    return await asking.do(commands.RegisterAgent(agent=body.agent, user=body.user), 201)


@router.put("/{agent}/user", summary="Say to which user an agent belongs", responses=_KNOWN, response_model=Done)
async def assign(agent: AgentId, body: Owner, asking: Asked) -> Response:
    """A user of level User acts as an agent of their own only: logs in, pauses, takes calls.

    A Manager or an Admin who acts as an agent of somebody else needs the permission `gerenciar-agentes`, and the history of what was done says on
    whose behalf. A user may have several agents.
    """
    return await asking.do(commands.AssignAgent(agent=agent, user=body.user))


@router.post("/log-in", summary="An agent logs in to queues", responses=of_command(), response_model=Done)
async def log_in(body: LogIn, asking: Asked) -> Response:
    """Logged time begins. An agent comes to be with the first login; `id` is the agent's. `result.queues`: where the agent is in now.

    With `lease_minutes` the agent's client must be heard of from then on: by `heartbeat`, or by any other command of the agent.
    """
    return await asking.do(commands.LogIn(agent=body.agent, queues=body.queues, lease_minutes=body.lease_minutes, at=body.us))


@router.post("/{agent}/heartbeat", summary="An agent's client is there", responses=_KNOWN, response_model=Done)
async def heartbeat(agent: AgentName, asking: Asked) -> Response:
    """Renews the lease of an agent who logged in with one, by the agent's name. It is no event and changes no figure. `result.lease_until`: when
    the lease runs out without another one, microseconds since 1970; null without a lease. Refused for an agent who is not in.
    """
    return await asking.do(commands.Heartbeat(agent=agent))


@router.post("/log-out", summary="An agent logs out of queues", responses=_KNOWN, response_model=Done)
async def log_out(body: InQueues, asking: Asked) -> Response:
    """Logged time ends with the last queue. Refused for an agent who is not in."""
    return await asking.do(commands.LogOut(agent=body.agent, queues=body.queues, at=body.us))


@router.post("/pause", summary="An agent pauses with a reason", responses=_KNOWN, response_model=Done)
async def pause(body: Pause, asking: Asked) -> Response:
    """In all queues. A pause set during a call begins to count when the call ends; another reason takes over from the one before."""
    return await asking.do(commands.PauseAgent(agent=body.agent, reason=body.reason, at=body.us))


@router.post("/resume", summary="An agent comes back from the pause", responses=_KNOWN, response_model=Done)
async def resume(body: OfAgent, asking: Asked) -> Response:
    """Available again. Refused for an agent who is not paused."""
    return await asking.do(commands.ResumeAgent(agent=body.agent, at=body.us))
