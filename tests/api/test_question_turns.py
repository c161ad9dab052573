"""Who asks much waits for oneself: others' questions are answered meanwhile."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from api import question_turns
from api.fair_turns import Room
from api.question_turns import LONG_MS, reads_much
from projections.figures.question import Question
from projections.queries import reports
from projections.queries.interactions_selection import Interactions
from tests.api.test_auth import problem_of
from tests.kit.http import Client, Person
from tests.kit.waiting import DEADLINE_S, within

NOW_MS = 1_800_000_000_000
YEAR = "/v1/reports/queues?from=2025-01-01&to=2026-01-01&by=month"
CSV = "/v1/reports/queues?format=csv"
DAY = "/v1/reports/queues?from=2026-03-02&to=2026-03-03"


class Slow:
    """Reports that are answered only when the test says so."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, client: Client) -> None:
        self.go = threading.Event()
        self.begun = 0
        self.turns: Any = client.transport.app.state.application.question_turns._turns  # type: ignore[attr-defined]
        report = reports._report

        def slowly(*args: Any) -> Any:
            self.begun += 1
            assert self.go.wait(DEADLINE_S)
            return report(*args)

        monkeypatch.setattr(reports, "_report", slowly)


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch, client: Client) -> Slow:
    return Slow(monkeypatch, client)


@pytest.mark.parametrize(
    ("question", "long"),
    [
        (Question(since_ms=NOW_MS - LONG_MS - 1), True),
        (Question(since_ms=NOW_MS - LONG_MS), False),
        (Question(since_ms=0, until_ms=LONG_MS + 1), True),
        (Question(since_ms=0, until_ms=LONG_MS), False),
        (Question(), False),
    ],
)
def test_a_question_about_more_than_a_month_reads_much_and_one_that_names_what_it_looks_for_does_not(
    question: Question, long: bool
) -> None:
    assert reads_much(NOW_MS, "words", question) is long


@pytest.mark.parametrize("question", [Question(), Question(since_ms=0, until_ms=1)])
def test_a_search_by_a_request_reads_much_and_one_for_a_call_does_not(question: Question) -> None:
    assert reads_much(NOW_MS, Interactions(question=question, correlation="crm-4711"))
    assert not reads_much(NOW_MS, Interactions(question=question, protocol=4711))


@pytest.mark.parametrize(("path", "at_once"), [(YEAR, question_turns.HEAVY_OF_A_USER), (CSV, question_turns.HEAVY_OF_A_USER), (DAY, 6)])
def test_of_one_user_so_many_are_answered_at_once_and_the_others_in_turn(ana: Person, slow: Slow, path: str, at_once: int) -> None:
    asked = at_once + 2
    with ThreadPoolExecutor(asked) as people:
        answers = [people.submit(ana.get, path) for _ in range(asked)]
        within(lambda: (slow.begun, slow.turns.waiting) == (at_once, 2))
        slow.go.set()
        assert [answer.result().status_code for answer in answers] == [200] * asked


def test_a_question_whose_client_goes_away_waits_no_longer(ana: Person, slow: Slow) -> None:
    portal, app, gone = ana.client._portal, ana.client.transport.app, asyncio.Event()
    path, _, query = YEAR.partition("?")
    headers = [(b"authorization", f"Bearer {ana.tokens['access_token']}".encode())]
    scope = {"type": "http", "method": "GET", "path": path, "query_string": query.encode(), "headers": headers, "client": ("10.0.0.1", 5)}
    came: list[Any] = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive() -> Any:
        if came:
            return came.pop()
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(_: Any) -> None:
        pass

    with ThreadPoolExecutor(question_turns.HEAVY_OF_A_USER) as people:
        answers = [people.submit(ana.get, YEAR) for _ in range(question_turns.HEAVY_OF_A_USER)]
        within(lambda: slow.begun == question_turns.HEAVY_OF_A_USER)
        left = portal.start_task_soon(app, scope, receive, send)
        within(lambda: slow.turns.waiting == 1)
        portal.call(gone.set)
        left.result(DEADLINE_S)
        assert slow.turns.waiting == 0
        slow.go.set()
        assert {answer.result().status_code for answer in answers} == {200}
    assert slow.begun == question_turns.HEAVY_OF_A_USER


def test_others_are_answered_while_one_user_asks_much(ana: Person, log_in: Any, slow: Slow) -> None:
    bia = log_in(email="bia@empresa.example", permissions=("gerenciar-relatorio",))
    asked = 12
    with ThreadPoolExecutor(asked) as people:
        answers = [people.submit(bia.get, YEAR) for _ in range(asked)]
        within(lambda: slow.turns.waiting == asked - question_turns.HEAVY_OF_A_USER)
        # Of another user, and of the same one.
        assert ana.get("/v1/dashboards/inbound").status_code == 200
        assert bia.get("/v1/dashboards/inbound").status_code == 200
        slow.go.set()
        assert {answer.result().status_code for answer in answers} == {200}


def test_a_company_has_a_limit_for_all_its_users(log_in: Any, slow: Slow, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(question_turns, "HEAVY_OF_ALL", 100)
    people = [log_in(email=f"p{number}@empresa.example", permissions=("gerenciar-relatorio",)) for number in range(3)]
    eva = log_in(company="Outra", email="eva@outra.example")
    with ThreadPoolExecutor(8) as threads:
        answers = [threads.submit(person.get, YEAR) for person in people for _ in range(2)]
        within(lambda: (slow.begun, slow.turns.waiting) == (question_turns.HEAVY_OF_A_COMPANY, 2))
        others = threads.submit(eva.get, YEAR)
        within(lambda: slow.begun == question_turns.HEAVY_OF_A_COMPANY + 1)
        slow.go.set()
        assert {answer.result().status_code for answer in (*answers, others)} == {200}


def test_who_asks_more_than_may_wait_is_told_when_to_come_back(ana: Person, slow: Slow, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slow.turns, "_room", Room(all_lanes=10, lane=1, longest_s=60, retry_s=5))
    with ThreadPoolExecutor(4) as people:
        answers = [people.submit(ana.get, YEAR) for _ in range(question_turns.HEAVY_OF_A_USER + 1)]
        within(lambda: slow.turns.waiting == 1)
        refused: httpx.Response = ana.get(YEAR)
        problem_of(refused, 429, "too-many-questions")
        assert refused.headers["Retry-After"] == "5"
        slow.go.set()
        assert {answer.result().status_code for answer in answers} == {200}
