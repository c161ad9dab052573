"""Routes of the dashboards Inbound (C1), Outbound (C2) and IVR (C4): now, at any log position or moment, with any SLA."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import Query, Response
from pydantic import Field

from api.access import RequestContext, authorised
from api.figure_parameters import OfFigures, OfPart, Word, past_of
from api.figures import Inbound, IvrBoard, OutboundBoard, figures
from api.periods import TODAY
from api.problem import QUERY
from api.slice_router import SliceRouter
from projections.figures.intervals import Clock
from projections.figures.question import Question
from projections.queries import dashboards

TAG = {"name": "dashboards", "description": "Inbound, Outbound and IVR, now or at any past instant, with any SLA."}

router = SliceRouter(prefix="/v1/dashboards", tags=["dashboards"], responses=QUERY)

By = Annotated[
    Clock | None,
    Field(
        description="length of the intervals of `series`, by the wall clock of the time zone; weeks begin on Monday. By default an hour, "
        "or longer where the period would have more than 2,000 of them",
        examples=["hour"],
    ),
]


class OfInbound(OfFigures):
    """Parameters of the Inbound dashboard."""

    USUAL_DAYS = TODAY

    by: By = None


class OfOutbound(OfPart):
    """Parameters of the Outbound dashboard."""

    USUAL_DAYS = TODAY

    by: By = None


class OfIvr(OfFigures):
    """Parameters of the IVR dashboard."""

    USUAL_DAYS = TODAY

    by: By = None
    ivr: Annotated[tuple[Word, ...], Field(max_length=100, description="only these IVRs, by name", examples=[["principal"]])] = ()


DashboardQuery = Callable[[Any, Question], dict[str, Any]]


@router.get("/inbound", summary="C1, Inbound", response_model=Inbound)
async def get_inbound_dashboard(
    context: Annotated[RequestContext, authorised(dashboards.inbound)], params: Annotated[OfInbound, Query()]
) -> Response:
    """SLA, AHT, ASA, received, answered, abandoned, not connected; by queue and over time; agents now.

    Without `from` and `to`: today. With a position as `as_of` the answer is what was known then; with a moment, the state of the center
    then, its agents included. `sla_ms` and `sla_profile` recalculate the SLA of any past, without changing it.
    """
    return await _answer(dashboards.inbound, context, params, params.by)


@router.get("/outbound", summary="C2, Outbound", response_model=OutboundBoard)
async def get_outbound_dashboard(
    context: Annotated[RequestContext, authorised(dashboards.outbound)], params: Annotated[OfOutbound, Query()]
) -> Response:
    """Dialled, answered, not connected, mean handle time, % Connect; over time; agents now."""
    return await _answer(dashboards.outbound, context, params, params.by)


@router.get("/ivr", summary="C4, IVR", response_model=IvrBoard)
async def get_ivr_dashboard(context: Annotated[RequestContext, authorised(dashboards.ivr)], params: Annotated[OfIvr, Query()]) -> Response:
    """Calls, IVR-ABD, abandoned, handled, timed out, SLA, ABD %, ASA, MSA, AHT, MHT; agents logged, available, paused, talking."""
    return await _answer(dashboards.ivr, context, params, params.by, params.ivr)


async def _answer(
    dashboard: DashboardQuery, context: RequestContext, params: OfPart, asked: Clock | None, ivrs: tuple[str, ...] = ()
) -> Response:
    past = await past_of(context, params)
    over = past.period(params)
    by = over.clock(asked, "hour")
    found = await context.ask(dashboard, past.question(params, by, ivrs, over))
    return figures({**found, "period": past.shown(over, by)})
