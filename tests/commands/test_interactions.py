"""Live calls and tellings through the door: what is refused, what is repeated, what is kept for the contact."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from commands.agents import LogIn, LogOut, PauseAgent, ResumeAgent
from commands.command_bus import Door
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
from commands.observations import MatchMember, TellAgent, TellCall, TellTimeline
from domain.agents import Agent
from domain.base import NOBODY, SECOND, Personal
from domain.errors import InvalidField, NotFound, Refused
from domain.ids import agent_id, interaction_id
from domain.voice.calls import Call
from domain.voice.interactions import Interaction
from store.event_store import Store, project
from tests.kit.facts import T0, TENANT, log, stretches

CALLER = Caller(TENANT, "test", frozenset({"gerenciar-atendimento", "gerenciar-api"}))


def at(second: float) -> int:
    return int((T0 + second) * SECOND)


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Door]:
    store = Store(tmp_path)
    yield Door(store)
    store.close()


def call(door: Door, id: UUID) -> Call:
    interaction = Interaction(id, TENANT)
    for event in door.store.stream(id):
        interaction.replay(event)
    assert interaction.call is not None
    return interaction.call


def start(door: Door) -> UUID:
    door.execute(LogIn(agent="Ana", queues=("vendas",), at=at(0)), CALLER)
    return door.execute(StartCall(number="11988000037", at=at(10)), CALLER).id


def test_a_call_from_arrival_to_wrap_up(door: Door) -> None:
    id = start(door)
    door.execute(OfferCall(interaction=id, queue="vendas", at=at(12)), CALLER)
    door.execute(RingAgent(interaction=id, agent="Ana", at=at(13)), CALLER)
    door.execute(AnswerCall(interaction=id, agent="Ana", at=at(15)), CALLER)
    door.execute(HoldCall(interaction=id, at=at(20)), CALLER)
    door.execute(ResumeCall(interaction=id, at=at(25)), CALLER)
    door.execute(ReleaseCall(interaction=id, at=at(60)), CALLER)
    door.execute(EndCall(interaction=id, at=at(60.5)), CALLER)
    door.execute(WrapUp(interaction=id, tag="Venda", at=at(70)), CALLER)
    known = call(door, id)
    (visit,) = known.visits
    assert (visit.wait_ms, visit.talk_ms, visit.hold_ms, visit.wrap_up_ms, visit.ring_ms) == (3000, 40_000, 5000, 10_000, None)
    assert (known.tags, known.status, known.ended_ms) == (("Venda",), "Answered", (T0 * 1000 + 60_500))
    assert known.contact is not None
    assert known.number is not None
    assert known.number.subject == known.contact


@pytest.mark.parametrize(
    "command",
    [AbandonCall, HoldCall, ResumeCall, ReleaseCall, WrapUp, FailDial],
)
def test_what_cannot_be_is_refused_and_changes_nothing(door: Door, command: type) -> None:
    id = start(door)
    head = door.store.head()
    with pytest.raises(Refused):
        door.execute(command(interaction=id, at=at(20)), CALLER)
    assert door.store.head() == head


def test_an_agent_who_is_out_cannot_answer(door: Door) -> None:
    id = start(door)
    door.execute(OfferCall(interaction=id, queue="vendas", at=at(12)), CALLER)
    with pytest.raises(NotFound, match="no agent Bruno"):
        door.execute(AnswerCall(interaction=id, agent="Bruno", at=at(13)), CALLER)
    door.execute(LogOut(agent="Ana", at=at(13)), CALLER)
    with pytest.raises(Refused, match="not logged in"):
        door.execute(AnswerCall(interaction=id, agent="Ana", at=at(14)), CALLER)


def test_time_does_not_run_backwards(door: Door) -> None:
    id = start(door)
    with pytest.raises(InvalidField) as refused:
        door.execute(OfferCall(interaction=id, queue="vendas", at=at(9)), CALLER)
    assert refused.value.field == "at"


def test_hanging_up_while_waiting_is_abandoning(door: Door) -> None:
    id = start(door)
    door.execute(OfferCall(interaction=id, queue="vendas", at=at(12)), CALLER)
    door.execute(EndCall(interaction=id, at=at(30)), CALLER)
    known = call(door, id)
    assert [(visit.end, visit.wait_ms) for visit in known.visits] == [("abandoned", 18_000)]
    assert known.status == "Abandoned"
    with pytest.raises(Refused, match="ended"):
        door.execute(OfferCall(interaction=id, queue="vendas", at=at(31)), CALLER)


def test_the_same_outside_call_twice_is_one(door: Door) -> None:
    first = door.execute(StartCall(call="pbx-7", number="11988000037", at=at(1)), CALLER)
    again = door.execute(StartCall(call="pbx-7", number="11988000037", at=at(2)), CALLER)
    assert (again.id, again.version, again.result) == (first.id, first.version, first.result)


def test_an_attempt_that_reaches_nobody(door: Door) -> None:
    id = door.execute(DialOut(number="21977000037", agent="Ana", at=at(1)), CALLER).id
    door.execute(FailDial(interaction=id, result="bad_number", at=at(5)), CALLER)
    known = call(door, id)
    assert known.attempt is not None
    assert (known.attempt.result, known.status, known.direction) == ("bad_number", "Bad Number", "outbound")


def test_pauses_ask_for_a_reason_and_an_agent_who_is_in(door: Door) -> None:
    start(door)
    with pytest.raises(InvalidField):
        door.execute(PauseAgent(agent="Ana", reason=" ", at=at(5)), CALLER)
    with pytest.raises(Refused, match="not paused"):
        door.execute(ResumeAgent(agent="Ana", at=at(5)), CALLER)
    door.execute(PauseAgent(agent="Ana", reason="Almoço", at=at(5)), CALLER)
    door.execute(ResumeAgent(agent="Ana", at=at(8)), CALLER)
    with pytest.raises(NotFound):
        door.execute(PauseAgent(agent="Bia", reason="Almoço", at=at(5)), CALLER)


def test_a_telling_twice_is_one_and_a_contact_comes_to_be(door: Door) -> None:
    facts = (log("offered", 0, private=Personal(NOBODY, "11988000037")), log("abandoned", 9, wait_ms=9000))
    first = door.execute(TellCall(call="1.1", facts=facts), CALLER)
    assert first.result["visits"] == {"abandoned": 1}
    head = door.store.head()
    again = door.execute(TellCall(call="1.1", facts=facts), CALLER)
    assert (again.result["new"], again.result["repeated"], door.store.head()) == (0, 2, head)
    other = door.execute(TellCall(call="1.2", facts=(log("offered", 20, private=Personal(NOBODY, "11988000037")),)), CALLER)
    assert call(door, first.id).contact == call(door, other.id).contact is not None


def test_a_restart_told_later_ends_what_waited(door: Door) -> None:
    door.execute(TellCall(call="1.1", facts=(log("offered", 0),)), CALLER)
    door.execute(TellTimeline(restart_at=at(50)), CALLER)
    door.execute(TellCall(call="1.1", facts=()), CALLER)
    assert [visit.end for visit in call(door, interaction_id(TENANT, "1.1")).visits] == ["unknown"]


def test_an_interface_that_is_matched_gives_its_day_to_the_member(door: Door) -> None:
    door.execute(TellAgent(agent="PJSIP/1001", facts=(log("joined", 0),)), CALLER)
    door.execute(MatchMember(interface="PJSIP/1001", member="Ana"), CALLER)
    door.execute(TellAgent(agent="PJSIP/1001", facts=(log("left", 60),)), CALLER)
    agent = project(door.store.stream(agent_id(TENANT, "Ana")), Agent)
    assert agent is not None
    agent.history = lambda: door.store.stream(agent.id)
    assert [(span.kind, span.until_ms) for span in stretches(agent).values()] == [("session", (T0 + 60) * 1000)]


def test_a_repeat_is_counted_by_the_line(door: Door) -> None:
    facts = (log("joined", 0), log("seen", 3), log("paused", 5, text="Almoço"))
    assert door.execute(TellAgent(agent="Ana", facts=facts), CALLER).result["repeated"] == 0
    assert door.execute(TellAgent(agent="Ana", facts=facts), CALLER).result["repeated"] == 2
