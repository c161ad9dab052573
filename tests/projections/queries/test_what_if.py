"""SLA what-if: every profile beside the published service level, from one counting at one position."""

from __future__ import annotations

from dataclasses import replace

import pytest

from domain.errors import InvalidField
from projections.engine.warehouse import Warehouse
from projections.figures.definitions import TABLE
from projections.figures.metrics import visit_figures
from projections.figures.question import Question
from projections.queries.what_if import CURVE_S, PROFILES, sla_what_if
from tests.kit.center import Center, call, fresh, visit
from tests.kit.rows import engine

__all__ = ["engine"]

S = 1_000
GOLDEN = {
    "offered": 70.00, "answered-only": 82.35, "asterisk-perf2": 78.79, "amazon-connect": 79.00, "genesys:no-short": 76.09, "genesys": 72.16,
    "genesys:flow-outs,no-short": 73.68, "genesys:flow-outs": 70.00, "genesys:no-abandons": 82.35, "xcally": 78.65, "offered-minus-short": 73.68,
}  # fmt: skip
"""The eleven values of the golden vector: T = 20 s, s = 5 s, 100 visits."""

VISITS = (
    *[("answered", 8)] * 70, *[("answered", 35)] * 15, *[("abandoned", 3)] * 5, *[("abandoned", 12)] * 3, *[("abandoned", 50)] * 4,
    *[("timed-out", 60)] * 2, ("left-by-key", 15),
)  # fmt: skip
WHOLE = Question(timezone="UTC")


@pytest.fixture
def center(engine: Warehouse) -> Center:
    """The visits of the golden vector."""
    made = fresh(engine)
    for number, (end, wait) in enumerate(VISITS):
        more = {"agent": "Ana", "talk": 10 * S} if end == "answered" else {}
        made.call(call(str(number), visit("vendas", number * S, end, wait * S, sla_ms=20 * S, tolerated_ms=5 * S, **more)))
    return made


def levels(answer):
    return {row["profile"]: row["sla_percent"] for row in answer["profiles"]}


def test_the_golden_vector_has_its_eleven_values_at_one_position(center: Center) -> None:
    answer = sla_what_if(center.rows, WHOLE)
    assert levels(answer) == GOLDEN
    assert tuple(GOLDEN) == PROFILES
    assert answer["as_of"] == center.position
    for row in answer["profiles"]:
        assert row["sla_percent"] == (20_000 * row["numerator"] + row["denominator"]) // (2 * row["denominator"]) / 100
    assert answer["limits"] == [{"sla_ms": 20 * S, "tolerated_ms": 5 * S, "visits": 100}]


def test_the_published_level_never_moves(center: Center) -> None:
    published = sla_what_if(center.rows, WHOLE)["published"]
    assert (published["profile"], published["sla_percent"], published["numerator"], published["denominator"]) == ("offered", 70.0, 70, 100)
    for asked in ({"sla_ms": 0}, {"sla_ms": 60 * S, "tolerated_ms": 12 * S}, {"profile": "xcally"}):
        answer = sla_what_if(center.rows, replace(WHOLE, **asked))
        assert answer["published"] == published
        assert answer["difference"] == round(answer["recalculated"]["sla_percent"] - 70.0, 2)
    assert (answer["recalculated"]["profile"], answer["difference"]) == ("xcally", 8.65)


def test_other_limits_count_the_visits_anew_as_every_other_answer_does(center: Center) -> None:
    for sla_ms in (0, 8 * S, 12 * S, 35 * S):
        for tolerated_ms in (0, 3 * S, 50 * S):
            found = levels(sla_what_if(center.rows, replace(WHOLE, sla_ms=sla_ms, tolerated_ms=tolerated_ms)))
            for profile in ("offered", "genesys:no-short", "offered-minus-short", "xcally"):
                question = Question(timezone="UTC", by="total", sla_ms=sla_ms, tolerated_ms=tolerated_ms, profile=profile)
                ((row,), _) = center.rows.answer(None, None, lambda view, question=question: visit_figures(view, question))
                assert found[profile] == row["sla_percent"], (sla_ms, tolerated_ms, profile)


@pytest.mark.parametrize("profile", ["offered", "asterisk-perf2", "amazon-connect", "xcally"])
def test_the_curve_has_the_level_of_each_threshold(center: Center, profile: str) -> None:
    curve = sla_what_if(center.rows, replace(WHOLE, profile=profile))["curve"]
    assert [point["sla_ms"] for point in curve] == [S * seconds for seconds in range(CURVE_S + 1)]
    for seconds in (0, 2, 3, 8, 15, 35, 60, 120):
        asked = sla_what_if(center.rows, replace(WHOLE, sla_ms=seconds * S))
        assert curve[seconds]["sla_percent"] == levels(asked)[profile]


def test_the_histogram_counts_each_wait_in_the_second_in_which_it_ended(center: Center) -> None:
    center.call(call("late", visit("vendas", 500 * S, "answered", 8 * S + 1, agent="Ana", talk=S)))
    waits = {row["up_to_ms"] // S: row for row in sla_what_if(center.rows, WHOLE)["waits"]}
    assert (waits[8]["answered"], waits[9]["answered"], waits[3]["abandoned"], waits[15]["left_by_key"]) == (70, 1, 5, 1)


def test_without_a_visit_there_is_no_level(center: Center) -> None:
    answer = sla_what_if(center.rows, Question(timezone="UTC", queues=("nova",)))
    assert answer["notes"] == ("no queue nova",)
    assert set(levels(answer).values()) == {None}
    assert answer["published"]["denominator"] == 0
    with pytest.raises(InvalidField):
        Question(tolerated_ms=-1)


def test_every_profile_that_is_shown_is_defined() -> None:
    assert {f"profile {profile}" for profile in PROFILES} <= {one.key for one in TABLE}
