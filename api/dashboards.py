"""Routes of the dashboards Inbound (C1), Outbound (C2) and IVR (C4): now, at any log position or moment, with any SLA."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import Query, Response
from pydantic import Field

from api.access import RequestContext, authorised
from api.answer_changes import Table
from api.asked import FIGURES_EVERY_S, Asked, FigureQuery, Watchable
from api.figure_parameters import OfFigures, OfIvrs, OfPart, past_of
from api.figures import Inbound, IvrBoard, OutboundBoard, figures
from api.periods import TODAY
from api.problem_documents import QUERY
from api.slice_router import SliceRouter
from projections.figures.intervals import Clock
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


class OfIvr(OfFigures, OfIvrs):
    """Parameters of the IVR dashboard."""

    USUAL_DAYS = TODAY

    by: By = None


@router.get("/inbound", summary="C1, Inbound", response_model=Inbound)
async def get_inbound_dashboard(
    context: Annotated[RequestContext, authorised(dashboards.inbound)], params: Annotated[OfInbound, Query()]
) -> Response:
    """SLA, AHT, ASA, received, answered, abandoned, not connected; by queue and over time; agents now.

    Without `from` and `to`: today. With a position as `as_of` the answer is what was known then; with a moment, the state of the center
    then, its agents included. `sla_ms` and `sla_profile` recalculate the SLA of any past, without changing it.
    """
    return figures(await (await ask_inbound(context, params)).answer(context))


@router.get("/outbound", summary="C2, Outbound", response_model=OutboundBoard)
async def get_outbound_dashboard(
    context: Annotated[RequestContext, authorised(dashboards.outbound)], params: Annotated[OfOutbound, Query()]
) -> Response:
    """Dialled, answered, not connected, mean handle time, % Connect; over time; agents now."""
    return figures(await (await ask_outbound(context, params)).answer(context))


@router.get("/ivr", summary="C4, IVR", response_model=IvrBoard)
async def get_ivr_dashboard(context: Annotated[RequestContext, authorised(dashboards.ivr)], params: Annotated[OfIvr, Query()]) -> Response:
    """Calls, IVR-ABD, abandoned, handled, timed out, SLA, ABD %, ASA, MSA, AHT, MHT; agents logged, available, paused, talking."""
    return figures(await (await ask_ivr(context, params)).answer(context))


async def ask_inbound(context: RequestContext, params: OfInbound) -> Asked:
    """The question of the Inbound dashboard."""
    return await _asked(dashboards.inbound, context, params, params.by)


async def ask_outbound(context: RequestContext, params: OfOutbound) -> Asked:
    """The question of the Outbound dashboard."""
    return await _asked(dashboards.outbound, context, params, params.by)


async def ask_ivr(context: RequestContext, params: OfIvr) -> Asked:
    """The question of the IVR dashboard."""
    return await _asked(dashboards.ivr, context, params, params.by)


async def _asked(dashboard: FigureQuery, context: RequestContext, params: OfPart, asked: Clock | None) -> Asked:
    past = await past_of(context, params)
    over = past.period(params)
    by = over.clock(asked, "hour", past.where)
    return Asked(dashboard, past.question(params, by, over), {"period": past.shown(over, by)})


def _tables(*tables: Table) -> Callable[[OfPart], tuple[Table, ...]]:
    return lambda _: tables


_SERIES = Table("series", "start")
WATCHABLE = (
    Watchable(
        "/v1/dashboards/inbound", OfInbound, dashboards.inbound, ask_inbound, FIGURES_EVERY_S, _tables(Table("queues", "queue"), _SERIES)
    ),
    Watchable(
        "/v1/dashboards/outbound",
        OfOutbound,
        dashboards.outbound,
        ask_outbound,
        FIGURES_EVERY_S,
        _tables(Table("queues", "queue"), _SERIES),
    ),
    Watchable("/v1/dashboards/ivr", OfIvr, dashboards.ivr, ask_ivr, FIGURES_EVERY_S, _tables(_SERIES)),
)
