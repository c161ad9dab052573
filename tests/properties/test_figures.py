"""The metric engine against the naive oracle, over random histories of a contact center."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.voice.calls import IvrPath
from migrations.runner import migrate
from projections.engine.warehouse import Warehouse
from projections.figures.ivr import ivr_figures
from projections.figures.metrics import FIGURES, query_context, visit_figures
from projections.figures.question import Question
from tests.kit.center import Center, call, visit
from tests.kit.rows import engine_at_length as engine
from tests.kit.whole_call import WholeCall, WholeVisit
from tests.properties import oracle

__all__ = ["engine"]

CHANGE = int(datetime(2018, 11, 4, 1, tzinfo=ZoneInfo("America/Sao_Paulo")).timestamp()) * 1000
"""Daylight saving begins in São Paulo: the calls are around this instant."""

SPREAD = 30 * 3_600_000
ENDS = ("", "answered", "answered", "answered", "abandoned", "timed-out", "transferred-out", "left-by-key", "closed", "unknown")
ZONES = ("America/Sao_Paulo", "America/Manaus", "America/Rio_Branco", "America/Noronha")
PROFILES = ("arrival", "event", "completion")


@st.composite
def visits(draw: st.DrawFn) -> WholeVisit:
    end = draw(st.sampled_from(ENDS))
    near = st.sampled_from([0, 4_999, 5_000, 5_001, 19_999, 20_000, 20_001])
    wait = None if end == "" else draw(st.one_of(near, st.integers(0, 2 * 3_600_000)))
    talk = draw(st.one_of(st.none(), st.integers(0, 3_600_000)))
    wrap = draw(st.one_of(st.none(), st.integers(0, 60_000)))
    unknown = end == "answered" and talk is None and draw(st.booleans())
    return visit(
        draw(st.sampled_from(["vendas", "suporte", "Cobrança"])),
        CHANGE + draw(st.integers(-SPREAD, SPREAD)),
        end,
        wait,
        agent=draw(st.sampled_from(["Ana", "Bruno Conceição", ""])),
        talk=talk,
        hold=draw(st.sampled_from([0, 0, 7_000])),
        wrap=wrap,
        sla=draw(st.sampled_from([20_000, 10_000])),
        talk_unknown=unknown,
    )


PASTS = st.lists(st.lists(visits(), min_size=1, max_size=3), max_size=12).map(
    lambda calls: [call(str(n), *visits) for n, visits in enumerate(calls)]
)
ON_ONE_WAREHOUSE = settings(
    deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@pytest.fixture(scope="module")
def warehouse(engine: Warehouse) -> Warehouse:
    migrate(engine)
    return engine


def past(warehouse: Warehouse, calls: list[WholeCall]) -> Center:
    """A company of its own with these calls."""
    center = Center(warehouse, uuid4())
    center.calls(calls)
    return center


def ask(center: Center, **question: Any) -> list[dict[str, Any]]:
    built = Question(**question)
    found, _ = center.rows.answer(built.as_of, built.moment_ms, lambda view: visit_figures(view, built))
    return found


def shown(rows: list[dict[str, Any]], key: str, length: int | None = None) -> dict[str, dict[str, Any]]:
    return {str(row[key])[:length]: {name: row[name] for name in FIGURES} for row in rows}


@ON_ONE_WAREHOUSE
@given(PASTS, st.sampled_from(PROFILES), st.sampled_from([None, 0, 7_000, 20_000]))
def test_by_queue_and_by_agent(warehouse: Warehouse, calls: list[WholeCall], attribution: str, threshold: int | None) -> None:
    center, visits = past(warehouse, calls), oracle.visits_of(calls)
    options = {"attribution": attribution, "sla_ms": threshold}
    assert shown(ask(center, by="queue", **options), "queue") == oracle.rows(visits, attribution, lambda visit, at: visit.queue, threshold)
    assert shown(ask(center, by="agent", **options), "agent") == oracle.rows(visits, attribution, lambda visit, at: visit.agent, threshold)


@ON_ONE_WAREHOUSE
@given(PASTS, st.sampled_from(PROFILES), st.sampled_from(ZONES), st.sampled_from(["hour", "day", "month"]))
def test_by_time_on_every_brazilian_clock(warehouse: Warehouse, calls: list[WholeCall], attribution: str, zone: str, by: Any) -> None:
    center = past(warehouse, calls)
    name, length = {"hour": (oracle.hour_of, None), "day": (oracle.day_of, 10), "month": (oracle.month_of, 7)}[by]
    expected = oracle.rows(oracle.visits_of(calls), attribution, lambda visit, at: name(at, zone))
    found = shown(ask(center, by=by, attribution=attribution, timezone=zone), "start", length)
    assert {start: row for start, row in found.items() if start in expected} == expected
    assert all(row["offered"] == row["answered"] == row["abandoned"] == 0 for start, row in found.items() if start not in expected)
    assert sorted(found) == list(found) or by == "hour"


@ON_ONE_WAREHOUSE
@given(PASTS, st.integers(-SPREAD, SPREAD))
def test_as_of_a_moment(warehouse: Warehouse, calls: list[WholeCall], after: int) -> None:
    center, moment = past(warehouse, calls), CHANGE + after
    expected = oracle.rows(oracle.visits_of(calls, moment), "arrival", lambda visit, at: visit.agent)
    assert shown(ask(center, by="agent", moment_ms=moment), "agent") == expected


@ON_ONE_WAREHOUSE
@given(PASTS, PASTS)
def test_as_of_a_position_equals_the_answer_of_that_time(warehouse: Warehouse, calls: list[WholeCall], later: list[WholeCall]) -> None:
    center = past(warehouse, calls)
    questions: list[dict[str, Any]] = [{"by": "queue"}, {"by": "day", "attribution": "event"}, {"by": "agent", "attribution": "clipped"}]
    answers = [ask(center, **question) for question in questions]
    position = center.position
    center.calls(later)
    assert [ask(center, as_of=position, **question) for question in questions] == answers
    changed = {whole.call: whole for whole in [*calls, *later]}.values()
    expected = oracle.rows(oracle.visits_of(changed), "arrival", lambda visit, at: visit.queue)
    assert shown(ask(center, by="queue"), "queue") == expected


@ON_ONE_WAREHOUSE
@given(PASTS, st.lists(st.integers(0, 11), max_size=6))
def test_batches_and_repeats_change_nothing(warehouse: Warehouse, calls: list[WholeCall], writes: list[int]) -> None:
    at_once = past(warehouse, calls)
    by_parts = Center(warehouse, uuid4())
    for n, whole in enumerate(calls):
        by_parts.call(whole)
        if n in writes:
            by_parts.write()
            by_parts.call(whole)
    for by in ("queue", "agent", "day"):
        assert ask(by_parts, by=by) == ask(at_once, by=by)


@ON_ONE_WAREHOUSE
@given(PASTS)
def test_offered_is_the_sum_of_the_ends_and_of_the_calls_that_still_wait(warehouse: Warehouse, calls: list[WholeCall]) -> None:
    center = past(warehouse, calls)
    for by in ("queue", "agent", "hour", "total"):
        for row in ask(center, by=by):
            ends = ("answered", "abandoned", "timed_out", "transferred_out", "left_by_key", "closed", "unknown", "waiting")
            assert row["offered"] == sum(row[end] for end in ends)


@ON_ONE_WAREHOUSE
@given(st.lists(st.tuples(st.sampled_from(["A", "B"]), st.sampled_from(["", "offered", "out-of-hours", "abandoned", "blacklisted", "ended", "unknown"])), max_size=9))  # fmt: skip
def test_a_caller_who_entered_an_ivr_left_it_or_is_still_in_it(warehouse: Warehouse, ways: list[tuple[str, str]]) -> None:
    calls = []
    for n, (ivr, outcome) in enumerate(ways):
        path = IvrPath(ivr, CHANGE + n, None if outcome == "" else CHANGE + n + 5, outcome)
        calls.append(call(str(n), *([visit("vendas", CHANGE + n + 5, "abandoned", 9)] if outcome == "offered" else []), ivr=path))
    question = Question(by="ivr")
    rows, _ = past(warehouse, calls).rows.answer(None, None, lambda view: ivr_figures(query_context(view, question)))
    for row in rows:
        mine = [outcome for ivr, outcome in ways if ivr == row["ivr"]]
        assert row["entered"] == len(mine)
        assert row["offered"] == row["led_to_queue"] == mine.count("offered")
        assert (row["out_of_hours"], row["abandoned_in_ivr"], row["blacklisted"]) == (mine.count("out-of-hours"), mine.count("abandoned"), mine.count("blacklisted"))  # fmt: skip
        assert (row["ended_in_ivr"], row["unknown_in_ivr"], row["in_ivr"]) == (mine.count("ended"), mine.count("unknown"), mine.count(""))
