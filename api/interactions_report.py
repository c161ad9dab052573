"""Routes for D1, Rastreio de Interações: finished calls, a row each, page by page or as one CSV; and K1, the history of one call."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import ConfigDict, Field

from api.access import RequestContext, authorised
from api.field_types import MAX_POSITION, InteractionId, Shape
from api.figure_parameters import OfPart, OfPast, Past, Word, past_of
from api.figures import OfPeriod, figures
from api.lists import PageParameters
from api.paging import digest_of
from api.problem import QUERY
from api.reports import Format, as_csv, both
from commands.people import People
from domain.voice.outbound_and_ivr import Status
from projections.queries.history import history
from projections.queries.interactions_report import Interactions, interactions, pages
from projections.queries.report import Report
from store.mapper import read_aloud

router = APIRouter(prefix="/v1/interactions", tags=["interactions"], responses=QUERY)

CSV_PAGE = 5_000
"""The number of rows of a CSV that are read at once: it is sent page by page, however long it is."""

Band = Literal["Alta", "Média", "Baixa"]


class OfInteractions(OfPart, PageParameters):
    """Filters of finished calls, by their beginning, and the page."""

    @property
    def usual_days(self) -> int | None:
        """None for a protocol number: the call that has it is found whenever it was."""
        return super().usual_days if self.protocol is None else None

    medium: Annotated[Literal["voice"], Field(description="Mídia: the only required filter", examples=["voice"])]
    direction: Annotated[Literal["inbound", "outbound"] | None, Field(description="TIPO")] = None
    protocol: Annotated[int | None, Field(ge=0, le=MAX_POSITION, description="PROTOCOLO", examples=[4711])] = None
    status: Annotated[tuple[Status, ...], Field(max_length=20, description="STATUS: one of these", examples=[["Abandoned"]])] = ()
    tag: Annotated[tuple[Word, ...], Field(max_length=100, description="tagged with one of these", examples=[["venda fechada"]])] = ()
    format: Format = "json"


class FinishedCall(Shape):
    """One call that has ended, with its legs and transfers."""

    id: UUID
    call: Annotated[str, Field(description="the id from its source", examples=["crm-4711"])]
    medium: Literal["voice"]
    date: Annotated[str, Field(description="DATA, when it began", examples=["2026-03-02"])]
    time: Annotated[str, Field(description="HORA: hh:mm:ss:ms", examples=["14:05:09:250"])]
    protocol: Annotated[int, Field(description="PROTOCOLO", examples=[4711])]
    queues: Annotated[list[str], Field(description="SERVIÇOS, in the order of its visits", examples=[["vendas", "suporte"]])]
    agents: Annotated[list[str], Field(description="AGENTE: all agents who answered it", examples=[["Ana"]])]
    origin: Annotated[str, Field(description="ORIGEM: the source of the call", examples=["Portal"])]
    type: Annotated[Literal["Inbound", "Outbound"], Field(description="TIPO")]
    to: Annotated[str, Field(description="PARA: the number that was called", examples=["551140028922"])]
    contact: Annotated[str, Field(description="CONTATO: the contact's name; empty until the call is tagged", examples=["Beatriz Lima"])]
    from_: Annotated[str, Field(alias="from", description="A PARTIR DE: the number that called", examples=["5511987654321"])]
    duration_ms: Annotated[int, Field(ge=0, description="DURAÇÃO", examples=[193_000])]
    status: Annotated[str, Field(description="STATUS: how it ended", examples=["Answered"])]
    tags: Annotated[list[str], Field(description="Tag (tabulação)", examples=[["venda fechada"]])]
    jitter_ms: Annotated[float | None, Field(description="JITTER", examples=[12.5])]
    jitter_band: Band | None
    loss_percent: Annotated[float | None, Field(description="PERDA DE PACOTE", examples=[0.4])]
    loss_band: Band | None
    quality: Annotated[Band | None, Field(description="QUALIDADE DE CHAMADA; null if it was not measured")]
    history: Annotated[
        str, Field(description="Histórico: path of the call's history", examples=["/v1/interactions/40ca8005-24cc-572c-9dd4-4d30c9eb3e0b/history"])
    ]  # fmt: skip


class FinishedCalls(OfPeriod):
    """D1, a page of it."""

    rows: list[FinishedCall]
    next: Annotated[str | None, Field(description="cursor of the next page; null on the last one", examples=["Zm9vYmFy…"])]


class HistoryEvent(Shape):
    """One event of a call, as it is in the log."""

    position: Annotated[int, Field(description="position of the log", examples=[1204])]
    event: Annotated[str, Field(description="its name", examples=["interaction.answered"])]
    occurred_at: Annotated[str, Field(description="when it happened, ISO 8601 with offset", examples=["2026-03-02T14:05:09.250-03:00"])]
    recorded_at: Annotated[str, Field(description="when it was recorded", examples=["2026-03-02T14:05:09.251-03:00"])]
    actor: Annotated[
        str, Field(description="the actor: a user, an import, the simulator …", examples=["user:7b9d2f0e-5a4b-4c1e-9a77-0d5d8a8c6f10"])
    ]
    on_behalf_of: Annotated[
        str, Field(description="the agent on whose behalf the actor acted; empty for the actor's own", examples=["agent:Ana"])
    ]
    cause: Annotated[str, Field(description="the command that caused it", examples=["AnswerCall"])]
    correlation: Annotated[str, Field(description="the X-Correlation-Id of the request, if it had one", examples=["crm-4711"])]
    interaction: Annotated[UUID, Field(description="the call itself, or one of its legs")]
    version: Annotated[int, Field(description="number of that call's events including this one", examples=[4])]
    content: Annotated[
        dict[str, object],
        Field(description="the observed `facts`, and the `change` of the call that follows from them; personal data is opened"),
    ]


class History(Shape):
    """K1: the history of a call."""

    model_config = ConfigDict(frozen=True)

    events: Annotated[list[HistoryEvent], Field(description="in the order of the log")]
    as_of: Annotated[int, Field(description="log position up to which the history is complete", examples=[1204])]
    timezone: Annotated[str, Field(examples=["America/Sao_Paulo"])]


_LINES = "DATA;HORA;PROTOCOLO;SERVIÇOS;AGENTE\r\n2026-03-02;14:05:09:250;4711;vendas;Ana"


@router.get("", summary="D1, Rastreio de Interações", **both(FinishedCalls, _LINES))
async def list_interactions(
    context: Annotated[RequestContext, authorised(interactions)], params: Annotated[OfInteractions, Query()]
) -> Response:
    """All calls that have ended, in the order of their beginning, each with its legs in one row. A page as JSON; or all of them as CSV with the manual's columns."""
    digest = digest_of("interactions", context.tenant, params.filters())
    cursor = context.application.cursors.read(params.cursor, digest) if params.cursor is not None else None
    past = await past_of(context, params, cursor.as_of if cursor is not None else None)
    wanted, shown = _wanted(past, params), past.shown(past.period(params), "total")
    people = People(context.application.center.store)
    if params.format == "csv":
        return as_csv(await context.application.ask(_pages, context, replace(wanted, limit=CSV_PAGE), people), "interactions", shown)
    if cursor is not None:
        wanted = replace(wanted, after=(int(cursor.after[0]), str(cursor.after[1])))
    page = await context.ask(interactions, wanted, people)
    following = context.application.cursors.write(digest, page.as_of, page.next) if page.next is not None else None
    return figures({**page.as_dict(), "next": following, "period": shown})


