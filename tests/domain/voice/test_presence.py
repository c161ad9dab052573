"""What one agent's facts prove: sessions and pauses, whatever the order in which they arrived."""

from __future__ import annotations

import itertools
from functools import partial
from typing import Any
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from domain.agent_events import AgentAmended
from domain.agents import Agent
from domain.base import SECOND, Event
from domain.voice.facts import Fact, FactKind
from domain.voice.presence import resolve
from tests.kit.facts import STAMP, T0, TENANT, ami, log, stretches

Stretch = tuple[str, float, float | None, str]


def spans(*facts: Fact) -> list[Stretch]:
    def at(ms: int | None) -> float | None:
        return None if ms is None else (ms - T0 * 1000) / 1000

    found = [(span.kind, at(span.from_ms), at(span.until_ms), span.reason) for span in resolve(list(facts)).spans().values()]
    return sorted((kind, since or 0.0, until, reason) for kind, since, until, reason in found)


def test_an_agent_in_any_queue_is_logged_in() -> None:
    assert spans(
        log("logged_in", 0), log("logged_in", 5, queue="suporte"), log("logged_out", 50), log("logged_out", 90, queue="suporte")
    ) == [("session", 0, 90, "")]


def test_an_agent_never_observed_before_is_logged_in_from_the_first_ring_on() -> None:
    assert spans(log("seen", 7)) == [("session", 7, None, "")]


def test_a_pause_everywhere_is_paused_and_in_some_queue_is_not() -> None:
    both = (log("logged_in", 0), log("logged_in", 0, queue="suporte"))
    assert spans(*both, log("paused", 10, text="Almoço"), log("resumed", 20)) == [("session", 0, None, "")]
    everywhere = (log("paused", 10, queue="", text="Almoço"), log("resumed", 20, queue=""))
    assert spans(*both, *everywhere) == [("pause", 10, 20, "Almoço"), ("session", 0, None, "")]
    one_by_one = (log("paused", 10, text="Almoço"), log("paused", 12, queue="suporte", text="Almoço"), log("resumed", 20))
    assert spans(*both, *one_by_one) == [("pause", 12, 20, "Almoço"), ("session", 0, None, "")]


def test_a_new_reason_splits_the_pause_and_a_repeat_does_nothing() -> None:
    facts = (
        log("logged_in", 0),
        log("paused", 10, text="Treinamento"),
        log("paused", 15),
        log("paused", 20, text="Reunião"),
        log("resumed", 30),
    )
    assert spans(*facts) == [("pause", 10, 20, "Treinamento"), ("pause", 20, 30, "Reunião"), ("session", 0, None, "")]


def test_leaving_the_last_queue_ends_the_pause() -> None:
    facts = (log("logged_in", 0), log("paused", 10, text="Almoço"), log("logged_out", 20), log("resumed", 25), log("logged_in", 30))
    assert spans(*facts) == [("pause", 10, 20, "Almoço"), ("session", 0, 20, ""), ("session", 30, None, "")]


def test_a_pause_proves_the_presence_of_an_agent_never_observed_but_not_of_one_who_logged_out() -> None:
    assert spans(log("logged_in", 0), log("logged_out", 10), log("paused", 15, text="Almoço")) == [("session", 0, 10, "")]
    assert spans(log("paused", 15, queue="", text="Almoço")) == [("pause", 15, None, "Almoço"), ("session", 15, None, "")]


def test_a_logoff_with_seconds_proves_the_login() -> None:
    assert spans(log("logged_out", 100, queue="", session_ms=60_000)) == [("session", 40, 100, "")]


def test_a_restart_ends_sessions_by_login_only() -> None:
    login, member = log("logged_in", 0, queue="", by="login"), log("logged_in", 0, by="member")
    restart = log("restarted", 50, queue="")
    assert spans(login, restart) == [("session", 0, 50, "")]
    assert spans(member, restart) == [("session", 0, None, "")]


