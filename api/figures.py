"""The shapes of responses with figures. The metric engine computes the figures, and they are sent unchanged.

Counts are whole numbers, percentages have two decimals, durations are whole milliseconds. Null: over zero cases, or if no
source covered any of the time.
"""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

import msgspec
from fastapi import Response
from pydantic import ConfigDict, Field

from api.field_types import Instant, Shape
from api.periods import AnsweredPeriod

_encoder = msgspec.json.Encoder()

Count = Annotated[int | None, Field(ge=0)]
Percent = Annotated[float | None, Field(ge=0)]
Ms = Annotated[int | None, Field(ge=0)]


def figures(answer: dict[str, Any]) -> Response:
    """An answer of the metric engine as a response, unchanged."""
    return Response(_encoder.encode(answer), media_type="application/json")


class Lineage(Shape):
    """The basis of the figures: the same request with this `as_of` returns the same figures for ever."""

    definition: Annotated[str, Field(description="version of the figures' definitions", examples=["1-3f0a1c6b9a10"])]
    as_of: Annotated[int, Field(description="position of the log that the figures cover", examples=[1204])]
    timezone: Annotated[str, Field(examples=["America/Sao_Paulo"])]


class Noted(Lineage):
    """An answer to a question with filters."""

    notes: Annotated[
        list[str], Field(description="filters by names that nobody has: nothing is found by them", examples=[["no queue vendas externas"]])
    ]


class OfPeriod(Noted):
    """An answer about a period."""

    period: Annotated[AnsweredPeriod, Field(description="the period of the request, or the default one")]


class Bounds(Shape):
    """Limits of each figure while a source was cut off: [low, high], counts and percentages by their names."""

    model_config = ConfigDict(extra="allow", frozen=True)

    missing_at_most: Annotated[int, Field(description="the highest number of visits that may be missing", examples=[2])]


class Visits(Shape):
    """Figures of visits: offers of a call to a queue, each with exactly one end."""

    offered: Annotated[Count, Field(description="Oferecidas, Recebidas", examples=[100])]
    answered: Annotated[Count, Field(description="Atendidas", examples=[85])]
    answered_within_sla: Annotated[Count, Field(description="Atendidas NS: within the threshold in force then", examples=[70])]
    abandoned: Annotated[Count, Field(description="Abandonadas", examples=[12])]
    timed_out: Annotated[Count, Field(description="Não Atendidas, Não Conectadas: the queue's time limit", examples=[2])]
    transferred_out: Annotated[Count, Field(description="moved before an answer", examples=[0])]
    left_by_key: Annotated[Count, Field(description="left by a key, for a callback too", examples=[1])]
    closed: Annotated[Count, Field(description="the queue was full or closed", examples=[0])]
    unknown: Annotated[Count, Field(description="no source saw the end", examples=[0])]
    waiting: Annotated[Count, Field(description="no end yet", examples=[0])]
    sla_percent: Annotated[Percent, Field(description="Nível Serviço, SLA", examples=[70.0])]
    abandoned_percent: Annotated[Percent, Field(description="%Abandonadas, ABD", examples=[12.0])]
    asa_ms: Annotated[Ms, Field(description="ASA: mean wait of answered", examples=[9_500])]
    msa_ms: Annotated[Ms, Field(description="MSA: longest wait of answered", examples=[41_000])]
    aht_ms: Annotated[Ms, Field(description="AHT, TMA: mean handle time of answered (talk + hold + wrap-up)", examples=[183_000])]
    mht_ms: Annotated[Ms, Field(description="MHT: longest handle time", examples=[900_000])]
    max_queued_ms: Annotated[Ms, Field(description="longest wait of any", examples=[60_000])]


class Limits(Shape):
    """How sure the row is."""

    bounds: Annotated[Bounds | None, Field(description="null if the figures are exact")]
    covered_to: Annotated[
        Instant | None,
        Field(description="the end of the coverage of an interval that is covered in part only", examples=["2026-03-02T18:00:00-03:00"]),
    ]


Terms = Annotated[
    dict[str, tuple[int, int]] | None,
    Field(
        description="numerator and denominator of each percentage and mean, by the name of the figure; null where no source covered the time",
        examples=[{"sla_percent": [70, 100], "asa_ms": [807_500, 85]}],
    ),
]


