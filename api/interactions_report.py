"""D1, Rastreio de Interações: finished calls, a row each, page by page or as one CSV; and K1, all that happened to one of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import ConfigDict, Field

from api.access import Asking, asks
from api.field_types import MAX_POSITION, InteractionId, Shape
from api.figure_parameters import OfPart, OfPast, Past, Word, past_of
from api.figures import Lineage, figures
from api.lists import Turned
from api.paging import digest_of
from api.problem import QUESTION
from api.reports import Format, as_csv, both
from commands.people import People
from domain.voice.outbound_and_ivr import Status
from projections.queries.history import history
from projections.queries.interactions_report import Interactions, interactions, pages
from projections.queries.report import Report
from store.mapper import read_aloud

router = APIRouter(prefix="/v1/interactions", tags=["interactions"], responses=QUESTION)

CSV_PAGE = 5_000
"""So many rows of a CSV are read at once: it is sent as it is read, however long it is."""

Band = Literal["Alta", "Média", "Baixa"]


class OfInteractions(OfPart, Turned):
    """Which calls, by when they began, and which page of them."""

    medium: Annotated[Literal["voice"], Field(description="Mídia: the one filter that must be given", examples=["voice"])]
    direction: Annotated[Literal["inbound", "outbound"] | None, Field(description="TIPO")] = None
    protocol: Annotated[int | None, Field(ge=0, le=MAX_POSITION, description="PROTOCOLO", examples=[4711])] = None
    status: Annotated[tuple[Status, ...], Field(max_length=20, description="STATUS: one of these", examples=[["Abandoned"]])] = ()
    tag: Annotated[tuple[Word, ...], Field(max_length=100, description="tagged with one of these", examples=[["venda fechada"]])] = ()
    format: Format = "json"


class FinishedCall(Shape):
    """One call that has ended, its legs and transfers in it."""

    id: UUID
    call: Annotated[str, Field(description="the id that its source gave it", examples=["crm-4711"])]
    medium: Literal["voice"]
    date: Annotated[str, Field(description="DATA, when it began", examples=["2026-03-02"])]
    time: Annotated[str, Field(description="HORA: hh:mm:ss:ms", examples=["14:05:09:250"])]
    protocol: Annotated[int, Field(description="PROTOCOLO", examples=[4711])]
    queues: Annotated[list[str], Field(description="SERVIÇOS, in the order in which it came to them", examples=[["vendas", "suporte"]])]
    agents: Annotated[list[str], Field(description="AGENTE: everybody who took it", examples=[["Ana"]])]
    origin: Annotated[str, Field(description="ORIGEM: who told of it", examples=["Portal"])]
    type: Annotated[Literal["Inbound", "Outbound"], Field(description="TIPO")]
    to: Annotated[str, Field(description="PARA: the number that was called", examples=["551140028922"])]
    contact: Annotated[str, Field(description="CONTATO: who it was; told once the call was tagged", examples=["Beatriz Lima"])]
    from_: Annotated[str, Field(alias="from", description="A PARTIR DE: the number that called", examples=["5511987654321"])]
    duration_ms: Annotated[int, Field(ge=0, description="DURAÇÃO", examples=[193_000])]
    status: Annotated[str, Field(description="STATUS: how it ended", examples=["Answered"])]
    tags: Annotated[list[str], Field(description="Tag (tabulação)", examples=[["venda fechada"]])]
    jitter_ms: Annotated[float | None, Field(description="JITTER", examples=[12.5])]
    jitter_band: Band | None
    loss_percent: Annotated[float | None, Field(description="PERDA DE PACOTE", examples=[0.4])]
    loss_band: Band | None
    quality: Annotated[Band | None, Field(description="QUALIDADE DE CHAMADA; null where nobody measured it")]
    history: Annotated[
        str, Field(description="Histórico: where all that happened is told", examples=["/v1/interactions/40ca8005-24cc-572c-9dd4-4d30c9eb3e0b/history"])
    ]  # fmt: skip


class FinishedCalls(Lineage):
    """D1, a page of it."""

    rows: list[FinishedCall]
    next: Annotated[str | None, Field(description="cursor of the next page; null on the last one", examples=["Zm9vYmFy…"])]


class Happening(Shape):
    """One event of a call, as the log holds it."""

    position: Annotated[int, Field(description="position of the log", examples=[1204])]
    event: Annotated[str, Field(description="its name", examples=["interaction.answered"])]
    occurred_at: Annotated[str, Field(description="when it happened, ISO 8601 with offset", examples=["2026-03-02T14:05:09.250-03:00"])]
    recorded_at: Annotated[str, Field(description="when it was written down", examples=["2026-03-02T14:05:09.251-03:00"])]
    actor: Annotated[
        str, Field(description="who: a user, an import, the simulator …", examples=["user:7b9d2f0e-5a4b-4c1e-9a77-0d5d8a8c6f10"])
    ]
    on_behalf_of: Annotated[
        str, Field(description="the agent as whom the actor acted for somebody else; else empty", examples=["agent:Ana"])
    ]
    cause: Annotated[str, Field(description="why: the command", examples=["AnswerCall"])]
    correlation: Annotated[str, Field(description="the X-Correlation-Id of the request, if it had one", examples=["crm-4711"])]
    interaction: Annotated[UUID, Field(description="the call itself, or one of its legs")]
    version: Annotated[int, Field(description="how many events that one had with it", examples=[4])]
    content: Annotated[
        dict[str, object],
        Field(description="the observed `facts`, and the `change` that they make to what is known of the call; people's data opened"),
    ]


class History(Shape):
    """K1: who did what, when and why."""

    model_config = ConfigDict(frozen=True)

    events: Annotated[list[Happening], Field(description="in the order of the log")]
    as_of: Annotated[int, Field(description="position of the log up to which they are all", examples=[1204])]
    timezone: Annotated[str, Field(examples=["America/Sao_Paulo"])]


_LINES = "DATA;HORA;PROTOCOLO;SERVIÇOS;AGENTE\r\n2026-03-02;14:05:09:250;4711;vendas;Ana"


@router.get("", summary="D1, Rastreio de Interações", **both(FinishedCalls, _LINES))
async def finished(asking: Annotated[Asking, asks(interactions)], asked: Annotated[OfInteractions, Query()]) -> Response:
    """Every call that has ended, in the order in which they began, its legs in its row. A page; or all of them as CSV with the manual's columns."""
    digest = digest_of("interactions", asking.tenant, asked.filters())
    cursor = asking.application.cursors.read(asked.cursor, digest) if asked.cursor is not None else None
    past = await past_of(asking, asked, cursor.as_of if cursor is not None else None)
    wanted = _wanted(past, asked)
    people = People(asking.application.center.store)
    if asked.format == "csv":
        return as_csv(await asking.application.ask(_begun, asking, replace(wanted, limit=CSV_PAGE), people), "interactions")
    if cursor is not None:
        wanted = replace(wanted, after=(int(cursor.after[0]), str(cursor.after[1])))
    page = await asking.ask(interactions, wanted, people)
    following = asking.application.cursors.write(digest, page.as_of, page.next) if page.next is not None else None
    return figures({**page.as_dict(), "next": following})


