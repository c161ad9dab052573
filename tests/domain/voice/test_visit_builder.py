"""What one call's facts prove: visits, ends, implied instants, two clocks, gaps and restarts."""

from __future__ import annotations

import itertools

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.voice.call_state import CallState
from domain.voice.calls import Visit
from domain.voice.evidence import resolve
from domain.voice.facts import Fact, FactKind
from domain.voice.interaction_events import VisitAmended
from domain.voice.interactions import Interaction
from tests.kit.facts import STAMP, T0, TENANT, ami, context, log


def call_of(*facts: Fact, restarts: tuple[float, ...] = ()) -> CallState:
    return resolve(list(facts), context(restarts)).state


def status(call: CallState) -> str:
    assert call.call is not None
    return call.call.status


def only(*facts: Fact, restarts: tuple[float, ...] = ()) -> Visit:
    (visit,) = call_of(*facts, restarts=restarts).visits
    return visit


def at(ms: int | None) -> float | None:
    return None if ms is None else (ms - T0 * 1000) / 1000


ANSWERED = (
    log("offered", 0),
    log("ring_no_answer", 5, agent="Ana", ring_ms=5000),
    log("answered", 8, agent="Bruno", wait_ms=8000, ring_ms=2000),
    log("released", 68, agent="Bruno", by="agent", wait_ms=8000, talk_ms=60_000),
)


def test_a_caller_listed_as_waiting_just_before_the_offer_is_observed_visits_once() -> None:
    visit = only(ami("waiting", 9.9, wait_ms=0), ami("offered", 10.0), ami("answered", 12.0, agent="Ana", wait_ms=2000))
    assert (visit.end, visit.offered_ms, visit.wait_ms, visit.implied) == ("answered", (T0 + 10) * 1000, 2000, ())


def test_an_answered_visit() -> None:
    visit = only(*ANSWERED)
    assert (visit.end, visit.agent, visit.wait_ms, visit.talk_ms, visit.hold_ms, visit.wrap_up_ms) == (
        "answered",
        "Bruno",
        8000,
        60_000,
        0,
        0,
    )
    assert [(ring.agent, ring.outcome, ring.until_ms - ring.from_ms) for ring in call_of(*ANSWERED).rings[0] if ring.until_ms] == [
        ("Ana", "no-answer", 5000),
        ("Bruno", "answered", 2000),
    ]
    assert visit.implied == ()
    assert status(call_of(*ANSWERED)) == "answered"


@pytest.mark.parametrize(
    ("kind", "end", "expected"),
    [
        ("abandoned", "abandoned", "abandoned"),
        ("timed_out", "timed-out", "timed-out"),
        ("left_by_key", "left-by-key", "left-by-key"),
        ("withdrawn", "transferred-out", "transferred-out"),
        ("emptied", "closed", "closed"),
    ],
)
def test_every_end_without_an_answer(kind: FactKind, end: str, expected: str) -> None:
    call = call_of(log("offered", 0), log(kind, 30, wait_ms=30_000))
    assert [(visit.end, visit.wait_ms) for visit in call.visits] == [(end, 30_000)]
    assert status(call) == expected


def test_the_end_of_a_talk_proves_the_answer_and_the_offer() -> None:
    visit = only(ANSWERED[3])
    assert (at(visit.offered_ms), at(visit.ended_ms), visit.wait_ms, visit.talk_ms) == (0, 8, 8000, 60_000)
    assert {text.split("<")[0] for text in visit.implied} == {"offered", "answered"}


def test_an_answer_proves_the_offer() -> None:
    visit = only(ANSWERED[2])
    assert (at(visit.offered_ms), visit.wait_ms, visit.open) == (0, 8000, True)


def test_a_second_offer_to_the_same_queue_ends_the_first_unknown() -> None:
    first, second = call_of(log("offered", 0), log("offered", 40), log("abandoned", 50, wait_ms=10_000)).visits
    assert (first.end, first.wait_ms, second.end, second.wait_ms) == ("unknown", None, "abandoned", 10_000)


def test_the_same_call_twice_in_a_queue_and_in_two_queues() -> None:
    visits = call_of(
        *ANSWERED,
        log("offered", 68),
        log("timed_out", 80, wait_ms=12_000),
        log("offered", 80, queue="suporte"),
        log("answered", 81, queue="suporte", agent="Ana", wait_ms=1000),
    ).visits
    assert [(visit.queue, visit.end) for visit in visits] == [("vendas", "answered"), ("vendas", "timed-out"), ("suporte", "answered")]


def test_a_queue_that_turns_the_caller_away() -> None:
    visit = only(log("turned_away", 3, text="JOINEMPTY"))
    assert (visit.end, visit.wait_ms) == ("closed", 0)


def test_a_call_that_is_told_of_the_restart_itself_has_ended_though_the_company_has_other_pbxs() -> None:
    waited = (ami("offered", 0), ami("restarted", 100, queue=""))
    assert (only(*waited).end, only(*waited).ended_ms) == ("unknown", only(ami("offered", 0), restarts=(100,)).ended_ms)


