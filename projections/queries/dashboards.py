"""The dashboards: Inbound (C1), Outbound (C2), IVR (C4). The metric engine computes the figures, as for every report."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

from domain.access import REPORTS
from projections.engine.temporal_view import CompanyRows, TemporalView
from projections.figures.attribution import Key
from projections.figures.definitions import VERSION
from projections.figures.ivr import ivr_figures
from projections.figures.metrics import TERMS, QueryContext, Row, counted, intervals_of, period_of, query_context, row_of, time_rows
from projections.figures.outbound import outbound_figures
from projections.figures.question import Question
from projections.figures.row_ids import identified
from projections.figures.tally import Tally
from projections.queries.monitoring import agents_now
from projections.query_bus import query

_ALONGSIDE = ThreadPoolExecutor(4, "dashboards")

BRIEF_MS = 26 * 3_600_000
"""A dashboard of a day, which is what stays open, is computed between two writes of rows: while they are written all versions must be read, which takes four times as long."""


@query(REPORTS, CompanyRows)
def inbound(rows: CompanyRows, question: Question) -> dict[str, Any]:
    """C1. `totals`; `queues`: a row each; `series`: a row per interval of `question.by` (hour, day, week, month); `agents` now.

    totals, rows: the figures of `metrics.visit_figures`. agents: `monitoring.agents_now`, at the question's moment.
    """

    def compute(on: QueryContext) -> dict[str, Any]:
        agents = _ALONGSIDE.submit(agents_now, on)
        return {**_figures(on), "agents": agents.result()}

    return _answer(rows, question, compute)


@query(REPORTS, CompanyRows)
def outbound(rows: CompanyRows, question: Question) -> dict[str, Any]:
    """C2. `totals`, `queues` and `series` of `outbound_figures`, `agents` now."""

    def compute(on: QueryContext) -> dict[str, Any]:
        total, by_queue = (replace(on, question=replace(on.question, by=by)) for by in ("total", "queue"))
        return {
            "totals": outbound_figures(total)[0],
            "queues": identified(on, outbound_figures(by_queue), "queue"),
            "series": unexplained(outbound_figures(on)),
            "agents": agents_now(on),
        }

    return _answer(rows, question, compute)


@query(REPORTS, CompanyRows)
def ivr(rows: CompanyRows, question: Question) -> dict[str, Any]:
    """C4. `totals` and `series` of `ivr_figures` with `handled`, `agents` now."""

    def compute(on: QueryContext) -> dict[str, Any]:
        total = replace(on, question=replace(on.question, by="total"))
        return {"totals": ivr_figures(total)[0], "series": unexplained(ivr_figures(on)), "agents": agents_now(on)}

    return _answer(rows, question, compute)


def unexplained(series: list[Row]) -> list[Row]:
    """The rows without what explains them: a chart of two thousand intervals shows no terms."""
    return [{key: value for key, value in row.items() if key not in TERMS} for row in series]


def _answer(rows: CompanyRows, question: Question, compute: Callable[[QueryContext], dict[str, Any]]) -> dict[str, Any]:
    def ask(view: TemporalView) -> dict[str, Any]:
        on = query_context(view, question)
        return {**compute(on), "notes": on.unknown.notes}

    brief = question.until_ms is not None and question.since_ms is not None and question.until_ms - question.since_ms <= BRIEF_MS
    found, position = replace(rows, brief=brief).answer(question.as_of, question.moment_ms, ask)
    return {**found, "definition": VERSION, "as_of": position, "timezone": question.timezone}


def _figures(on: QueryContext) -> dict[str, Any]:
    """Totals, queues and series of one counting, by interval and queue."""
    found = counted(on, "queue")
    whole, by_queue, by_interval = Tally(), defaultdict[str, Tally](Tally), defaultdict[Key, Tally](Tally)
    for (index, queue), tally in found.items():
        by_queue[queue].add(tally)
        by_interval[index, ""].add(tally)
    for tally in by_queue.values():
        whole.add(tally)
    period = period_of(on.question)
    within = intervals_of(on) if on.question.by_time else None
    series: list[Row] = [] if within is None else unexplained(time_rows(on, within, by_interval))
    return {
        "totals": row_of(on, whole, period),
        "queues": identified(
            on, [{"queue": queue} | row_of(on, tally, period, queue=queue) for queue, tally in sorted(by_queue.items())], "queue"
        ),
        "series": series,
    }
