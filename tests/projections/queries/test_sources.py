"""Gaps with their reasons: they are those by which figures have bounds, and a log closes them."""

from __future__ import annotations

import pytest

from domain.access import Scope
from projections.engine.temporal_view import CompanyRows
from projections.engine.warehouse import Warehouse
from projections.figures.metrics import visit_figures
from projections.figures.question import Question
from projections.queries.sources import gaps, sources
from tests.kit.center import Center, call, fresh, visit
from tests.kit.rows import engine

__all__ = ["engine"]

S = 1_000
HOUR = 3600 * S
WHOLE = Question(timezone="UTC")


@pytest.fixture
def center(engine: Warehouse) -> Center:
    """Two queues; the stream was cut off from 1000 to 1008 s."""
    made = fresh(engine)
    made.covered("ami", 0, 2 * HOUR)
    made.queue("vendas")
    made.queue("suporte")
    made.call(call("1", visit("vendas", 100 * S, "answered", 10 * S, agent="Ana", talk=20 * S), origin="ami"))
    made.gap(1000 * S, 1008 * S, up=1, born=4, missed={"vendas": 2, "suporte": 0})
    return made


def test_a_gap_says_which_source_when_why_and_what_may_be_missing(center: Center) -> None:
    (gap,), _, position = gaps(center.rows, WHOLE)
    assert position == center.position
    assert gap == {
        "source": "ami", "source_label": "Asterisk (AMI)", "opened_at": "1970-01-01T00:16:40+00:00", "closed_at": "1970-01-01T00:16:48+00:00",
        "reason": "connection-lost", "reason_label": "conexão com o PBX perdida", "basis": "queue-counters", "basis_label": "contadores das filas",
        "missing_at_most": 2, "calls_at_most": 5, "queues": [{"queue": "vendas", "missing_at_most": 2}],
    }  # fmt: skip


def test_what_may_be_missing_in_the_gaps_is_what_the_figures_say(center: Center) -> None:
    center.gap(5000 * S, 5060 * S, up=0, born=3)
    for queues in ((), ("vendas",), ("suporte",), ("vendas", "suporte")):
        question = Question(timezone="UTC", by="total", queues=queues)
        found, _, _ = gaps(center.rows, question)
        ((row,), _) = center.rows.answer(None, None, lambda view, question=question: visit_figures(view, question))
        assert sum(gap["missing_at_most"] for gap in found) == row["bounds"]["missing_at_most"], queues
    assert [gap["basis"] for gap in found] == ["queue-counters", "new-channels"]


def test_only_gaps_that_touch_the_period_are_listed(center: Center) -> None:
    assert len(gaps(center.rows, Question(since_ms=0, until_ms=HOUR))[0]) == 1
    assert gaps(center.rows, Question(since_ms=HOUR, until_ms=2 * HOUR))[0] == []


def test_a_restart_in_the_gap_is_its_reason(center: Center) -> None:
    center.restart(1004 * S)
    assert [gap["reason"] for gap in gaps(center.rows, WHOLE)[0]] == ["pbx-restarted"]


def test_a_source_that_is_still_cut_off_has_a_gap_without_an_end(center: Center) -> None:
    center.gap(7000 * S, None, up=0, born=None)
    last = gaps(center.rows, WHOLE)[0][-1]
    assert (last["closed_at"], last["basis"]) == (None, "assumed")


def test_a_log_that_covers_the_gap_closes_it_and_the_position_before_still_shows_it(center: Center) -> None:
    before = center.position
    center.covered("queue_log", 500 * S, 1100 * S)
    assert gaps(center.rows, WHOLE)[0] == []
    assert len(gaps(center.rows, Question(as_of=before))[0]) == 1


def test_who_sees_one_queue_is_told_of_no_other(center: Center) -> None:
    scoped = CompanyRows(center.rows.warehouse, center.tenant, Scope(queues=frozenset({"suporte"})), center.progress)
    (gap,), _, _ = gaps(scoped, WHOLE)
    assert "vendas" not in str(gap)


def test_a_source_has_its_first_and_its_last_sign_of_life(center: Center) -> None:
    center.covered("queue_log", 500 * S, 1100 * S, name="queue_log.1")
    found, _ = sources(center.rows, WHOLE)
    assert [(one["source"], one["first_sign_at"][11:19], one["last_sign_at"][11:19]) for one in found] == [
        ("ami", "00:00:00", "02:00:00"),
        ("queue_log", "00:08:20", "00:18:20"),
    ]
