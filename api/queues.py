"""Routes for queues (serviços): service level targets, agents, and whether they take calls."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Query, Response
from pydantic import Field

from api.access import Authenticated
from api.field_types import Body, Milliseconds, Name, QueueId, Receipt, Shape, Version
from api.invalid_fields import form
from api.lists import Page, Paged, registered
from api.problem_documents import QUERY_FOR_ALL, documented, of_command
from api.slice_router import SliceRouter
from commands import queues as commands
from domain.queues import LONGEST_WRAP_UP_MS, Profile, RecordingRule
from projections.queries.registers import RegisteredQueue
from projections.queries.settings import queue as settings_of_queue

TAG = {"name": "queues", "description": "Queues (serviços): service level targets and agents."}

router = SliceRouter(
    prefix="/v1/queues",
    tags=["queues"],
    responses=documented("unauthenticated", "invalid", "unavailable", "clock"),
)

_ONE = of_command("not-found")


class QueueChange(Body):
    """The settings of a queue. Omitted fields stay unchanged; of a new queue they are the company's defaults."""

    sla_target: Annotated[
        float | None,
        Field(ge=0, le=100, allow_inf_nan=False, description="percentage to be answered in time (Atendimento %)", examples=[80]),
    ] = None
    sla_ms: Annotated[
        Milliseconds | None, Field(description="the longest wait that counts as in time (Tempo Atendimento)", examples=[20_000])
    ] = None
    tolerated_ms: Annotated[
        Milliseconds | None,
        Field(description="abandons after a shorter wait may be left out of the SLA (Tempo Abandono)", examples=[5_000]),
    ] = None
    internal_number: Annotated[
        str | None,
        Field(
            pattern=form(r"^([0-9]{3})?$", "should have three digits, or be empty"),
            description="three digits for transfers by agents; empty for none",
            examples=["201"],
        ),
    ] = None
    on_screen: Annotated[bool | None, Field(description="whether the agent screen offers it")] = None
    sla_profile: Annotated[Profile | None, Field(description="the queue's SLA profile; a request for figures may select another")] = None
    wrap_up_ms: Annotated[
        int | None,
        Field(
            ge=0,
            le=LONGEST_WRAP_UP_MS,
            description="a PBX gives an agent who has talked no other call of the queue for so long (pós-atendimento); 0 for none",
            examples=[30_000],
        ),
    ] = None

    recording: Annotated[
        RecordingRule | None,
        Field(
            description="which of its calls are recorded (gravação): those whose agent asks for it (`by-hand`), all (`always`), none (`never`)",
            examples=["always"],
        ),
    ] = None


class NewQueue(QueueChange):
    """A new queue."""

    name: Annotated[Name, Field(description="the name that sources and people use", examples=["vendas"])]
    agents: Annotated[
        tuple[Name, ...],
        Field(max_length=1_000, description="names of agents who answer it, each of whom exists", examples=[["Ana", "Bruno"]]),
    ] = ()


class NewName(Body):
    """The new name of a queue."""

    name: Annotated[Name, Field(examples=["vendas internas"])]


class Agents(Body):
    """The agents who answer a queue."""

    agents: Annotated[tuple[Name, ...], Field(max_length=1_000, description="names of agents who exist", examples=[["Ana", "Bruno"]])]


class QueueSummary(Shape):
    """A queue (serviço)."""

    id: UUID
    name: Annotated[str, Field(examples=["vendas"])]
    sla_target: Annotated[float, Field(description="percentage", examples=[80])]
    sla_ms: Annotated[int, Field(examples=[20_000])]
    tolerated_ms: Annotated[int, Field(examples=[5_000])]
    sla_profile: Annotated[Profile, Field(description="the queue's SLA profile; a request for figures may select another")]
    internal_number: Annotated[
        str, Field(description="three digits by which agents transfer to the queue; empty for none", examples=["201"])
    ]
    agents: Annotated[list[str], Field(examples=[["Ana", "Bruno"]])]
    active: Annotated[bool, Field(description="whether it takes calls")]


