"""Routes by which supervisors listen to a call, whisper to its agent, join, hang up, and take it over."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Body as BodyField
from fastapi import Query, Response
from pydantic import Field

from api.access import Authenticated, RequestContext, authorised
from api.calls import own_agent
from api.field_types import Body, InteractionId, Name, Receipt, Shape
from api.figure_parameters import Parameters
from api.problem_documents import documented, of_command
from api.slice_router import SliceRouter
from commands.supervision import SuperviseCall
from domain.supervision import Mode, Reason, State
from projections.queries.labels import labelled
from projections.queries.supervision import supervisable, supervision

router = SliceRouter(prefix="/v1/interactions", tags=["interactions"], responses=of_command("not-found"))

_Supervisor = Annotated[
    Name | None,
    Field(
        description="the agent whose telephone is the supervisor's; if omitted, the agent that belongs to the caller", examples=["Carla"]
    ),
]


class Supervisor(Body):
    """Who supervises."""

    supervisor: _Supervisor = None


class OfSupervisor(Parameters):
    """Whose supervision it is."""

    supervisor: _Supervisor = None


class SupervisionNow(Shape):
    """What a supervisor does in a call."""

    state: Annotated[
        State,
        Field(
            description="`requested`: the supervisor's telephone may be ringing; `active`: in the call; `ended`: out of it, or done; `failed`: see `reason`",
            examples=["active"],
        ),
    ]
    state_label: Annotated[str, Field(examples=["Em andamento"])]
    mode: Annotated[Mode, Field(description="what is in force, or was asked for last", examples=["whisper"])]
    reason: Annotated[Reason, Field(description="why it failed; empty if it did not", examples=[""])]


Nobody = Annotated[Supervisor, BodyField(default_factory=Supervisor)]


async def _allowed(interaction_id: UUID, asked: Supervisor | OfSupervisor, context: RequestContext) -> str:
    """The supervisor's agent, if the caller may see the call."""
    await context.ask(supervisable, interaction_id)
    return await own_agent(context, asked.supervisor, "supervisor")


@router.get("/{interaction_id}/supervision", summary="What a supervisor does in a call", responses=documented("not-found"))
async def get_supervision(
    interaction_id: InteractionId, params: Annotated[OfSupervisor, Query()], context: Annotated[RequestContext, authorised(supervision)]
) -> SupervisionNow:
    """The state of what was asked for last."""
    found = await context.ask(supervision, interaction_id, await _allowed(interaction_id, params, context))
    return SupervisionNow(**labelled("state", "supervision_state", found.state), mode=found.mode, reason=found.reason)


@router.post("/{interaction_id}/listen", summary="Listen to a call", response_model=Receipt)
async def listen_to_call(interaction_id: InteractionId, body: Nobody, context: Authenticated) -> Response:
    """The supervisor's telephone rings, and then hears both the agent and the customer; nobody hears the supervisor. In a call that is supervised already the mode changes, on the same telephone. What comes of it: `supervision`."""
    supervisor = await _allowed(interaction_id, body, context)
    return await context.do(SuperviseCall(interaction=interaction_id, supervisor=supervisor, mode="listen"))


@router.post("/{interaction_id}/whisper", summary="Whisper to the agent of a call", response_model=Receipt)
async def whisper_to_agent(interaction_id: InteractionId, body: Nobody, context: Authenticated) -> Response:
    """As `listen`, and the agent alone hears the supervisor."""
    supervisor = await _allowed(interaction_id, body, context)
    return await context.do(SuperviseCall(interaction=interaction_id, supervisor=supervisor, mode="whisper"))


@router.post("/{interaction_id}/barge", summary="Join a call", response_model=Receipt)
async def barge_into_call(interaction_id: InteractionId, body: Nobody, context: Authenticated) -> Response:
    """As `listen`, and both the agent and the customer hear the supervisor."""
    supervisor = await _allowed(interaction_id, body, context)
    return await context.do(SuperviseCall(interaction=interaction_id, supervisor=supervisor, mode="barge"))


@router.post("/{interaction_id}/hang-up", summary="Hang up a call", response_model=Receipt)
async def hang_up_call(interaction_id: InteractionId, body: Nobody, context: Authenticated) -> Response:
    """The customer's line is hung up, and with it the agent's."""
    supervisor = await _allowed(interaction_id, body, context)
    return await context.do(SuperviseCall(interaction=interaction_id, supervisor=supervisor, mode="hang-up"))


@router.post("/{interaction_id}/pull", summary="Take a call over", response_model=Receipt)
async def pull_call(interaction_id: InteractionId, body: Nobody, context: Authenticated) -> Response:
    """The supervisor's telephone rings, and then the supervisor talks with the customer instead of the agent."""
    supervisor = await _allowed(interaction_id, body, context)
    return await context.do(SuperviseCall(interaction=interaction_id, supervisor=supervisor, mode="pull"))


@router.post("/{interaction_id}/leave", summary="Leave a supervised call", response_model=Receipt)
async def leave_call(interaction_id: InteractionId, body: Nobody, context: Authenticated) -> Response:
    """The supervisor's telephone is hung up; the call goes on."""
    supervisor = await _allowed(interaction_id, body, context)
    return await context.do(SuperviseCall(interaction=interaction_id, supervisor=supervisor, mode="leave"))
