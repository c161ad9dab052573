"""A whole center in the test's process: a real store and its command bus, real rows; each story is a company of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from commands.command_bus import CommandBus
from commands.handler_context import Caller
from domain.access import OBSERVE, WHOLE_COMPANY
from processes.manager import Ports
from processes.restarts import Restarts
from processes.runner import ProcessRunner
from projections.engine.runner import Runner
from projections.engine.temporal_view import CompanyRows
from projections.figures.question import Question
from projections.queries import reports
from store.event_store import Store
from telephony_adapter.ami.importer import AmiImportResult, import_ami
from telephony_adapter.queue_log.importer import import_queue_log
from telephony_adapter.queue_log.result import ImportResult
from tests.kit.center import fresh, opened

SAO_PAULO = ZoneInfo("America/Sao_Paulo")

Figures = dict[str, dict[str, Any]]
"""Rows of a report by their names."""


class EmbeddedCenter:
    """Everything of one data directory. `follow` lets the rows catch up with the log."""

    def __init__(self, store: Store, runner: Runner, rows: Any) -> None:
        self.store = store
        self.bus = CommandBus(store)
        self.runner = runner
        self.warehouse = rows
        self.companies: list[Company] = []
        ports = Ports(rows.query, lambda: runner.position, lambda _: 0)
        self.processes = ProcessRunner(self.bus, [Restarts(ports)])

    def company(self) -> Company:
        """A company without a past."""
        self.companies.append(Company(self, uuid4()))
        return self.companies[-1]

    def follow(self) -> None:
        """Make the rows of all events and run the process managers, as an import does that waits."""
        self.runner.run_until(self.store.head())
        self.processes.catch_up(self.store.head())
        self.runner.run_until(self.store.head())
        for company in self.companies:
            company.settled = True


@dataclass
class Company:
    """One company and its imports."""

    center: EmbeddedCenter
    tenant: UUID
    settled: bool = True

    def ami(self, path: Path, name: str = "ami") -> AmiImportResult:
        """Import a recorded stream."""
        self.settled = False
        return import_ami(self.center.bus, self._caller, path, name)

    def log(self, *paths: Path, **options: Any) -> ImportResult:
        """Import queue logs."""
        self.settled = False
        return import_queue_log(self.center.bus, self._caller, [(path, path.name) for path in paths], timezone=SAO_PAULO, **options)

    def queues(self, **question: Any) -> Figures:
        """`report queues`, by queue unless `question` has another grouping."""
        return self._report("queues", {"by": "queue"} | question)

    def agents(self, **question: Any) -> Figures:
        """`report agents --by agent`."""
        return self._report("agents", {"by": "agent"} | question)

    def figures(self) -> tuple[Figures, ...]:
        """The reports of a company, in every grouping."""
        return (self.queues(), self.queues(by="agent"), self.queues(by="hour"), self.agents())

    def _report(self, subject: str, question: dict[str, Any]) -> Figures:
        if not self.settled:
            self.center.follow()
        rows = CompanyRows(self.center.warehouse, self.tenant, WHOLE_COMPANY, self.center.runner.progress)
        found: Sequence[dict[str, Any]] = getattr(reports, subject)(rows, Question(**question)).rows
        # Ids are those of one company: the figures of two are compared.
        return {row[next(iter(row))]: {name: value for name, value in row.items() if not name.endswith("_id")} for row in found}

    @property
    def _caller(self) -> Caller:
        return Caller(self.tenant, "import", frozenset({OBSERVE}))


@contextmanager
def embedded_center(directory: Path) -> Iterator[EmbeddedCenter]:
    """A deployment in an empty directory."""
    store = Store(directory / "data")
    with opened(directory / "warehouse") as engine:
        warehouse = fresh(engine).warehouse
        runner = Runner(store.recorder, warehouse)
        try:
            yield EmbeddedCenter(store, runner, warehouse)
        finally:
            runner.close()
            store.close()
