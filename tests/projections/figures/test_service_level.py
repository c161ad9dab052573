"""The service level under every profile, and how figures are rounded."""

from __future__ import annotations

import pytest

from domain.errors import InvalidField
from domain.queues import PROFILES
from projections.figures.service_level import FORMULAS, Counts, formula_of, mean, percent

GOLDEN = Counts(
    offered=100,
    answered=85,
    answered_within_sla=70,
    abandoned=12,
    abandoned_within_sla=8,
    abandoned_short=5,
    timed_out=2,
    left_by_key=1,
    left_by_key_within_sla=1,
)


@pytest.mark.parametrize(
    ("profile", "expected"),
    [
        ("offered", 70.00),
        ("answered-only", 82.35),
        ("asterisk-perf2", 78.79),
        ("amazon-connect", 79.00),
        ("genesys:no-short", 76.09),
        ("genesys", 72.16),
        ("genesys:flow-outs,no-short", 73.68),
        ("genesys:flow-outs", 70.00),
        ("genesys:no-abandons", 82.35),
        ("genesys:no-abandons,no-short", 82.35),
        ("xcally", 78.65),
        ("offered-minus-short", 73.68),
    ],
)
def test_golden_vector(profile: str, expected: float) -> None:
    assert percent(*formula_of(profile)(GOLDEN)) == expected


def test_every_profile_a_queue_may_name_has_a_formula() -> None:
    assert set(PROFILES) == set(FORMULAS)


@pytest.mark.parametrize("profile", FORMULAS)
def test_over_no_case_there_is_no_percentage(profile: str) -> None:
    assert percent(*formula_of(profile)(Counts())) is None


@pytest.mark.parametrize("profile", ["", "Offered", "offered:flow-outs", "genesys:", "genesys:shorts", "genesys:flow-outs,"])
def test_other_profiles_are_refused_by_the_name_of_the_field(profile: str) -> None:
    with pytest.raises(InvalidField) as refused:
        formula_of(profile)
    assert refused.value.field == "sla_profile"


@pytest.mark.parametrize(
    ("part", "whole", "expected"),
    [
        (1, 3, 33.33),
        (2, 3, 66.67),
        (1, 800, 0.13),
        (3, 800, 0.38),
        (1, 20_000, 0.01),
        (1, 20_001, 0.0),
        (0, 5, 0.0),
        (5, 5, 100.0),
        (0, 0, None),
    ],
)
def test_percentages_have_two_decimals_half_up(part: int, whole: int, expected: float | None) -> None:
    assert percent(part, whole) == expected


@pytest.mark.parametrize(
    ("total", "cases", "expected"), [(43_000, 2, 21_500), (3, 2, 2), (1, 2, 1), (1, 3, 0), (5, 3, 2), (0, 4, 0), (0, 0, None)]
)
def test_means_are_whole_half_up(total: int, cases: int, expected: int | None) -> None:
    assert mean(total, cases) == expected
