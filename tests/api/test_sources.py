"""Sources and gaps over HTTP: of a stream that was cut, before and after its log is imported."""

from __future__ import annotations

import pytest

from telephony_adapter.ami.importer import import_ami
from telephony_adapter.queue_log.importer import import_queue_log
from tests.api.test_auth import problem_of
from tests.kit.captures import capture, written
from tests.kit.cuts import lost
from tests.kit.embedded import SAO_PAULO
from tests.kit.http import operator
from tests.kit.pasts import cover

RECORDED = capture("run-b")
CUT = RECORDED.lines[len(RECORDED.lines) // 2].t
PERIOD = {"from": "2026-11-23T01:00:00-03:00", "to": "2026-11-23T02:00:00-03:00"}


@pytest.fixture
def cut(center, log_in, tmp_path):
    """Ana of a company whose stream was cut off for some seconds."""
    center.clock.us = 1_795_500_000_000_000
    ana = log_in()
    import_ami(center.bus, operator("Empresa"), written(lost(RECORDED.lines, CUT), tmp_path / "cut.jsonl"), "ami")
    center.settle()
    cover(center)
    return ana


def test_the_bounds_of_a_figure_have_a_gap_with_source_time_and_reason_until_the_log_is_imported(center, cut):
    board = cut.get("/v1/dashboards/inbound", params=PERIOD).json()
    answer = cut.get("/v1/sources/gaps", params=PERIOD | {"as_of": board["as_of"]}).json()
    (gap,) = answer["items"]
    assert (gap["source"], gap["reason"], answer["as_of"]) == ("ami", "connection-lost", board["as_of"])
    assert gap["missing_at_most"] == board["totals"]["bounds"]["missing_at_most"] > 0
    assert gap["opened_at"] < gap["closed_at"]
    assert [one["source"] for one in cut.get("/v1/sources").json()["items"]] == ["ami"]
    import_queue_log(center.bus, operator("Empresa"), [(RECORDED.queue_log, "queue_log")], timezone=SAO_PAULO)
    cover(center)
    assert cut.get("/v1/sources/gaps", params=PERIOD).json()["items"] == []
    assert cut.get("/v1/dashboards/inbound", params=PERIOD).json()["totals"]["bounds"] is None
    # What was known before the import stays known for ever.
    assert cut.get("/v1/sources/gaps", params=PERIOD | {"as_of": board["as_of"]}).json() == answer


def test_gaps_of_a_queue_that_nobody_has_are_noted(cut):
    answer = cut.get("/v1/sources/gaps", params=PERIOD | {"queue": "ninguém"}).json()
    assert answer["notes"] == ["no queue ninguém"]
    problem_of(cut.get("/v1/sources/gaps", params={"from": "yesterday"}), 422, "invalid")
