"""Queues (serviços): what their customers are promised, and whether they take calls."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import Field

from api.access import Asked
from api.field_types import Body, Done, Milliseconds, Name, QueueId, Shape
from api.lists import Page, Paged, registered
from api.problem import EVERYBODYS_QUESTION, documented, of_command
from commands import queues as commands
from domain.queues import Profile
from projections.queries.registers import RegisteredQueue
from projections.queries.settings import queue as settings_of_queue

TAG = {"name": "queues", "description": "Queues (serviços): what their customers are promised."}

router = APIRouter(
    prefix="/v1/queues",
    tags=["queues"],
    responses=documented("unauthenticated", "invalid", "unavailable", "clock"),
)

_ONE = of_command("not-found")


class Settings(Body):
    """What a queue promises and where it is reached. What is left out stays, or is as the company's defaults say."""

    sla_target: Annotated[
        float | None,
        Field(ge=0, le=100, allow_inf_nan=False, description="percentage to be answered in time (Atendimento %)", examples=[80]),
    ] = None
    sla_ms: Annotated[Milliseconds | None, Field(description="what in time means (Tempo Atendimento)", examples=[20_000])] = None
    tolerated_ms: Annotated[
        Milliseconds | None, Field(description="a shorter wait is no abandon held against the queue (Tempo Abandono)", examples=[5_000])
    ] = None
    internal_number: Annotated[
        str | None,
        Field(pattern=r"^([0-9]{3})?$", description="three digits by which agents transfer to it; empty for none", examples=["201"]),
    ] = None
    on_screen: Annotated[bool | None, Field(description="whether the agent screen offers it")] = None
    profile: Annotated[Profile | None, Field(description="the SLA profile that it is judged by unless asked otherwise")] = None


class NewQueue(Settings):
    """A queue to be."""

    name: Annotated[Name, Field(description="as sources and people say it", examples=["vendas"])]
    agents: Annotated[tuple[Name, ...], Field(max_length=1_000, description="names of who answers it", examples=[["Ana", "Bruno"]])] = ()


class NewName(Body):
    """How the queue is called from now on."""

    name: Annotated[Name, Field(examples=["vendas internas"])]


class Agents(Body):
    """Who answers the queue's customers."""

    agents: Annotated[tuple[Name, ...], Field(max_length=1_000, examples=[["Ana", "Bruno"]])]


class SaidQueue(Shape):
    """A queue (serviço)."""

    id: UUID
    name: Annotated[str, Field(examples=["vendas"])]
    sla_target: Annotated[float, Field(description="percentage", examples=[80])]
    sla_ms: Annotated[int, Field(examples=[20_000])]
    tolerated_ms: Annotated[int, Field(examples=[5_000])]
    profile: Annotated[Profile, Field(description="the SLA profile that it is judged by unless asked otherwise")]
    agents: Annotated[list[str], Field(examples=[["Ana", "Bruno"]])]
    active: Annotated[bool, Field(description="whether it takes calls")]


class WholeQueue(SaidQueue):
    """A queue with all its settings."""

    internal_number: Annotated[str, Field(examples=["201"])]
    on_screen: bool


@router.get("", summary="The queues of the company", responses=EVERYBODYS_QUESTION)
async def queues(asking: Asked, asked: Annotated[Paged, Query()]) -> Page[SaidQueue]:
    """In the order of their names of now; those that were deleted left out. Every user may ask."""
    return await registered(asking, asked, RegisteredQueue, SaidQueue)


@router.get("/{queue}", summary="One queue", responses=documented("not-found"))
async def one(queue: QueueId, asking: Asked) -> WholeQueue:
    """As it is at this moment, whether the figures cover it yet or not."""
    found, agents = await asking.ask(settings_of_queue, queue)
    settings = found.settings
    return WholeQueue(
        id=found.id,
        name=found.name,
        sla_target=settings.sla_target,
        sla_ms=settings.sla_ms,
        tolerated_ms=settings.tolerated_ms,
        profile=settings.profile,
        agents=agents,
        active=found.active,
        internal_number=settings.internal_number,
        on_screen=settings.on_screen,
    )


@router.post("", status_code=201, summary="Register a queue", responses=of_command("already-exists"), response_model=Done)
async def register(body: NewQueue, asking: Asked) -> Response:
    """A queue (serviço) comes to be; the answer's `id` is the queue's. Queues that a source names come to be by themselves."""
    return await asking.do(commands.RegisterQueue(**body.model_dump()), 201)


@router.patch("/{queue}", summary="Change what a queue promises", responses=_ONE, response_model=Done)
async def change_settings(queue: QueueId, body: Settings, asking: Asked) -> Response:
    """From now on; calls offered earlier keep what they were promised."""
    return await asking.do(commands.ChangeQueueSettings(queue=queue, **body.model_dump()))


@router.post(
    "/{queue}/rename",
    summary="Call a queue otherwise",
    responses=of_command("not-found", "already-exists"),
    response_model=Done,
)
async def rename(queue: QueueId, body: NewName, asking: Asked) -> Response:
    """Its past keeps the name that it had then; a source may go on saying any name that the queue has had."""
    return await asking.do(commands.RenameQueue(queue=queue, name=body.name))


@router.put("/{queue}/agents", summary="Say who answers a queue", responses=_ONE, response_model=Done)
async def set_agents(queue: QueueId, body: Agents, asking: Asked) -> Response:
    """Exactly these agents, by name."""
    return await asking.do(commands.SetQueueAgents(queue=queue, agents=body.agents))


@router.post("/{queue}/activate", summary="Let a queue take calls again", responses=_ONE, response_model=Done)
async def activate(queue: QueueId, asking: Asked) -> Response:
    """Nothing happens to one that is active."""
    return await asking.do(commands.ActivateQueue(queue=queue))


@router.post("/{queue}/deactivate", summary="Let a queue take no new calls", responses=_ONE, response_model=Done)
async def deactivate(queue: QueueId, asking: Asked) -> Response:
    """Calls that wait in it go on waiting."""
    return await asking.do(commands.DeactivateQueue(queue=queue))


@router.delete("/{queue}", summary="Remove a queue from the settings", responses=_ONE, response_model=Done)
async def delete(queue: QueueId, asking: Asked) -> Response:
    """Refused while it is active. Its past stays in every figure."""
    return await asking.do(commands.DeleteQueue(queue=queue))