def test_a_restart_ends_what_waits_and_hides_how_long_a_talk_lasted() -> None:
    waiting = only(log("offered", 0), restarts=(100,))
    talking = only(*ANSWERED[:3], restarts=(100,))
    assert (waiting.end, at(waiting.ended_ms), waiting.wait_ms) == ("unknown", 100, None)
    assert (talking.end, talking.talk_unknown, talking.talk_ms, talking.wait_ms) == ("answered", True, None, 8000)


def test_an_outbound_call_of_a_dialplan_is_no_visit() -> None:
    call = call_of(log("outbound", 0), log("answered", 4, agent="Ana", wait_ms=4000), log("released", 30, by="caller", talk_ms=26_000))
    assert call.visits == []
    assert call.attempt is not None
    assert (call.attempt.result, call.attempt.talk_ms, call.call and call.call.direction) == ("answered", 26_000, "outbound")


def test_hold_is_not_talk() -> None:
    visit = only(
        ami("offered", 0.5), ami("answered", 2.5, agent="Ana"), ami("held", 10.5), ami("resumed", 14.25), ami("released", 20.5, by="agent")
    )
    assert (visit.talk_ms, visit.hold_ms) == (14_250, 3_750)


def test_two_clocks_report_one_call() -> None:
    fine = (ami("offered", 0.9), ami("answered", 8.7, agent="Bruno", wait_ms=7000), ami("released", 68.2, by="agent", talk_ms=59_000))
    visit = only(*fine, *ANSWERED)
    assert (at(visit.offered_ms), visit.wait_ms, visit.talk_ms) == (0.9, 7800, 59_500)
    assert resolve([*fine, *ANSWERED], context()).conflicts == []


def test_what_a_gap_hides_is_unknown_until_the_log_reports_it() -> None:
    cut = (ami("offered", 0.9), ami("unseen", 3, queue="", until=(T0 + 11) * 1_000_000), ami("hung_up", 69, queue=""))
    lost = only(*cut)
    assert (lost.end, lost.wait_ms) == ("unknown", None)
    found = only(*cut, *ANSWERED)
    assert (found.end, found.agent, at(found.offered_ms), found.talk_ms) == ("answered", "Bruno", 0.9, 60_000)


def test_two_observations_that_differ_are_a_conflict_and_the_first_counts() -> None:
    resolved = resolve(
        [log("offered", 0), log("abandoned", 10, wait_ms=10_000), log("answered", 15, agent="Ana", wait_ms=15_000)], context()
    )
    assert [visit.end for visit in resolved.state.visits] == ["abandoned"]
    assert len(resolved.conflicts) == 1


def test_later_evidence_amends_a_visit() -> None:
    interaction = Interaction(TENANT, TENANT)
    interaction.observe([ANSWERED[3]], context(), STAMP)
    interaction.observe(ANSWERED[:3], context(), STAMP)
    assert isinstance(interaction.pending[-1], VisitAmended) or interaction.state == call_of(*ANSWERED)
    assert interaction.state == call_of(*ANSWERED)
    assert interaction.observe(ANSWERED, context(), STAMP).new == 0


def test_a_second_entry_within_two_seconds_is_the_open_visits_own() -> None:
    visit = only(log("offered", 0), log("offered", 2, mark=7), log("abandoned", 12, wait_ms=12_000))
    assert (visit.end, at(visit.offered_ms), visit.wait_ms) == ("abandoned", 0, 12_000)


def test_of_two_entries_a_later_wait_proves_the_other() -> None:
    visit = only(log("offered", 0), log("offered", 2), log("answered", 12, agent="Ana", wait_ms=10_000))
    assert (visit.end, at(visit.offered_ms), visit.wait_ms) == ("answered", 2, 10_000)


@pytest.mark.parametrize("end", ["emptied", "timed_out", "left_by_key", "withdrawn"])
@pytest.mark.parametrize("ordered", [True, False])
def test_a_call_that_comes_back_within_the_second_visits_twice(end: str, ordered: bool) -> None:
    lines = [log("offered", 0), log(end, 0, wait_ms=0), log("offered", 0, mark=9), log("abandoned", 10, wait_ms=10_000)]
    if ordered:
        lines = [msgspec.structs.replace(fact, seq=n) for n, fact in enumerate(lines)]
    for facts in itertools.permutations(lines):
        first, second = call_of(*facts).visits
        assert (first.wait_ms, second.end, second.wait_ms) == (0, "abandoned", 10_000)


@pytest.mark.parametrize("talk", [0, 1, 2, 60])
@pytest.mark.parametrize("times", [2, 3])
def test_equal_lines_that_cannot_have_happened_twice_are_repeats(talk: int, times: int) -> None:
    once = (
        log("offered", 0),
        log("ring_no_answer", 3, agent="Bia", ring_ms=3000),
        log("answered", 5, agent="Ana", wait_ms=5000),
        log("released", 5 + talk, agent="Ana", by="caller", wait_ms=5000, talk_ms=talk * 1000),
    )
    again = [msgspec.structs.replace(fact, nth=nth) for fact in once for nth in range(times)]
    resolved = resolve(again, context())
    (visit,) = resolved.state.visits
    assert (visit.end, visit.wait_ms, visit.talk_ms) == ("answered", 5000, talk * 1000)
    assert [ring.outcome for ring in resolved.state.rings[0]] == ["no-answer"]
    assert resolved.conflicts == []


