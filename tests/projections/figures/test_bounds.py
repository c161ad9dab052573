"""Gaps: what may be missing, the bounds of figures, and when figures are exact again."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from projections.engine.warehouse import Warehouse
from projections.figures.bounds import COUNTS, Unseen, bounds_of, missing
from projections.figures.coverage import Coverage, Gap
from projections.figures.metrics import FIGURES, visit_figures
from projections.figures.question import Question
from projections.figures.service_level import COUNTED, FORMULAS, Counts, percent
from tests.kit.center import Center, call, fresh, visit
from tests.kit.rows import engine

__all__ = ["engine"]

S = 1_000
HOUR = 3600 * S


@pytest.fixture
def center(engine: Warehouse) -> Center:
    return fresh(engine)


def ask(center: Center, **question: Any) -> list[dict[str, Any]]:
    whole_question = Question(**{"timezone": "UTC"} | question)
    rows, _ = center.rows.answer(whole_question.as_of, whole_question.moment_ms, lambda view: visit_figures(view, whole_question))
    return rows


def cut_off(center: Center, **fields: Any) -> None:
    """Two queues, covered by AMI from 0 to 2 h, cut off from 1000 to 1008 s, when one customer was waiting."""
    center.covered("ami", 0, 2 * HOUR)
    center.queue("vendas")
    center.queue("suporte")
    center.call(call("1", visit("vendas", 100 * S, "answered", 10 * S, agent="Ana", talk=20 * S), origin="ami"))
    center.call(call("2", visit("vendas", 990 * S, "unknown", 10 * S), origin="ami"))
    center.call(call("3", visit("suporte", HOUR + S, "abandoned", 3 * S), origin="ami"))
    center.gap(1000 * S, 1008 * S, **fields)


def test_bounds_reach_from_what_was_seen_to_what_may_be_missing(center: Center) -> None:
    cut_off(center, up=1, born=4, missed={"vendas": 2, "suporte": 0})
    suporte, vendas = ask(center)
    assert vendas["bounds"] == {
        "missing_at_most": 2, "offered": [2, 4], "answered": [1, 4], "answered_within_sla": [1, 4], "abandoned": [0, 3], "timed_out": [0, 3],
        "transferred_out": [0, 3], "left_by_key": [0, 3], "closed": [0, 3], "unknown": [0, 3], "waiting": [0, 3],
        "sla_percent": [25.0, 100.0], "abandoned_percent": [0.0, 75.0],
    }  # fmt: skip
    assert suporte["bounds"]["missing_at_most"] == 0
    assert suporte["bounds"]["abandoned"] == [1, 1]
    assert suporte["bounds"]["abandoned_percent"] == [100.0, 100.0]


def test_without_counters_every_call_may_have_been_a_visit(center: Center) -> None:
    cut_off(center, up=1, born=4)
    assert [row["bounds"]["missing_at_most"] for row in ask(center)] == [5, 5]
    assert ask(center, by="total")[0]["bounds"]["missing_at_most"] == 5


def test_bounds_are_finite_even_if_nothing_is_known(center: Center) -> None:
    cut_off(center, up=1, born=None)
    high = ask(center, by="total")[0]["bounds"]["offered"][1]
    assert 3 < high < 1000


def test_an_interval_that_no_gap_touches_is_exact(center: Center) -> None:
    cut_off(center, up=0, born=1)
    first, second = ask(center, by="hour", since_ms=0, until_ms=2 * HOUR)
    assert first["bounds"]["offered"] == [2, 3]
    assert second["bounds"] is None


def test_by_agent_an_unseen_end_may_be_anybodys(center: Center) -> None:
    cut_off(center, up=0, born=0, missed={"vendas": 0, "suporte": 0})
    nobody, ana = ask(center, by="agent")
    assert (nobody["bounds"]["offered"], nobody["bounds"]["unknown"]) == ([1, 2], [0, 1])
    assert (ana["bounds"]["offered"], ana["bounds"]["answered"], ana["bounds"]["abandoned"]) == ([1, 2], [1, 2], [0, 1])
    (only,) = ask(center, by="total", agents=("Ana",))
    assert only["bounds"]["answered"] == [1, 2]


def test_once_a_log_covers_the_gap_the_figures_are_exact(center: Center) -> None:
    cut_off(center, up=1, born=4)
    before = center.position
    center.call(call("2", visit("vendas", 990 * S, "abandoned", 12 * S), origin="ami"))
    center.covered("queue_log", 500 * S, 1008 * S)
    assert [row["bounds"] for row in ask(center)] == [None, None]
    assert ask(center, as_of=before)[0]["bounds"] is not None


def test_a_log_that_ends_inside_the_gap_leaves_the_rest_of_it(center: Center) -> None:
    cut_off(center, up=1, born=4)
    center.covered("queue_log", 500 * S, 1004 * S)
    assert ask(center)[0]["bounds"] is not None
    center.covered("queue_log", 1005 * S, 1100 * S, name="b")
    assert ask(center)[0]["bounds"] is None


def test_an_end_by_a_restart_in_the_log_is_unknown_and_nothing_more(center: Center) -> None:
    center.covered("queue_log", 0, 2 * HOUR)
    center.call(call("1", visit("vendas", 10 * S, "unknown", 90 * S)))
    center.restart(100 * S)
    (row,) = ask(center)
    assert (row["unknown"], row["bounds"]) == (1, None)


def test_an_end_that_a_lost_line_hid_is_unknown_and_nothing_more(center: Center) -> None:
    center.covered("queue_log", 0, 2 * HOUR)
    center.call(call("1", visit("vendas", 10 * S, "unknown", 90 * S)))
    (row,) = ask(center)
    assert (row["unknown"], row["bounds"]) == (1, None)


def test_outside_of_all_spans_nothing_is_said_and_a_straddling_interval_says_until_when(center: Center) -> None:
    center.covered("queue_log", HOUR + 1800 * S, 2 * HOUR + 600 * S)
    center.call(call("1", visit("vendas", 2 * HOUR, "abandoned", 3 * S)))
    rows = ask(center, by="hour", since_ms=0, until_ms=4 * HOUR)
    assert [row["offered"] for row in rows] == [None, 0, 1, None]
    assert [row["covered_to"] for row in rows] == [None, None, "1970-01-01T02:10:00+00:00", None]
    assert [rows[0][name] for name in FIGURES] == [None] * len(FIGURES)
    (outside,) = ask(center, since_ms=3 * HOUR, until_ms=4 * HOUR)
    assert (outside["queue"], outside["offered"], outside["sla_percent"], outside["bounds"]) == ("vendas", None, None, None)
    (straddling,) = ask(center, since_ms=0, until_ms=3 * HOUR)
    assert (straddling["offered"], straddling["covered_to"]) == (1, "1970-01-01T02:10:00+00:00")
    (everything,) = ask(center)
    assert everything["covered_to"] is None


def test_live_commands_cover_themselves(center: Center) -> None:
    center.call(call("1", visit("vendas", 5 * HOUR, "abandoned", 3 * S), origin="Portal"))
    assert [row["offered"] for row in ask(center, by="hour", since_ms=4 * HOUR, until_ms=6 * HOUR)] == [0, 1]
    center.covered("queue_log", 0, HOUR)
    assert [row["offered"] for row in ask(center, by="hour", since_ms=4 * HOUR, until_ms=6 * HOUR)] == [None, 1]


def test_as_of_a_moment_nothing_later_is_covered(center: Center) -> None:
    cut_off(center, up=0, born=0)
    rows = ask(center, by="hour", since_ms=0, until_ms=2 * HOUR, moment_ms=600 * S)
    assert [row["offered"] for row in rows] == [1, None]
    assert (rows[0]["bounds"], rows[0]["covered_to"]) == (None, "1970-01-01T00:10:00+00:00")


def test_several_queues_share_the_calls_that_were_unseen() -> None:
    gap = Gap(0, 8, 3, {"a": 2, "b": 2})
    assert missing([gap], ("a",), {"a", "b"}) == 2
    assert missing([gap], (), {"a", "b"}) == 3
    assert missing([gap], (), {"a", "b", "c"}) == 4
    assert missing([gap, gap], ("c",), {"a", "b", "c"}) == 6


def test_covered_to_is_the_last_instant_of_the_spans_in_the_interval() -> None:
    covered = Coverage(spans=((10, 20), (30, 40)))
    assert [covered.covered_to(*period) for period in ((0, 21), (0, 22), (15, 25), (0, 60), (50, 60))] == [None, 20, 20, 40, None]
    assert [covered.covers(*period) for period in ((0, 10), (0, 11), (20, 21), (21, 30), (41, 50))] == [False, True, True, False, False]


ENDS: list[dict[str, int]] = [
    {"answered": 1, "answered_within_sla": 1}, {"answered": 1}, {"abandoned": 1, "abandoned_within_sla": 1, "abandoned_short": 1}, {"abandoned": 1},
    {"timed_out": 1}, {"left_by_key": 1, "left_by_key_within_sla": 1}, {"transferred_out": 1}, {"closed": 1},
]  # fmt: skip


@settings(deadline=None, max_examples=60)
@given(
    seen=st.lists(st.sampled_from(ENDS), max_size=4),
    unseen=st.integers(0, 2),
    hidden=st.integers(0, 2),
    profile=st.sampled_from(sorted(FORMULAS)),
)
def test_every_truth_lies_within_the_bounds_and_percentages_are_reached(seen: Any, unseen: int, hidden: int, profile: str) -> None:
    def counted(ends: Any, unknown: int = 0) -> Counts:
        sums = {name: sum(end.get(name, 0) for end in ends) for name in COUNTED}
        return Counts(**sums | {"offered": len(ends) + unknown, "unknown": unknown})

    formula = FORMULAS[profile]
    bounds = bounds_of(counted(seen, unseen), Unseen(stay=unseen), hidden, formula)
    reached = set()
    for truth in product(ENDS, repeat=unseen):
        for more in range(hidden + 1):
            for missed in product(ENDS, repeat=more):
                true = counted([*seen, *truth, *missed])
                for name in COUNTS:
                    low, high = bounds[name]
                    assert low <= getattr(true, name) <= high
                reached.add(percent(*formula(true)))
    values = [value for value in reached if value is not None]
    low, high = bounds["sla_percent"]
    assert all(low <= value <= high for value in values)
    if values and not unseen:
        assert {low, high} == {min(values), max(values)}
