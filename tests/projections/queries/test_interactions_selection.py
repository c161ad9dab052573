"""The conditions by which interactions are selected."""

from __future__ import annotations

from projections.engine.temporal_view import TemporalView
from projections.engine.warehouse import Warehouse
from projections.figures.question import Question
from projections.queries.interactions_selection import Interactions, conditions
from tests.kit.center import TENANT, call, fresh, visit
from tests.kit.rows import in_process

__all__ = ["in_process"]

NINE = 1_795_435_200_000
"""2026-11-23 09:00 in São Paulo."""


def test_the_events_of_a_request_are_looked_up_in_an_index(in_process: Warehouse) -> None:
    center = fresh(in_process)
    center.call(call("1.1", visit("vendas", NINE, "abandoned", 1_000)))

    def plan(view: TemporalView) -> str:
        selected, parameters = conditions(Interactions(question=Question(), state="all", correlation="order-9"), view)
        (of_events,) = (part for part in selected.split("IN ") if part.startswith("(SELECT id FROM") and "correlation" in part)
        sql = f"EXPLAIN indexes = 1 {of_events[1:].rstrip(' )')}"
        rows = view.warehouse.execute(sql, tenant=TENANT, as_of=view.as_of or 0, **parameters)
        return "\n".join(str(row["explain"]) for row in rows)

    found, _ = center.rows.answer(None, None, plan)
    assert "by_correlation" in found, found
