"""The route of the definitions of figures."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from pydantic import Field

from api.access import RequestContext, authorised
from api.field_types import Shape
from api.figure_parameters import Parameters
from api.invalid_fields import form
from api.problem_documents import QUERY_FOR_ALL
from api.slice_router import SliceRouter
from projections.figures.definitions import VERSION, Definition, Kind, Rounding, Unit
from projections.queries.definitions import definitions as all_definitions

TAG = {"name": "definitions", "description": "What the figures mean."}

router = SliceRouter(prefix="/v1/definitions", tags=["definitions"], responses=QUERY_FOR_ALL)


class OfDefinitions(Parameters):
    """Parameters of the definitions."""

    version: Annotated[
        str,
        Field(
            max_length=40,
            pattern=form(r"^[0-9a-f\-]+$", "should be the `definition` of an answer, as it is"),
            description="the `definition` of an answer; the current one by default",
            examples=[VERSION],
        ),
    ] = VERSION


class Words(Shape):
    """A text in both languages."""

    pt_br: Annotated[str, Field(alias="pt-BR", examples=["Espera média das atendidas."])]
    en: Annotated[str, Field(examples=["mean wait of answered visits"])]


class FigureDefinition(Shape):
    """What one figure, SLA profile, attribution or rule means."""

    key: Annotated[
        str, Field(description="the name of the figure in answers; `profile …` and `attribution …` for those", examples=["asa_ms"])
    ]
    kind: Annotated[Kind, Field(examples=["figure"])]
    unit: Annotated[Unit | None, Field(description="what it counts, or its unit; null for rules", examples=["ms"])]
    label: Annotated[Words | None, Field(description="its name on screens, in the words of the manual; null for what is no figure")]
    meaning: Annotated[Words, Field(description="one sentence")]
    formula: Annotated[
        str,
        Field(
            description="over the keys of other figures; empty for what is counted or measured itself",
            examples=["answered_wait_ms ÷ answered"],
        ),
    ]
    numerator: Annotated[str, Field(description="a sum of keys; empty without a formula", examples=["answered_wait_ms"])]
    denominator: Annotated[str, Field(description="a sum of keys; empty without a formula", examples=["answered"])]
    rounding: Annotated[Rounding | None, Field(description="null for counts and single durations", examples=["half-up-whole"])]


class Definitions(Shape):
    """The meaning of each figure."""

    definition: Annotated[str, Field(description="their version: answers with figures name it", examples=[VERSION])]
    figures: Annotated[list[FigureDefinition], Field(description="figures, SLA profiles, attributions and rules")]


@router.get("", summary="What the figures mean")
async def list_definitions(
    context: Annotated[RequestContext, authorised(all_definitions)], params: Annotated[OfDefinitions, Query()]
) -> Definitions:
    """Meaning, unit, formula and rounding of each figure, SLA profile and attribution, in Portuguese and English. The version changes with any of them.

    A row of figures has the numbers of its own numerators and denominators in `terms`.
    """
    version, found = await context.ask(all_definitions, params.version)
    return Definitions(definition=version, figures=[_shown(one) for one in found])


def _shown(one: Definition) -> FigureDefinition:
    return FigureDefinition(
        key=one.key,
        kind=one.kind,
        unit=one.unit,
        label=Words(**{"pt-BR": one.label_pt, "en": one.label}) if one.label else None,
        meaning=Words(**{"pt-BR": one.meaning_pt, "en": one.meaning}),
        formula=one.formula,
        numerator=one.numerator,
        denominator=one.denominator,
        rounding=one.rounding,
    )
