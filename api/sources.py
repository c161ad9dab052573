"""Routes of the sources of events: what they cover, and where they were cut off."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query, Response
from pydantic import Field

from api.access import RequestContext, authorised
from api.field_types import Instant, Shape
from api.figure_parameters import OfPast, OfTime, QueueIds, Queues, past_of
from api.figures import OfPeriod, figures
from api.periods import TODAY
from api.problem_documents import QUERY_FOR_ALL
from api.slice_router import SliceRouter
from projections.figures.definitions import VERSION
from projections.figures.question import Question
from projections.queries import sources as queries
from projections.queries.labels import GapBasis, GapReason

TAG = {"name": "sources", "description": "Where the events come from, and where a source was cut off."}

router = SliceRouter(prefix="/v1/sources", tags=["sources"], responses=QUERY_FOR_ALL)

SourceKind = Annotated[str, Field(description="ami: the live stream of an Asterisk; queue_log: its log", examples=["ami"])]
SourceLabel = Annotated[str, Field(examples=["Asterisk (AMI)"])]


class Source(Shape):
    """A source of events."""

    source: SourceKind
    source_label: SourceLabel
    name: Annotated[str, Field(description="the file or the stream", examples=["pbx-1"])]
    first_sign_at: Annotated[Instant, Field(description="the first sign of life", examples=["2026-03-02T08:00:00-03:00"])]
    last_sign_at: Annotated[Instant, Field(description="the last sign of life", examples=["2026-03-02T18:00:00-03:00"])]
    covered: Annotated[int, Field(description="number of stretches of time that it covers", examples=[2])]


class SourceList(Shape):
    """All sources of the company."""

    items: list[Source]
    as_of: Annotated[int, Field(description="position of the log that the list covers", examples=[1204])]
    timezone: Annotated[str, Field(examples=["America/Sao_Paulo"])]


class MissingOfQueue(Shape):
    """What may be missing of one queue."""

    queue: Annotated[str, Field(examples=["vendas"])]
    missing_at_most: Annotated[int, Field(description="the highest number of its visits that may be missing", examples=[2])]


class SourceGap(Shape):
    """A time in which a source was cut off and which no log covers."""

    source: SourceKind
    source_label: SourceLabel
    opened_at: Annotated[Instant, Field(description="when the source was cut off", examples=["2026-03-02T13:58:00-03:00"])]
    closed_at: Annotated[
        Instant | None, Field(description="when it was there again; null while it is cut off", examples=["2026-03-02T14:03:00-03:00"])
    ]
    reason: Annotated[GapReason, Field(description="why, as far as the log tells")]
    reason_label: Annotated[str, Field(examples=["conexão com o PBX perdida"])]
    basis: Annotated[GapBasis, Field(description="by what the missing visits were reckoned")]
    basis_label: Annotated[str, Field(examples=["contadores das filas"])]
    missing_at_most: Annotated[
        int, Field(description="the highest number of visits to the queues of the request that may be missing", examples=[2])
    ]
    calls_at_most: Annotated[int, Field(description="the highest number of calls that may have visited any queue unseen", examples=[5])]
    queues: Annotated[list[MissingOfQueue], Field(description="queues of which visits may be missing")]


class GapList(OfPeriod):
    """The gaps of a period. Importing a `queue_log` of its time closes a gap: figures are exact again."""

    items: list[SourceGap]


class OfSources(OfPast):
    """Parameters of the list of sources."""


class OfGaps(OfTime):
    """Parameters of the list of gaps."""

    USUAL_DAYS = TODAY

    queue: Queues = ()
    queue_id: QueueIds = ()


@router.get("", summary="Sources of events", response_model=SourceList)
async def list_sources(context: Annotated[RequestContext, authorised(queries.sources)], params: Annotated[OfSources, Query()]) -> Response:
    """Each source with its first and last sign of life. A company without any records its events by commands alone."""
    past = await past_of(context, params)
    question = Question(timezone=past.where.key, as_of=past.as_of, moment_ms=past.moment_ms)
    found, position = await context.ask(queries.sources, question)
    return figures({"items": found, "as_of": position, "timezone": past.where.key})


@router.get("/gaps", summary="Gaps of the sources", response_model=GapList)
async def list_source_gaps(context: Annotated[RequestContext, authorised(queries.gaps)], params: Annotated[OfGaps, Query()]) -> Response:
    """Why figures have bounds: which source was cut off, from when to when, why, and how many visits may be missing, by queue."""
    past = await past_of(context, params)
    over = past.period(params)
    question = Question(
        since_ms=over.since_ms,
        until_ms=over.until_ms,
        queues=params.queue,
        queue_ids=params.queue_id,
        timezone=past.where.key,
        as_of=past.as_of,
        moment_ms=past.moment_ms,
    )
    found, notes, position = await context.ask(queries.gaps, question)
    answer: dict[str, Any] = {"items": found, "notes": notes, "period": past.shown(over, "total")}
    return figures({**answer, "definition": VERSION, "as_of": position, "timezone": past.where.key})
