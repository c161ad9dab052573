"""SLA what-if over HTTP: the published level is that of the dashboard, and nothing is changed by asking."""

from __future__ import annotations

import pytest

from tests.api.test_auth import problem_of

PERIOD = {"from": "2026-11-23T01:00:00-03:00", "to": "2026-11-23T02:00:00-03:00"}


@pytest.fixture(scope="module")
def ana(reporter):
    return reporter


def what_if(ana, **params):
    answer = ana.get("/v1/what-if/sla", params=PERIOD | params)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_the_published_level_is_that_of_the_dashboard_whatever_is_asked(ana):
    board = ana.get("/v1/dashboards/inbound", params=PERIOD).json()
    plain = what_if(ana)
    asked = what_if(ana, sla_ms=5_000, tolerated_ms=2_000, sla_profile="xcally")
    assert plain["published"] == asked["published"]
    assert (plain["published"]["sla_percent"], plain["as_of"]) == (board["totals"]["sla_percent"], board["as_of"])
    assert len(plain["profiles"]) == 11
    assert asked["recalculated"]["profile"] == "xcally"
    assert ana.get("/v1/dashboards/inbound", params=PERIOD).json() == board


def test_asked_limits_are_those_of_the_dashboard_with_the_same_limits(ana):
    limits = {"sla_ms": 5_000, "tolerated_ms": 2_000, "sla_profile": "offered-minus-short"}
    board = ana.get("/v1/dashboards/inbound", params=PERIOD | limits).json()
    asked = what_if(ana, sla_ms=5_000, tolerated_ms=2_000, sla_profile="offered-minus-short")
    assert asked["recalculated"]["sla_percent"] == board["totals"]["sla_percent"]
    assert [asked["recalculated"]["numerator"], asked["recalculated"]["denominator"]] == board["totals"]["terms"]["sla_percent"]


def test_wrong_limits_are_named(ana):
    for field, value in (("sla_ms", "-1"), ("tolerated_ms", "many"), ("sla_profile", "best")):
        problem = problem_of(ana.get("/v1/what-if/sla", params={field: value}), 422, "invalid")
        assert field in str(problem["errors"])
