"""Routes for D1, Rastreio de Interações: calls, a row each, page by page or as one CSV; one call; and K1, the history of one call."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Query, Response
from pydantic import ConfigDict, Field

from api.access import RequestContext, authorised
from api.field_types import Instant, InteractionId, Shape
from api.figure_parameters import OfPast, OfSome, past_of
from api.figures import OfPeriod, figures
from api.interaction_filters import InteractionSearch, OfInteractions
from api.interaction_filters import wanted as wanted_by
from api.interaction_lookups import NOBODY, LookedUp, is_contact, looked_up, past_of_call
from api.paging import digest_of
from api.problem_documents import QUERY
from api.reports import as_csv, both
from api.slice_router import SliceRouter
from commands.people import People
from domain.errors import NotFound
from domain.voice.outbound_and_ivr import Status
from domain.voice.ringing import RingEnd
from projections.figures.voice_quality import Band
from projections.queries.history import history
from projections.queries.interactions_report import count, interactions, next_page
from projections.queries.interactions_selection import Interactions
from projections.queries.labels import AttemptResult, CallState, VisitEnd
from projections.queries.one_interaction import interaction as one_interaction
from projections.queries.report import Report
from store.mapper import read_aloud

router = SliceRouter(prefix="/v1/interactions", tags=["interactions"], responses=QUERY)

CSV_PAGE = 5_000
"""The number of rows of a CSV that are read at once: it is sent page by page, however long it is."""

_BACK = "back"
"""Marks the cursor of a page before."""

BandLabel = Annotated[str | None, Field(examples=["Alta"])]


class FinishedCall(Shape):
    """One call, with its legs and transfers."""

    id: UUID
    call: Annotated[
        str,
        Field(
            description="the id from its source; a UUID in place of an own id that may be a telephone number or a CPF",
            examples=["crm-4711"],
        ),
    ]
    medium: Literal["voice"]
    protocol: Annotated[int, Field(description="PROTOCOLO", examples=[4711])]
    queues: Annotated[list[str], Field(description="SERVIÇOS, in the order of its visits", examples=[["vendas", "suporte"]])]
    agents: Annotated[list[str], Field(description="AGENTE: all agents who answered it", examples=[["Ana"]])]
    origin: Annotated[str | None, Field(description="ORIGEM: the source of the call", examples=["Portal"])]
    direction: Annotated[Literal["inbound", "outbound"], Field(description="TIPO")]
    direction_label: Annotated[str, Field(examples=["Inbound"])]
    to_number: Annotated[
        str | None, Field(description="PARA: the number that was called; null if it is not known", examples=["551140028922"])
    ]
    contact: Annotated[
        str | None,
        Field(
            description="CONTATO: the contact's name; null until the call is tagged, and while it is not known", examples=["Beatriz Lima"]
        ),
    ]
    contact_id: Annotated[
        UUID | None,
        Field(
            description="the customer, for the filter of this name; null while no number is known",
            examples=["01932b5c-7c00-7c1e-9a77-0d5d8a8c6f10"],
        ),
    ]
    from_number: Annotated[
        str | None, Field(description="A PARTIR DE: the number that called; null if it was withheld", examples=["5511987654321"])
    ]
    state: Annotated[CallState, Field(description="`open`: it goes on")]
    state_label: Annotated[str, Field(examples=["Encerrada"])]
    started_at: Annotated[Instant, Field(description="DATA, HORA", examples=["2026-03-02T14:05:09.250-03:00"])]
    ended_at: Annotated[Instant | None, Field(description="null while it goes on", examples=["2026-03-02T14:08:22.250-03:00"])]
    duration_ms: Annotated[int | None, Field(ge=0, description="DURAÇÃO; null while it goes on", examples=[193_000])]
    status: Annotated[Status | None, Field(description="STATUS: how it ended; null while it goes on", examples=["answered"])]
    status_label: Annotated[str | None, Field(examples=["Answered"])]
    tags: Annotated[list[str], Field(description="Tag (tabulação)", examples=[["venda fechada"]])]
    jitter_ms: Annotated[float | None, Field(description="JITTER", examples=[12.5])]
    jitter_band: Band | None
    jitter_band_label: BandLabel
    loss_percent: Annotated[float | None, Field(description="PERDA DE PACOTE", examples=[0.4])]
    loss_band: Band | None
    loss_band_label: BandLabel
    quality: Annotated[Band | None, Field(description="QUALIDADE DE CHAMADA; null if it was not measured")]
    quality_label: BandLabel
    history: Annotated[
        str, Field(description="Histórico: path of the call's history", examples=["/v1/interactions/40ca8005-24cc-572c-9dd4-4d30c9eb3e0b/history"])
    ]  # fmt: skip


class FinishedCalls(OfPeriod):
    """D1, a page of it."""

    items: list[FinishedCall]
    next: Annotated[str | None, Field(description="cursor of the next page; null on the last one", examples=["Zm9vYmFy…"])]
    previous: Annotated[str | None, Field(description="cursor of the page before; null on the first one", examples=["Zm9vYmFy…"])]
    count: Annotated[int | None, Field(description="number of calls on all pages; null unless the request asks for it", examples=[1216])]
    has_more: Annotated[bool, Field(description="whether there is a next page", examples=[True])]


class Ring(Shape):
    """One ring at an agent."""

    agent: Annotated[str, Field(examples=["Ana"])]
    outcome: Annotated[Literal["ringing", RingEnd], Field(description="how it ended; `ringing` while it rings", examples=["answered"])]
    outcome_label: Annotated[str, Field(examples=["Atendeu"])]
    started_at: Annotated[Instant, Field(examples=["2026-03-02T14:05:09-03:00"])]
    ended_at: Annotated[Instant | None, Field(description="null while it rings", examples=["2026-03-02T14:05:19-03:00"])]


class Hold(Shape):
    """One time on hold."""

    started_at: Annotated[Instant, Field(examples=["2026-03-02T14:06:09-03:00"])]
    ended_at: Annotated[Instant | None, Field(description="null while it goes on", examples=["2026-03-02T14:06:19-03:00"])]


class VisitOfCall(Shape):
    """One visit of the call to a queue, from the offer to the end of the wrap-up."""

    id: Annotated[UUID, Field(description="`visit_id` of the board")]
    queue: Annotated[str, Field(examples=["vendas"])]
    queue_id: UUID
    agent: Annotated[str | None, Field(description="who answered; null for nobody", examples=["Ana"])]
    agent_id: Annotated[UUID | None, Field(description="null without an agent", examples=["7b9d2f0e-5a4b-5c1e-9a77-0d5d8a8c6f10"])]
    end: Annotated[VisitEnd, Field(description="how the wait ended; `waiting` while it goes on", examples=["answered"])]
    end_label: Annotated[str, Field(examples=["Atendida"])]
    offered_at: Annotated[Instant, Field(examples=["2026-03-02T14:05:09-03:00"])]
    ended_at: Annotated[Instant | None, Field(description="the end of the wait", examples=["2026-03-02T14:05:19-03:00"])]
    released_at: Annotated[Instant | None, Field(description="the end of the talk", examples=["2026-03-02T14:08:19-03:00"])]
    wait_ms: Annotated[int | None, Field(examples=[10_000])]
    talk_ms: Annotated[int | None, Field(description="without hold", examples=[170_000])]
    hold_ms: Annotated[int | None, Field(examples=[10_000])]
    wrap_up_ms: Annotated[int | None, Field(examples=[5_000])]
    rings: list[Ring]
    holds: list[Hold]


class AttemptOfCall(Shape):
    """The outbound attempt of the call, from the dialling to the end of the wrap-up."""

    queue: Annotated[str | None, Field(description="for which it was dialled; null for none", examples=["vendas"])]
    queue_id: Annotated[UUID | None, Field(description="null without a queue", examples=["40ca8005-24cc-572c-9dd4-4d30c9eb3e0b"])]
    agent: Annotated[str | None, Field(description="who dialled; null for a dialler without an agent", examples=["Ana"])]
    agent_id: Annotated[UUID | None, Field(description="null without an agent", examples=["7b9d2f0e-5a4b-5c1e-9a77-0d5d8a8c6f10"])]
    style: Annotated[
        str | None,
        Field(
            description="how the PBX dialled: `agent_first`, `customer_first`, `dialler` or `phone`; null where none is known",
            examples=["agent_first"],
        ),
    ]
    result: Annotated[AttemptResult, Field(description="what became of it; `dialling` while that is not known", examples=["answered"])]
    result_label: Annotated[str, Field(examples=["Atendida"])]
    dialled_at: Annotated[Instant, Field(examples=["2026-03-02T14:05:09-03:00"])]
    answered_at: Annotated[Instant | None, Field(description="when the customer answered", examples=["2026-03-02T14:05:19-03:00"])]
    ended_at: Annotated[
        Instant | None, Field(description="the end of the talk, or of the dialling", examples=["2026-03-02T14:08:19-03:00"])
    ]
    talk_ms: Annotated[int | None, Field(description="without hold", examples=[170_000])]
    hold_ms: Annotated[int | None, Field(examples=[10_000])]
    wrap_up_ms: Annotated[int | None, Field(examples=[5_000])]
    holds: list[Hold]


class AgentNote(Shape):
    """What an agent wrote down about the call."""

    text: Annotated[str, Field(description="personal data of the customer; says so once it was forgotten", examples=["Ligar na segunda"])]
    written_at: Annotated[Instant, Field(examples=["2026-03-02T14:07:09-03:00"])]
    actor: Annotated[str, Field(description="who sent it, as in the history", examples=["user:7b9d2f0e-5a4b-4c1e-9a77-0d5d8a8c6f10"])]


class InteractionDetail(FinishedCall):
    """One call, open or finished, with its visits."""

    visits: Annotated[list[VisitOfCall], Field(description="in the order of their offers, those of its legs among them")]
    attempt: Annotated[
        AttemptOfCall | None, Field(description="of a call that was dialled; null for others, and for one that the caller may not see")
    ]
    agent_notes: Annotated[list[AgentNote], Field(description="in the order in which they were written; of what the caller may see")]
    options: Annotated[list[str], Field(description="options keyed in the IVR, in order", examples=[["1"]])]
    as_of: Annotated[int, Field(description="position of the log that the answer covers", examples=[1204])]
    timezone: Annotated[str, Field(examples=["America/Sao_Paulo"])]


class HistoryEvent(Shape):
    """One event of a call, as it is in the log."""

    position: Annotated[int, Field(description="position of the log", examples=[1204])]
    event: Annotated[str, Field(description="its name", examples=["interaction.answered"])]
    occurred_at: Annotated[Instant, Field(description="when it happened", examples=["2026-03-02T14:05:09.250-03:00"])]
    recorded_at: Annotated[Instant, Field(description="when it was recorded", examples=["2026-03-02T14:05:09.251-03:00"])]
    actor: Annotated[
        str, Field(description="the actor: a user, an import, the simulator …", examples=["user:7b9d2f0e-5a4b-4c1e-9a77-0d5d8a8c6f10"])
    ]
    actor_name: Annotated[str | None, Field(description="name of the user or API key; null for other actors", examples=["Ana Souza"])]
    on_behalf_of: Annotated[
        str | None, Field(description="the agent on whose behalf the actor acted; null for the actor's own", examples=["agent:Ana"])
    ]
    cause: Annotated[str | None, Field(description="the command that caused it", examples=["AnswerCall"])]
    correlation_id: Annotated[
        str | None, Field(description="the `X-Correlation-Id` of the request, or its `Request-Id` if it had none", examples=["crm-4711"])
    ]
    request_id: Annotated[
        str | None,
        Field(
            description="the `Request-Id` beside an `X-Correlation-Id`; null without one", examples=["0f8fad5b-d9cb-469f-a165-70867728950e"]
        ),
    ]
    interaction_id: Annotated[UUID, Field(description="the call itself, or one of its legs")]
    version: Annotated[int, Field(description="number of that call's events including this one", examples=[4])]
    content: Annotated[
        dict[str, object],
        Field(
            description="the observed `facts`, and the `change` of the call that follows from them, with instants in ISO 8601; what an event does not state is left out; personal data is opened"
        ),
    ]


class History(Shape):
    """K1: the history of a call."""

    model_config = ConfigDict(frozen=True)

    items: Annotated[list[HistoryEvent], Field(description="in the order of the log")]
    as_of: Annotated[int, Field(description="log position up to which the history is complete", examples=[1204])]
    timezone: Annotated[str, Field(examples=["America/Sao_Paulo"])]


_LINES = "DATA;HORA;PROTOCOLO;SERVIÇOS;AGENTE\r\n2026-03-02;14:05:09:250;4711;vendas;Ana"


@router.get("", summary="D1, Rastreio de Interações", **both(FinishedCalls, _LINES))
async def list_interactions(
    context: Annotated[RequestContext, authorised(interactions)], params: Annotated[OfInteractions, Query()]
) -> Response:
    """Calls in the order of their beginning, each with its legs in one row: by default those that have ended."""
    if params.format == "csv":
        past, named = await past_of(context, params), await looked_up(context, None, params.call)
        wanted, people = wanted_by(past, params, named), People(context.application.center.store)
        begun = replace(wanted, limit=CSV_PAGE)
        first = await _csv_page(context, begun, people, begun=False)
        return as_csv(first, "interactions", past.shown(past.period(params), "total"), _pages_after(context, begun, first, people))
    return await _page(context, params, "interactions", None)


@router.post("/search", summary="Search calls, by a customer's number too", response_model=FinishedCalls)
async def search_interactions(context: Annotated[RequestContext, authorised(interactions)], body: InteractionSearch) -> Response:
    """As the list, with the filters in a body; changes nothing. A number that no contact has finds nothing, with a note."""
    return await _page(context, body, "search", body.phone)


async def _page(context: RequestContext, params: OfInteractions | InteractionSearch, name: str, phone: str | None) -> Response:
    named = await looked_up(context, phone, params.call)
    digest = digest_of(name, context.tenant, params.filters(), named)
    cursor = context.application.cursors.read(params.cursor, digest) if params.cursor is not None else None
    past = await past_of(context, params, cursor.as_of if cursor is not None else None)
    wanted = wanted_by(past, params, named)
    if cursor is not None:
        place = int(cursor.after[0]), str(cursor.after[1])
        wanted = replace(wanted, before=place) if _BACK in cursor.after[2:] else replace(wanted, after=place)
    page = await context.ask(interactions, wanted, People(context.application.center.store))

    def written(*place: int | str) -> str:
        return context.application.cursors.write(digest, page.as_of, place)

    answer: dict[str, Any] = page.as_dict()
    answer["next"] = written(*page.next) if page.next is not None else None
    answer["previous"] = written(*page.previous, _BACK) if page.previous is not None else None
    answer["count"] = None
    if params.count:
        at_page = replace(wanted, question=replace(wanted.question, as_of=page.as_of))
        answer["count"] = await context.ask(count, at_page)
    answer["has_more"] = page.next is not None
    answer["notes"] = [*page.notes, *await _nobody(context, params, named)]
    return figures({**answer, "period": past.shown(past.period(params), "total")})


async def _nobody(context: RequestContext, params: OfInteractions | InteractionSearch, named: LookedUp) -> list[str]:
    """A note for a number that no contact has. Raises NotFound for an id that none has. Who sees a part of the company is not told whether another part knows them."""
    if not context.asker.scope.is_whole:
        return []
    if params.contact_id is not None and not await is_contact(context, params.contact_id):
        what = "no contact has this id"
        raise NotFound("contact-unknown", what, {"contact_id": what})
    return ["no contact with this number"] if named.contact == NOBODY else []


async def _csv_page(context: RequestContext, wanted: Interactions, people: People, *, begun: bool) -> Report:
    """A page of the CSV. Each has a turn of its own, so that nobody keeps one by reading slowly."""
    async with context.turn(heavy=True, begun=begun):
        return await context.application.query(interactions, context.asker, wanted, people)


async def _pages_after(context: RequestContext, wanted: Interactions, first: Report, people: People) -> AsyncIterator[Report]:
    """The other pages of the CSV, of the same position of the log."""
    following = next_page(wanted, first)
    while following is not None:
        page = await _csv_page(context, following, people, begun=True)
        yield page
        following = next_page(following, page)


@router.get("/{interaction_id}", summary="One call", response_model=InteractionDetail)
async def get_interaction(
    interaction_id: InteractionId, context: Annotated[RequestContext, authorised(one_interaction)], params: Annotated[OfPast, Query()]
) -> Response:
    """A call, open or finished, as the figures know it: with its visits to queues, its outbound attempt, rings, holds, IVR options and tags, and with the last command about it. Not with an instant as `as_of`."""
    past = await past_of_call(context, interaction_id, params)
    question = past.question(OfSome(), "total")
    found, position = await context.ask(one_interaction, interaction_id, question, People(context.application.center.store))
    return figures({**found, "as_of": position, "timezone": past.where.key})


@router.get("/{interaction_id}/history", summary="K1, the history of a call", response_model=History)
async def get_interaction_history(
    interaction_id: InteractionId, context: Annotated[RequestContext, authorised(history)], params: Annotated[OfPast, Query()]
) -> Response:
    """All events of a call and its legs, with actor, instants and cause. With a position or a moment as `as_of`: the history up to it."""
    past = await past_of_call(context, interaction_id, params)
    keyring = context.application.center.store.keyring
    events, position = await context.ask(
        history,
        str(interaction_id),
        lambda state: read_aloud(state, keyring),
        keyring.open_text,
        timezone=past.where.key,
        as_of=past.as_of,
        moment_ms=past.moment_ms,
    )
    return figures({"items": events, "as_of": position, "timezone": past.where.key})
