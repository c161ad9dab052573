"""The reports of visits, agents, attempts and the IVR (D2): their columns. The metric engine computes the figures."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

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
from projections.queries import titles
from projections.queries.report import NOTHING, Column, Report, clock_ms, comma, limits, talk_limits
from projections.query_bus import query

_NAMES = {kind: Column(kind, title) for kind, title in titles.NAMES.items()} | {
    length: Column("start", title) for length, title in titles.INTERVALS.items()
}


def _columns(called: Mapping[str, str], *keys: str) -> tuple[Column, ...]:
    """The columns of these figures, each written by its unit."""
    return tuple(Column(key, called[key], _written(key), number=True) for key in keys)


def _written(key: str) -> Callable[[Any], str]:
    return clock_ms if key.endswith("_ms") else comma if key.endswith("_percent") else str


_UNTIL = (Column("bounds", "Limites", limits), Column("covered_to", "Coberto até"))

_QUEUES = (
    *_columns(
        titles.FIGURES,
        "offered", "answered", "answered_within_sla", "abandoned", "timed_out", "transferred_out", "left_by_key", "closed", "unknown", "waiting",
        "sla_percent", "abandoned_percent", "asa_ms", "msa_ms", "aht_ms", "mht_ms", "max_queued_ms",
    ),
    *_UNTIL,
)  # fmt: skip

_IVR = _columns(
    titles.D2,
    "entered", "out_of_hours", "abandoned_in_ivr", "offered", "abandoned", "abandoned_percent", "answered", "answered_within_sla", "sla_percent",
    "timed_out", "aht_ms", "msa_ms", "asa_ms", "mht_ms",
)  # fmt: skip

_AGENTS = (
    *_columns(
        titles.OF_AN_AGENT,
        "answered", "outbound_answered", "talk_ms", "outbound_ms", "direct_ms", "hold_ms", "wrap_up_ms", "ring_no_answer", "logged_ms", "paused_ms",
    ),
    Column("bounds", "Limites", talk_limits),
)  # fmt: skip

_OUTBOUND = _columns(titles.OUTBOUND, "dialled", "answered", "not_connected", "dialling", "connected", "connect_percent", "aht_ms")

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
