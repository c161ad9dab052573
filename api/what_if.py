"""The route of K4, *SLA: e se?*: the service level of the past under other limits and profiles."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from fastapi import Query, Response
from pydantic import Field

from api.access import RequestContext, authorised
from api.field_types import Milliseconds, Shape
from api.figure_parameters import OfPart, Profile, past_of
from api.figures import Count, OfPeriod, Percent, figures
from api.problem_documents import QUERY
from api.slice_router import SliceRouter
from projections.queries.what_if import CURVE_S, sla_what_if

TAG = {"name": "what-if", "description": "The service level of the past under other limits."}

router = SliceRouter(prefix="/v1/what-if", tags=["what-if"], responses=QUERY)


class OfSla(OfPart):
    """Parameters of the what-if of the service level."""

    sla_ms: Annotated[Milliseconds | None, Field(description="a threshold T in place of each visit's own", examples=[30_000])] = None
    tolerated_ms: Annotated[
        Milliseconds | None, Field(description="a tolerated abandon s in place of each visit's own", examples=[5_000])
    ] = None
    sla_profile: Profile = None


class Level(Shape):
    """A service level with its terms."""

    profile: Annotated[str, Field(examples=["offered"])]
    sla_percent: Annotated[Percent, Field(examples=[70.0])]
    numerator: Annotated[Count, Field(examples=[70])]
    denominator: Annotated[Count, Field(examples=[100])]
    bounds: Annotated[
        tuple[float | None, float | None] | None,
        Field(description="lowest and highest while a source was cut off; null if it is exact", examples=[[68.5, 71.0]]),
    ]


class LimitsInForce(Shape):
    """Limits that were in force when visits were offered."""

    sla_ms: Annotated[int, Field(description="the threshold T", examples=[20_000])]
    tolerated_ms: Annotated[int, Field(description="the tolerated abandon s", examples=[5_000])]
    visits: Annotated[int, Field(description="number of visits offered under them", examples=[100])]


class CurvePoint(Shape):
    """The service level with one threshold."""

    sla_ms: Annotated[int, Field(ge=0, le=1000 * CURVE_S, examples=[20_000])]
    sla_percent: Annotated[Percent, Field(examples=[70.0])]


class WaitClass(Shape):
    """Visits whose wait ended within the second that `up_to_ms` ends."""

    up_to_ms: Annotated[int, Field(ge=0, le=1000 * CURVE_S, examples=[8_000])]
    answered: Annotated[int, Field(examples=[12])]
    abandoned: Annotated[int, Field(examples=[1])]
    timed_out: Annotated[int, Field(examples=[0])]
    left_by_key: Annotated[int, Field(examples=[0])]


class SlaWhatIf(OfPeriod):
    """The published service level and what it would be; everything at one log position."""

    published: Annotated[Level, Field(description="by the limits and the profile of the visits' own queues: no parameter changes it")]
    recalculated: Annotated[Level, Field(description="by the limits and the profile of the request")]
    difference: Annotated[float | None, Field(description="recalculated less published, in percentage points", examples=[2.11])]
    profiles: Annotated[list[Level], Field(description="every profile, under the limits of the request")]
    limits: Annotated[list[LimitsInForce], Field(description="the limits in force in the period")]
    curve: Annotated[list[CurvePoint], Field(description="the profile of the request, or the published one, over the threshold")]
    waits: Annotated[list[WaitClass], Field(description="histogram of the waits up to two minutes")]


@router.get("/sla", summary="K4, SLA: e se?", response_model=SlaWhatIf)
async def get_sla_what_if(context: Annotated[RequestContext, authorised(sla_what_if)], params: Annotated[OfSla, Query()]) -> Response:
    """Every SLA profile with numerator, denominator and percentage, for any threshold and tolerated abandon, beside the published service level.

    Nothing is changed by asking.
    """
    past = await past_of(context, params)
    over = past.period(params)
    question = replace(
        past.question(params, "total", over),
        sla_ms=params.sla_ms,
        tolerated_ms=params.tolerated_ms,
        profile=params.sla_profile or "",
    )
    return figures({**await context.ask(sla_what_if, question), "period": past.shown(over, "total")})
