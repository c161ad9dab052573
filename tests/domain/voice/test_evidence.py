"""Adding one fact gives the same result as weighing all of them together, at a cost that does not depend on their number."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from unittest.mock import patch
from uuid import UUID

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.base import SECOND
from domain.voice import interactions
from domain.voice.call_state import difference
from domain.voice.calls import Change
from domain.voice.context import Context
from domain.voice.evidence import Evidence, resolve
from domain.voice.facts import OUTBOUND_TALK, CallKind, Clock, Fact
from domain.voice.interaction_events import InteractionEvent
from domain.voice.interactions import KEPT_FROM, Interaction
from tests.kit.facts import STAMP, T0, TENANT, ami

SPAN_S = 20
_IN_QUEUE: tuple[CallKind, ...] = (
    "offered", "offered", "rang", "rang", "ring_no_answer", "ring_canceled", "agent_dumped", "waiting", "answered", "answered", "held",
    "resumed", "released", "released", "wrap_up", "abandoned", "timed_out", "left_by_key", "withdrawn", "emptied", "turned_away", "unseen_end",
    "outbound",
)  # fmt: skip
_OF_CALL: tuple[CallKind, ...] = (
    "arrived", "dialled", "dial_answered", "dial_failed", "part_of", "hung_up", "quality", "did", "tagged", "note", "supervised", "ivr_entered",
    "ivr_option", "ivr_out_of_hours", "ivr_blacklisted", "ivr_left", "unseen", "restarted",
)  # fmt: skip
_CLOCKS: tuple[tuple[Clock, ...], ...] = (("ami",), ("live", "ami"), ("log",), ("log.f",), ("ami", "log"), ("live", "ami", "log.f", "log"))


def promised(queue: str, at: int) -> tuple[int, int, int]:
    """Different settings for each queue and instant, so that a call with wrong arguments is noticed."""
    return 20_000 + len(queue) + at % 1_000, 5_000, at % 2_000


def known_by(restarts: tuple[int, ...]) -> Context:
    return Context(tenant=TENANT, call=f"{T0}.1", settings=promised, restarts=restarts)


def instants(clock: Clock) -> st.SearchStrategy[int]:
    seconds = st.integers(T0, T0 + SPAN_S).map(lambda second: second * SECOND)
    return seconds if clock == "log" else st.one_of(seconds, st.integers(T0 * SECOND, (T0 + SPAN_S) * SECOND))


@st.composite
def facts_of(draw: st.DrawFn, clocks: tuple[Clock, ...]) -> Fact:
    clock = draw(st.sampled_from(clocks))
    in_queue = draw(st.booleans())
    kind: CallKind = draw(st.sampled_from(_IN_QUEUE if in_queue else _OF_CALL))
    fields: dict[str, Any] = {"queue": draw(st.sampled_from(["vendas", "suporte"])) if in_queue else ""}
    fields["agent"] = draw(st.sampled_from(["Ana", "Bia", ""]))
    fields["text"] = f"{draw(st.integers(0, 9))};1" if kind == "quality" else draw(st.sampled_from(["", "x", "y"]))
    fields["by"] = draw(st.sampled_from(["", "agent", "gap"]))
    for name in ("wait_ms", "talk_ms", "ring_ms", "wrap_ms"):
        fields[name] = draw(st.none() | st.integers(0, SPAN_S * 1_000))
    at = draw(instants(clock))
    if clock.startswith("log"):
        fields["seq"] = draw(st.integers(0, 2))
        # The PBX's clock was set back before this line.
        fields["until"] = draw(st.none() | st.integers(at + 1, at + 600 * SECOND))
    if clock == "live" and kind in ("held", "resumed", "released", "wrap_up") and draw(st.booleans()):
        fields["mark"] = OUTBOUND_TALK
    if kind == "part_of" and draw(st.booleans()):
        fields["queue"] = "vendas"
    return Fact(kind, at, clock, ref=f"{clock}:{kind}", **fields)


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[list[Fact]], tuple[int, ...]]:
    """Observations of one call, in the order of their instants or not, and the restarts of the PBX."""
    facts = draw(st.lists(facts_of(draw(st.sampled_from(_CLOCKS))), min_size=1, max_size=14))
    if draw(st.booleans()):
        facts.sort(key=lambda fact: fact.at)
    sizes = draw(st.lists(st.integers(1, 3), min_size=len(facts), max_size=len(facts)))
    observations, rest = [], facts
    for size in sizes:
        observations.append(rest[:size])
        rest = rest[size:]
    return [some for some in observations if some], tuple(sorted(draw(st.lists(instants("ami"), max_size=2))))


def replayed(events: list[Any]) -> Interaction:
    again = Interaction(TENANT, TENANT)
    for event in events:
        again.replay(event)
    return again


def fields_of(interaction: Interaction) -> dict[str, Any]:
    return {name: value for name, value in vars(interaction).items() if name not in ("pending", "history", "_evidence", "_known")}


@settings(deadline=None, max_examples=300)
@given(histories(), st.data())
def test_each_further_observation_gives_what_all_facts_prove_together(
    history: tuple[list[list[Fact]], tuple[int, ...]], data: st.DataObject
) -> None:
    observations, restarts = history
    kept_from = data.draw(st.sampled_from([0, KEPT_FROM]))
    interaction, events = Interaction(TENANT, TENANT), []
    for facts in observations:
        # A restart may become known late, and the call may be loaded anew.
        heard_of = restarts if data.draw(st.booleans()) else ()
        if data.draw(st.booleans()):
            interaction = replayed(events)
        before = set(interaction.conflicts)
        with patch.object(interactions, "KEPT_FROM", kept_from):
            interaction.observe(facts, known_by(heard_of), STAMP)
        new = interaction.collect()
        events += new
        if new:
            whole = resolve(interaction.facts, known_by(heard_of))
            assert interaction.state == whole.state
            assert {*whole.conflicts} <= interaction.conflicts
            assert before.isdisjoint(conflict for event in new if isinstance(event, InteractionEvent) for conflict in event.conflicts)
        assert fields_of(replayed(events)) == fields_of(interaction)


@settings(deadline=None, max_examples=200)
@given(st.data())
def test_a_change_is_complete_whatever_the_two_states(data: st.DataObject) -> None:
    clocks = data.draw(st.sampled_from(_CLOCKS))
    states = [resolve(data.draw(st.lists(facts_of(clocks), min_size=1, max_size=12)), known_by(())).state for _ in range(2)]
    # What a call has of its own once is never taken back: only facts are added.
    states[1].ivr, states[1].attempt = states[1].ivr or states[0].ivr, states[1].attempt or states[0].attempt
    change = difference(states[0], states[1])
    states[0].apply(msgspec.json.decode(msgspec.json.encode(change), type=Change))
    assert states[0] == states[1]


@pytest.fixture
def weighed_anew(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The number of facts in each run that weighed all of them."""
    sizes: list[int] = []
    weigh = Evidence._weigh

    def counting(self: Evidence, facts: list[Fact], *, split: bool = False) -> None:
        sizes.append(len(facts))
        weigh(self, facts, split=split)

    monkeypatch.setattr(Evidence, "_weigh", counting)
    return sizes


