"""The figure of the Inbound dashboard: its made rows fit the tables as they are, and both sides compute the same."""

from __future__ import annotations

from bench.inbound_dashboard import BARE, COMPANY, FIRST_MS, SPAN_MS, fill
from domain.access import WHOLE_COMPANY
from projections.engine.chdb_warehouse import ChdbWarehouse
from projections.engine.progress import Progress
from projections.engine.rebuild import open_rows
from projections.engine.temporal_view import CompanyRows
from projections.figures.question import Question
from projections.queries.dashboards import inbound

VISITS = 1_000


def test_the_dashboard_and_the_bare_sql_say_the_same_of_the_made_visits(tmp_path):
    warehouse = ChdbWarehouse(tmp_path / "warehouse")
    try:
        open_rows(warehouse)
        fill(warehouse, VISITS)
        since, until = FIRST_MS, FIRST_MS + SPAN_MS
        totals = inbound(
            CompanyRows(warehouse, COMPANY, WHOLE_COMPANY, Progress(VISITS, VISITS)), Question(by="day", since_ms=since, until_ms=until)
        )["totals"]
        bare = warehouse.query(BARE, COMPANY, since=since, until=until)
    finally:
        warehouse.close()
    offered, answered, abandoned = (sum(row[key] for row in bare) for key in ("offered", "answered", "abandoned"))
    assert (totals["offered"], totals["answered"], totals["abandoned"]) == (offered, answered, abandoned)
    assert offered == VISITS * 3 / 100