def test_two_clocks_report_one_day() -> None:
    fine = (ami("logged_in", 0.5), ami("paused", 10.7, text="Almoço"), ami("resumed", 20.2), ami("logged_out", 90.9))
    coarse = (
        log("logged_in", 0),
        log("paused", 10, queue="", text="Almoço"),
        log("paused", 10, text="Almoço"),
        log("resumed", 20, queue=""),
        log("resumed", 20),
        log("logged_out", 90),
    )
    assert spans(*fine) == spans(*fine, *coarse) == [("pause", 10.7, 20.2, "Almoço"), ("session", 0.5, 90.9, "")]


DAY = (
    log("logged_in", 0),
    log("seen", 3),
    log("logged_in", 5, queue="suporte"),
    log("paused", 10, queue="", text="Almoço"),
    log("paused", 15, queue="", text="Reunião"),
    log("resumed", 20, queue=""),
    ami("paused", 15.4, text="Reunião"),
    ami("resumed", 20.4),
    log("logged_out", 60),
    log("logged_out", 61, queue="suporte"),
    log("seen", 100),
    log("logged_out", 200),
)


@settings(deadline=None)
@given(st.permutations(DAY), st.lists(st.integers(1, len(DAY) - 1), max_size=4))
def test_the_order_of_observation_changes_nothing(facts: list[Fact], cuts: list[int]) -> None:
    agent = Agent(TENANT, TENANT, "Ana")
    edges = [0, *sorted(cuts), len(facts)]
    for start, end in itertools.pairwise(edges):
        agent.observe(facts[start:end], STAMP)
    assert stretches(agent) == resolve(list(DAY)).spans()
    assert agent.observe(DAY, STAMP) == ()


@settings(deadline=None)
@given(st.lists(st.sampled_from(range(len(DAY))), unique=True, max_size=len(DAY)).map(sorted), st.lists(st.integers(0, 300), max_size=3))
def test_the_last_event_is_enough_to_continue_from(places: list[int], restarts: list[int]) -> None:
    facts = [DAY[place] for place in places]
    booted = [(T0 + at) * SECOND for at in restarts]
    whole = Agent(TENANT, TENANT, "Ana")
    whole.observe(facts, STAMP, booted)
    known = Agent(TENANT, TENANT, "Ana")
    events: list[Event] = []
    for fact in [*facts, None]:
        facts = [fact] if fact else []
        known.observe(facts, STAMP, [at for at in booted if fact is None or at <= fact.at])
        events += known.collect()
        if events:
            known = Agent(TENANT, TENANT).replay(events[-1])
            known.history = partial(tuple, events)
    assert stretches(known) == stretches(whole)
    assert (known.name, known.person, known.queues_now()) == (whole.name if events else "Ana", whole.person, whole.queues_now())
    assert known.standing.implied == sum(1 for span in stretches(whole).values() if span.implied)


def test_later_evidence_amends() -> None:
    agent = Agent(TENANT, TENANT, "Ana")
    agent.observe([log("seen", 50), log("logged_out", 90)], STAMP)
    agent.observe([log("logged_in", 10)], STAMP)
    assert isinstance(agent.pending[-1], AgentAmended)
    assert [(span.from_ms, span.until_ms) for span in stretches(agent).values()] == [((T0 + 10) * 1000, (T0 + 90) * 1000)]


def test_an_interface_is_no_person_until_it_works() -> None:
    interface = Agent(TENANT, TENANT, "PJSIP/1001")
    interface.observe([log("logged_in", 0)], STAMP)
    assert not interface.person
    interface.observe([log("paused", 5)], STAMP)
    assert interface.person


def test_a_login_or_a_name_that_is_no_interface_is_a_person() -> None:
    for name, by in (("Ana", "member"), ("Agent/1001", "member"), ("PJSIP/1001", "login")):
        agent = Agent(TENANT, TENANT, name)
        agent.observe([replace(log("logged_in", 0), by=by)], STAMP)
        assert agent.person, name


