"""Live calls and observations through the command bus: what is refused, what is repeated, what is kept for the contact."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from commands.agents import LogIn, LogOut, PauseAgent, ResumeAgent
from commands.command_bus import CommandBus
from commands.handler_context import Caller
from commands.interactions import (
    AbandonCall,
    AnswerCall,
    DialOut,
    EndCall,
    FailDial,
    HoldCall,
    OfferCall,
    ReleaseCall,
    ResumeCall,
    RingAgent,
    StartCall,
    WrapUp,
)
from commands.observations import MatchMember, ObserveAgent, ObserveCall, ObserveTimeline
from domain.agents import Agent
from domain.base import NOBODY, SECOND, Personal
from domain.errors import InvalidField, NotFound, Refused
from domain.ids import agent_id, interaction_id
from domain.voice.call_state import CallState
from domain.voice.calls import Call
from domain.voice.interactions import Interaction
from store.event_store import Store, project
from tests.kit.facts import T0, TENANT, log, stretches

CALLER = Caller(TENANT, "test", frozenset({"gerenciar-atendimento", "gerenciar-api"}))


def at(second: float) -> int:
    return int((T0 + second) * SECOND)


@pytest.fixture
def bus(tmp_path: Path) -> Iterator[CommandBus]:
    store = Store(tmp_path)
    yield CommandBus(store)
    store.close()


def call(bus: CommandBus, id: UUID) -> Call:
    head = state(bus, id).call
    assert head is not None
    return head


def state(bus: CommandBus, id: UUID) -> CallState:
    known = project(bus.store.stream(id), Interaction)
    assert known is not None
    return known.state


def start(bus: CommandBus) -> UUID:
    bus.execute(LogIn(agent="Ana", queues=("vendas",), at=at(0)), CALLER)
    return bus.execute(StartCall(number="11988000037", at=at(10)), CALLER).id


def test_a_call_from_arrival_to_wrap_up(bus: CommandBus) -> None:
    id = start(bus)
    bus.execute(OfferCall(interaction=id, queue="vendas", at=at(12)), CALLER)
    bus.execute(RingAgent(interaction=id, agent="Ana", at=at(13)), CALLER)
    bus.execute(AnswerCall(interaction=id, agent="Ana", at=at(15)), CALLER)
    bus.execute(HoldCall(interaction=id, at=at(20)), CALLER)
    bus.execute(ResumeCall(interaction=id, at=at(25)), CALLER)
    bus.execute(ReleaseCall(interaction=id, at=at(60)), CALLER)
    bus.execute(EndCall(interaction=id, at=at(60.5)), CALLER)
    bus.execute(WrapUp(interaction=id, tag="Venda", at=at(70)), CALLER)
    known = call(bus, id)
    (visit,) = state(bus, id).visits
    assert (visit.wait_ms, visit.talk_ms, visit.hold_ms, visit.wrap_up_ms, visit.ring_ms) == (3000, 40_000, 5000, 10_000, None)
    assert (state(bus, id).tags, known.status, known.ended_ms) == (["Venda"], "Answered", (T0 * 1000 + 60_500))
    assert known.contact is not None
    assert known.number is not None
    assert known.number.subject == known.contact


@pytest.mark.parametrize(
    "command",
    [AbandonCall, HoldCall, ResumeCall, ReleaseCall, WrapUp, FailDial],
)
def test_a_command_that_the_calls_state_does_not_allow_is_refused_and_changes_nothing(bus: CommandBus, command: type) -> None:
    id = start(bus)
    head = bus.store.head()
    with pytest.raises(Refused):
        bus.execute(command(interaction=id, at=at(20)), CALLER)
    assert bus.store.head() == head


def test_an_agent_who_is_logged_out_cannot_answer(bus: CommandBus) -> None:
    id = start(bus)
    bus.execute(OfferCall(interaction=id, queue="vendas", at=at(12)), CALLER)
    with pytest.raises(NotFound, match="no agent Bruno"):
        bus.execute(AnswerCall(interaction=id, agent="Bruno", at=at(13)), CALLER)
    bus.execute(LogOut(agent="Ana", at=at(13)), CALLER)
    with pytest.raises(Refused, match="not logged in"):
        bus.execute(AnswerCall(interaction=id, agent="Ana", at=at(14)), CALLER)


def test_time_does_not_run_backwards(bus: CommandBus) -> None:
    id = start(bus)
    with pytest.raises(InvalidField) as refused:
        bus.execute(OfferCall(interaction=id, queue="vendas", at=at(9)), CALLER)
    assert refused.value.field == "at"


def test_hanging_up_while_waiting_is_abandoning(bus: CommandBus) -> None:
    id = start(bus)
    bus.execute(OfferCall(interaction=id, queue="vendas", at=at(12)), CALLER)
    bus.execute(EndCall(interaction=id, at=at(30)), CALLER)
    known = call(bus, id)
    assert [(visit.end, visit.wait_ms) for visit in state(bus, id).visits] == [("abandoned", 18_000)]
    assert known.status == "Abandoned"
    with pytest.raises(Refused, match="ended"):
        bus.execute(OfferCall(interaction=id, queue="vendas", at=at(31)), CALLER)


def test_the_same_outside_call_twice_is_one(bus: CommandBus) -> None:
    first = bus.execute(StartCall(call="pbx-7", number="11988000037", at=at(1)), CALLER)
    again = bus.execute(StartCall(call="pbx-7", number="11988000037", at=at(2)), CALLER)
    assert (again.id, again.version, again.result) == (first.id, first.version, first.result)


def test_an_attempt_that_fails(bus: CommandBus) -> None:
    id = bus.execute(DialOut(number="21977000037", agent="Ana", at=at(1)), CALLER).id
    bus.execute(FailDial(interaction=id, result="bad_number", at=at(5)), CALLER)
    known = call(bus, id)
    attempt = state(bus, id).attempt
    assert attempt is not None
    assert (attempt.result, known.status, known.direction) == ("bad_number", "Bad Number", "outbound")


def test_a_pause_needs_a_reason_and_an_agent_who_is_logged_in(bus: CommandBus) -> None:
    start(bus)
    with pytest.raises(InvalidField):
        bus.execute(PauseAgent(agent="Ana", reason=" ", at=at(5)), CALLER)
    with pytest.raises(Refused, match="not paused"):
        bus.execute(ResumeAgent(agent="Ana", at=at(5)), CALLER)
    bus.execute(PauseAgent(agent="Ana", reason="Almoço", at=at(5)), CALLER)
    bus.execute(ResumeAgent(agent="Ana", at=at(8)), CALLER)
    with pytest.raises(NotFound):
        bus.execute(PauseAgent(agent="Bia", reason="Almoço", at=at(5)), CALLER)


def test_a_repeated_observation_counts_once_and_creates_the_contact(bus: CommandBus) -> None:
    facts = (log("offered", 0, private=Personal(NOBODY, "11988000037")), log("abandoned", 9, wait_ms=9000))
    first = bus.execute(ObserveCall(call="1.1", facts=facts), CALLER)
    assert first.result["visits"] == {"abandoned": 1}
    head = bus.store.head()
    again = bus.execute(ObserveCall(call="1.1", facts=facts), CALLER)
    assert (again.result["new"], again.result["repeated"], bus.store.head()) == (0, 2, head)
    other = bus.execute(ObserveCall(call="1.2", facts=(log("offered", 20, private=Personal(NOBODY, "11988000037")),)), CALLER)
    assert call(bus, first.id).contact == call(bus, other.id).contact is not None


def test_a_restart_observed_later_ends_what_waited(bus: CommandBus) -> None:
    bus.execute(ObserveCall(call="1.1", facts=(log("offered", 0),)), CALLER)
    bus.execute(ObserveTimeline(restart_at=at(50)), CALLER)
    bus.execute(ObserveCall(call="1.1", facts=()), CALLER)
    assert [visit.end for visit in state(bus, interaction_id(TENANT, "1.1")).visits] == ["unknown"]


def test_an_interface_that_is_matched_gives_its_day_to_the_member(bus: CommandBus) -> None:
    bus.execute(ObserveAgent(agent="PJSIP/1001", facts=(log("joined", 0),)), CALLER)
    bus.execute(MatchMember(interface="PJSIP/1001", member="Ana"), CALLER)
    bus.execute(ObserveAgent(agent="PJSIP/1001", facts=(log("left", 60),)), CALLER)
    agent = project(bus.store.stream(agent_id(TENANT, "Ana")), Agent)
    assert agent is not None
    agent.history = lambda: bus.store.stream(agent.id)
    assert [(span.kind, span.until_ms) for span in stretches(agent).values()] == [("session", (T0 + 60) * 1000)]


def test_a_repeat_is_counted_by_the_line(bus: CommandBus) -> None:
    facts = (log("joined", 0), log("seen", 3), log("paused", 5, text="Almoço"))
    assert bus.execute(ObserveAgent(agent="Ana", facts=facts), CALLER).result["repeated"] == 0
    assert bus.execute(ObserveAgent(agent="Ana", facts=facts), CALLER).result["repeated"] == 2
