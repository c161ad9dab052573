"""The dashboards Inbound (C1), Outbound (C2) and IVR (C4): of now, of any position of the log, of any moment, by any SLA."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response
from pydantic import Field

from api.access import Asking, asks
from api.figure_parameters import OfFigures, OfPart, Word, past_of
from api.figures import Inbound, IvrBoard, OutboundBoard, figures
from api.problem import QUESTION
from projections.figures.question import Grouping, Question
from projections.queries import dashboards

TAG = {"name": "dashboards", "description": "Inbound, Outbound and IVR, of now, of any past, by any SLA."}

router = APIRouter(prefix="/v1/dashboards", tags=["dashboards"], responses=QUESTION)

Clock = Literal["half_hour", "hour", "day", "week", "month"]

By = Annotated[Clock, Field(description="how long an interval of `series` is, by the wall clock of the time zone; weeks begin on Monday")]


class OfInbound(OfFigures):
    """What Inbound shows."""

    by: By = "hour"


class OfOutbound(OfPart):
    """What Outbound shows."""

    by: By = "hour"


class OfIvr(OfFigures):
    """What the IVR's dashboard shows."""

    by: By = "hour"
    ivr: Annotated[tuple[Word, ...], Field(max_length=100, description="these IVRs alone, by name", examples=[["principal"]])] = ()


Board = Callable[[Any, Question], dict[str, Any]]


@router.get("/inbound", summary="C1, Inbound", response_model=Inbound)
async def inbound(asking: Annotated[Asking, asks(dashboards.inbound)], asked: Annotated[OfInbound, Query()]) -> Response:
    """SLA, AHT, ASA, received, answered, abandoned, not connected; by queue and over time; agents now.

    Without `from` and `to`: all that is known. `as_of` a position asks what was known then, a moment how the center stood
    then, its agents too. `sla_seconds` and `sla_profile` reckon the SLA of any past anew, without touching it.
    """
    return await _board(dashboards.inbound, asking, asked, asked.by)


@router.get("/outbound", summary="C2, Outbound", response_model=OutboundBoard)
async def outbound(asking: Annotated[Asking, asks(dashboards.outbound)], asked: Annotated[OfOutbound, Query()]) -> Response:
    """Dialled, answered, not connected, mean handle time, % Connect; over time; agents now."""
    return await _board(dashboards.outbound, asking, asked, asked.by)


@router.get("/ivr", summary="C4, IVR", response_model=IvrBoard)
async def ivr(asking: Annotated[Asking, asks(dashboards.ivr)], asked: Annotated[OfIvr, Query()]) -> Response:
    """Calls, IVR-ABD, abandoned, handled, timed out, SLA, ABD %, ASA, MSA, AHT, MHT; agents logged, available, paused, talking."""
    return await _board(dashboards.ivr, asking, asked, asked.by, asked.ivr)


async def _board(board: Board, asking: Asking, asked: OfPart, by: Grouping, ivrs: tuple[str, ...] = ()) -> Response:
    past = await past_of(asking, asked)
    return figures(await asking.ask(board, past.question(asked, by, ivrs)))
