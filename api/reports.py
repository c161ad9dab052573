"""Routes for reports: visits, the IVR (D2), agents, as JSON or CSV."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from functools import partial
from typing import Annotated, Any, Literal, cast
from urllib.parse import quote

from fastapi import Query, Response
from fastapi.responses import StreamingResponse
from pydantic import Field
from starlette.concurrency import run_in_threadpool

from api.access import RequestContext, authorised
from api.answer_changes import Table
from api.asked import FIGURES_EVERY_S, Asked, FigureQuery, Watchable
from api.figure_parameters import OfFigures, OfIvrs, OfPart, past_of
from api.figures import AgentReport, IvrReport, OutboundReport, VisitReport, figures
from api.problem_documents import QUERY
from api.slice_router import SliceRouter
from projections.figures.intervals import Clock
from projections.figures.question import CLOCKS, Grouping
from projections.queries import reports
from projections.queries.report import Report, comma_separated

TAG = {"name": "reports", "description": "Tables by queue, IVR, agent, hour or day, as JSON or CSV."}

router = SliceRouter(prefix="/v1/reports", tags=["reports"], responses=QUERY)

CSV = "text/csv; charset=utf-8"

Format = Annotated[
    Literal["json", "csv"],
    Field(description="CSV: all rows, `;` between cells, UTF-8 with byte order mark, pt-BR titles, times as hh:mm:ss:ms"),
]
Group = Literal["queue", "agent", "ivr", "total", Clock]


class OfVisits(OfFigures, OfIvrs):
    """Parameters of the report of visits."""

    by: Annotated[Group, Field(description="the grouping of rows")] = "queue"
    format: Format = "json"


class OfIvr(OfFigures, OfIvrs):
    """Parameters of the IVR report."""

    by: Annotated[Group, Field(description="the grouping of rows")] = "ivr"
    format: Format = "json"


class OfAttempts(OfPart):
    """Parameters of the report of outbound attempts."""

    by: Annotated[Literal["queue", "agent", "total", Clock], Field(description="the grouping of rows")] = "queue"
    format: Format = "json"


class OfAgents(OfFigures):
    """Parameters of the report of agents."""

    by: Annotated[Literal["agent", Clock], Field(description="the grouping of rows")] = "agent"
    format: Format = "json"


def both(model: type, lines: str) -> dict[str, Any]:
    """The OpenAPI documentation of a route that returns JSON or CSV. lines: the titles and a row of its CSV."""
    example = f"\ufeff{lines}\r\n"
    csv = {"schema": {"type": "string"}, "example": example}
    headers = {
        "Atende-Definition": {"description": "of a CSV: the definition of its figures", "schema": {"type": "string"}},
        "Atende-Position": {"description": "of a CSV: the position of the log that it covers", "schema": {"type": "integer"}},
        "Atende-Timezone": {"description": "of a CSV: the time zone of its instants", "schema": {"type": "string"}},
        "Atende-From": {"description": "of a CSV: the first instant of its period", "schema": {"type": "string"}},
        "Atende-To": {"description": "of a CSV: the instant before which its period ends, if it has an end", "schema": {"type": "string"}},
        "Atende-Notes": {"description": "of a CSV: filters by names that nobody has, percent-encoded", "schema": {"type": "string"}},
    }
    return {"response_model": model, "responses": {200: {"description": "The report", "content": {"text/csv": csv}, "headers": headers}}}


_OF_VISITS = "Serviço;Recebidas;Atendidas;Atendidas NS;Abandonadas\r\nvendas;100;85;70;12"
_OF_IVR = "IVR;Entrantes URA;Fora de Serviço;Abandonadas IVR;Oferecidas\r\nprincipal;120;8;6;104"
_OF_ATTEMPTS = "Serviço;Discadas;Atendidas;Não Conectadas;Discando;Completadas;% Connect;AHT\r\nvendas;40;22;17;1;37;92,50;00:02:00:000"
_OF_AGENTS = "Agente;Atendidas;Atendidas (ativo);Em conversa;Em conversa (ativo)\r\nAna;40;6;02:00:00:000;00:15:00:000"


@router.get("/queues", summary="Visits by queue, agent, IVR or interval", **both(VisitReport, _OF_VISITS))
async def get_queue_report(
    context: Annotated[RequestContext, authorised(reports.queues)], params: Annotated[OfVisits, Query()]
) -> Response:
    """Counts each visit once, in the row and interval by `attribution`; intervals without a case are rows too."""
    return await _response(await ask_queues(context, params), context, params.format)


@router.get("/ivr", summary="D2, Relatório IVR", **both(IvrReport, _OF_IVR))
async def get_ivr_report(context: Annotated[RequestContext, authorised(reports.ivr)], params: Annotated[OfIvr, Query()]) -> Response:
    """By IVR, service (queue), agent, hour or day. Calls that entered no IVR are visits too: by IVR their row has an empty `ivr`, so that every grouping has the same visits."""
    return await _response(await ask_ivr(context, params), context, params.format)


@router.get("/outbound", summary="Outbound attempts by queue, agent or interval", **both(OutboundReport, _OF_ATTEMPTS))
async def get_outbound_report(
    context: Annotated[RequestContext, authorised(reports.outbound)], params: Annotated[OfAttempts, Query()]
) -> Response:
    """The figures of the Outbound dashboard, a row each. An attempt counts where it was dialled."""
    return await _response(await ask_outbound_report(context, params), context, params.format)


@router.get("/agents", summary="Agents: calls and time", **both(AgentReport, _OF_AGENTS))
async def get_agent_report(
    context: Annotated[RequestContext, authorised(reports.agents)], params: Annotated[OfAgents, Query()]
) -> Response:
    """Answered and talk, of visits and of customers who were dialled; hold and wrap-up of both; rings without an answer, logged, paused by reason.

    Times are cut at the edges of the requested time.
    """
    return await _response(await ask_agents(context, params), context, params.format)


async def ask_queues(context: RequestContext, params: OfVisits) -> Asked:
    """The question of the report of visits."""
    return await _asked(reports.queues, context, params, params.by)


async def ask_ivr(context: RequestContext, params: OfIvr) -> Asked:
    """The question of the IVR report."""
    return await _asked(reports.ivr, context, params, params.by)


async def ask_outbound_report(context: RequestContext, params: OfAttempts) -> Asked:
    """The question of the report of outbound attempts."""
    return await _asked(reports.outbound, context, params, params.by)


async def ask_agents(context: RequestContext, params: OfAgents) -> Asked:
    """The question of the report of agents."""
    return await _asked(reports.agents, context, params, params.by)


async def _asked(report: FigureQuery, context: RequestContext, params: OfPart, by: Grouping) -> Asked:
    past = await past_of(context, params)
    over = past.period(params)
    if by in CLOCKS:
        over.clock(cast(Clock, by), "hour", past.where)
    return Asked(report, past.question(params, by, over), {"period": past.shown(over, by)})


async def _response(asked: Asked, context: RequestContext, format: str) -> Response:
    if format == "json":
        return figures(asked.shaped(await context.ask(asked.query, asked.question)))
    async with context.turn(heavy=True):
        found: Report = await context.application.query(asked.query, context.asker, asked.question)
    return as_csv(found, asked.query.__name__, asked.beside["period"])


def _tables(params: OfVisits | OfIvr | OfAttempts | OfAgents) -> tuple[Table, ...]:
    """The rows of a report, by what names them; the one row of all visits has no name."""
    return () if params.by == "total" else (Table("items", "start" if params.by in CLOCKS else params.by),)


_NO_CSV = {"format": "csv"}
WATCHABLE = (
    Watchable("/v1/reports/queues", OfVisits, reports.queues, ask_queues, FIGURES_EVERY_S, _tables, _NO_CSV),
    Watchable("/v1/reports/ivr", OfIvr, reports.ivr, ask_ivr, FIGURES_EVERY_S, _tables, _NO_CSV),
    Watchable("/v1/reports/outbound", OfAttempts, reports.outbound, ask_outbound_report, FIGURES_EVERY_S, _tables, _NO_CSV),
    Watchable("/v1/reports/agents", OfAgents, reports.agents, ask_agents, FIGURES_EVERY_S, _tables, _NO_CSV),
)


def as_csv(first: Report, name: str, period: Mapping[str, str | None], more: AsyncIterator[Report] | None = None) -> Response:
    """A CSV response that a browser saves, sent page by page. Headers state the definition of its figures, the position of the log and the period."""
    headers = {
        "Content-Disposition": f'attachment; filename="{name}.csv"',
        "Atende-Definition": first.definition,
        "Atende-Position": str(first.as_of),
        "Atende-Timezone": first.timezone,
        **{f"Atende-{end.title()}": at for end in ("from", "to") if (at := period[end]) is not None},
        **({"Atende-Notes": quote("; ".join(first.notes), safe=" ;")} if first.notes else {}),
    }

    async def texts() -> AsyncIterator[str]:
        yield await run_in_threadpool(comma_separated, first)
        if more is None:
            return
        async for page in more:
            yield await run_in_threadpool(partial(comma_separated, page, begins=False))

    return StreamingResponse(texts(), media_type=CSV, headers=headers)
