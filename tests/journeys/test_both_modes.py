"""Both modes: the same imports and commands give the same rows and figures in a directory and on servers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import pytest

from bootstrap import Held, reach
from cli.company import known_or_new
from domain.ids import company_id
from migrations.runner import migrate
from projections.engine.runner import Runner
from settings import Settings, read
from simulator.story import history
from tests.kit.captures import capture
from tests.kit.distributed import Deployment
from tests.kit.made_logs import NAMES, path_of
from tests.kit.operator_results import import_log, import_stream, reported
from tests.kit.rows import everything

MONDAY = datetime(2026, 3, 2, 3, tzinfo=UTC)
REPORTS: dict[str, dict[str, Any]] = {
    "queues": {}, "hours": {"by": "hour"}, "days": {"by": "day"}, "by agent": {"by": "agent"}, "agents": {}, "ivr": {}, "interactions": {},
}  # fmt: skip
SUBJECTS = {"hours": "queues", "days": "queues", "by agent": "queues"}
BY_ORDER = ("id", "protocol", "contact_id")
"""Columns whose values depend on the order of commands, or on chance."""


@pytest.fixture(scope="module")
def on_servers(shared_deployment: Deployment) -> Iterator[Held]:
    with reach(shared_deployment.folder / "none", read(shared_deployment.settings)) as held:
        yield held


@pytest.fixture(scope="module")
def in_directory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Held]:
    with reach(tmp_path_factory.mktemp("embedded") / "data", Settings()) as held:
        yield held


def figures(held: Held, company: str) -> dict[str, list[dict[str, Any]]]:
    """All reports of a company."""
    rows = {name: reported(held, company, SUBJECTS.get(name, name), **options) for name, options in REPORTS.items()}  # type: ignore[arg-type]
    rows["interactions"] = [{name: value for name, value in row.items() if name not in BY_ORDER} for row in rows["interactions"]]
    return rows


def import_source(held: Held, company: str) -> None:
    """Import the recording or log in the name of the company."""
    name, _, kind = company.partition(" by ")
    if kind == "AMI":
        import_stream(held, company, capture(name).timed)
        return
    import_log(held, company, capture(name).queue_log if kind else path_of(name))


@pytest.mark.parametrize("company", ["run-a by AMI", "run-b by AMI", "run-a by queue_log", "run-b by queue_log", *NAMES])
def test_every_report_of_what_was_imported(in_directory: Held, on_servers: Held, company: str) -> None:
    for held in (in_directory, on_servers):
        import_source(held, company)
    expected = figures(in_directory, company)
    assert expected["queues"] or expected["agents"]
    assert figures(on_servers, company) == expected


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.long), pytest.param(3, marks=pytest.mark.long)])
def test_every_report_of_a_simulated_centers_day(in_directory: Held, on_servers: Held, seed: int) -> None:
    company = f"Simulada {seed}"
    for held in (in_directory, on_servers):
        known_or_new(held.center, company)
        history(held.center.bus, company_id(company), seed=seed, start=MONDAY, days=1, scale=0.25)
    expected = figures(in_directory, company)
    assert sum(row["offered"] for row in expected["queues"]) > 50
    assert figures(on_servers, company) == expected


def test_workers_make_the_same_rows_as_a_single_process(in_directory: Held, on_servers: Held, shared_deployment: Deployment) -> None:
    """The log has both recordings, each by AMI and then by queue_log, and a simulated center."""
    for name in ("run-a", "run-b"):
        for kind in ("AMI", "queue_log"):
            company = f"Both {name}"
            if kind == "AMI":
                import_stream(on_servers, company, capture(name).timed)
            else:
                import_log(on_servers, company, capture(name).queue_log)
    known_or_new(on_servers.center, "Simulada")
    history(on_servers.center.bus, company_id("Simulada"), seed=7, start=MONDAY, days=1, scale=0.25)
    on_servers.center.cover(on_servers.center.store.end(), lambda *_: None)
    with closing(in_directory.center.warehouse.beside("alone")) as alone:
        migrate(alone)
        with closing(Runner(shared_deployment.store.recorder, alone)) as runner:
            runner.run_until(shared_deployment.store.end())
        for company in ("Both run-a", "Both run-b", "Simulada"):
            tenant = company_id(company)
            rows = everything(alone, tenant=tenant)
            assert rows["visits"]
            assert everything(shared_deployment.warehouse, tenant=tenant) == rows
            middle = shared_deployment.store.end() // 2
            assert everything(shared_deployment.warehouse, middle, tenant) == everything(alone, middle, tenant)
