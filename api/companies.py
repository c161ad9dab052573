"""Routes for the caller's company: its name, its time zone, the defaults of its queues."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Response
from pydantic import Field

from api.access import Authenticated
from api.field_types import ONE_LINE, Body, Milliseconds, Receipt, Shape, Version
from api.problem_documents import documented, of_command
from api.slice_router import SliceRouter
from commands.companies import SetCompanySettings
from domain.companies import MOST_RECORDING_DAYS, CompanySettings
from projections.queries.imports import is_empty
from projections.queries.settings import company as known_company

TAG = {"name": "company", "description": "The company: its time zone, and what a new queue begins with."}

router = SliceRouter(prefix="/v1", tags=["company"], responses=documented("unauthenticated", "invalid", "unavailable", "clock"))

_COMMAND = of_command()


class CompanyDetail(Shape):
    """The caller's company (Empresa)."""

    id: UUID
    version: Version
    name: Annotated[str, Field(examples=["Empresa"])]
    timezone: Annotated[str, Field(description="IANA time zone of its hours and days", examples=["America/Sao_Paulo"])]
    sla_target: Annotated[float, Field(description="percentage; default of its queues, as are the next two", examples=[80])]
    sla_ms: Annotated[int, Field(examples=[20_000])]
    tolerated_ms: Annotated[int, Field(examples=[5_000])]
    supervision_notice: Annotated[
        bool, Field(description="whether an agent is told that a supervisor listens, by a text on the agent's telephone")
    ]
    recording_days: Annotated[
        int, Field(ge=0, description="for so many days recordings are kept (retenção), then they are deleted; 0 for ever", examples=[365])
    ]
    empty: Annotated[
        bool, Field(description="whether it has no call yet, of any source: nothing was imported, simulated or observed", examples=[False])
    ]


class CompanyChange(Body):
    """The company's defaults. Omitted fields stay unchanged."""

    timezone: Annotated[str | None, Field(max_length=60, pattern=ONE_LINE, examples=["America/Manaus"])] = None
    sla_target: Annotated[float | None, Field(ge=0, le=100, allow_inf_nan=False, examples=[80])] = None
    sla_ms: Annotated[Milliseconds | None, Field(examples=[20_000])] = None
    tolerated_ms: Annotated[Milliseconds | None, Field(examples=[5_000])] = None
    supervision_notice: Annotated[bool | None, Field(description="whether an agent is told that a supervisor listens", examples=[True])] = (
        None
    )
    recording_days: Annotated[
        int | None,
        Field(ge=0, le=MOST_RECORDING_DAYS, description="for so many days recordings are kept (retenção); 0 for ever", examples=[365]),
    ] = None


@router.get("/company", summary="The caller's company")
async def get_company(context: Authenticated) -> CompanyDetail:
    """Its name, its time zone, its defaults."""
    found = await context.ask(known_company)
    settings = found.settings
    return CompanyDetail(
        id=found.id,
        version=found.version,
        name=found.name,
        timezone=settings.timezone,
        sla_target=settings.sla_target,
        sla_ms=settings.sla_ms,
        tolerated_ms=settings.tolerated_ms,
        supervision_notice=settings.supervision_notice,
        recording_days=settings.recording_days,
        empty=await context.ask(is_empty),
    )


@router.patch("/company", summary="Change the company's defaults", responses=_COMMAND, response_model=Receipt)
async def change_company(body: CompanyChange, context: Authenticated) -> Response:
    """Existing queues keep their settings; the time zone applies to every report from now on."""
    found = await context.ask(known_company)
    given = {name: getattr(body, name) for name in CompanySettings.__struct_fields__}
    settings = {name: getattr(found.settings, name) if value is None else value for name, value in given.items()}
    return await context.do(SetCompanySettings(settings=CompanySettings(**settings)))
