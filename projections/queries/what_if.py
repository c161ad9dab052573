"""K4, *SLA: e se?*: the service level of a period as it was published, and as it would be with another threshold, tolerated abandon or profile.

Nothing of the past changes: the visits are counted anew with other limits. All profiles are calculated from one counting, at one position.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import Any

import msgspec

from domain.access import REPORTS
from projections.engine.temporal_view import ENDS, CompanyRows, TemporalView
from projections.figures.attribution import VisitSelection, visit_selection
from projections.figures.definitions import VERSION
from projections.figures.metrics import QueryContext, Row, counted, period_of, query_context, row_of
from projections.figures.question import Question
from projections.figures.service_level import Counts, formula_of, percent
from projections.figures.tally import Tally
from projections.query_bus import query

PROFILES = (
    "offered", "answered-only", "asterisk-perf2", "amazon-connect", "genesys:no-short", "genesys", "genesys:flow-outs,no-short",
    "genesys:flow-outs", "genesys:no-abandons", "xcally", "offered-minus-short",
)  # fmt: skip
"""The profiles that are shown beside each other, in their order."""

CURVE_S = 120
"""The curve of the service level over the threshold ends here, and so does the histogram of the waits."""

_WAITS = """
SELECT toInt64(intDiv(assumeNotNull(wait_ms) + 999, 1000)) AS seconds, end_code, count() AS visits FROM {visits}
WHERE {condition}{time} AND isNotNull(wait_ms) AND wait_ms <= {longest} AND end_code IN (1, 2, 3, 5) GROUP BY seconds, end_code
"""
_LIMITS = "SELECT sla_ms, tolerated_ms, count() AS visits FROM {visits} WHERE {condition}{time} GROUP BY sla_ms, tolerated_ms ORDER BY sla_ms, tolerated_ms"


class _Waited(msgspec.Struct):
    seconds: int
    end_code: int
    visits: int


class _Limits(msgspec.Struct):
    sla_ms: int
    tolerated_ms: int
    visits: int


@query(REPORTS, CompanyRows)
def sla_what_if(rows: CompanyRows, question: Question) -> Row:
    """`published`: by the limits and the profile of the visits' own queues. `recalculated`: by those of the question; `difference` in percentage points.

    `profiles`: each of PROFILES, by the question's limits where it has some.
    `limits`: the thresholds and tolerated abandons in force, with the numbers of visits. `curve`: the service level of the question's profile (or the
    published one) at each whole second as threshold. `waits`: how many visits waited so many begun seconds, by their end.
    """

    def ask(view: TemporalView) -> Row:
        on = query_context(view, replace(question, by="total", attribution="arrival"))
        return {**_what_if(on), "notes": on.unknown.notes}

    found, position = rows.answer(question.as_of, question.moment_ms, ask)
    return {**found, "definition": VERSION, "as_of": position, "timezone": question.timezone}


def _what_if(on: QueryContext) -> Row:
    own = replace(on, question=replace(on.question, sla_ms=None, tolerated_ms=None, profile=""))
    asked = _counted(on)
    of = visit_selection(on.view, on.question, on.queues)
    waits = _waits(of)
    published, recalculated = _level(own, _counted(own)), _level(on, asked)
    return {
        "published": published,
        "recalculated": recalculated,
        "difference": _difference(published["sla_percent"], recalculated["sla_percent"]),
        "profiles": [_level(replace(on, question=replace(on.question, profile=profile)), asked) for profile in PROFILES],
        "limits": [msgspec.structs.asdict(limit) for limit in of.ask(_Limits, _LIMITS, time=of.time("offered_ms"))],
        "curve": _curve(on, asked.counts, waits),
        "waits": [{"up_to_ms": 1000 * seconds, **waits[seconds]} for seconds in sorted(waits)],
    }


def _counted(on: QueryContext) -> Tally:
    return counted(on).get((0, ""), Tally())


def _level(on: QueryContext, tally: Tally) -> Row:
    row = row_of(on, tally, period_of(on.question))
    numerator, denominator = row["terms"]["sla_percent"] if row["terms"] is not None else (None, None)
    return {
        "profile": row["sla_profile"],
        "sla_percent": row["sla_percent"],
        "numerator": numerator,
        "denominator": denominator,
        "bounds": None if row["bounds"] is None else row["bounds"]["sla_percent"],
    }


def _difference(published: float | None, recalculated: float | None) -> float | None:
    return None if published is None or recalculated is None else round(recalculated - published, 2)


def _waits(of: VisitSelection) -> dict[int, dict[str, int]]:
    """Numbers of visits by how many begun seconds they waited, and by their end."""
    found: defaultdict[int, dict[str, int]] = defaultdict(lambda: dict.fromkeys(_WITHIN_SLA, 0))
    for row in of.ask(_Waited, _WAITS, time=of.time("offered_ms"), longest=str(1000 * CURVE_S)):
        found[row.seconds][ENDS[row.end_code].replace("-", "_")] += row.visits
    return dict(found)


_WITHIN_SLA = ("answered", "abandoned", "timed_out", "left_by_key")
"""The ends that a profile may count as in time."""


def _curve(on: QueryContext, counts: Counts, waits: dict[int, dict[str, int]]) -> list[dict[str, Any]]:
    formula = formula_of(on.profile())
    within = dict.fromkeys(_WITHIN_SLA, 0)
    points = []
    for seconds in range(CURVE_S + 1):
        for end, visits in waits.get(seconds, {}).items():
            within[end] += visits
        level = replace(counts, **{f"{end}_within_sla": visits for end, visits in within.items()})
        points.append({"sla_ms": 1000 * seconds, "sla_percent": percent(*formula(level))})
    return points
