"""From the simulated center to the reports: every figure is true, whether it was sent as commands or imported from a queue_log."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from commands.command_bus import CommandBus
from commands.handler_context import Caller
from domain.access import OBSERVE, WHOLE_COMPANY
from domain.ids import company_id
from projections.engine.runner import Runner
from projections.engine.temporal_view import CompanyRows
from projections.figures.agents import agent_figures
from projections.figures.ivr import ivr_figures
from projections.figures.metrics import QueryContext, Row, query_context, visit_figures
from projections.figures.outbound import outbound_figures
from projections.figures.question import CLOCKS, Question
from simulator.queue_log import write_queue_log
from simulator.story import history
from store.event_store import Store
from telephony_adapter.queue_log.importer import import_queue_log
from tests.kit.center import fresh, opened

COMPANY = company_id("Empresa")
MONDAY = datetime(2026, 3, 2, 3, tzinfo=UTC)


@dataclass(frozen=True)
class Simulated:
    """A company's rows and their true figures."""

    rows: CompanyRows
    truth: dict[str, Any]
    by_commands: bool

    @property
    def ivrs(self) -> dict[str, dict[str, int]]:
        """Empty for a queue_log, which has no IVR."""
        ivrs: dict[str, dict[str, int]] = self.truth["ivrs"] if self.by_commands else {}
        return ivrs

    @property
    def outbound(self) -> dict[str, int]:
        """Empty for a queue_log, which has no outbound calls."""
        outbound: dict[str, int] = self.truth["outbound"] if self.by_commands else {}
        return outbound

    def figures(self, report: Callable[[QueryContext], list[Row]], question: Question) -> list[Row]:
        found, _ = self.rows.answer(None, None, lambda view: report(query_context(view, question)))
        return found

    def visits(self, by: Any) -> list[Row]:
        found, _ = self.rows.answer(None, None, lambda view: visit_figures(view, Question(by=by)))
        return found


@pytest.fixture(scope="module", params=["by commands", "by queue_log"])
def simulated(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulated]:
    directory = tmp_path_factory.mktemp("simulated")
    store = Store(directory / "data")
    bus = CommandBus(store)
    if request.param == "by commands":
        truth = history(bus, COMPANY, seed=3, start=MONDAY, days=2)
    else:
        truth = write_queue_log(directory / "queue_log", seed=5, lines=20_000, scale=2.0)
        files = [(directory / "queue_log", "queue_log")]
        import_queue_log(bus, Caller(COMPANY, "import", frozenset({OBSERVE})), files, timezone=UTC)
    with opened(directory / "warehouse") as engine:
        warehouse = fresh(engine, COMPANY).warehouse
        runner = Runner(store.recorder, warehouse)
        runner.run_until(store.head())
        yield Simulated(CompanyRows(warehouse, COMPANY, WHOLE_COMPANY, runner.progress), truth, request.param == "by commands")
        runner.close()
    store.close()


def by_name(rows: list[dict[str, Any]], name: str, figures: Any) -> dict[str, dict[str, Any]]:
    return {row[name]: {figure: row[figure] for figure in figures} for row in rows}


def test_queues(simulated: Simulated) -> None:
    truth = simulated.truth["queues"]
    (some, *_) = truth.values()
    rows = simulated.visits("queue")
    assert by_name(rows, "queue", some) == truth
    assert {row["bounds"] for row in rows} == {None}


def test_agents(simulated: Simulated) -> None:
    truth = simulated.truth["agents"]
    (some, *_) = truth.values()
    assert by_name(simulated.figures(agent_figures, Question(by="agent")), "agent", some) == truth


def test_ivrs(simulated: Simulated) -> None:
    # Calls without an IVR are in the row of an empty name.
    rows = {row["ivr"]: row for row in simulated.figures(ivr_figures, Question(by="ivr")) if row["ivr"]}
    of_truth = ("entered", "out-of-hours", "abandoned", "ended", "offered")
    of_report = ("entered", "out_of_hours", "abandoned_in_ivr", "ended_in_ivr", "led_to_queue")
    assert {name: [row[figure] for figure in of_report] for name, row in rows.items()} == {
        name: [counts.get(figure, 0) for figure in of_truth] for name, counts in simulated.ivrs.items()
    }


def test_outbound(simulated: Simulated) -> None:
    (row,) = simulated.figures(outbound_figures, Question(by="total"))
    dialled, answered = simulated.outbound.get("dialled", 0), simulated.outbound.get("answered", 0)
    assert (row["dialled"], row["answered"], row["not_connected"]) == (dialled, answered, dialled - answered)


def test_the_parts_of_a_week_add_up_to_the_week(simulated: Simulated) -> None:
    for by in CLOCKS:
        assert sum(row["offered"] for row in simulated.visits(by)) == sum(queue["offered"] for queue in simulated.truth["queues"].values())
