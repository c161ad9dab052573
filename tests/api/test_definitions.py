"""Every figure explains itself: its words, its formula, and the numbers of a page that the formula is about."""

from __future__ import annotations

import pytest

from projections.figures.definitions import VERSION
from tests.api.test_auth import problem_of

WANTED = {"from": "2026-11-23T01:00:00-03:00", "to": "2026-11-23T02:00:00-03:00"}


@pytest.fixture(scope="module")
def ana(reporter):
    return reporter


def definitions(ana):
    answer = ana.get("/v1/definitions").json()
    assert answer["definition"] == VERSION
    return {one["key"]: one for one in answer["figures"]}


def test_every_figure_of_the_dashboards_is_defined_in_both_languages(ana):
    known = definitions(ana)
    for board, other in (("inbound", {}), ("ivr", {}), ("outbound", {"answered": "outbound_answered", "aht_ms": "outbound_aht_ms"})):
        totals = ana.get(f"/v1/dashboards/{board}", params=WANTED).json()["totals"]
        for name in totals.keys() - {
            "bounds",
            "covered_to",
            "terms",
            "sla_profile",
            "blacklisted",
            "ended_in_ivr",
            "led_to_queue",
            "unknown_in_ivr",
            "in_ivr",
        }:
            one = known[other.get(name, name)]
            assert one["unit"], name
            assert all([one["label"]["pt-BR"], one["label"]["en"], one["meaning"]["pt-BR"], one["meaning"]["en"]]), name


def test_a_formula_names_defined_figures_alone(ana):
    known = definitions(ana)
    for one in known.values():
        assert bool(one["formula"]) == bool(one["denominator"]) == bool(one["rounding"])
        for part in f"{one['numerator']} {one['denominator']}".replace("+", " ").replace("-", " ").split():
            assert part in known, one["key"]


def test_the_terms_of_a_row_give_its_percentages_and_means_under_every_profile(ana):
    known = definitions(ana)
    for profile in ("", "xcally", "asterisk-perf2", "genesys:flow-outs,no-short"):
        asked = WANTED | ({"sla_profile": profile} if profile else {})
        board = ana.get("/v1/dashboards/inbound", params=asked).json()
        assert "terms" not in board["series"][0]
        for row in (board["totals"], *board["queues"]):
            assert row["sla_profile"] == (profile or "offered")
            for name, (numerator, denominator) in row["terms"].items():
                if denominator == 0:
                    assert row[name] is None
                elif known[name]["unit"] == "percent":
                    assert row[name] == (20_000 * numerator + denominator) // (2 * denominator) / 100
                else:
                    assert row[name] == (2 * numerator + denominator) // (2 * denominator)


def test_definitions_of_another_version_are_not_found(ana):
    assert ana.get("/v1/definitions", params={"version": VERSION}).status_code == 200
    problem_of(ana.get("/v1/definitions", params={"version": "1-000000000000"}), 404, "definitions-unknown")
