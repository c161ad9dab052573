"""The route by which an agent's phone in the browser reports what it heard."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Response
from pydantic import Field

from api.access import Authenticated
from api.field_types import Body, Name, Receipt
from api.problem_documents import of_command
from api.slice_router import SliceRouter
from commands import leg_quality as commands

router = SliceRouter(prefix="/v1/phone", tags=["phone"], responses=of_command("not-found"))


class HeardQuality(Body):
    """The quality of what an agent heard in a call, by the browser's statistics (`getStats`, `inbound-rtp`)."""

    agent: Annotated[Name, Field(description="whose phone it is", examples=["Ana"])]
    interaction_id: Annotated[
        UUID | None,
        Field(description="the call; if omitted, the last one that the agent took", examples=["40ca8005-24cc-572c-9dd4-4d30c9eb3e0b"]),
    ] = None
    jitter_ms: Annotated[float, Field(ge=0, le=60_000, allow_inf_nan=False, description="`jitter`, in ms", examples=[12.5])]
    loss_percent: Annotated[
        float,
        Field(
            ge=0, le=100, allow_inf_nan=False, description="`packetsLost` of `packetsLost + packetsReceived`, in percent", examples=[0.4]
        ),
    ]


@router.post("/quality", summary="Report what the agent heard", response_model=Receipt)
async def report_heard_quality(body: HeardQuality, context: Authenticated) -> Response:
    """The downlink of the agent's leg, sent once at the end of the call, in the call's history as `quality` with `by: downlink`; the PBX measures the uplink. The call's jitter and loss in the report of interactions are those of its worst leg.

    Needs `gerenciar-atendimento`, and an agent of one's own or `gerenciar-agentes`.
    """
    command = commands.MeasureDownlink(
        agent=body.agent, jitter_ms=body.jitter_ms, loss_percent=body.loss_percent, interaction=body.interaction_id
    )
    return await context.do(command)
