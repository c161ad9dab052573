"""The route of the definitions of figures."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from api.access import RequestContext, authorised
from api.field_types import Shape
from api.problem import documented
from api.slice_router import SliceRouter
from projections.queries.definitions import definitions as all_definitions

TAG = {"name": "definitions", "description": "What the figures mean."}

router = SliceRouter(prefix="/v1/definitions", tags=["definitions"], responses=documented("unauthenticated", "unavailable", "clock"))


class Definitions(Shape):
    """The meaning of each figure."""

    definition: Annotated[str, Field(description="their version: answers with figures name it", examples=["1-3f0a1c6b9a10"])]
    figures: Annotated[
        dict[str, str], Field(description="the meaning by the name of the figure", examples=[{"asa_ms": "mean wait of answered visits"}])
    ]


@router.get("", summary="What the figures mean")
async def list_definitions(context: Annotated[RequestContext, authorised(all_definitions)]) -> Definitions:
    """One sentence for each figure, SLA profile and attribution. The version changes with any of them."""
    version, figures = await context.ask(all_definitions)
    return Definitions(definition=version, figures=figures)
