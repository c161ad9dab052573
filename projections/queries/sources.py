"""The sources of events: what each of them covers, and where they were cut off, with what may be missing."""

from __future__ import annotations

from typing import Any

import msgspec

from domain.access import ANYONE
from domain.voice.timeline import ALL_QUEUES
from projections.engine.temporal_view import CompanyRows, TemporalView
from projections.figures.bounds import missing
from projections.figures.coverage import Coverage, Gap
from projections.figures.intervals import iso
from projections.figures.metrics import QueryContext, Row, period_of, query_context
from projections.figures.question import Question
from projections.queries.labels import GapBasis, GapReason, labelled
from projections.query_bus import query

_SPANS = (
    "SELECT source, name, from_ms, ifNull(until_ms, from_ms) AS until_ms FROM {sources} WHERE kind = 'span' ORDER BY source, name, from_ms"
)
_NEAR_MS = 2_000
"""A restart is noticed so much earlier or later than the connection is lost."""


class _Span(msgspec.Struct):
    source: str
    name: str
    from_ms: int
    until_ms: int


@query(ANYONE, CompanyRows)
def sources(rows: CompanyRows, question: Question) -> tuple[list[Row], int]:
    """Each source with its first and last sign of life, and the log position that the answer covers. `covered`: how many stretches it covers."""

    def ask(view: TemporalView) -> list[_Span]:
        on = query_context(view, question)
        return on.view.ask(_Span, _SPANS.format(sources=on.view.rows_of("sources")))

    spans, position = rows.answer(question.as_of, question.moment_ms, ask)
    found: dict[tuple[str, str], list[_Span]] = {}
    for span in spans:
        found.setdefault((span.source, span.name), []).append(span)
    return [_source(some, question) for some in found.values()], position


def _source(spans: list[_Span], question: Question) -> Row:
    return {
        **labelled("source", "source", spans[0].source),
        "name": spans[0].name,
        "first_sign_at": iso(min(span.from_ms for span in spans), question.zone),
        "last_sign_at": iso(max(span.until_ms for span in spans), question.zone),
        "covered": len(spans),
    }


@query(ANYONE, CompanyRows)
def gaps(rows: CompanyRows, question: Question) -> tuple[list[Row], tuple[str, ...], int]:
    """The gaps that touch the question's period and that no log covers, the notes, and the log position that the answer covers.

    These are the gaps by which figures have bounds: `missing_at_most` of a gap is its share in that of a row of all of the question's queues.
    """

    def ask(view: TemporalView) -> tuple[list[Row], tuple[str, ...]]:
        on = query_context(view, question)
        period = period_of(on.question)
        return [_gap(on, gap) for gap in on.coverage.gaps if gap.touches(*period)], on.unknown.notes

    (found, notes), position = rows.answer(question.as_of, question.moment_ms, ask)
    return found, notes, position


def _gap(on: QueryContext, gap: Gap) -> Row:
    queues, known = on.question.queues, on.queues.names()
    wanted = set(queues) or known | (gap.missed.keys() - {ALL_QUEUES})
    by_queue: dict[str, Any] = {queue: missing([gap], (queue,), known) for queue in sorted(wanted)}
    return {
        # Queue logs have no gaps of their own: what they do not cover is outside of their spans.
        **labelled("source", "source", "ami"),
        "opened_at": iso(gap.from_ms, on.question.zone),
        "closed_at": None if gap.is_open else iso(gap.until_ms, on.question.zone),
        **labelled("reason", "gap_reason", _reason(on.coverage, gap)),
        **labelled("basis", "gap_basis", _basis(gap, wanted)),
        "missing_at_most": missing([gap], queues, known),
        "calls_at_most": gap.calls,
        "queues": [{"queue": queue, "missing_at_most": most} for queue, most in by_queue.items() if most],
    }


def _reason(coverage: Coverage, gap: Gap) -> GapReason:
    restarted = any(gap.from_ms - _NEAR_MS <= at <= gap.until_ms + _NEAR_MS for at in coverage.restarts)
    return "pbx-restarted" if restarted else "connection-lost"


def _basis(gap: Gap, queues: set[str]) -> GapBasis:
    if queues and queues <= gap.missed.keys():
        return "queue-counters"
    return "new-channels" if gap.is_numbered else "assumed"
