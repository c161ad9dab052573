"""The route of the proof of a call against the hash chain of the log."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Query, Response
from pydantic import Field

from api.access import RequestContext, authorised
from api.field_types import Instant, InteractionId, Position, Shape
from api.figure_parameters import OfPast, Parameters
from api.figures import figures
from api.interaction_lookups import past_of_call
from api.problem_documents import QUERY
from api.slice_router import SliceRouter
from projections.queries.history import proof

router = SliceRouter(prefix="/v1/interactions", tags=["interactions"], responses=QUERY)


class EventsProof(Shape):
    """Whether the events of the call are what was written."""

    verdict: Annotated[Literal["intact", "broken"], Field(examples=["intact"])]
    checked: Annotated[int, Field(description="number of events of the call and its legs", examples=[12])]
    first_broken: Annotated[int | None, Field(description="position of the first event that is not what was written; null for none")]


class LogProof(Shape):
    """Whether the whole log up to the position is what was written, all events of all calls."""

    verdict: Annotated[
        Literal["intact", "broken", "unfinished"],
        Field(description="`unfinished`: a long log is checked part by part; ask again, and the next part is checked", examples=["intact"]),
    ]
    checked_to: Annotated[int, Field(description="position up to which every event is what was written", examples=[1204])]
    first_broken: Annotated[int | None, Field(description="position of the first event that is not what was written; null for none")]
    checked_at: Annotated[Instant, Field(description="when this check of the log began", examples=["2026-03-02T14:10:00-03:00"])]


class Proof(Shape):
    """The proof of a call: each event's hash covers its stored bytes and the hash of the event before it."""

    events: EventsProof
    log: LogProof
    as_of: Annotated[int, Field(description="log position up to which the proof goes", examples=[1204])]
    timezone: Annotated[str, Field(examples=["America/Sao_Paulo"])]


class OfProof(Parameters):
    """Parameters of a proof."""

    as_of: Annotated[
        Position | None, Field(description="the position up to which the log is proved; its end by default", examples=[1204])
    ] = None


@router.get("/{interaction_id}/proof", summary="The proof of a call", response_model=Proof)
async def get_interaction_proof(
    interaction_id: InteractionId, context: Annotated[RequestContext, authorised(proof)], params: Annotated[OfProof, Query()]
) -> Response:
    """Whether the events of the call, and the log up to the position, are what was written; else the first position that is not.

    The events of the call are checked at each request. The log is walked from its beginning in parts of 50,000 events a request and kept in mind;
    the walk begins again after ten minutes.
    """
    past = await past_of_call(context, interaction_id, OfPast(as_of=None if params.as_of is None else str(params.as_of)))
    center = context.application.center
    now_us = center.bus.clock.now_us()
    return figures(await context.ask(proof, str(interaction_id), center.store.prover, now_us, timezone=past.where.key, as_of=past.as_of))
