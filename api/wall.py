"""The route of the wall (Mural): each queue as it is now."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated
from uuid import UUID

from fastapi import Query, Response
from pydantic import Field

from api.access import RequestContext, authorised
from api.answer_changes import Table
from api.asked import FIGURES_EVERY_S, Asked, Watchable
from api.field_types import Instant, Shape
from api.figure_parameters import OfPart, OfSome, past_of
from api.figures import AgentsNow, Bounds, OfPeriod, figures
from api.periods import TODAY
from api.problem_documents import QUERY
from api.slice_router import SliceRouter
from projections.queries.wall import wall

router = SliceRouter(prefix="/v1/wall", tags=["monitoring"], responses=QUERY)


class _Today(OfPart):
    USUAL_DAYS = TODAY


class Today(Shape):
    """The figures of one queue in the period of the answer; null where no source covered any of it."""

    offered: Annotated[int | None, Field(description="Recebidas", examples=[100])]
    answered: Annotated[int | None, Field(description="Atendidas", examples=[92])]
    abandoned: Annotated[int | None, Field(description="Abandonadas", examples=[5])]
    sla_percent: Annotated[
        float | None, Field(description="the service level by the queue's own formula and threshold; null without a case", examples=[86.43])
    ]
    bounds: Annotated[Bounds | None, Field(description="limits of the figures if a source was cut off; null if they are exact")]
    covered_to: Annotated[Instant | None, Field(description="the end of the sources' coverage, if it is before the end of the period")]


class WallQueue(Shape):
    """One queue on the wall."""

    queue: Annotated[str, Field(examples=["vendas"])]
    queue_id: UUID
    waiting: Annotated[int, Field(ge=0, description="customers who wait (na fila)", examples=[2])]
    waiting_since: Annotated[
        Instant | None, Field(description="since when the first of them waits; null if nobody does", examples=["2026-03-02T14:05:09-03:00"])
    ]
    agents: Annotated[AgentsNow, Field(description="the agents who are logged in to this queue, or to all")]
    sla_target: Annotated[float, Field(description="the service level that the queue should have, percent", examples=[80])]
    sla_ms: Annotated[int, Field(description="the threshold of the service level", examples=[20_000])]
    today: Today


class Wall(OfPeriod):
    """Every queue at one instant."""

    at: Annotated[
        Instant, Field(description="the instant that is shown: of the last event, or of `as_of`", examples=["2026-03-02T14:05:09-03:00"])
    ]
    covered_to: Annotated[Instant | None, Field(description="the end of the sources' coverage, if it is before the requested instant")]
    agents: Annotated[AgentsNow, Field(description="the agents of these queues, each counted once")]
    queues: Annotated[list[WallQueue], Field(description="every active queue, by name")]


@router.get("", summary="The wall (Mural), each queue now", response_model=Wall)
async def get_wall(context: Annotated[RequestContext, authorised(wall)], params: Annotated[OfSome, Query()]) -> Response:
    """Per queue: who waits and how long, free agents, the service level of today beside its target. Screens of a wall may ask it too. No customer's data is in it."""
    return figures(await (await ask_wall(context, params)).answer(context))


async def ask_wall(context: RequestContext, params: OfSome) -> Asked:
    """The question of the wall: today, by the queues' current names."""
    past = await past_of(context, params)
    over = past.period(_Today())
    question = replace(past.question(params, "total", over=over), names="as-is")
    return Asked(wall, question, {"period": past.shown(over, "total")})


WATCHABLE = (Watchable("/v1/wall", OfSome, wall, ask_wall, FIGURES_EVERY_S, lambda _: (Table("queues", "queue"),)),)