def ring_all(turns: int) -> Iterator[Fact]:
    """Phones that ring in one microsecond and stop in one microsecond, in no known order."""
    yield ami("offered", 0)
    for turn in range(turns):
        for name in ("Caio", "Ana", "Bia"):
            yield ami("rang", 1 + turn * 10, agent=name)
        for name in ("Bia", "Caio", "Ana"):
            yield ami("ring_no_answer", 6 + turn * 10, agent=name)


def test_facts_of_one_instant_and_later_ones_are_not_weighed_with_all_others(weighed_anew: list[int]) -> None:
    interaction = Interaction(TENANT, TENANT)
    for fact in ring_all(20):
        interaction.observe([fact], known_by(()), STAMP)
    assert max(weighed_anew) <= KEPT_FROM + 1
    assert interaction.state == resolve(interaction.facts, known_by(())).state


def test_an_event_is_no_larger_however_much_happened_before_it() -> None:
    interaction = Interaction(TENANT, TENANT)
    for fact in ring_all(40):
        interaction.observe([fact], known_by(()), STAMP)
    sizes = [len(msgspec.json.encode(event)) for event in interaction.collect()]
    assert max(sizes[100:]) <= max(sizes[1:20]) + 10


def test_an_earlier_fact_and_one_of_another_clock_are_weighed_with_all_others(weighed_anew: list[int]) -> None:
    interaction = Interaction(TENANT, TENANT)
    for fact in (ami("offered", 5), ami("arrived", 1, queue=""), Fact("abandoned", (T0 + 9) * SECOND, "log", "vendas", wait_ms=4_000)):
        interaction.observe([fact], known_by(()), STAMP)
    assert weighed_anew[-2:] == [2, 3]


def test_a_leg_of_another_call_states_its_visits_again() -> None:
    interaction = Interaction(TENANT, TENANT)
    for fact in (ami("offered", 0), ami("abandoned", 5, wait_ms=5_000), ami("part_of", 6, queue="", text="1.0")):
        interaction.observe([fact], known_by(()), STAMP)
    event = interaction.collect()[-1]
    assert isinstance(event, InteractionEvent)
    assert event.change.of is not None
    assert isinstance(event.change.of.part_of, UUID)
    assert [visit.n for visit in event.change.visits] == [0]


def test_without_a_difference_there_is_no_change() -> None:
    state = resolve(list(ring_all(1)), known_by(())).state
    assert difference(state, state) == Change()