class Totals(Visits, Limits):
    """Figures of all visits of the request, or of one queue or interval."""

    abandoned_short: Annotated[Count, Field(description="abandoned within the tolerated time", examples=[5])]
    abandon_wait_ms: Annotated[Ms, Field(description="mean wait of abandoned", examples=[24_000])]
    max_abandon_wait_ms: Annotated[Ms, Field(description="longest wait of abandoned", examples=[60_000])]
    handled: Annotated[Count, Field(description="answered and wrapped up", examples=[84])]


class Explained(Shape):
    """How the figures of the row were calculated; `/v1/definitions` has the formulas."""

    sla_profile: Annotated[str, Field(description="the SLA profile of `sla_percent`", examples=["offered"])]
    terms: Terms


class ExplainedTotals(Totals, Explained):
    """Figures of all visits of the request, with their terms."""


_QUEUE_ID = Field(
    description="the queue's id, whatever it is called; null: the settings have no queue of that name",
    examples=["6b1f5a53-4c57-5a3c-9b1d-0f0f3a1f7d10"],
)


class OfQueue(ExplainedTotals):
    """One queue."""

    queue: Annotated[str, Field(examples=["vendas"])]
    queue_id: Annotated[UUID | None, _QUEUE_ID]


class OfInterval(Totals):
    """One interval of the clock, [start, next start)."""

    start: Annotated[Instant, Field(examples=["2026-03-02T10:00:00-03:00"])]


class AgentsNow(Shape):
    """Numbers of agents, by group of the screens and by state."""

    available: Annotated[int, Field(description="Disponíveis: free, or being rung", examples=[3])]
    on_call: Annotated[int, Field(description="Em Chamada: talking, or wrapping up", examples=[5])]
    paused: Annotated[int, Field(description="Pausados", examples=[1])]
    offline: Annotated[int, Field(description="Offline", examples=[2])]
    logged: Annotated[int, Field(description="all but offline", examples=[9])]
    talking: Annotated[int, Field(examples=[4])]
    wrap_up: Annotated[int, Field(examples=[1])]
    ringing: Annotated[int, Field(examples=[1])]


class Inbound(OfPeriod):
    """C1, the Inbound dashboard."""

    totals: ExplainedTotals
    queues: Annotated[list[OfQueue], Field(description="distribution by queue")]
    series: Annotated[list[OfInterval], Field(description="a row per interval, including those without a case")]
    agents: AgentsNow


class Outbound(Shape):
    """Figures of outbound attempts."""

    dialled: Annotated[Count, Field(description="Discadas", examples=[40])]
    answered: Annotated[Count, Field(description="the customer answered", examples=[22])]
    not_connected: Annotated[Count, Field(description="Não Conectadas: ended without the customer's answer", examples=[17])]
    dialling: Annotated[Count, Field(description="it is not known yet what becomes of them", examples=[1])]
    connected: Annotated[Count, Field(description="the network completed them: answered, rang out, busy or voicemail", examples=[37])]
    connect_percent: Annotated[Percent, Field(description="% Connect: attempts that the network completed", examples=[92.5])]
    aht_ms: Annotated[
        Ms, Field(description="AHT, TMO: mean talk + hold + wrap-up of answered, of those where all three are known", examples=[120_000])
    ]


class ExplainedOutbound(Outbound):
    """Figures of all attempts of the request, with their terms."""

    terms: Terms


class OutboundInterval(Outbound):
    """One interval of the clock."""

    start: Annotated[Instant, Field(examples=["2026-03-02T10:00:00-03:00"])]


class OutboundOfQueue(ExplainedOutbound):
    """One queue."""

    queue: Annotated[str, Field(description="empty: an attempt for no queue", examples=["vendas"])]
    queue_id: Annotated[UUID | None, _QUEUE_ID]


class OutboundBoard(OfPeriod):
    """C2, the Outbound dashboard."""

    totals: ExplainedOutbound
    queues: Annotated[list[OutboundOfQueue], Field(description="attempts by the queue for which they were dialled")]
    series: list[OutboundInterval]
    agents: AgentsNow


