"""The reports of visits, agents and the IVR (D2): their columns and titles. The metric engine computes the figures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from domain.access import REPORTS
from domain.errors import InvalidField
from domain.names import alphabetical
from projections.engine.temporal_view import CompanyRows, TemporalView
from projections.figures import agents as agent_figures
from projections.figures import ivr as ivr_figures
from projections.figures import metrics
from projections.figures import outbound as outbound_figures
from projections.figures.metrics import QueryContext, Row, counted, query_context, rows_of
from projections.figures.question import CLOCKS, Question
from projections.figures.row_ids import id_key, identified
from projections.queries.report import NOTHING, Column, Report, clock_ms, comma, limits, talk_limits
from projections.query_bus import query

_NAMES = {
    "queue": Column("queue", "Serviço"),
    "agent": Column("agent", "Agente"),
    "ivr": Column("ivr", "IVR"),
    "half-hour": Column("start", "Meia hora"),
    "hour": Column("start", "Hora"),
    "day": Column("start", "Dia"),
    "week": Column("start", "Semana"),
    "month": Column("start", "Mês"),
}


def _count(key: str, title: str) -> Column:
    return Column(key, title, number=True)


def _time(key: str, title: str) -> Column:
    return Column(key, title, clock_ms, number=True)


def _percent(key: str, title: str) -> Column:
    return Column(key, title, comma, number=True)


_UNTIL = (Column("bounds", "Limites", limits), Column("covered_to", "Coberto até"))

# The words of the Inbound dashboard, whose figures these are; D2 has those that the manual gives its columns.
_QUEUES = (
    _count("offered", "Recebidas"),
    _count("answered", "Atendidas"),
    _count("answered_within_sla", "Atendidas NS"),
    _count("abandoned", "Abandonadas"),
    _count("timed_out", "Não Conectadas"),
    _count("transferred_out", "Transferidas"),
    _count("left_by_key", "Saídas por tecla"),
    _count("closed", "Fechadas"),
    _count("unknown", "Desconhecidas"),
    _count("waiting", "Na fila"),
    _percent("sla_percent", "SLA"),
    _percent("abandoned_percent", "%Abandonadas"),
    _time("asa_ms", "ASA"),
    _time("msa_ms", "MSA"),
    _time("aht_ms", "AHT"),
    _time("mht_ms", "MHT"),
    _time("max_queued_ms", "Maior espera"),
    *_UNTIL,
)

_IVR = (
    _count("entered", "Entrantes URA"),
    _count("out_of_hours", "Fora de Serviço"),
    _count("abandoned_in_ivr", "Abandonadas IVR"),
    _count("offered", "Oferecidas"),
    _count("abandoned", "Abandonadas"),
    _percent("abandoned_percent", "%Abandonadas"),
    _count("answered", "Atendidas"),
    _count("answered_within_sla", "Atendidas NS"),
    _percent("sla_percent", "Nível Serviço"),
    _count("timed_out", "Não Atendidas"),
    _time("aht_ms", "TMA"),
    _time("msa_ms", "MSA"),
    _time("asa_ms", "ASA"),
    _time("mht_ms", "MHT"),
)

_AGENTS = (
    _count("answered", "Atendidas"),
    _count("outbound_answered", "Atendidas (ativo)"),
    _time("talk_ms", "Em conversa"),
    _time("outbound_ms", "Em conversa (ativo)"),
    _time("direct_ms", "Em ligação direta"),
    _time("hold_ms", "Em espera"),
    _time("wrap_up_ms", "Tabulação"),
    _count("ring_no_answer", "Não atendeu"),
    _time("logged_ms", "Logado"),
    _time("paused_ms", "Pausado"),
    Column("bounds", "Limites", talk_limits),
)

_OUTBOUND = (
    _count("dialled", "Discadas"),
    _count("answered", "Atendidas"),
    _count("not_connected", "Não Conectadas"),
    _count("dialling", "Discando"),
    _count("connected", "Completadas"),
    _percent("connect_percent", "% Connect"),
    _time("aht_ms", "AHT"),
)

QUEUE_KEYS = (*metrics.FIGURES, "bounds", "covered_to")
IVR_KEYS = (*ivr_figures.FIGURES, "bounds", "covered_to")
AGENT_KEYS = (*agent_figures.FIGURES, *agent_figures.SURENESS)
OUTBOUND_KEYS = outbound_figures.FIGURES
"""What a row has besides its name, in this order."""


@query(REPORTS, CompanyRows)
def queues(rows: CompanyRows, question: Question) -> Report:
    """Visits by queue, agent, IVR or interval: QUEUE_KEYS."""
    by_ivr = question.by == "ivr"
    if question.ivrs and not by_ivr:
        raise InvalidField("ivr", "visits are filtered by IVR only where a row is an IVR (by ivr); the IVR report has every grouping")
    return _report(rows, question, ivr_figures.ivr_figures if by_ivr else lambda on: rows_of(on, counted(on)), _QUEUES, QUEUE_KEYS)


@query(REPORTS, CompanyRows)
def ivr(rows: CompanyRows, question: Question) -> Report:
    """D2, *Relatório IVR*, by IVR, service (queue), agent or interval: IVR_KEYS; tables and CSV have the manual's columns."""
    return _report(rows, question, ivr_figures.ivr_figures, _IVR, IVR_KEYS)


@query(REPORTS, CompanyRows)
def agents(rows: CompanyRows, question: Question) -> Report:
    """Agents' time by state, by agent or by interval with all agents together: AGENT_KEYS."""
    if question.by not in ("agent", *CLOCKS):
        raise InvalidField("by", f"agents are shown by agent, {', '.join(CLOCKS)}")
    report = _report(rows, question, agent_figures.agent_figures, _AGENTS, AGENT_KEYS)
    *first, bounds = report.columns
    return replace(report, columns=(*first, *_pauses(report.rows), bounds))


def _pauses(rows: list[Row]) -> list[Column]:
    """A column for each reason for which somebody paused, in the order of the alphabet."""
    reasons = sorted({reason for row in rows for reason in row["paused_by_reason_ms"] or ()}, key=alphabetical)
    return [Column("paused_by_reason_ms", f"Pausa {reason or NOTHING}", partial(_paused, reason), number=True) for reason in reasons]


def _paused(reason: str, by_reason: dict[str, int]) -> str:
    return clock_ms(by_reason.get(reason, 0))


@query(REPORTS, CompanyRows)
def outbound(rows: CompanyRows, question: Question) -> Report:
    """Outbound attempts by queue, agent, interval or in all: OUTBOUND_KEYS."""
    if question.by == "ivr":
        raise InvalidField("by", "an outbound attempt goes through no IVR")
    return _report(rows, question, outbound_figures.outbound_figures, _OUTBOUND, OUTBOUND_KEYS)


def _report(
    rows: CompanyRows, question: Question, figures: Callable[[QueryContext], list[Row]], columns: tuple[Column, ...], keys: tuple[str, ...]
) -> Report:
    named = (_NAMES[question.by],) if question.by in _NAMES else ()

    def ask(view: TemporalView) -> tuple[list[Row], tuple[str, ...]]:
        id = id_key(question.by)
        wanted = (*(column.key for column in named), *((id,) if id else ()), *keys)
        on = query_context(view, question)
        return [{key: row[key] for key in wanted} for row in identified(on, figures(on), question.by)], on.unknown.notes

    (found, notes), position = rows.answer(question.as_of, question.moment_ms, ask)
    return Report(found, position, question.timezone, (*named, *columns), notes=notes)