def test_a_busy_agent_may_have_two_rings_without_an_answer_within_the_second() -> None:
    rung = log("ring_no_answer", 3, agent="Bia", ring_ms=0)
    (rings,) = call_of(log("offered", 0), rung, msgspec.structs.replace(rung, nth=1)).rings
    assert [ring.outcome for ring in rings] == ["no-answer", "no-answer"]


@pytest.mark.parametrize(("back", "after"), [(1, 1), (2, 1), (30, 1), (600, 1), (3500, 1), (1, 2), (2, 2), (75, 2), (600, 2), (3500, 2)])
def test_a_clock_set_back_within_a_call_makes_no_second_visit(back: int, after: int) -> None:
    wait, talk = 12, 60
    instants = [second if line < after else second - back for line, second in enumerate([0, wait, wait + talk])]
    visit = only(
        log("offered", instants[0]),
        log("answered", instants[1], agent="Ana", wait_ms=wait * 1000),
        log("released", instants[2], agent="Ana", by="caller", wait_ms=wait * 1000, talk_ms=talk * 1000),
    )
    assert (visit.end, visit.agent) == ("answered", "Ana")
    assert visit.wait_ms is not None
    assert visit.talk_ms is not None
    assert abs(visit.wait_ms - wait * 1000) <= 2000
    assert abs(visit.talk_ms - talk * 1000) <= 2000


@pytest.mark.parametrize(("kind", "in_log"), [("abandoned", False), ("timed_out", True), ("emptied", True)])
def test_a_clock_set_back_during_the_wait_makes_no_second_visit(kind: str, in_log: bool) -> None:
    until = (T0 + 600) * 1_000_000 if in_log else None
    visit = only(log("offered", 600), log(kind, 20, wait_ms=15_000, until=until))
    assert (visit.wait_ms, at(visit.ended_ms)) == (15_000, 20)


def test_a_call_that_entered_again_long_after_its_answer_visits_twice() -> None:
    first, second = call_of(
        log("answered", 0, agent="Ana", wait_ms=3000), log("offered", 100), log("answered", 110, agent="Bia", wait_ms=10_000)
    ).visits
    assert (first.agent, first.talk_unknown, second.agent, at(second.offered_ms)) == ("Ana", True, "Bia", 100)


def test_a_visit_that_goes_on_under_another_calls_id_is_that_calls() -> None:
    leg = call_of(log("offered", 0), log("part_of", 1, text="1.0"))
    assert leg.call is not None
    assert (leg.visits, leg.call.status, leg.call.ended_ms) == ([], "ended", (T0 + 1) * 1000)


def test_a_talk_that_began_before_the_call_is_anothers() -> None:
    released = log("released", 132, agent="Bia", by="transfer", wait_ms=12_000, talk_ms=120_000)
    born = msgspec.structs.replace(context(), call=f"{T0 + 125}.14")
    resolved = resolve([released], born)
    assert (resolved.state.visits, len(resolved.conflicts)) == ([], 1)


def test_a_call_that_waits_in_another_queue_has_ended_its_talk() -> None:
    talk, wait = call_of(log("offered", 0), log("answered", 5, agent="Ana", wait_ms=5000), log("offered", 60, queue="suporte")).visits
    assert (talk.talk_unknown, talk.talk_ms, wait.open) == (True, None, True)


STORY = (
    *ANSWERED,
    log("offered", 68, queue="suporte"),
    log("ring_no_answer", 70, queue="suporte", agent="Ana", ring_ms=0),
    log("ring_no_answer", 70, queue="suporte", agent="Ana", ring_ms=0, nth=1),
    log("timed_out", 90, queue="suporte", wait_ms=22_000),
    ami("offered", 0.4),
    ami("answered", 8.1, agent="Bruno", wait_ms=8000),
    ami("released", 68.3, by="agent", talk_ms=60_000),
    ami("hung_up", 90.5, queue=""),
)


@settings(deadline=None)
@given(st.permutations(STORY), st.lists(st.integers(1, len(STORY) - 1), max_size=4))
def test_the_order_of_observation_changes_nothing(facts: list[Fact], cuts: list[int]) -> None:
    interaction = Interaction(TENANT, TENANT)
    edges = [0, *sorted(cuts), len(facts)]
    for start, end in itertools.pairwise(edges):
        interaction.observe(facts[start:end], context(), STAMP)
    assert interaction.state == call_of(*STORY)


@given(st.permutations(STORY))
def test_a_replayed_interaction_is_the_same(facts: list[Fact]) -> None:
    interaction = Interaction(TENANT, TENANT)
    for fact in facts:
        interaction.observe([fact], context(), STAMP)
    again = Interaction(TENANT, TENANT)
    for event in interaction.pending:
        again.replay(event)
    assert (again.state, again.known, again.version) == (interaction.state, interaction.known, interaction.version)
