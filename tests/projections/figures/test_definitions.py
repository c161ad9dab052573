"""The formula that is shown is the one by which the engine calculates."""

from __future__ import annotations

from dataclasses import asdict

from hypothesis import given
from hypothesis import strategies as st

from projections.figures.definitions import DEFINITIONS, TABLE
from projections.figures.outbound import CONNECTED
from projections.figures.service_level import COUNTED, FORMULAS, Counts, canonical, formula_of

PROFILES = (
    *FORMULAS,
    "genesys:flow-outs",
    "genesys:no-short",
    "genesys:no-abandons",
    "genesys:flow-outs,no-short",
    "genesys:no-abandons,flow-outs",
)


def value(sum_of_keys: str, counts: dict[str, int]) -> int:
    total, sign = 0, 1
    for word in sum_of_keys.split():
        if word in "+-":
            sign = 1 if word == "+" else -1
        else:
            total += sign * counts[word]
    return total


@given(st.sampled_from(PROFILES), st.lists(st.integers(0, 500), min_size=len(COUNTED), max_size=len(COUNTED)))
def test_the_numerator_and_denominator_of_every_profile_are_those_of_its_definition(profile: str, numbers: list[int]) -> None:
    counts = Counts(*numbers)
    by_key = asdict(counts)
    (shown,) = (one for one in TABLE if one.key == f"profile {canonical(profile)}")
    assert (value(shown.numerator, by_key), value(shown.denominator, by_key)) == formula_of(profile)(counts)


def test_connected_names_the_results_that_count_as_connected() -> None:
    words = {"answered": "answered", "no-answer": "rung out", "busy": "busy", "voicemail": "voicemail"}
    assert words.keys() == set(CONNECTED)
    for key in ("connected", "connect_percent"):
        assert all(word in DEFINITIONS[key] for word in words.values())