class OfCalls(Shape):
    """How calls that entered the IVR left it; the parts add up to `entered`."""

    entered: Annotated[Count, Field(description="Calls, Entrantes URA", examples=[120])]
    out_of_hours: Annotated[Count, Field(description="Fora de Serviço", examples=[8])]
    abandoned_in_ivr: Annotated[Count, Field(description="IVR-ABD, Abandonadas IVR", examples=[6])]
    blacklisted: Annotated[Count, Field(examples=[0])]
    ended_in_ivr: Annotated[Count, Field(description="the IVR itself ended the call", examples=[2])]
    led_to_queue: Annotated[Count, Field(description="offered to a queue", examples=[104])]
    unknown_in_ivr: Annotated[Count, Field(description="no source saw the end", examples=[0])]
    in_ivr: Annotated[Count, Field(description="still in it", examples=[0])]


class IvrTotals(OfCalls, Totals):
    """Figures of all calls and visits of the request."""


class ExplainedIvrTotals(IvrTotals, Explained):
    """Figures of all calls and visits of the request, with their terms."""


class IvrInterval(IvrTotals):
    """One interval of the clock."""

    start: Annotated[Instant, Field(examples=["2026-03-02T10:00:00-03:00"])]


class IvrBoard(OfPeriod):
    """C4, the IVR dashboard."""

    totals: ExplainedIvrTotals
    series: list[IvrInterval]
    agents: AgentsNow


class _Named(Shape):
    """The name of a row, and its id beside it: of exactly one of these, by the grouping of the request; none for the total."""

    queue: Annotated[str | None, Field(examples=["vendas"])] = None
    queue_id: Annotated[UUID | None, _QUEUE_ID] = None
    agent: Annotated[str | None, Field(description="empty: nobody answered")] = None
    agent_id: Annotated[UUID | None, Field(description="the agent's id: a name may pass to another agent; null: nobody answered")] = None
    ivr: str | None = None
    ivr_id: Annotated[UUID | None, Field(description="the IVR's id; null: the settings have no IVR of that name")] = None
    start: Annotated[Instant | None, Field(description="of an interval [start, next start)")] = None


class VisitRow(_Named, Visits, Limits):
    """A row of the report of visits."""


class IvrRow(_Named, OfCalls, Visits, Limits):
    """A row of D2, Relatório IVR."""


class OutboundRow(_Named, Outbound):
    """A row of the report of outbound attempts."""


class AgentRow(_Named):
    """A row of the report of agents: visits answered, customers reached by dialling, and time by state."""

    answered: Annotated[Count, Field(description="visits", examples=[40])]
    outbound_answered: Annotated[Count, Field(description="customers whom the agent dialled and who answered", examples=[6])]
    talk_ms: Annotated[Ms, Field(description="with customers who waited in a queue, without hold", examples=[7_200_000])]
    outbound_ms: Annotated[Ms, Field(description="with customers whom the agent dialled, without hold", examples=[900_000])]
    direct_ms: Annotated[Ms, Field(description="in direct calls of the agent's telephone, which are of no queue", examples=[120_000])]
    hold_ms: Annotated[Ms, Field(description="of both kinds of calls", examples=[300_000])]
    wrap_up_ms: Annotated[Ms, Field(description="of both kinds of calls", examples=[600_000])]
    ring_no_answer: Annotated[Count, Field(description="rings without an answer (RONA)", examples=[3])]
    logged_ms: Annotated[Ms, Field(examples=[21_600_000])]
    paused_ms: Annotated[Ms, Field(description="paused and nothing else at the same time", examples=[1_800_000])]
    paused_by_reason_ms: Annotated[dict[str, int] | None, Field(description="the same by reason", examples=[{"almoço": 1_800_000}])]
    bounds: Annotated[
        dict[str, list[int]] | None,
        Field(
            description="limits of `talk_ms` if the end of a talk was not recorded; null if it is exact",
            examples=[{"talk_ms": [7_000_000, 7_200_000]}],
        ),
    ]


class VisitReport(OfPeriod):
    """Visits by queue, agent, IVR or interval."""

    items: list[VisitRow]


class IvrReport(OfPeriod):
    """D2, Relatório IVR."""

    items: list[IvrRow]


class OutboundReport(OfPeriod):
    """Outbound attempts by queue, agent or interval."""

    items: list[OutboundRow]


class AgentReport(OfPeriod):
    """Agents, or intervals with all agents together."""

    items: list[AgentRow]
