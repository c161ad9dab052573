"""What of a company's time is known, for the bar on which a past moment is chosen: how much was received when, and where a source was cut off."""

from __future__ import annotations

from typing import Any

import msgspec

from domain.access import ATTEND, REPORTS
from projections.engine.temporal_view import CompanyRows, TemporalView
from projections.figures.bounds import missing
from projections.figures.coverage import Gap
from projections.figures.definitions import VERSION
from projections.figures.intervals import iso, zone
from projections.figures.metrics import QueryContext, query_context
from projections.figures.question import Question, only
from projections.queries.monitoring import observed_instant
from projections.query_bus import query

_FIRST = """
SELECT min(at) AS at FROM (
    SELECT min(from_ms) AS at FROM {agent_spans} HAVING count() > 0 UNION ALL SELECT min(offered_ms) AS at FROM {visits} HAVING count() > 0
    UNION ALL SELECT min(entered_ms) AS at FROM {ivr_calls} HAVING count() > 0
    UNION ALL SELECT min(dialled_ms) AS at FROM {attempts} HAVING count() > 0 UNION ALL SELECT min(from_ms) AS at FROM {sources} HAVING count() > 0
)"""
_RECEIVED = """
SELECT intDiv(offered_ms - {{since:Int64}}, {{width:Int64}}) AS bucket, count() AS received FROM {visits}
WHERE offered_ms >= {{since:Int64}} AND offered_ms < {{until:Int64}} AND {only} GROUP BY bucket
"""
_TABLES = ("agent_spans", "visits", "ivr_calls", "attempts", "sources")


class _At(msgspec.Struct):
    at: int | None


class _Bucket(msgspec.Struct):
    bucket: int
    received: int


@query(REPORTS, CompanyRows)
def timeline(rows: CompanyRows, question: Question, buckets: int) -> dict[str, Any]:
    """The time from `since_ms` to `until_ms` of the question in so many equal parts: visits received in each, and the gaps. Also the first and last moment known.

    Filters: queues and agents, of the visits that are counted. A gap is of a whole source: with queues, `missing_at_most` is their share of it.
    """
    return _timeline(rows, question, buckets)


@query(ATTEND, CompanyRows)
def timeline_of_board(rows: CompanyRows, question: Question, buckets: int) -> dict[str, Any]:
    """The same for users who may see the board and no reports."""
    return _timeline(rows, question, buckets)


def _timeline(rows: CompanyRows, question: Question, buckets: int) -> dict[str, Any]:
    where = zone(question.timezone)
    since, until = question.since_ms or 0, question.until_ms or 0
    width = max(1, -(-(until - since) // buckets))

    def ask(view: TemporalView) -> dict[str, Any]:
        tables = {table: view.rows_of(table) for table in _TABLES}
        first = view.ask(_At, _FIRST.format(**tables))[0].at or None
        on = query_context(view, question)
        last = observed_instant(on).at_ms
        condition = only(on.question, on.queues)
        received = [0] * max(1, -(-(until - since) // width))
        for found in view.ask(
            _Bucket, _RECEIVED.format(**tables, only=condition.sql), since=since, until=until, width=width, **condition.params
        ):
            received[found.bucket] = found.received
        return {
            "first_at": None if first is None else iso(first, where),
            "last_at": None if first is None else iso(last, where),
            "from": iso(since, where),
            "to": iso(until, where),
            "bucket_ms": width,
            "received": received,
            "gaps": [
                {
                    "from": iso(max(gap.from_ms, since), where),
                    "to": iso(min(gap.until_ms, until), where),
                    "missing_at_most": _missing(on, gap),
                }
                for gap in on.coverage.gaps
                if gap.touches(since, until)
            ],
            "notes": on.unknown.notes,
        }

    found, position = rows.answer(question.as_of, question.moment_ms, ask)
    return {**found, "definition": VERSION, "as_of": position, "timezone": question.timezone}


def _missing(on: QueryContext, gap: Gap) -> int:
    queues = on.question.queues
    return missing([gap], queues, on.queues.names()) if queues else gap.calls