class QueueDetail(QueueSummary):
    """A queue with all its settings."""

    version: Version
    on_screen: bool
    wrap_up_ms: Annotated[int, Field(description="the longest wrap-up (pós-atendimento); 0 for none", examples=[30_000])]
    recording: Annotated[RecordingRule, Field(description="which of its calls are recorded (gravação)", examples=["by-hand"])]


@router.get("", summary="The queues of the company", responses=QUERY_FOR_ALL)
async def list_queues(context: Authenticated, params: Annotated[Paged, Query()]) -> Page[QueueSummary]:
    """Ordered by current name, without deleted ones. Every user may read the list."""
    return await registered(context, params, RegisteredQueue, QueueSummary)


@router.get("/{queue_id}", summary="One queue", responses=documented("not-found"))
async def get_queue(queue_id: QueueId, context: Authenticated) -> QueueDetail:
    """Its current settings, even if the figures do not cover their last change yet."""
    found, agents = await context.ask(settings_of_queue, queue_id)
    settings = found.settings
    return QueueDetail(
        id=found.id,
        version=found.version,
        name=found.name,
        sla_target=settings.sla_target,
        sla_ms=settings.sla_ms,
        tolerated_ms=settings.tolerated_ms,
        sla_profile=settings.sla_profile,
        agents=agents,
        active=found.active,
        internal_number=settings.internal_number,
        on_screen=settings.on_screen,
        wrap_up_ms=settings.wrap_up_ms,
        recording=settings.recording,
    )


@router.post("", status_code=201, summary="Register a queue", responses=of_command("not-found", "already-exists"), response_model=Receipt)
async def register_queue(body: NewQueue, context: Authenticated) -> Response:
    """Registers a queue (serviço); the response's `id` is the queue's. Queues that a source names are registered automatically."""
    return await context.do(commands.RegisterQueue(**body.model_dump()), 201)


@router.patch("/{queue_id}", summary="Change the settings of a queue", responses=_ONE, response_model=Receipt)
async def change_queue(queue_id: QueueId, body: QueueChange, context: Authenticated) -> Response:
    """The changes apply from now on; calls that were offered earlier keep their settings. Its name is changed by `rename`, its agents by `agents`."""
    return await context.do(commands.ChangeQueueSettings(queue=queue_id, **body.model_dump()))


@router.post(
    "/{queue_id}/rename",
    summary="Rename a queue",
    responses=of_command("not-found", "already-exists"),
    response_model=Receipt,
)
async def rename_queue(queue_id: QueueId, body: NewName, context: Authenticated) -> Response:
    """Its past keeps the old name; sources may go on using any name that the queue has had."""
    return await context.do(commands.RenameQueue(queue=queue_id, name=body.name))


@router.put("/{queue_id}/agents", summary="Set the agents of a queue", responses=_ONE, response_model=Receipt)
async def set_queue_agents(queue_id: QueueId, body: Agents, context: Authenticated) -> Response:
    """Replaces all agents of the queue, by name. A name that no agent has is 404 `agent-unknown`: agents exist from their first log-in on, or once they are registered."""
    return await context.do(commands.SetQueueAgents(queue=queue_id, agents=body.agents))


@router.post("/{queue_id}/activate", summary="Activate a queue", responses=_ONE, response_model=Receipt)
async def activate_queue(queue_id: QueueId, context: Authenticated) -> Response:
    """The queue takes calls again. An active queue is not changed."""
    return await context.do(commands.ActivateQueue(queue=queue_id))


@router.post("/{queue_id}/deactivate", summary="Deactivate a queue", responses=_ONE, response_model=Receipt)
async def deactivate_queue(queue_id: QueueId, context: Authenticated) -> Response:
    """The queue takes no new calls. Calls that wait in it keep waiting."""
    return await context.do(commands.DeactivateQueue(queue=queue_id))


@router.delete("/{queue_id}", summary="Remove a queue from the settings", responses=_ONE, response_model=Receipt)
async def delete_queue(queue_id: QueueId, context: Authenticated) -> Response:
    """Refused while it is active. Its past stays in all figures."""
    return await context.do(commands.DeleteQueue(queue=queue_id))
