"""The route of the time bar: what of a company's time is known."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query, Response
from pydantic import Field

from api.access import Authenticated
from api.field_types import Instant, Shape
from api.figure_parameters import OfSome, WrittenInstant, past_of
from api.figures import Noted, figures
from api.periods import TODAY, Period, period
from api.problem import invalid
from api.problem_documents import QUERY
from api.slice_router import SliceRouter
from domain.access import REPORTS
from projections.figures.instants import instant
from projections.queries.timeline import timeline, timeline_of_board

router = SliceRouter(prefix="/v1/timeline", tags=["monitoring"], responses=QUERY)

_LONGEST_MS = 400 * 86_400_000


class OfTimeline(OfSome):
    """Parameters of the timeline: its filters are those of the page that it stands on."""

    from_: Annotated[
        WrittenInstant | None,
        Field(alias="from", description="date or ISO 8601; the beginning of the day of `to` by default", examples=["2026-03-02"]),
    ] = None
    to: Annotated[
        WrittenInstant | None,
        Field(description="date or ISO 8601, not included, at most 400 days later; now by default", examples=["2026-03-03"]),
    ] = None
    buckets: Annotated[int, Field(ge=1, le=2_000, description="how many equal parts the time has", examples=[400])] = 400


class TimelineGap(Shape):
    """A stretch in which a source of events was cut off and no log covers it."""

    from_: Annotated[Instant, Field(alias="from", examples=["2026-03-02T13:58:00-03:00"])]
    to: Annotated[Instant, Field(examples=["2026-03-02T14:02:00-03:00"])]
    missing_at_most: Annotated[
        int, Field(ge=0, description="how many calls may be missing; with a filter by queue, how many visits to those", examples=[7])
    ]


class Timeline(Noted):
    """What of a company's time is known."""

    first_at: Annotated[
        Instant | None, Field(description="the first moment known; null: nothing is known", examples=["2026-01-07T08:00:00-03:00"])
    ]
    last_at: Annotated[
        Instant | None,
        Field(
            description="the last moment known: of the last event, or the sources' last sign of life",
            examples=["2026-03-02T14:05:09-03:00"],
        ),
    ]
    from_: Annotated[Instant, Field(alias="from", examples=["2026-03-02T00:00:00-03:00"])]
    to: Annotated[Instant, Field(examples=["2026-03-03T00:00:00-03:00"])]
    bucket_ms: Annotated[
        int, Field(ge=1, description="the length of a part; the last one may be longer than the rest of the time", examples=[216_000])
    ]
    received: Annotated[list[int], Field(description="the visits to the requested queues that began in each part", examples=[[0, 3, 7, 4]])]
    gaps: Annotated[list[TimelineGap], Field(description="where events may be missing, in order")]


@router.get("", summary="What time is known", response_model=Timeline)
async def get_timeline(context: Authenticated, params: Annotated[OfTimeline, Query()]) -> Response:
    """Visits received in each of `buckets` equal parts of a time, the gaps in it, and the first and last moment known: the bar on which a past moment is chosen.

    For users with `gerenciar-relatorio` or `gerenciar-atendimento`.
    """
    past = await past_of(context, params)
    since = None if params.from_ is None else instant("from", params.from_, past.where)
    until = past.now_ms if params.to is None else instant("to", params.to, past.where)
    over = period(since, until, past.now_ms, TODAY, past.where)
    since_ms = over.since_ms or 0
    if not 0 < until - since_ms <= _LONGEST_MS:
        raise invalid("to", "should lie after `from`, and at most 400 days after it")
    question = past.question(params, "total", over=Period(since_ms, until, past.now_ms))
    known: Any = timeline if REPORTS in context.asker.permissions else timeline_of_board
    return figures(await context.ask(known, question, params.buckets))
