"""The route of the tags (tabulações) that calls were given."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from pydantic import Field

from api.access import RequestContext, authorised
from api.field_types import Shape
from api.figure_parameters import OfPast, past_of
from api.problem_documents import QUERY
from api.slice_router import SliceRouter
from projections.queries.interactions_report import tags

TAG = {"name": "tags", "description": "Tags (tabulações) of calls."}

router = SliceRouter(prefix="/v1/tags", tags=["tags"], responses=QUERY)


class Tag(Shape):
    """A tag that a call was given."""

    tag: Annotated[str, Field(description="as a filter takes it", examples=["venda fechada"])]


class TagList(Shape):
    """Every tag in use."""

    items: Annotated[list[Tag], Field(description="in the order of their names, 10,000 at most")]
    as_of: Annotated[int, Field(description="position of the log that the list covers", examples=[1204])]


@router.get("", summary="Tags in use")
async def list_tags(context: Annotated[RequestContext, authorised(tags)], params: Annotated[OfPast, Query()]) -> TagList:
    """Every tag that a call was wrapped up with, for filters. Tags are free texts: there is no register of them yet."""
    past = await past_of(context, params)
    found, position = await context.ask(tags, as_of=past.as_of, moment_ms=past.moment_ms)
    return TagList(items=[Tag(tag=one) for one in found], as_of=position)