def test_an_interface_that_is_matched_hands_its_facts_over() -> None:
    interface = Agent(TENANT, TENANT, "PJSIP/1001")
    interface.observe([log("logged_in", 0)], STAMP)
    assert interface.identify("Ana", STAMP) == [log("logged_in", 0)]
    assert stretches(interface) == {}
    assert interface.identify("Ana", STAMP) == []


def test_what_only_a_list_shows_happened_when_a_log_reports_it() -> None:
    joined, paused = ami("logged_in", 0), ami("paused", 5)
    assert spans(joined, ami("logged_out", 30.3, by="list"), log("logged_out", 28)) == [("session", 0, 28, "")]
    assert spans(joined, ami("logged_out", 30.3, by="list")) == [("session", 0, 30.3, "")]
    listed = ami("resumed", 30.3, by="list")
    assert spans(joined, paused, listed, log("resumed", 29)) == [("pause", 5, 29, ""), ("session", 0, None, "")]
    assert spans(joined, paused, listed, log("resumed", 29, queue="")) == [("pause", 5, 29, ""), ("session", 0, None, "")]


def live(kind: FactKind, second: float, **fields: Any) -> Fact:
    """A command."""
    return replace(ami(kind, second, **fields), clock="live")


def kept(*facts: Fact) -> list[tuple[str, str]]:
    """The kind and the clock of the facts that an agent records, each observed by itself."""
    agent = Agent(UUID(int=1), TENANT, "Ana")
    return [(fact.kind, fact.clock) for fact in facts for fact in agent.observe([fact], STAMP)]


def test_what_a_pbx_repeats_of_a_command_is_the_same_fact_also_when_it_comes_after_the_next_command() -> None:
    commands = (
        live("logged_in", 0),
        live("paused", 1, queue="", text="Almoço"),
        live("resumed", 2, queue=""),
        live("logged_out", 3, queue=""),
    )
    echoes = (ami("logged_in", 0.1), ami("paused", 1.1, text="Almoço"), ami("resumed", 2.1), ami("logged_out", 3.1))
    said = [(fact.kind, "live") for fact in commands]
    assert kept(*(fact for both in zip(commands, echoes, strict=True) for fact in both)) == said
    assert kept(*commands, *echoes) == said
    assert kept(live("logged_in", 0), ami("logged_in", -0.2)) == said[:1]


def test_what_is_done_again_at_the_pbx_after_a_command_is_another_fact() -> None:
    again = kept(live("logged_in", 0), live("paused", 1, queue="", text="Almoço"), ami("resumed", 3), ami("paused", 5, text="Almoço"))
    assert [kind for kind, _ in again] == ["logged_in", "paused", "resumed", "paused"]
    assert kept(live("logged_in", 0), ami("logged_in", 60))[1:] == [("logged_in", "ami")]
    assert kept(live("logged_in", 0, queue=""), ami("logged_in", 0.1))[1:] == [("logged_in", "ami")]


def test_a_pause_in_all_queues_is_one_in_a_queue_that_is_joined_later() -> None:
    facts = (log("logged_in", 0, queue=""), log("paused", 10, queue="", text="Almoço"), log("logged_in", 20), log("resumed", 30, queue=""))
    assert spans(*facts) == [("pause", 10, 30, "Almoço"), ("session", 0, None, "")]


def test_a_direct_call_lasts_as_long_as_its_channel_and_proves_no_presence() -> None:
    facts = (ami("direct_call_began", 5, text="1.1"), ami("direct_call_began", 7, text="1.2"), ami("direct_call_ended", 9, text="1.1"))
    assert spans(*facts) == [("call", 5, 9, "1.1"), ("call", 7, None, "1.2")]
    assert spans(*facts, ami("direct_call_ended", 10, text="1.2"), ami("direct_call_ended", 11, text="1.2")) == [
        ("call", 5, 9, "1.1"),
        ("call", 7, 10, "1.2"),
    ]
    assert spans(*facts, log("logged_out", 8)) == spans(*facts)
    assert not resolve(list(facts)).ever
