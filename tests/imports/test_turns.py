"""One import of a company runs at a time, and no company's many imports keep another one waiting."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing
from uuid import UUID

import pytest

from imports.turns import AT_ONCE, ImportTurns
from tests.kit.waiting import DEADLINE_S, within

A, B, C = UUID(int=1), UUID(int=2), UUID(int=3)


class Imports:
    """Imports that end when the test says so."""

    def __init__(self, turns: ImportTurns) -> None:
        self.turns = turns
        self.begun: list[str] = []
        self._ends: dict[str, threading.Event] = {}

    def add(self, name: str, company: UUID) -> None:
        self._ends[name] = threading.Event()

        def work() -> None:
            self.begun.append(name)
            assert self._ends[name].wait(DEADLINE_S)

        self.turns.add(company, work)

    def end(self, *names: str) -> None:
        for name in names:
            self._ends[name].set()

    def end_all(self) -> None:
        self.end(*self._ends)


@pytest.fixture
def imports() -> Iterator[Imports]:
    with closing(ImportTurns()) as turns:
        made = Imports(turns)
        yield made
        made.end_all()


def test_the_imports_of_a_company_run_one_after_the_other_and_those_of_another_one_beside_them(imports: Imports) -> None:
    for number in range(5):
        imports.add(f"a{number}", A)
    within(lambda: imports.begun == ["a0"])
    imports.add("b0", B)
    within(lambda: imports.begun == ["a0", "b0"])
    imports.end("a0")
    within(lambda: imports.begun == ["a0", "b0", "a1"])


def test_the_companies_are_served_in_turn(imports: Imports) -> None:
    assert AT_ONCE == 2
    imports.add("a0", A)
    imports.add("b0", B)
    within(lambda: sorted(imports.begun) == ["a0", "b0"])
    for name, company in (("a1", A), ("b1", B), ("c0", C)):
        imports.add(name, company)
    imports.end("b0")
    within(lambda: imports.begun[2:] == ["c0"])
    imports.end("a0")
    within(lambda: imports.begun[3:] in (["a1"], ["b1"]))


def test_work_that_fails_gives_its_turn_back(imports: Imports) -> None:
    def fails() -> None:
        raise ValueError

    imports.turns.add(A, fails)
    imports.add("a1", A)
    within(lambda: imports.begun == ["a1"])


def test_what_waits_is_not_begun_at_the_end_and_what_does_not_end_holds_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("imports.turns.ENDS_WITHIN_S", 0.05)
    turns = ImportTurns()
    made = Imports(turns)
    made.add("a0", A)
    made.add("a1", A)
    within(lambda: made.begun == ["a0"])
    turns.close()
    made.end_all()
    assert made.begun == ["a0"]