def _wanted(past: Past, asked: OfInteractions) -> Interactions:
    return Interactions(
        question=past.question(asked, "total"),
        medium=asked.medium,
        direction=asked.direction or "",
        protocol=asked.protocol,
        statuses=asked.status,
        tags=asked.tag,
        limit=asked.limit,
    )


def _begun(asking: Asking, wanted: Interactions, people: People) -> Iterator[Report]:
    """The pages of a report of which the first is there: what is wrong with the question is said before anything is sent."""
    following = asking.application.center.queries.ask(pages, asking.asker, wanted, people)
    return chain([next(following)], following)


@router.get("/{interaction}/history", summary="K1, all that happened to a call", response_model=History)
async def happened(interaction: InteractionId, asking: Annotated[Asking, asks(history)], asked: Annotated[OfPast, Query()]) -> Response:
    """The whole story, its legs' too: every event, who did it, when and why. `as_of` a position or a moment: the story up to there."""
    past = await past_of(asking, asked)
    keyring = asking.application.center.store.keyring
    events, position = await asking.ask(
        history,
        str(interaction),
        lambda state: read_aloud(state, keyring),
        timezone=past.where.key,
        as_of=past.as_of,
        moment_ms=past.moment_ms,
    )
    return figures({"events": events, "as_of": position, "timezone": past.where.key})
