"""How an agent's time goes: one state at any instant, against a count of every single millisecond."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from domain.voice.calls import Attempt, Ring
from domain.voice.presence import PresenceSpan
from projections.engine.warehouse import Warehouse
from projections.figures.agent_time import OPEN_MS, Activity, Times, states_of, times_of
from projections.figures.agents import FIGURES, agent_figures
from projections.figures.metrics import query_context
from projections.figures.question import Question
from tests.kit.center import Center, attempt, call, fresh, visit
from tests.kit.rows import engine

__all__ = ["engine"]

S = 1_000
LENGTH = 60


def stretches(most: int = 4) -> st.SearchStrategy[list[tuple[int, int]]]:
    one = st.tuples(st.integers(-5, LENGTH), st.integers(0, 30)).map(lambda pair: (pair[0], pair[0] + pair[1]))
    return st.lists(st.one_of(one, st.integers(-5, LENGTH).map(lambda began: (began, OPEN_MS))), max_size=most)


def apart(most: int = 3) -> st.SearchStrategy[list[tuple[int, int]]]:
    return st.lists(st.integers(-5, LENGTH + 5), max_size=2 * most, unique=True).map(
        lambda edges: list(zip(sorted(edges)[::2], sorted(edges)[1::2], strict=False))
    )


ACTIVITIES = st.builds(
    Activity,
    sessions=stretches(),
    pauses=st.fixed_dictionaries({"lunch": apart()}),
    rings=stretches(),
    talks=stretches(),
    holds=stretches(),
    outbound=stretches(),
    direct=stretches(),
    wrap_ups=st.lists(st.tuples(st.integers(-5, LENGTH), st.integers(0, 9)).map(lambda pair: (pair[0], sum(pair))), max_size=3),
)


@settings(deadline=None)
@given(ACTIVITIES, st.integers(1, LENGTH - 1), st.integers(0, LENGTH))
def test_states_are_those_of_every_millisecond_and_tile_the_time(activity: Activity, edge: int, limit: int) -> None:
    edges = [0, edge, LENGTH]
    found = times_of(states_of(activity, 0, limit), edges, limit)

    def at(spans: list[tuple[int, int]], ms: int) -> bool:
        return any(began <= ms < ended for began, ended in spans)

    others = [began for began, _ in activity.talks] + [ended for _, ended in activity.sessions if ended != OPEN_MS]
    lost = [
        (began, min(later))
        for began, ended in activity.talks
        if ended == OPEN_MS and (later := [other for other in others if other > began])
    ]
    sure = [talk for talk in activity.talks if talk[1] != OPEN_MS or all(other <= talk[0] for other in others)]
    for times, (since, until) in zip(found, pairwise(edges), strict=True):
        expected = Times()
        for ms in range(since, min(until, limit)):
            if at(sure + lost, ms):
                expected.hold_ms += at(activity.holds, ms)
                expected.talk_ms += not at(activity.holds, ms)
                expected.lost_ms += not at(activity.holds, ms) and not at(sure, ms)
            elif at(activity.outbound, ms):
                expected.hold_ms += at(activity.holds, ms)
                expected.outbound_ms += not at(activity.holds, ms)
            elif at(activity.direct, ms) and at(activity.sessions, ms):
                expected.direct_ms += 1
            elif at(activity.wrap_ups, ms):
                expected.wrap_up_ms += 1
            elif at(activity.rings, ms):
                expected.ringing_ms += 1
            elif at(activity.pauses["lunch"], ms):
                expected.pauses["lunch"] = expected.pauses.get("lunch", 0) + 1
            elif at(activity.sessions, ms):
                expected.available_ms += 1
            else:
                expected.offline_ms += 1
            expected.logged_ms += at(activity.sessions, ms)
        assert times == expected
        assert times.active_ms + times.offline_ms == max(min(until, limit) - since, 0)


def test_a_wrap_up_that_nobody_ended_is_over_when_the_agent_does_something_else() -> None:
    activity = Activity(sessions=[(0, 100)], talks=[(10, 20), (50, 60)], wrap_ups=[(20, OPEN_MS), (60, OPEN_MS)], rings=[(45, 50)])
    (times,) = times_of(states_of(activity, 0, 120), [0, 120], 120)
    assert (times.talk_ms, times.wrap_up_ms, times.ringing_ms, times.available_ms, times.offline_ms) == (20, 25 + 40, 5, 10, 20)


def test_a_wrap_up_that_nobody_ended_lies_within_the_session_of_its_talk() -> None:
    activity = Activity(sessions=[(50, 70), (80, OPEN_MS)], talks=[(10, 20), (55, 60)], wrap_ups=[(20, OPEN_MS), (60, OPEN_MS)])
    (times,) = times_of(states_of(activity, 0, 120), [0, 120], 120)
    assert (times.talk_ms, times.wrap_up_ms, times.available_ms, times.offline_ms, times.logged_ms) == (10 + 5, 10, 5 + 40, 50, 60)


@pytest.fixture
def center(engine: Warehouse) -> Center:
    return fresh(engine)


def ask(center: Center, **question: Any) -> list[dict[str, Any]]:
    whole_question = Question(**{"by": "agent"} | question)
    rows, _ = center.rows.answer(
        whole_question.as_of, whole_question.moment_ms, lambda view: agent_figures(query_context(view, whole_question))
    )
    return rows


def ana_s_morning(center: Center) -> None:
    """In from 0 to 1000 s; a call of 100 s with 20 s of hold and 10 s of wrap-up; a pause set while it lasted."""
    center.covered("queue_log", 0, 2000 * S)
    center.agent(
        "Ana",
        PresenceSpan("session", 0, 1000 * S),
        PresenceSpan("pause", 150 * S, 400 * S, "Almoço"),
        PresenceSpan("pause", 400 * S, 500 * S, "Banheiro"),
    )
    ring = Ring("Ana", 90 * S, 100 * S, "answered")
    center.call(call("1", visit("vendas", 90 * S, "answered", 10 * S, agent="Ana", talk=80 * S, hold=20 * S, wrap=10 * S, rings=(ring,))))
    rung = (Ring("Ana", 600 * S, 610 * S, "no-answer"), Ring("Ana", 611 * S, 611 * S, "no-answer"))
    center.call(call("2", visit("suporte", 600 * S, "abandoned", 15 * S, rings=rung)))
    center.agent("PJSIP/1001", PresenceSpan("session", 0, None), person=False)


def test_a_pause_set_during_a_call_begins_to_count_when_the_call_ends(center: Center) -> None:
    ana_s_morning(center)
    (row,) = ask(center)
    assert {name: row[name] for name in FIGURES} == {
        "answered": 1, "outbound_answered": 0, "talk_ms": 80 * S, "outbound_ms": 0, "direct_ms": 0, "hold_ms": 20 * S, "wrap_up_ms": 10 * S, "ring_no_answer": 2, "logged_ms": 1000 * S,
        "paused_ms": 290 * S, "paused_by_reason_ms": {"Almoço": 190 * S, "Banheiro": 100 * S},
    }  # fmt: skip
    assert row["agent"] == "Ana"
    assert (row["ringing_ms"], row["available_ms"], row["offline_ms"]) == (20 * S, 580 * S, 1000 * S)


def test_a_reason_in_two_spellings_is_one_reason_written_as_for_most_of_the_time(center: Center) -> None:
    center.covered("queue_log", 0, 2000 * S)
    center.agent(
        "Ana",
        PresenceSpan("session", 0, 1000 * S),
        PresenceSpan("pause", 0, 300 * S, "Almoço"),
        PresenceSpan("pause", 400 * S, 500 * S, "ALMOÇO"),
    )
    center.agent("Bia", PresenceSpan("session", 0, 1000 * S), PresenceSpan("pause", 0, 150 * S, "ALMOÇO"))
    assert [row["paused_by_reason_ms"] for row in ask(center)] == [{"Almoço": 400 * S}, {"Almoço": 150 * S}]


def test_times_are_clipped_to_what_is_asked(center: Center) -> None:
    ana_s_morning(center)
    (row,) = ask(center, since_ms=110 * S, until_ms=300 * S)
    assert (row["hold_ms"], row["talk_ms"], row["wrap_up_ms"], row["paused_by_reason_ms"]) == (10 * S, 80 * S, 10 * S, {"Almoço": 90 * S})
    assert (row["answered"], row["logged_ms"], row["ring_no_answer"]) == (0, 190 * S, 0)
    hours = ask(center, by="half-hour", since_ms=0, until_ms=3600 * S, timezone="UTC")
    assert [(row["start"], row["logged_ms"], row["offline_ms"]) for row in hours] == [
        ("1970-01-01T00:00:00+00:00", 1000 * S, 800 * S),
        ("1970-01-01T00:30:00+00:00", 0, 200 * S),
    ]


def test_by_queue_calls_are_counted_there_and_the_agents_own_time_is_whole(center: Center) -> None:
    ana_s_morning(center)
    (row,) = ask(center, queues=("suporte",))
    assert (row["answered"], row["talk_ms"], row["ring_no_answer"], row["logged_ms"], row["paused_ms"]) == (0, 0, 2, 1000 * S, 290 * S)
    center.agent("Bruno", PresenceSpan("session", 0, 10 * S))
    assert [row["agent"] for row in ask(center, queues=("vendas",))] == ["Ana"]


def test_what_is_open_ends_with_the_last_sign_of_life(center: Center) -> None:
    center.covered("queue_log", 0, 1000 * S)
    center.agent("Ana", PresenceSpan("session", 0, None), PresenceSpan("pause", 600 * S, None, "Almoço"))
    (row,) = ask(center)
    assert (row["logged_ms"], row["paused_ms"]) == (1000 * S, 400 * S)
    (row,) = ask(center, until_ms=5000 * S)
    assert (row["logged_ms"], row["paused_ms"]) == (1000 * S, 400 * S)
    (row,) = ask(center, moment_ms=700 * S)
    assert (row["logged_ms"], row["paused_ms"]) == (700 * S, 100 * S)


def test_a_center_commanded_live_is_known_until_its_last_event(center: Center) -> None:
    center.agent("Ana", PresenceSpan("session", 0, None))
    center.call(call("1", visit("vendas", 90 * S, "abandoned", 10 * S), origin="Portal", ended_ms=100 * S))
    position = center.position
    assert ask(center)[0]["logged_ms"] == 100 * S
    center.call(call("2", visit("vendas", 190 * S, "abandoned", 10 * S), origin="Portal", ended_ms=200 * S))
    assert ask(center)[0]["logged_ms"] == 200 * S
    assert ask(center, as_of=position)[0]["logged_ms"] == 100 * S
    assert ask(center, moment_ms=150 * S)[0]["logged_ms"] == 150 * S


def test_outside_of_what_the_sources_covered_nothing_is_said(center: Center) -> None:
    ana_s_morning(center)
    (row,) = ask(center, since_ms=3000 * S, until_ms=4000 * S)
    assert row["agent"] == "Ana"
    assert [row[name] for name in FIGURES] == [None] * len(FIGURES)


def test_a_call_that_the_agent_dialled_is_talking_but_no_visit(center: Center) -> None:
    center.covered("ami", 0, 1000 * S)
    center.agent("Ana", PresenceSpan("session", 0, 1000 * S), PresenceSpan("pause", 0, 1000 * S, "Ativo"))
    center.call(attempt("9", Attempt(10 * S, agent="Ana", answered_ms=20 * S, ended_ms=80 * S, result="answered", talk_ms=60 * S)))
    (row,) = ask(center)
    assert (row["answered"], row["talk_ms"], row["outbound_ms"], row["paused_ms"], row["logged_ms"]) == (0, 0, 60 * S, 940 * S, 1000 * S)
    assert row["outbound_answered"] == 1


def test_hold_and_wrap_up_of_a_call_that_the_agent_dialled_are_those_of_the_agent(center: Center) -> None:
    center.covered("ami", 0, 1000 * S)
    center.agent("Ana", PresenceSpan("session", 0, 1000 * S))
    talk = Attempt(10 * S, "vendas", "Ana", answered_ms=20 * S, ended_ms=80 * S, result="answered", talk_ms=50 * S, hold_ms=10 * S)
    center.call(attempt("9", replace(talk, wrap_up_ms=15 * S), attempt_holds=((30 * S, 40 * S),)))
    center.call(attempt("10", replace(talk, dialled_ms=200 * S, answered_ms=220 * S, ended_ms=280 * S, wrap_up_ms=None)))
    center.call(call("1", visit("vendas", 300 * S, "answered", 10 * S, agent="Ana", talk=80 * S, wrap=0)))
    expected = {"outbound_answered": 2, "talk_ms": 80 * S, "outbound_ms": 110 * S, "hold_ms": 10 * S, "wrap_up_ms": 45 * S}
    assert [{name: row[name] for name in expected} for row in ask(center)] == [expected]
    assert [{name: row[name] for name in expected} for row in ask(center, queues=("vendas",))] == [expected]
    (other,) = ask(center, queues=("suporte",), agents=("Ana",)) or [dict.fromkeys(expected, 0)]
    assert {name: other[name] for name in expected} == dict.fromkeys(expected, 0)
    # The wrap-up of the second attempt goes on at 290 s.
    (then,) = ask(center, moment_ms=290 * S)
    assert (then["wrap_up_ms"], then["outbound_ms"], then["hold_ms"]) == (25 * S, 110 * S, 10 * S)


def test_a_direct_call_is_talking_while_logged_in_and_belongs_to_no_queue(center: Center) -> None:
    center.covered("ami", 0, 1000 * S)
    center.agent("Ana", PresenceSpan("session", 100 * S, 1000 * S), PresenceSpan("call", 50 * S, 200 * S, "1.1"), queues=("vendas",))
    center.call(call("1", visit("vendas", 180 * S, "answered", 10 * S, agent="Ana", talk=30 * S)))
    for question in ({}, {"queues": ("vendas",)}):
        (row,) = ask(center, **question)
        assert (row["direct_ms"], row["talk_ms"], row["available_ms"]) == (90 * S, 30 * S, 780 * S)
