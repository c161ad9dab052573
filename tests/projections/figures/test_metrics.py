"""The figures of visits: the worked example, attribution, grouping, what-if, the past."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from domain.access import WHOLE_COMPANY
from domain.errors import InvalidField
from projections.engine.temporal_view import TemporalView
from projections.engine.warehouse import Warehouse
from projections.figures.metrics import FIGURES, visit_figures
from projections.figures.question import Question
from tests.kit.center import Center, call, fresh, visit
from tests.kit.rows import engine

__all__ = ["engine"]

SAO_PAULO = "America/Sao_Paulo"
S = 1_000
MIN = 60 * S


def at(text: str, where: str = SAO_PAULO) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(where)).timestamp() * 1000)


@pytest.fixture
def center(engine: Warehouse) -> Center:
    return fresh(engine)


def ask(center: Center, **question: Any) -> list[dict[str, Any]]:
    whole_question = Question(**question)
    rows, _ = center.rows.answer(whole_question.as_of, whole_question.moment_ms, lambda view: visit_figures(view, whole_question))
    return rows


def one(center: Center, **question: Any) -> dict[str, Any]:
    rows = ask(center, **question)
    assert len(rows) == 1
    return rows[0]


def worked_example(center: Center) -> None:
    ten = at("2026-11-23T10:00")
    center.calls(
        [
            call("1", visit("vendas", ten, "answered", 8 * S, agent="Ana", talk=60 * S, wrap=10 * S)),
            call("2", visit("vendas", ten + 5 * MIN, "answered", 35 * S, agent="Ana", talk=100 * S, hold=20 * S)),
            call("3", visit("vendas", ten + 10 * MIN, "abandoned", 3 * S)),
            call("4", visit("vendas", ten + 20 * MIN, "abandoned", 50 * S)),
            call("5", visit("vendas", ten + 59 * MIN + 50 * S, "timed-out", 60 * S)),
        ]
    )


HOUR_TEN = {
    "offered": 5, "answered": 2, "answered_within_sla": 1, "abandoned": 2, "timed_out": 1, "transferred_out": 0, "left_by_key": 0, "closed": 0,
    "unknown": 0, "waiting": 0, "sla_percent": 20.0, "abandoned_percent": 40.0, "asa_ms": 21_500, "msa_ms": 35_000, "aht_ms": 95_000,
    "mht_ms": 120_000, "max_queued_ms": 60_000,
}  # fmt: skip
NO_CASE = {name: 0 if name in list(HOUR_TEN)[:10] else None for name in HOUR_TEN}


def figures(row: dict[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in FIGURES}


def test_worked_example(center: Center) -> None:
    worked_example(center)
    filters = {"since_ms": at("2026-11-23T10:00"), "until_ms": at("2026-11-23T12:00")}
    ten, eleven = ask(center, by="hour", **filters)
    assert (ten["start"], eleven["start"]) == ("2026-11-23T10:00:00-03:00", "2026-11-23T11:00:00-03:00")
    assert figures(ten) == HOUR_TEN
    assert figures(eleven) == NO_CASE
    row = one(center, by="queue", **filters)
    assert row["queue"] == "vendas"
    assert figures(row) == HOUR_TEN
    assert (row["bounds"], row["covered_to"]) == (None, None)
    assert one(center, by="queue", profile="offered-minus-short")["sla_percent"] == 25.0
    total = one(center, by="total")
    assert (total["abandoned_short"], total["abandon_wait_ms"], total["max_abandon_wait_ms"], total["handled"]) == (1, 26_500, 50_000, 2)


def test_by_agent_a_visit_that_nobody_answered_is_nobodys(center: Center) -> None:
    worked_example(center)
    nobody, ana = ask(center, by="agent")
    assert (nobody["agent"], nobody["offered"], nobody["answered"], nobody["abandoned"]) == ("", 3, 0, 2)
    assert (ana["agent"], ana["offered"], ana["answered"], ana["aht_ms"]) == ("Ana", 2, 2, 95_000)


def test_attribution_of_a_call_offered_in_one_half_hour_and_answered_in_the_next(center: Center) -> None:
    center.call(call("1", visit("vendas", at("2026-11-23T07:28"), "answered", 4 * MIN, agent="Ana", talk=MIN)))
    filters = {"by": "half-hour", "since_ms": at("2026-11-23T07:00"), "until_ms": at("2026-11-23T08:00")}

    def counts(attribution: str) -> list[tuple[int, int]]:
        return [(row["offered"], row["answered"]) for row in ask(center, attribution=attribution, **filters)]

    assert counts("arrival") == [(1, 1), (0, 0)]
    assert counts("event") == [(1, 0), (0, 1)]
    assert counts("completion") == [(0, 0), (1, 1)]
    assert counts("clipped") == [(1, 1), (0, 0)]


def test_attribution_of_durations(center: Center) -> None:
    nine = at("2026-11-23T09:00")
    center.call(call("1", visit("vendas", nine + 16 * MIN, "answered", 0, agent="Ana", talk=16 * MIN)))
    center.call(call("2", visit("vendas", nine + 35 * MIN, "answered", 0, agent="Ana", talk=28 * MIN, wrap=2 * MIN)))
    filters = {"by": "half-hour", "since_ms": nine, "until_ms": nine + 90 * MIN}

    def handled(attribution: str) -> list[int]:
        rows = ask(center, attribution=attribution, **filters)
        return [0 if row["aht_ms"] is None else row["aht_ms"] * row["handled"] // MIN for row in rows]

    assert handled("completion") == [0, 16, 30]
    assert handled("clipped") == [14, 27, 5]
    assert handled("arrival") == [16, 30, 0]
    assert handled("event") == [16, 30, 0]


def test_attribution_clipped_cuts_waits_at_the_edges_of_the_question_too(center: Center) -> None:
    nine = at("2026-11-23T09:00")
    center.call(call("1", visit("vendas", nine - 10 * S, "abandoned", 30 * S)))
    row = one(center, attribution="clipped", since_ms=nine, until_ms=nine + 15 * S)
    assert (row["offered"], row["abandon_wait_ms"], row["max_queued_ms"]) == (0, 15 * S, 15 * S)


def test_attribution_completion_posts_nothing_that_goes_on(center: Center) -> None:
    nine = at("2026-11-23T09:00")
    center.call(call("1", visit("vendas", nine, "answered", S, agent="Ana")))
    center.call(call("2", visit("vendas", nine)))
    center.call(call("3", visit("vendas", nine, "answered", S, agent="Ana", talk_unknown=True)))
    row = one(center, attribution="completion")
    assert (row["offered"], row["answered"], row["waiting"], row["aht_ms"]) == (1, 1, 0, None)
    row = one(center, attribution="event")
    assert (row["offered"], row["answered"], row["waiting"]) == (3, 2, 1)


def test_another_threshold_is_reckoned_over_the_past(center: Center) -> None:
    worked_example(center)
    assert one(center, sla_ms=35_000)["answered_within_sla"] == 2
    assert one(center, sla_ms=34_999)["answered_within_sla"] == 1
    assert one(center, sla_ms=0)["sla_percent"] == 0.0


def test_the_threshold_is_that_of_the_offer(center: Center) -> None:
    nine = at("2026-11-23T09:00")
    center.call(call("1", visit("vendas", nine, "answered", 15 * S, agent="Ana", talk=S, sla=10 * S)))
    center.call(call("2", visit("vendas", nine, "answered", 20 * S, agent="Ana", talk=S, sla=20 * S)))
    center.call(call("3", visit("vendas", nine, "answered", 20 * S + 1, agent="Ana", talk=S, sla=20 * S)))
    assert one(center)["answered_within_sla"] == 1


def test_a_queue_is_judged_by_the_profile_that_it_names(center: Center) -> None:
    worked_example(center)
    center.queue("vendas", sla_profile="answered-only")
    center.queue("suporte", sla_profile="xcally")
    assert one(center)["sla_percent"] == 50.0
    assert one(center, by="total")["sla_percent"] == 20.0
    assert one(center, by="total", queues=("vendas",))["sla_percent"] == 50.0
    assert one(center, profile="offered")["sla_percent"] == 20.0


def test_days_without_a_case_are_rows_and_daylight_saving_shortens_one(center: Center) -> None:
    center.call(call("1", visit("vendas", at("2018-11-03T23:30"), "abandoned", S)))
    center.call(call("2", visit("vendas", at("2018-11-04T01:00"), "abandoned", S)))
    center.call(call("3", visit("vendas", at("2018-11-06T00:00"), "abandoned", S)))
    rows = ask(center, by="day")
    assert [(row["start"], row["offered"]) for row in rows] == [
        ("2018-11-03T00:00:00-03:00", 1),
        ("2018-11-04T01:00:00-02:00", 1),
        ("2018-11-05T00:00:00-02:00", 0),
        ("2018-11-06T00:00:00-02:00", 1),
    ]


@pytest.mark.parametrize("where", [SAO_PAULO, "America/Manaus", "America/Rio_Branco", "America/Noronha"])
def test_a_day_is_that_of_the_clock_asked_for(center: Center, where: str) -> None:
    midnight = at("2026-11-24T00:00", where)
    center.call(call("1", visit("vendas", midnight - 1, "abandoned", S)))
    center.call(call("2", visit("vendas", midnight, "abandoned", S)))
    assert [row["start"][:10] for row in ask(center, by="day", timezone=where)] == ["2026-11-23", "2026-11-24"]
    assert one(center, until_ms=midnight)["offered"] == 1
    assert one(center, since_ms=midnight)["offered"] == 1


def test_as_of_a_moment_what_came_later_has_not_come(center: Center) -> None:
    worked_example(center)
    ten = at("2026-11-23T10:00")

    def seen(moment: int) -> tuple[Any, ...]:
        row = one(center, by="total", moment_ms=moment)
        return row["offered"], row["answered"], row["waiting"], row["aht_ms"], row["max_queued_ms"]

    assert seen(ten - 1) == (0, 0, 0, None, None)
    assert seen(ten) == (1, 0, 1, None, None)
    assert seen(ten + 8 * S) == (1, 1, 0, None, 8 * S)
    assert seen(ten + 78 * S - 1) == (1, 1, 0, None, 8 * S)
    assert seen(ten + 78 * S) == (1, 1, 0, 70 * S, 8 * S)
    assert seen(ten + 61 * MIN) == (5, 2, 0, 95 * S, 60 * S)


def test_as_of_a_position_an_import_that_came_later_is_not_in_it(center: Center) -> None:
    worked_example(center)
    before = center.position
    rows = ask(center)
    center.call(call("5", visit("vendas", at("2026-11-23T10:59:50"), "abandoned", 60 * S)))
    center.call(call("6", visit("suporte", at("2026-11-23T11:00"), "abandoned", 60 * S)))
    assert ask(center, as_of=before) == rows
    assert [row["queue"] for row in ask(center)] == ["suporte", "vendas"]
    assert one(center, by="total", as_of=before + 1)["abandoned"] == 3
    with pytest.raises(InvalidField) as refused:
        ask(center, as_of=center.position + 1)
    assert refused.value.field == "as_of"


def test_a_visit_that_later_evidence_takes_back_is_gone_from_then_on(center: Center) -> None:
    nine = at("2026-11-23T09:00")
    center.call(call("1", visit("vendas", nine, "abandoned", S), visit("vendas", nine + MIN, "abandoned", S)))
    before = center.position
    center.call(call("1", visit("vendas", nine, "abandoned", S)))
    assert one(center)["offered"] == 1
    assert one(center, as_of=before)["offered"] == 2


def test_names_as_they_were_and_as_they_are(center: Center) -> None:
    nine = at("2026-11-23T09:00")
    center.queue("vendas")
    center.call(call("1", visit("vendas", nine, "abandoned", S)))
    center.rename("vendas", "comercial")
    assert [row["queue"] for row in ask(center)] == ["vendas"]
    assert [row["queue"] for row in ask(center, names="as-is")] == ["comercial"]
    assert one(center, names="as-is", queues=("comercial",))["offered"] == 1
    assert [(row["queue"], row["offered"]) for row in ask(center, queues=("comercial",))] == [("vendas", 1)]


def test_a_queue_without_a_call_in_the_period_of_about_is_a_row(center: Center) -> None:
    worked_example(center)
    row = one(center, since_ms=at("2026-11-24"), until_ms=at("2026-11-25"))
    assert (row["queue"], row["offered"], row["sla_percent"]) == ("vendas", 0, None)


def test_without_a_call_there_is_no_row_and_no_interval(center: Center) -> None:
    assert ask(center) == []
    assert ask(center, by="hour") == []
    assert figures(one(center, by="total")) == NO_CASE


def test_names_that_nobody_has_find_nothing(center: Center) -> None:
    worked_example(center)
    for field in ("queues", "agents"):
        assert ask(center, **{field: ("Nobody",)}) == []
    assert one(center, queues=("vendas",), agents=("Ana",))["offered"] == 2


@pytest.mark.parametrize(
    ("question", "field"),
    [
        ({"by": "year"}, "by"),
        ({"attribution": "mine"}, "attribution"),
        ({"names": "now"}, "names"),
        ({"since_ms": 2, "until_ms": 2}, "to"),
        ({"since_ms": 10**17}, "from"),
        ({"sla_ms": -1}, "sla_ms"),
        ({"profile": "best"}, "sla_profile"),
        ({"timezone": "Mars"}, "timezone"),
        ({"as_of": -1}, "as_of"),
    ],
)
def test_questions_that_cannot_be_name_the_field(question: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidField) as refused:
        Question(**question)
    assert refused.value.field == field


def test_another_companys_visits_are_never_counted(center: Center, engine: Warehouse) -> None:
    worked_example(center)
    rows = center.rows
    other = TemporalView(rows.warehouse, fresh(engine, tenant=center.tenant.__class__(int=8)).tenant, WHOLE_COMPANY)
    assert visit_figures(other, Question()) == []


def test_all_but_some_is_as_if_all_others_were_named(center: Center) -> None:
    for number, queue in enumerate(("vendas", "suporte", "cobrança")):
        center.call(call(queue, visit(queue, at("2026-11-23T10:00") + number, "answered", S, agent=f"Agente {number}", talk=S)))
    center.call(call("gone", visit("vendas", at("2026-11-23T10:30"), "abandoned", S)))
    whole = ask(center, by="queue")
    names = [row["queue"] for row in whole]
    assert len(names) > 1
    for left_out in names:
        others = tuple(name for name in names if name != left_out)
        assert ask(center, by="queue", except_queues=(left_out,)) == ask(center, by="queue", queues=others)
    assert ask(center, by="total", except_queues=tuple(names))[0]["offered"] == 0
    assert ask(center, by="queue", except_queues=tuple(names)) == []
    assert ask(center, by="total", except_agents=("agente 0",)) == ask(center, by="total", agents=("Agente 1", "Agente 2"))
    assert ask(center, by="total", queues=("vendas", "suporte"), except_queues=("VENDAS",)) == ask(center, by="total", queues=("suporte",))
