"""The Inbound dashboard of one company's month among ten million visits, beside the bare SQL of the same figures."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench.measure import compared, in_turns, profiled
from domain.access import WHOLE_COMPANY
from domain.ids import company_id
from projections.engine.chdb_warehouse import ChdbWarehouse
from projections.engine.progress import Progress
from projections.engine.rebuild import open_rows
from projections.engine.temporal_view import CompanyRows
from projections.engine.warehouse import Warehouse
from projections.figures.question import Question
from projections.queries.dashboards import inbound

COMPANY = company_id("Empresa")
VISITS, QUICK_VISITS = 10_000_000, 500_000
AT_ONCE = 1_000_000
DAYS = 61
_HOUR_MS, _DAY_MS = 3_600_000, 86_400_000
MONTH = datetime(2026, 3, 1, 3, tzinfo=UTC), datetime(2026, 4, 1, 3, tzinfo=UTC)
FIRST_MS = int((MONTH[0] - timedelta(days=15)).timestamp()) * 1000
SPAN_MS = DAYS * _DAY_MS

# A hundred companies: the queried one has 3 % of the visits, the others share the rest.
_VISITS = """
INSERT INTO visits SELECT
    if(n % 100 < 3, {company:UUID}, toUUID(concat('00000000-0000-4000-8000-', leftPad(toString(n % 97), 12, '0')))) AS tenant,
    generateUUIDv4(n) AS id, 1 AS version, least(n + 1, {head:UInt64}) AS position, 0 AS removed, generateUUIDv4(n + 1) AS interaction, interaction AS whole,
    concat('1772.', toString(n)) AS call, 0 AS place, 0 AS live, concat('fila ', toString(cityHash64(n, 1) % 20)) AS queue, tenant AS queue_id,
    if(chance < 90, concat('Agente ', toString(cityHash64(n, 2) % 40)), '') AS agent,
    toInt64({first:Int64} + cityHash64(n, 3) % {span:UInt64}) AS offered_ms,
    multiIf(chance < 90, 'answered', chance < 97, 'abandoned', chance < 99, 'timed-out', 'left-by-key') AS end,
    offered_ms + waited AS ended_ms, waited AS wait_ms, if(chance < 90, 3000, NULL) AS ring_ms, if(chance < 90, ended_ms + talked, NULL) AS released_ms,
    if(chance < 90, 'agent', '') AS released_by, if(chance < 90, talked, NULL) AS talk_ms, if(chance < 90, 0, NULL) AS hold_ms,
    if(chance < 90, 10000, NULL) AS wrap_up_ms, 0 AS talk_unknown, 20000 AS sla_ms, 5000 AS tolerated_ms
FROM (
    SELECT number AS n, cityHash64(number, 4) % 100 AS chance, toInt64(cityHash64(number, 5) % 60000) AS waited,
        toInt64(cityHash64(number, 6) % 600000) AS talked
    FROM numbers({from:UInt64}, {count:UInt64})
)
"""
_COVERED = """
INSERT INTO sources (tenant, id, version, position, kind, source, name, from_ms, until_ms)
SELECT {company:UUID}, generateUUIDv4(), 1, 1, 'span', 'queue_log', 'queue_log', {first:Int64}, {until:Int64}
"""
_AGENTS = """
INSERT INTO agents (tenant, id, version, position, name, person, queues)
SELECT {company:UUID}, generateUUIDv4(number), 1, 1, concat('Agente ', toString(number)), 1, ['fila 0'] FROM numbers(40)
"""
_SPANS = """
INSERT INTO agent_spans (tenant, id, version, position, agent, kind, from_ms, until_ms)
SELECT {company:UUID}, generateUUIDv4(number), 1, 1, concat('Agente ', toString(number % 40)), 'session',
    {first:Int64} + intDiv(number, 40) * 86400000, {first:Int64} + intDiv(number, 40) * 86400000 + 28800000 FROM numbers(2440)
"""
_EVENT = """
INSERT INTO events (tenant, id, version, position, topic, occurred_us, recorded_us)
SELECT {company:UUID}, generateUUIDv4(), 1, {position:UInt64}, 'interaction.observed', {until:Int64} * 1000, {until:Int64} * 1000
"""
"""The last event: data is complete until its instant."""

BARE = """
SELECT intDiv(offered_ms - {since:Int64}, 86400000) AS day, queue, count() AS offered, countIf(end = 'answered') AS answered,
    countIf(end = 'answered' AND wait_ms <= sla_ms) AS in_time, countIf(end = 'abandoned') AS abandoned, countIf(end = 'timed-out') AS timed_out,
    sumIf(wait_ms, end = 'answered') AS waited, maxIf(wait_ms, end = 'answered') AS longest, sum(talk_ms + hold_ms + wrap_up_ms) AS handled,
    max(wait_ms) AS queued
FROM visits FINAL WHERE tenant = {tenant:UUID} AND removed = 0 AND offered_ms >= {since:Int64} AND offered_ms < {until:Int64}
GROUP BY day, queue
"""


def dashboard(quick: bool) -> dict[str, Any]:
    """Seconds for the Inbound dashboard of one company's month by day, among ten million visits of a hundred companies."""
    visits = QUICK_VISITS if quick else VISITS
    with TemporaryDirectory(prefix="bench-") as name:
        warehouse = ChdbWarehouse(Path(name, "warehouse"))
        open_rows(warehouse)
        fill(warehouse, visits)
        since, until = (int(edge.timestamp()) * 1000 for edge in MONTH)
        rows = CompanyRows(warehouse, COMPANY, WHOLE_COMPANY, Progress(visits, visits))
        question = Question(by="day", since_ms=since, until_ms=until)

        def ours() -> float:
            started = time.perf_counter()
            found = inbound(rows, question)
            seconds = time.perf_counter() - started
            offered.add(found["totals"]["offered"])
            return seconds

        def bare() -> float:
            started = time.perf_counter()
            read = warehouse.query(BARE, COMPANY, since=since, until=until)
            seconds = time.perf_counter() - started
            offered.add(sum(row["offered"] for row in read))
            return seconds

        offered: set[int] = set()
        ours()
        bare()
        mine, raw = in_turns(5 if quick else 15, ours, bare)
        figure = compared("s", mine, raw, aim=1.3, more_is_better=False)
        if not figure["reached"]:
            figure["profile"] = profiled(ours)
        warehouse.close()
    return {**figure, "visits": visits, "visits_of_the_month": offered.pop(), "both_say_the_same": not offered}


def fill_visits(warehouse: Warehouse, visits: int, *, first_ms: int, head: int) -> None:
    """Insert visits that were offered in the SPAN_MS after `first_ms`, known since log positions up to `head`. 3 % of them are COMPANY's."""
    for start in range(0, visits, AT_ONCE):
        count = min(AT_ONCE, visits - start)
        warehouse.execute(_VISITS, company=COMPANY, first=first_ms, span=SPAN_MS, count=count, head=head, **{"from": start})


def fill(warehouse: ChdbWarehouse, visits: int) -> None:
    """Insert the visits, and what the dashboard reads beside them: a source that covers them, agents with their sessions, the last event."""
    fill_visits(warehouse, visits, first_ms=FIRST_MS, head=visits)
    until = FIRST_MS + SPAN_MS + _HOUR_MS
    warehouse.execute(_COVERED, company=COMPANY, first=FIRST_MS, until=until)
    warehouse.execute(_EVENT, company=COMPANY, position=visits, until=until)
    warehouse.execute(_AGENTS, company=COMPANY)
    warehouse.execute(_SPANS, company=COMPANY, first=FIRST_MS)
