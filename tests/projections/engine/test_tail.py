"""Answers with the newest events sent along are those of the warehouse at the same position, wherever the workers are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import msgspec
import pytest

from domain.access import WHOLE_COMPANY, Scope
from domain.ids import company_id
from migrations.runner import migrate
from projections.engine.folding import Folding
from projections.engine.progress import Progress
from projections.engine.tables import PARTS
from projections.engine.tail import LogTail, Tail
from projections.engine.temporal_view import CompanyRows, TemporalView
from projections.engine.warehouse import Warehouse
from projections.engine.writing import write
from projections.figures.question import Question
from projections.queries import dashboards, reports
from projections.queries.interactions_report import Interactions, interactions
from projections.queries.monitoring import monitor
from store.recorded_event import RecordedEvent
from tests.kit.log import MemoryLog
from tests.kit.rows import beside, on_server
from tests.kit.simulated import simulated
from tests.kit.waiting import within

engine = on_server

__all__ = ["engine"]

COMPANY = company_id("Empresa")
SOME = Scope(queues=frozenset({"Vendas", "Suporte"}))


class People:
    """Numbers and names as they are stored: sealed."""

    def number(self, sealed: str) -> str:
        return sealed

    def text(self, sealed: str) -> str:
        return sealed

    def name(self, contact: UUID) -> str:
        return str(contact)


QUESTIONS: dict[str, Callable[[CompanyRows, int | None], Any]] = {
    "board": lambda rows, as_of: monitor(rows, Question(as_of=as_of)),
    "inbound": lambda rows, as_of: dashboards.inbound(rows, Question(by="hour", as_of=as_of)),
    "outbound": lambda rows, as_of: dashboards.outbound(rows, Question(by="hour", as_of=as_of)),
    "ivr": lambda rows, as_of: dashboards.ivr(rows, Question(by="hour", as_of=as_of)),
    "queues": lambda rows, as_of: reports.queues(rows, Question(as_of=as_of)).as_dict(),
    "agents": lambda rows, as_of: reports.agents(rows, Question(by="agent", as_of=as_of)).as_dict(),
    "interactions": lambda rows, as_of: interactions(rows, Interactions(question=Question(by="total", as_of=as_of)), People()).rows,
}


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> list[RecordedEvent]:
    """A morning of a simulated center."""
    return simulated(tmp_path_factory.mktemp("center") / "data", days=0.2).log


@pytest.fixture(scope="module")
def whole(engine: Warehouse, log: list[RecordedEvent]) -> Iterator[Warehouse]:
    """A warehouse that has all of it."""
    opened = beside(engine)
    migrate(opened)
    write(opened, Folding(opened).fold(log))
    yield opened
    opened.close()


@pytest.fixture
def behind(engine: Warehouse) -> Iterator[Warehouse]:
    """A warehouse that its workers still fill."""
    opened = beside(engine)
    migrate(opened)
    yield opened
    opened.close()


def tail_of(warehouse: Warehouse, events: list[RecordedEvent]) -> Tail:
    """The rows of these events, in batches as they come."""
    folding, chance = Folding(warehouse), Random(1)
    batches = []
    while events:
        count = chance.randint(1, 200)
        batches.append(folding.fold(events[:count]))
        events = events[count:]
    return Tail(batches[-1].position, tuple(batches))


@pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(2, 12))])
def test_the_newest_events_sent_along_give_the_answer_of_the_warehouse_at_that_position(
    whole: Warehouse, behind: Warehouse, log: list[RecordedEvent], seed: int
) -> None:
    chance = Random(seed)
    covered = chance.randint(len(log) // 4, len(log) // 2)
    newest = chance.randint(covered + 1, len(log) - 20)
    asked = chance.randint(covered + 1, newest)
    write(behind, Folding(behind).fold(log[:covered]))
    tail = tail_of(behind, log[covered:newest])
    # Some workers are ahead, some of them even of what this process has read of the log.
    ahead = Folding(behind).fold(log[covered:])
    some = {table: columns for table, columns in ahead.tables.items() if chance.random() < 0.5}
    write(behind, type(ahead)(covered, some, []))
    for scope in (WHOLE_COMPANY, SOME):
        expected = CompanyRows(whole, COMPANY, scope, Progress(len(log), len(log)))
        found = CompanyRows(behind, COMPANY, scope, Progress(covered, covered), SimpleNamespace(now=tail))
        for name, ask in QUESTIONS.items():
            if scope is WHOLE_COMPANY or name in ("board", "inbound", "agents", "interactions"):
                assert ask(found, None) == ask(expected, newest), name
        assert monitor(found, Question(as_of=asked)) == monitor(expected, Question(as_of=asked))


def test_every_kind_of_row_is_read_with_the_tail(whole: Warehouse, behind: Warehouse, log: list[RecordedEvent]) -> None:
    covered = len(log) // 2
    write(behind, Folding(behind).fold(log[:covered]))
    tail = tail_of(behind, log[covered:])
    with_tail = TemporalView(behind, COMPANY, WHOLE_COMPANY, len(log), tail=tail)
    without = TemporalView(whole, COMPANY, WHOLE_COMPANY, len(log))
    tables = {table for batch in tail.batches for table in batch.tables} - {"events", "interaction_parts"} | set(PARTS)
    assert tables > {"visits", "interactions", "agents", "agent_spans", "rings"}
    for table in tables:
        sql = "SELECT toString(id) AS id, version FROM {rows} ORDER BY id, version"
        assert with_tail.ask(_Row, sql.format(rows=with_tail.rows_of(table))) == without.ask(_Row, sql.format(rows=without.rows_of(table)))


class _Row(msgspec.Struct):
    id: str
    version: int


class Paced:
    """Progress of a warehouse that a test sets."""

    def __init__(self, position: int) -> None:
        self.position = position


def test_the_tail_follows_the_log_and_drops_what_the_warehouse_has(behind: Warehouse, log: list[RecordedEvent]) -> None:
    memory, progress = MemoryLog(), Paced(100)
    memory.events = log[:400]
    write(behind, Folding(behind).fold(log[:100]))
    tail = LogTail(memory, behind, progress)  # type: ignore[arg-type]
    try:
        within(lambda: tail.position == 400)
        memory.events = log[:900]
        memory.append()
        within(lambda: tail.position == 900)
        assert tail.now is not None
        rows = tail.now.rows("events", COMPANY, 900)
        assert rows is not None
        assert sorted(rows["position"]) == [event.position for event in log[100:900]]
        progress.position = 500
        within(lambda: tail.now is not None and tail.now.batches[0].position > 500)
        progress.position = 900
        within(lambda: tail.now is not None and not tail.now.batches)
    finally:
        tail.close()


def test_too_many_events_are_not_kept_and_a_log_that_fails_is_read_again(
    behind: Warehouse, log: list[RecordedEvent], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("projections.engine.tail.MOST", 500)
    memory, progress = MemoryLog(), Paced(0)
    memory.events = log[:600]
    tail = LogTail(memory, behind, progress)  # type: ignore[arg-type]
    try:
        assert tail.now is None
        progress.position = 200
        write(behind, Folding(behind).fold(log[:200]))
        within(lambda: tail.position == 600)
        memory.fail = [OSError("the disk")]
        memory.events = log[:650]
        memory.append()
        within(lambda: not memory.fail)
        within(lambda: tail.position == 650)
    finally:
        tail.close()


def test_a_folding_does_not_live_for_ever(behind: Warehouse, log: list[RecordedEvent], monkeypatch: pytest.MonkeyPatch) -> None:
    """It keeps every row that it has made, so that its memory would grow with the log."""
    begun: list[Folding] = []

    def begin(*args: Any, **kwargs: Any) -> Folding:
        begun.append(Folding(*args, **kwargs))
        return begun[-1]

    monkeypatch.setattr("projections.engine.tail.ANEW_AFTER", 300)
    monkeypatch.setattr("projections.engine.tail.Folding", begin)
    memory, progress = MemoryLog(), Paced(100)
    memory.events = log[:400]
    write(behind, Folding(behind).fold(log[:100]))
    tail = LogTail(memory, behind, progress)  # type: ignore[arg-type]
    try:
        within(lambda: tail.position == 400)
        write(behind, Folding(behind).fold(log[100:300]))
        progress.position = 300
        memory.events = log[:450]
        memory.append()
        within(lambda: tail.position == 450)
        assert len(begun) > 1
        assert tail.now is not None
        rows = tail.now.rows("events", COMPANY, 450)
        assert rows is not None
        assert sorted(rows["position"]) == [event.position for event in log[300:450]]
    finally:
        tail.close()
