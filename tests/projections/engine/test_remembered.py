"""A statement is not asked again while no rows come that change its answer; what is remembered is what the engine would answer."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from random import Random

import pytest

from domain.access import WHOLE_COMPANY, Scope
from migrations.runner import migrate
from projections.engine import remembered as remembered_answers
from projections.engine.chdb_warehouse import ChdbWarehouse
from projections.engine.folding import Folding
from projections.engine.progress import Progress
from projections.engine.remembered import LARGEST_BYTES, Remembered
from projections.engine.temporal_view import CompanyRows
from projections.engine.warehouse import Warehouse, WarehouseError
from projections.engine.writing import write
from store.recorded_event import RecordedEvent
from tests.kit.rows import beside, in_process
from tests.kit.simulated import simulated
from tests.projections.engine.test_tail import COMPANY, QUESTIONS, SOME

engine = in_process

__all__ = ["engine"]

NOW = "SELECT * FROM visits /* scoped */ FINAL"
THEN = "SELECT * FROM visits_versions /* scoped */ FINAL WHERE position <= {as_of:UInt64}"


class Asked:
    """Notes which statements reach the engine."""

    def __init__(self, answer: bytes = b"x") -> None:
        self.times = 0
        self.as_of = ""
        self._answer = answer

    def __call__(self, arguments: Mapping[str, str]) -> bytes:
        self.times += 1
        self.as_of = arguments.get("as_of", "")
        return self._answer


@pytest.fixture
def remembered() -> Remembered:
    """The answers about tables that have rows up to position 10."""
    return Remembered(lambda table: 10)


def test_a_statement_is_asked_once_until_rows_come_into_a_table_that_it_reads(remembered: Remembered) -> None:
    asked = Asked()
    for table in ("", "agents", "visits_versions"):
        if table:
            with remembered.writing(table, [11]):
                pass
        assert remembered.answer(NOW, {}, asked) == b"x"
    assert asked.times == 1
    with remembered.writing("visits", [12]):
        remembered.answer(NOW, {}, asked)
    remembered.answer(NOW, {}, asked)
    assert asked.times == 3


def test_other_arguments_are_another_statement(remembered: Remembered) -> None:
    asked = Asked()
    for queue in ("['Vendas']", "['Suporte']", "['Vendas']"):
        remembered.answer(NOW, {"scope_queues": queue}, asked)
    assert asked.times == 2


def test_what_was_known_at_a_position_is_known_at_each_later_one_until_rows_come(remembered: Remembered) -> None:
    asked = Asked()
    for as_of in ("10", "11", "15"):
        remembered.answer(THEN, {"as_of": as_of}, asked)
    assert (asked.times, asked.as_of) == (1, "10")
    with remembered.writing("visits_versions", [16, 17]):
        remembered.answer(THEN, {"as_of": "15"}, asked)
    remembered.answer(THEN, {"as_of": "16"}, asked)
    remembered.answer(THEN, {"as_of": "10"}, asked)
    assert (asked.times, asked.as_of) == (3, "16")


def test_rows_of_a_position_that_is_written_again_are_asked_for_anew(remembered: Remembered) -> None:
    asked = Asked()
    remembered.answer(THEN, {"as_of": "10"}, asked)
    with remembered.writing("visits_versions", [9, 10]):
        pass
    remembered.answer(THEN, {"as_of": "10"}, asked)
    assert asked.times == 2


def test_an_answer_during_which_rows_came_is_not_remembered(remembered: Remembered) -> None:
    asked = Asked()

    def disturbed(arguments: Mapping[str, str]) -> bytes:
        with remembered.writing("visits", [11]):
            return asked(arguments)

    for _ in range(2):
        remembered.answer(NOW, {}, disturbed)
    assert asked.times == 2


def test_a_statement_that_changes_anything_ends_all_that_was_remembered(remembered: Remembered) -> None:
    asked = Asked()
    for _ in range(2):
        remembered.answer(NOW, {}, asked)
        remembered.answer(THEN, {"as_of": "3"}, asked)
        with remembered.writing():
            pass
    assert asked.times == 4


def test_equal_statements_that_come_at_the_same_time_are_asked_once(remembered: Remembered) -> None:
    begun, go, asked = threading.Event(), threading.Event(), Asked()

    def slow(arguments: Mapping[str, str]) -> bytes:
        begun.set()
        go.wait()
        return asked(arguments)

    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(remembered.answer, NOW, {}, slow)
        begun.wait()
        second = threads.submit(remembered.answer, NOW, {}, asked)
        go.set()
        assert (first.result(), second.result(), asked.times) == (b"x", b"x", 1)


def test_a_statement_that_failed_is_asked_again(remembered: Remembered) -> None:
    def fails(_: Mapping[str, str]) -> bytes:
        raise WarehouseError("the engine is away")

    with pytest.raises(WarehouseError, match="away"):
        remembered.answer(NOW, {}, fails)
    assert remembered.answer(NOW, {}, Asked()) == b"x"


def test_the_least_recently_used_answers_are_dropped_above_the_limit() -> None:
    remembered, asked = Remembered(lambda table: 10, most_bytes=2 * 1_000 + 500), Asked(bytes(900))
    for company in ("a", "b", "a", "c", "a", "b"):
        remembered.answer(NOW, {"tenant": company}, asked)
    assert asked.times == 4
    assert remembered.answer(NOW, {"tenant": "long"}, Asked(bytes(LARGEST_BYTES + 1))) != b""
    remembered.answer(NOW, {"tenant": "b"}, asked)
    assert asked.times == 4


def test_only_so_many_answers_are_kept(remembered: Remembered, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remembered_answers, "MOST_ANSWERS", 2)
    asked = Asked()
    for company in ("a", "b", "c", "b", "a"):
        remembered.answer(NOW, {"tenant": company}, asked)
    assert asked.times == 4


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> list[RecordedEvent]:
    """An hour of a simulated center."""
    return simulated(tmp_path_factory.mktemp("center") / "data", days=0.06).log


@pytest.fixture
def opened(engine: Warehouse) -> Iterator[Callable[[], ChdbWarehouse]]:
    """Opens empty warehouses in the process."""
    all_of_them: list[Warehouse] = []

    def open_one() -> ChdbWarehouse:
        one = beside(engine)
        assert isinstance(one, ChdbWarehouse)
        migrate(one)
        all_of_them.append(one)
        return one

    yield open_one
    for one in all_of_them:
        one.close()


class Forgetful(Remembered):
    """Asks each statement."""

    def answer(self, sql: str, arguments: Mapping[str, str], ask: Callable[[Mapping[str, str]], bytes]) -> bytes:
        return ask(arguments)


@pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(2, 8))])
def test_answers_at_random_positions_are_those_of_a_warehouse_that_remembers_nothing(
    opened: Callable[[], ChdbWarehouse], log: list[RecordedEvent], seed: int
) -> None:
    chance = Random(seed)
    whole, following = opened(), opened()
    whole._remembered = Forgetful(lambda table: 0)
    write(whole, Folding(whole).fold(log))
    folding, covered = Folding(following), len(log) // 2
    write(following, folding.fold(log[:covered]))
    for _ in range(4):
        newest = min(covered + chance.randint(1, 40), len(log))
        write(following, folding.fold(log[covered:newest]))
        covered = newest
        for scope in chance.choice(([WHOLE_COMPANY], [WHOLE_COMPANY, SOME])):
            _same_answers(whole, following, scope, covered, asked=chance.choice((None, covered, chance.randint(1, covered))))


def _same_answers(whole: Warehouse, following: Warehouse, scope: Scope, covered: int, asked: int | None) -> None:
    expected = CompanyRows(whole, COMPANY, scope, Progress(covered, covered))
    found = CompanyRows(following, COMPANY, scope, Progress(covered, covered), brief=True)
    for name in ("board", "inbound", "agents"):
        # As it is the second time too, when each statement is remembered.
        for _ in range(2):
            assert QUESTIONS[name](found, asked) == QUESTIONS[name](expected, covered if asked is None else asked), name
