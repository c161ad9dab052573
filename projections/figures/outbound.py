"""The figures of outbound attempts: dialled, answered by the customer, not connected. An attempt posts where it was dialled."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace

import msgspec

from projections.figures.attribution import Scope, extent, scope
from projections.figures.intervals import iso
from projections.figures.metrics import QueryContext, Row, period_of
from projections.figures.service_level import mean, percent

FIGURES = ("dialled", "answered", "not_connected", "connect_percent", "tmo_ms")
"""The figures of a row, in their order. tmo_ms: mean handle time of answered attempts (TMO)."""

CONNECTED = ("answered", "no-answer", "busy", "voicemail")
"""The results of attempts that the network completed."""

_ATTEMPTS = "(SELECT queue, agent, dialled_ms AS offered_ms, result, talk_ms, toUInt8(0) AS queue_id FROM {attempts})"
_COUNT = """
SELECT {bucket} AS bucket, {name} AS row_name, result, count() AS attempts, count(talk_ms) AS talks, sum(talk_ms) AS talked
FROM {visits} WHERE {condition}{time} GROUP BY bucket, row_name, result
"""


class _Counted(msgspec.Struct):
    bucket: int
    row_name: str
    result: str
    attempts: int
    talks: int
    talked: int | None


@dataclass
class _Attempts:
    dialled: int = 0
    answered: int = 0
    connected: int = 0
    talks: int = 0
    talked: int = 0

    def row(self) -> Row:
        return {
            "dialled": self.dialled,
            "answered": self.answered,
            "not_connected": self.dialled - self.answered,
            "connect_percent": percent(self.connected, self.dialled),
            "tmo_ms": mean(self.talked, self.talks),
            "terms": {"connect_percent": (self.connected, self.dialled), "tmo_ms": (self.talked, self.talks)},
        }


def outbound_figures(on: QueryContext) -> list[Row]:
    """A row per queue, agent or interval ("total": one): its name or `start`, FIGURES and `terms`, None where no source covered the time."""
    by, question = on.question.by, replace(on.question, names="as-was", attribution="arrival")
    of = replace(
        scope(on.view, question, on.queues, by if by in ("queue", "agent") else ""),
        visits=_ATTEMPTS.format(attempts=on.view.rows_of("attempts")),
    )
    if question.by_time:
        return _by_time(on, of)
    found = _counted(of)
    names = sorted({name for _, name in found}) if by in ("queue", "agent") else [""]
    known = on.coverage.covers(*period_of(question)) or bool(found)
    return [({by: name} if by != "total" else {}) | _shown(found[0, name], known) for name in names]


def _counted(of: Scope) -> defaultdict[tuple[int, str], _Attempts]:
    found: defaultdict[tuple[int, str], _Attempts] = defaultdict(_Attempts)
    for row in of.ask(_Counted, _COUNT, bucket=of.bucket("offered_ms"), time=of.time("offered_ms")):
        counts = found[of.index(row.bucket), row.row_name]
        counts.dialled += row.attempts
        counts.connected += row.attempts if row.result in CONNECTED else 0
        if row.result == "answered":
            counts.answered += row.attempts
            counts.talks += row.talks
            counts.talked += row.talked or 0
    return found


def _by_time(on: QueryContext, of: Scope) -> list[Row]:
    question = of.question
    cases = extent(of)
    since = question.since_ms if question.since_ms is not None or cases is None else cases[0]
    until = question.until_ms if question.until_ms is not None or cases is None else cases[1]
    if since is None or until is None:
        return []
    within = question.over(since, max(until, since + 1))
    found = _counted(replace(of, within=within))
    rows = []
    for index, start in enumerate(within.edges[:-1]):
        known = on.coverage.covers(max(start, since), min(within.edges[index + 1], until)) or (index, "") in found
        rows.append({"start": iso(start, question.zone)} | _shown(found[index, ""], known))
    return rows


def _shown(attempts: _Attempts, known: bool) -> Row:
    return attempts.row() if known else dict.fromkeys((*FIGURES, "terms"))