def _wanted(past: Past, params: OfInteractions) -> Interactions:
    return Interactions(
        question=past.question(params, "total", over=past.period(params)),
        medium=params.medium,
        direction=params.direction or "",
        protocol=params.protocol,
        statuses=params.status,
        tags=params.tag,
        limit=params.limit,
    )


def _pages(context: RequestContext, wanted: Interactions, people: People) -> Iterator[Report]:
    """The pages of a report. Reads the first page at once, so that errors are raised before anything is sent."""
    following = context.application.center.queries.ask(pages, context.asker, wanted, people)
    return chain([next(following)], following)


@router.get("/{interaction}/history", summary="K1, the history of a call", response_model=History)
async def get_interaction_history(
    interaction: InteractionId, context: Annotated[RequestContext, authorised(history)], params: Annotated[OfPast, Query()]
) -> Response:
    """All events of a call and its legs, with actor, instants and cause. With a position or a moment as `as_of`: the history up to it."""
    past = await past_of(context, params)
    keyring = context.application.center.store.keyring
    events, position = await context.ask(
        history,
        str(interaction),
        lambda state: read_aloud(state, keyring),
        timezone=past.where.key,
        as_of=past.as_of,
        moment_ms=past.moment_ms,
    )
    return figures({"events": events, "as_of": position, "timezone": past.where.key})
