"""The state of the center, now and at moments of the past, against a naive evaluation of the whole story."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from domain.ids import queue_id
from domain.voice.calls import Attempt, IvrPath, Ring
from domain.voice.presence import PresenceSpan
from migrations.runner import migrate
from projections.engine.warehouse import Warehouse
from projections.figures.metrics import query_context
from projections.figures.question import Question
from projections.queries.monitoring import agents_now, board
from tests.kit.center import TENANT, Center, attempt, call, fresh, visit
from tests.kit.rows import engine
from tests.kit.whole_call import WholeCall, WholeVisit

__all__ = ["engine"]

S = 1_000


@pytest.fixture(scope="module")
def tables(engine: Warehouse) -> Warehouse:
    migrate(engine)
    return engine


@pytest.fixture
def center(engine: Warehouse) -> Center:
    return fresh(engine)


def look(center: Center, moment_ms: int | None = None, **question: Any) -> dict[str, Any]:
    whole_question = Question(**{"by": "total", "timezone": "UTC", "moment_ms": moment_ms} | question)
    found, _ = center.rows.answer(whole_question.as_of, whole_question.moment_ms, lambda view: board(query_context(view, whole_question)))
    return found


def states(found: dict[str, Any]) -> dict[str, str]:
    return {row["agent"]: row["state"] for group in found["agents"].values() for row in group}


def morning(center: Center) -> None:
    """Ana talks, Bia is paused, Caio is rung, Davi and Eva are free, Fabio has left."""
    for name in ("Ana", "Bia", "Caio", "Davi", "Eva"):
        pauses = [PresenceSpan("pause", 50 * S, None, "Almoço")] if name == "Bia" else []
        center.agent(name, PresenceSpan("session", 0, None), *pauses, queues=("vendas",) if name != "Eva" else ("suporte",))
    center.agent("Fabio", PresenceSpan("session", 0, 30 * S))
    center.agent("PJSIP/1009", PresenceSpan("session", 0, None), person=False)
    center.call(call("1", visit("vendas", 60 * S, "answered", 10 * S, agent="Ana", holds=((80 * S, None),)), origin="Portal"))
    center.call(call("2", visit("vendas", 61 * S, rings=(Ring("Caio", 62 * S, None, ""),)), origin="Portal"))
    center.call(call("3", visit("suporte", 40 * S, "answered", 0, agent="Eva", talk=20 * S, wrap=5 * S), origin="Portal"))
    center.call(call("4", visit("vendas", 70 * S), origin="Portal"))


def test_an_agent_who_is_logged_in_to_all_queues_is_on_the_board_of_each(center: Center) -> None:
    center.agent("Ana", PresenceSpan("session", 0, None), queues=("",))
    center.agent("Bia", PresenceSpan("session", 0, None), queues=("vendas",))
    center.agent("Caio", PresenceSpan("session", 0, None), queues=("suporte",))
    center.call(call("1", visit("vendas", 60 * S), origin="Portal"))
    assert set(states(look(center, queues=("vendas",)))) == {"Ana", "Bia"}
    assert look(center, queues=("vendas",))["counts"]["available"] == 2


def test_the_board_now(center: Center) -> None:
    morning(center)
    center.agent("Gil", PresenceSpan("session", 90 * S, 100 * S))
    found = look(center)
    assert states(found) == {
        "Ana": "talking",
        "Bia": "paused",
        "Caio": "ringing",
        "Davi": "available",
        "Eva": "available",
        "Fabio": "offline",
        "Gil": "offline",
    }
    assert [row["agent"] for row in found["agents"]["available"]] == ["Davi", "Caio", "Eva"]
    assert found["agents"]["available"][2]["since"] == "1970-01-01T00:01:05+00:00"
    (ana,) = found["agents"]["on_call"]
    assert (ana["queue"], ana["on_hold"], ana["since"]) == ("vendas", True, "1970-01-01T00:01:10+00:00")
    (bia,) = found["agents"]["paused"]
    assert (bia["reason"], bia["since"]) == ("Almoço", "1970-01-01T00:00:50+00:00")
    assert found["agents"]["offline"][0]["since"] == "1970-01-01T00:00:30+00:00"
    assert [(row["call"], row["place"], row["ringing"]) for row in found["waiting"]] == [("2", 1, ["Caio"]), ("4", 2, [])]
    assert {key: found["counts"][key] for key in ("available", "on_call", "paused", "offline", "logged", "ringing", "talking")} == {
        "available": 3, "on_call": 1, "paused": 1, "offline": 2, "logged": 5, "ringing": 1, "talking": 1,
    }  # fmt: skip
    assert (found["at"], found["covered_to"]) == ("1970-01-01T00:01:40+00:00", None)


def test_a_call_of_the_board_has_its_own_id_and_what_it_lacks_is_null(center: Center) -> None:
    center.agent("Ana", PresenceSpan("session", 0, None), PresenceSpan("pause", 1 * S, None), queues=("vendas",))
    center.call(call("talk", visit("vendas", 50 * S, "answered", 10 * S, agent="Ana"), origin="Portal"))
    center.call(call("menu", ivr=IvrPath("dia", 61 * S, None, ""), origin="Portal"))
    for name, queue in (("for vendas", "vendas"), ("for nobody", "")):
        center.call(attempt(name, Attempt(dialled_ms=62 * S, queue=queue, agent="Bia")))
    center.call(call("waits", visit("vendas", 63 * S), origin="Portal"))
    found = look(center)
    calls = {row["call"]: row for row in found["calls"]}
    assert {name: (row["queue"], row["agent"], row["ivr"]) for name, row in calls.items()} == {
        "talk": ("vendas", "Ana", None),
        "menu": (None, None, "dia"),
        "for vendas": ("vendas", "Bia", None),
        "for nobody": (None, "Bia", None),
    }
    vendas = str(queue_id(TENANT, "vendas"))
    assert {name: row["queue_id"] for name, row in calls.items()} == {
        "talk": vendas,
        "menu": None,
        "for vendas": vendas,
        "for nobody": None,
    }
    agents = [row for group in found["agents"].values() for row in group]
    shown = [value for row in (*calls.values(), *found["waiting"], *agents) for value in row.values()]
    assert "" not in shown
    assert [row["call"] for row in found["waiting"]] == ["waits"]


def test_the_board_of_the_past(center: Center) -> None:
    morning(center)
    found = look(center, 62 * S)
    assert states(found) == {
        "Ana": "available",
        "Bia": "paused",
        "Caio": "ringing",
        "Davi": "available",
        "Eva": "wrap-up",
        "Fabio": "offline",
    }
    assert [row["call"] for row in found["waiting"]] == ["1", "2"]
    assert states(look(center, 65 * S))["Eva"] == "available"
    assert look(center, 10 * S)["counts"]["available"] == 6


def test_as_of_a_position_what_was_recorded_later_is_not_in_it(center: Center) -> None:
    morning(center)
    position, before = center.position, look(center)
    center.agent("Davi", PresenceSpan("session", 0, None), PresenceSpan("pause", 65 * S, None, "Banheiro"))
    center.call(call("4", visit("vendas", 70 * S, "abandoned", 1 * S), origin="Portal", ended_ms=71 * S))
    found = look(center, as_of=position)
    assert found["at"] == "1970-01-01T00:01:10+00:00"
    assert found == before
    assert states(look(center))["Davi"] == "paused"


def test_the_board_is_filtered_by_queue_and_agent(center: Center) -> None:
    morning(center)
    assert set(states(look(center, 100 * S, queues=("suporte",)))) == {"Eva"}
    assert look(center, 100 * S, queues=("suporte",))["waiting"] == []
    assert set(states(look(center, 100 * S, agents=("Ana", "Bia")))) == {"Ana", "Bia"}


def test_what_a_source_left_open_is_shown_as_at_its_last_sign_of_life(center: Center) -> None:
    center.covered("queue_log", 0, 90 * S)
    center.agent("Ana", PresenceSpan("session", 0, None))
    center.call(call("1", visit("vendas", 60 * S)))
    found = look(center, 10**9 * S)
    assert (found["at"], found["covered_to"]) == ("1970-01-01T00:01:30+00:00", "1970-01-01T00:01:30+00:00")
    assert len(found["waiting"]) == 1
    center.call(call("2", visit("vendas", 200 * S), origin="Portal"))
    assert look(center, 300 * S)["covered_to"] is None


def test_a_wrap_up_lasts_until_it_ends_or_the_agent_does_something_else(center: Center) -> None:
    for name in ("Ana", "Bia"):
        center.agent(name, PresenceSpan("session", 0, None))
        center.call(call(name, visit("vendas", 10 * S, "answered", 0, agent=name, talk=20 * S, wrap=None), origin="Portal"))
    center.call(call("3", visit("vendas", 40 * S, "abandoned", 9 * S, rings=(Ring("Bia", 40 * S, 45 * S, "no-answer"),)), origin="Portal"))
    found = look(center, 100 * S)
    assert states(found) == {"Ana": "wrap-up", "Bia": "available"}
    whole_question = Question(by="total", moment_ms=100 * S)
    counts, _ = center.rows.answer(None, whole_question.moment_ms, lambda view: agents_now(query_context(view, whole_question)))
    assert (counts["wrap_up"], counts["on_call"], counts["available"]) == (1, 1, 1)


def test_who_dials_is_on_a_call(center: Center) -> None:
    center.agent("Ana", PresenceSpan("session", 0, None), queues=("vendas",))
    center.call(attempt("1", Attempt(10 * S, agent="Ana", answered_ms=12 * S)))
    found = look(center, 20 * S)
    assert (states(found), found["agents"]["on_call"][0]["since"]) == ({"Ana": "talking"}, "1970-01-01T00:00:12+00:00")


def test_who_is_logged_in_and_in_a_direct_call_talks_and_is_free_from_its_end_on(center: Center) -> None:
    calls = PresenceSpan("call", 10 * S, 20 * S, "1.1"), PresenceSpan("call", 30 * S, None, "1.2")
    center.agent("Ana", PresenceSpan("session", 0, None), *calls, queues=("vendas",))
    center.agent("Bia", PresenceSpan("session", 0, 5 * S), *calls)
    found = {at: look(center, at * S) for at in (9, 15, 25, 35)}
    assert [states(each)["Ana"] for each in found.values()] == ["available", "talking", "available", "talking"]
    assert [states(each)["Bia"] for each in found.values()] == ["offline"] * 4
    assert [found[at]["agents"]["on_call"][0]["since"][-14:-6] for at in (15, 35)] == ["00:00:10", "00:00:30"]
    assert found[25]["agents"]["available"][0]["since"][-14:-6] == "00:00:20"


def test_a_customers_call_is_the_agents_call_although_a_direct_one_goes_on_beside_it(center: Center) -> None:
    center.agent("Ana", PresenceSpan("session", 0, None), PresenceSpan("call", 30 * S, 40 * S, "1.1"), queues=("vendas",))
    center.call(call("1", visit("vendas", 10 * S, "answered", 0, agent="Ana", talk=25 * S, wrap=None), origin="Portal"))
    (during,) = look(center, 32 * S)["agents"]["on_call"]
    assert (during["queue"], during["since"][-14:-6]) == ("vendas", "00:00:10")
    assert states(look(center, 37 * S)) == {"Ana": "talking"}
    assert states(look(center, 50 * S)) == {"Ana": "wrap-up"}


def test_who_was_dialled_is_held_and_wrapped_up_on_the_board_as_who_waited_in_a_queue(center: Center) -> None:
    center.agent("Ana", PresenceSpan("session", 0, None), queues=("vendas",))
    talk = Attempt(
        10 * S, "vendas", "Ana", answered_ms=12 * S, ended_ms=40 * S, result="answered", talk_ms=18 * S, hold_ms=10 * S, wrap_up_ms=None
    )
    center.call(attempt("1", talk, attempt_holds=((20 * S, 30 * S),)))
    seen = {at: look(center, at * S) for at in (11, 15, 25, 35, 50)}
    assert [states(found)["Ana"] for found in seen.values()] == ["available", "talking", "talking", "talking", "wrap-up"]
    assert [[row["state"] for row in found["calls"]] for found in seen.values()] == [["dialling"], ["talking"], ["held"], ["talking"], []]
    on_call = [row for found in seen.values() for row in found["agents"]["on_call"]]
    assert [(row["queue"], row["on_hold"], row["since"][-8:-6]) for row in on_call] == [
        ("vendas", False, "12"), ("vendas", True, "12"), ("vendas", False, "12"), ("vendas", False, "40"),
    ]  # fmt: skip
    assert {row["queue_id"] for row in on_call} == {str(queue_id(center.tenant, "vendas"))}
    # The agent does something else: the wrap-up that nobody has finished is over, and one that was finished lasts as long as it did.
    center.agent("Ana", PresenceSpan("session", 0, None), PresenceSpan("pause", 60 * S, 70 * S, "Almoço"), queues=("vendas",))
    assert states(look(center, 80 * S)) == {"Ana": "available"}
    center.call(attempt("1", replace(talk, wrap_up_ms=5 * S), attempt_holds=((20 * S, 30 * S),)))
    assert [states(look(center, at * S))["Ana"] for at in (44, 46)] == ["wrap-up", "available"]
    (free,) = look(center, 46 * S)["agents"]["available"]
    assert free["since"][-8:-6] == "45"


def test_the_calls_that_go_on_are_listed_with_what_a_person_knows_them_by(center: Center) -> None:
    morning(center)
    center.call(attempt("5", Attempt(70 * S, agent="Davi", queue="vendas")))
    center.call(attempt("6", Attempt(60 * S, agent="Davi", answered_ms=65 * S, ended_ms=66 * S)))
    center.call(call("7", ivr=IvrPath("Principal", 75 * S, None, "")))
    found = look(center, 90 * S)
    assert [(row["state"], row["since"][-14:-6], row["agent"], row["ivr"], row["direction"]) for row in found["calls"]] == [
        ("dialling", "00:01:10", "Davi", None, "outbound"),
        ("in-ivr", "00:01:15", None, "Principal", "inbound"),
        ("held", "00:01:20", "Ana", None, "inbound"),
    ]
    assert sorted(row["state"] for row in look(center, 75 * S)["calls"]) == ["dialling", "in-ivr", "talking"]
    assert [row["agent"] for row in look(center, 90 * S, agents=("Ana",))["calls"]] == ["Ana"]
    assert [(row["sla_ms"], row["queue"]) for row in found["waiting"]] == [(20_000, "vendas")] * 2
    (talks,) = found["agents"]["on_call"]
    assert (talks["agent"], talks["logged_in_since"]) == ("Ana", "1970-01-01T00:00:00+00:00")


@st.composite
def stories(draw: st.DrawFn) -> tuple[list[WholeCall], dict[str, list[PresenceSpan]]]:
    """A few calls, answered by either agent, and two agents with a session and a pause."""
    calls = []
    for n in range(draw(st.integers(0, 6))):
        offered, wait, talk, wrap = (draw(st.integers(0, most)) for most in (80, 20, 30, 10))
        end = draw(st.sampled_from(["answered", "answered", "abandoned", ""]))
        agent = draw(st.sampled_from(["Ana", "Bia"]))
        ring = (Ring(agent, offered, offered + wait, "answered"),) if end == "answered" else ()
        values = visit("vendas", offered, end, None if end == "" else wait, agent=agent, talk=talk, wrap=wrap, rings=ring)
        calls.append(call(str(n), values, origin="Portal"))
    spans = {}
    for name in ("Ana", "Bia"):
        session = sorted((draw(st.integers(0, 60)), draw(st.integers(61, 120))))
        pause = sorted((draw(st.integers(0, 120)), draw(st.integers(0, 120))))
        spans[name] = [PresenceSpan("session", session[0], session[1]), PresenceSpan("pause", pause[0], pause[1], "Almoço")]
    return calls, spans


@settings(deadline=None, max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(stories(), st.lists(st.integers(0, 140), min_size=1, max_size=6, unique=True))
def test_any_moment_of_the_past_is_as_the_story_says(tables: Warehouse, story: Any, moments: list[int]) -> None:
    calls, spans = story
    center = Center(tables, uuid4())
    center.calls(calls)
    for name, values in spans.items():
        center.agent(name, *values)
    visits = [visit for whole in calls for visit in whole.visits]
    for now in moments:
        found = look(center, now)
        waiting = sorted(
            visit.offered_ms for visit in visits if visit.offered_ms <= now and (visit.ended_ms is None or visit.ended_ms > now)
        )
        assert len(found["waiting"]) == len(waiting)
        come = {name for name in spans if _has_come(name, visits, spans[name], now)}
        assert states(found) == {name: _state(name, visits, spans[name], now) for name in come}


def _has_come(name: str, visits: list[WholeVisit], spans: list[PresenceSpan], now: int) -> bool:
    """Before the first sign of life nobody knew the agent."""
    rings = [ring for visit in visits for ring in visit.rings if ring.agent == name]
    return any(begun.from_ms <= now for begun in [*spans, *rings])


def _state(name: str, visits: list[WholeVisit], spans: list[PresenceSpan], now: int) -> str:
    mine = [visit for visit in visits if visit.agent == name and visit.ended_ms is not None and visit.ended_ms <= now]
    if any(visit.released_ms is not None and visit.released_ms > now for visit in mine):
        return "talking"
    sessions = [span for span in spans if span.kind == "session" and span.from_ms <= now]
    # Who has logged out wraps nothing up.
    left = None if any((span.until_ms or 0) > now for span in sessions) else max((span.until_ms or 0 for span in sessions), default=None)
    wrapped = [visit for visit in mine if left is None or left <= (visit.released_ms or 0)]
    if any((visit.released_ms or 0) + (visit.wrap_up_ms or 0) > now for visit in wrapped):
        return "wrap-up"
    if any(ring.agent == name and ring.from_ms <= now < (ring.until_ms or 0) for visit in visits for ring in visit.rings):
        return "ringing"
    going = {span.kind for span in spans if span.from_ms <= now < (span.until_ms or 0)}
    return "paused" if "pause" in going else "available" if "session" in going else "offline"
