"""From the simulated center to the reports: every figure is the true one, whether it was told by commands or read from a queue_log."""

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
class Told:
    """A company's rows and what they must say."""

    rows: CompanyRows
    truth: dict[str, Any]
    by_commands: bool

    @property
    def ivrs(self) -> dict[str, dict[str, int]]:
        """A queue_log tells nothing of an IVR."""
        ivrs: dict[str, dict[str, int]] = self.truth["ivrs"] if self.by_commands else {}
        return ivrs

    @property
    def outbound(self) -> dict[str, int]:
        """Nor of calls that agents dial."""
        outbound: dict[str, int] = self.truth["outbound"] if self.by_commands else {}
        return outbound

    def figures(self, report: Callable[[QueryContext], list[Row]], question: Question) -> list[Row]:
        found, _ = self.rows.answer(None, None, lambda view: report(query_context(view, question)))
        return found

    def visits(self, by: Any) -> list[Row]:
        found, _ = self.rows.answer(None, None, lambda view: visit_figures(view, Question(by=by)))
        return found


@pytest.fixture(scope="module", params=["by commands", "by queue_log"])
def told(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    directory = tmp_path_factory.mktemp("told")
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
        yield Told(CompanyRows(warehouse, COMPANY, WHOLE_COMPANY, runner.progress), truth, request.param == "by commands")
        runner.close()
    store.close()


def by_name(rows: list[dict[str, Any]], name: str, figures: Any) -> dict[str, dict[str, Any]]:
    return {row[name]: {figure: row[figure] for figure in figures} for row in rows}


def test_queues(told: Told) -> None:
    truth = told.truth["queues"]
    (some, *_) = truth.values()
    rows = told.visits("queue")
    assert by_name(rows, "queue", some) == truth
    assert {row["bounds"] for row in rows} == {None}


def test_agents(told: Told) -> None:
    truth = told.truth["agents"]
    (some, *_) = truth.values()
    assert by_name(told.figures(agent_figures, Question(by="agent")), "agent", some) == truth


def test_ivrs(told: Told) -> None:
    # Calls that met no IVR are in the row of none.
    rows = {row["ivr"]: row for row in told.figures(ivr_figures, Question(by="ivr")) if row["ivr"]}
    of_truth = ("entered", "out_of_hours", "abandoned", "ended", "offered")
    of_report = ("entered", "out_of_hours", "abandoned_in_ivr", "ended_in_ivr", "led_to_queue")
    assert {name: [row[figure] for figure in of_report] for name, row in rows.items()} == {
        name: [counts.get(figure, 0) for figure in of_truth] for name, counts in told.ivrs.items()
    }


def test_outbound(told: Told) -> None:
    (row,) = told.figures(outbound_figures, Question(by="total"))
    dialled, answered = told.outbound.get("dialled", 0), told.outbound.get("answered", 0)
    assert (row["dialled"], row["answered"], row["not_connected"]) == (dialled, answered, dialled - answered)


def test_the_parts_of_the_week_add_up_to_it(told: Told) -> None:
    for by in CLOCKS:
        assert sum(row["offered"] for row in told.visits(by)) == sum(queue["offered"] for queue in told.truth["queues"].values())
