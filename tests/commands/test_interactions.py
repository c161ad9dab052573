"""Live calls and observations through the command bus: what is refused, what is repeated, what is kept for the contact."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from commands.agents import LogIn, LogOut, PauseAgent, ResumeAgent
from commands.callbacks import RequestCallback
from commands.calls import PlaceCall
from commands.command_bus import CommandBus
from commands.handler_context import Caller, Command, Receipt
from commands.interactions import (
    AbandonCall,
    AnswerCall,
    AnswerDial,
    DialOut,
    EndCall,
    FailDial,
    HoldCall,
    OfferCall,
    ReleaseCall,
    ResumeCall,
    RingAgent,
    RingNoAnswer,
    StartCall,
    WrapUp,
)
from commands.observations import MatchMember, ObserveAgent, ObserveCall, ObserveTimeline
from commands.queues import DeactivateQueue, DeleteQueue, RegisterQueue, RenameQueue
from domain.agent_events import AgentTookCall
from domain.agents import Agent
from domain.base import NOBODY, SECOND, Personal
from domain.callbacks import CallbackRequested
from domain.errors import AlreadyExists, InvalidField, NotFound, Refused
from domain.ids import agent_id, interaction_id, queue_id
from domain.voice.call_state import CallState
from domain.voice.calls import Call
from domain.voice.facts import Fact
from domain.voice.interaction_events import InteractionEvent
from domain.voice.interactions import Interaction
from store.event_store import Store, project
from tests.kit.facts import T0, TENANT, log, stretches

CALLER = Caller(TENANT, "test", frozenset({"gerenciar-atendimento", "gerenciar-api", "gerenciar-service"}))


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
    bus.execute(RegisterQueue(name="vendas"), CALLER)
    bus.execute(LogIn(agent="Ana", queues=("vendas",), at=at(0)), CALLER)
    return bus.execute(StartCall(from_number="11988000037", at=at(10)), CALLER).id


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
    assert (state(bus, id).tags, known.status, known.ended_ms) == (["Venda"], "answered", (T0 * 1000 + 60_500))
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


def test_a_ring_in_vain_is_refused_unless_that_agents_phone_rings_for_the_visit(bus: CommandBus) -> None:
    id = start(bus)
    bus.execute(LogIn(agent="Bruno", at=at(10)), CALLER)
    bus.execute(OfferCall(interaction=id, queue="vendas", at=at(12)), CALLER)
    bus.execute(RingAgent(interaction=id, agent="Ana", at=at(13)), CALLER)

    def refused(agent: str, second: float) -> None:
        with pytest.raises(Refused) as error:
            bus.execute(RingNoAnswer(interaction=id, agent=agent, at=at(second)), CALLER)
        assert error.value.code == "agent-not-ringing"

    refused("Bruno", 14)
    bus.execute(LogOut(agent="Bruno", at=at(14)), CALLER)
    refused("Bruno", 15)
    bus.execute(RingNoAnswer(interaction=id, agent="ANA", at=at(16)), CALLER)
    refused("Ana", 17)
    assert [(ring.agent, ring.outcome) for rings in state(bus, id).rings for ring in rings] == [("Ana", "no-answer")]


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
    assert known.status == "abandoned"
    with pytest.raises(Refused, match="ended"):
        bus.execute(OfferCall(interaction=id, queue="vendas", at=at(31)), CALLER)


def test_hanging_up_while_dialling_fails_the_attempt(bus: CommandBus) -> None:
    start(bus)
    id = bus.execute(DialOut(to_number="11988000039", agent="Ana", queue="vendas", at=at(12)), CALLER).id
    bus.execute(EndCall(interaction=id, at=at(20)), CALLER)
    attempt = state(bus, id).attempt
    assert attempt is not None
    assert (attempt.result, attempt.ended_ms, call(bus, id).ended_ms) == ("failed", at(20) // 1_000, at(20) // 1_000)
    *_, last = bus.store.stream(id)
    assert isinstance(last, InteractionEvent)
    assert [(fact.kind, fact.text) for fact in last.facts] == [("dial_failed", "failed"), ("hung_up", "")]


def test_the_same_outside_call_twice_is_one(bus: CommandBus) -> None:
    first = bus.execute(StartCall(call="pbx-7", from_number="11988000037", at=at(1)), CALLER)
    again = bus.execute(StartCall(call="pbx-7", from_number="11988000037", at=at(2)), CALLER)
    assert (again.id, again.version, again.result) == (first.id, first.version, first.result)


def test_an_attempt_that_fails(bus: CommandBus) -> None:
    bus.execute(LogIn(agent="Ana", at=at(0)), CALLER)
    id = bus.execute(DialOut(to_number="21977000037", agent="Ana", at=at(1)), CALLER).id
    bus.execute(FailDial(interaction=id, result="bad-number", at=at(5)), CALLER)
    known = call(bus, id)
    attempt = state(bus, id).attempt
    assert attempt is not None
    assert (attempt.result, known.status, known.direction) == ("bad-number", "bad-number", "outbound")


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
    bus.execute(ObserveAgent(agent="PJSIP/1001", facts=(log("logged_in", 0),)), CALLER)
    bus.execute(MatchMember(interface="PJSIP/1001", member="Ana"), CALLER)
    bus.execute(ObserveAgent(agent="PJSIP/1001", facts=(log("logged_out", 60),)), CALLER)
    agent = project(bus.store.stream(agent_id(TENANT, "Ana")), Agent)
    assert agent is not None
    agent.history = lambda: bus.store.stream(agent.id)
    assert [(span.kind, span.until_ms) for span in stretches(agent).values()] == [("session", (T0 + 60) * 1000)]


def test_a_repeat_is_counted_by_the_line(bus: CommandBus) -> None:
    facts = (log("logged_in", 0), log("seen", 3), log("paused", 5, text="Almoço"))
    assert bus.execute(ObserveAgent(agent="Ana", facts=facts), CALLER).result["repeated"] == 0
    assert bus.execute(ObserveAgent(agent="Ana", facts=facts), CALLER).result["repeated"] == 2


def waiting(bus: CommandBus, second: float, queue: str = "vendas") -> UUID:
    """A call that waits in a queue from an instant on."""
    id = bus.execute(StartCall(from_number="11988000038", at=at(second)), CALLER).id
    bus.execute(OfferCall(interaction=id, queue=queue, at=at(second)), CALLER)
    return id


@pytest.mark.parametrize("order", [RingAgent, AnswerCall])
def test_an_agent_who_talks_is_not_rung_and_answers_no_second_call_until_the_talk_ends(
    bus: CommandBus, order: type[RingAgent | AnswerCall]
) -> None:
    start(bus)
    first, second = waiting(bus, 11), waiting(bus, 11)
    bus.execute(AnswerCall(interaction=first, agent="Ana", at=at(15)), CALLER)
    with pytest.raises(Refused) as refused:
        bus.execute(order(interaction=second, agent="Ana", at=at(16)), CALLER)
    assert refused.value.code == "agent-busy"
    bus.execute(ReleaseCall(interaction=first, at=at(20)), CALLER)
    bus.execute(order(interaction=second, agent="Ana", at=at(21)), CALLER)


@pytest.mark.parametrize("order", [RingAgent, AnswerCall])
def test_an_agent_who_dials_is_not_rung_and_answers_no_other_call_until_the_attempt_has_failed(
    bus: CommandBus, order: type[RingAgent | AnswerCall]
) -> None:
    start(bus)
    attempt = bus.execute(DialOut(to_number="11988000039", agent="Ana", queue="vendas", at=at(10)), CALLER).id
    other = waiting(bus, 11)
    with pytest.raises(Refused) as refused:
        bus.execute(order(interaction=other, agent="Ana", at=at(12)), CALLER)
    assert refused.value.code == "agent-busy"
    bus.execute(FailDial(interaction=attempt, result="busy", at=at(13)), CALLER)
    bus.execute(order(interaction=other, agent="Ana", at=at(14)), CALLER)


def test_an_attempt_that_a_source_observes_answered_after_another_call_keeps_the_agent_busy(bus: CommandBus) -> None:
    start(bus)
    first, second = waiting(bus, 11), waiting(bus, 11)
    bus.execute(AnswerCall(interaction=first, agent="Ana", at=at(15)), CALLER)
    facts = (Fact("dialled", at(10), "ami", agent="Ana"), Fact("dial_answered", at(16), "ami", agent="Ana"))
    bus.execute(ObserveCall(call="pbx.1", facts=facts), CALLER)
    bus.execute(ReleaseCall(interaction=first, at=at(20)), CALLER)
    with pytest.raises(Refused) as refused:
        bus.execute(RingAgent(interaction=second, agent="Ana", at=at(21)), CALLER)
    assert refused.value.code == "agent-busy"


def dialled(bus: CommandBus, call: str = "") -> UUID:
    """A customer whom Ana has dialled for vendas at 12 s, and who answered at 15 s."""
    start(bus)
    id = bus.execute(DialOut(call=call, to_number="11988000039", agent="Ana", queue="vendas", at=at(12)), CALLER).id
    bus.execute(AnswerDial(interaction=id, at=at(15)), CALLER)
    return id


@pytest.mark.parametrize("queue", ["vendas", ""])
def test_an_attempt_is_held_resumed_released_and_wrapped_up_as_a_visit_is(bus: CommandBus, queue: str) -> None:
    start(bus)
    id = bus.execute(DialOut(to_number="11988000039", agent="Ana", queue=queue, at=at(12)), CALLER).id
    bus.execute(AnswerDial(interaction=id, at=at(15)), CALLER)
    bus.execute(HoldCall(interaction=id, at=at(20)), CALLER)
    with pytest.raises(Refused, match="on hold already"):
        bus.execute(HoldCall(interaction=id, at=at(21)), CALLER)
    bus.execute(ResumeCall(interaction=id, at=at(25)), CALLER)
    bus.execute(ReleaseCall(interaction=id, at=at(60)), CALLER)
    attempt = state(bus, id).attempt
    assert attempt is not None
    assert (attempt.talk_ms, attempt.hold_ms, attempt.wrap_up_ms) == (40_000, 5_000, None)
    bus.execute(EndCall(interaction=id, at=at(60.5)), CALLER)
    bus.execute(WrapUp(interaction=id, tag="Venda", at=at(70)), CALLER)
    attempt, known = state(bus, id).attempt, call(bus, id)
    assert attempt is not None
    assert (attempt.talk_ms, attempt.hold_ms, attempt.wrap_up_ms, attempt.result) == (40_000, 5_000, 10_000, "answered")
    assert (state(bus, id).tags, known.status, state(bus, id).visits) == (["Venda"], "answered", [])


def test_a_customer_who_was_dialled_and_hangs_up_on_hold_ends_talk_and_hold(bus: CommandBus) -> None:
    id = dialled(bus)
    bus.execute(HoldCall(interaction=id, at=at(20)), CALLER)
    bus.execute(EndCall(interaction=id, at=at(25)), CALLER)
    attempt = state(bus, id).attempt
    assert attempt is not None
    assert (attempt.talk_ms, attempt.hold_ms, attempt.wrap_up_ms) == (5_000, 5_000, None)
    assert [hold.until_ms for hold in state(bus, id).attempt_holds] == [at(25) // 1_000]


def test_an_agent_passes_a_customer_who_was_dialled_on_to_the_queue_and_another_agent_goes_on(bus: CommandBus) -> None:
    id = dialled(bus)
    with pytest.raises(Refused) as talking:
        bus.execute(OfferCall(interaction=id, queue="vendas", at=at(20)), CALLER)
    assert talking.value.code == "call-in-progress"
    bus.execute(LogIn(agent="Bruno", at=at(20)), CALLER)
    bus.execute(ReleaseCall(interaction=id, by="transfer", at=at(20)), CALLER)
    bus.execute(OfferCall(interaction=id, queue="vendas", at=at(21)), CALLER)
    bus.execute(WrapUp(interaction=id, at=at(24)), CALLER)
    bus.execute(AnswerCall(interaction=id, agent="Bruno", at=at(25)), CALLER)
    bus.execute(HoldCall(interaction=id, at=at(30)), CALLER)
    bus.execute(ResumeCall(interaction=id, at=at(35)), CALLER)
    bus.execute(EndCall(interaction=id, at=at(40)), CALLER)
    bus.execute(WrapUp(interaction=id, at=at(42)), CALLER)
    attempt, (visit,) = state(bus, id).attempt, state(bus, id).visits
    assert attempt is not None
    assert (attempt.agent, attempt.talk_ms, attempt.hold_ms, attempt.wrap_up_ms) == ("Ana", 5_000, 0, 4_000)
    assert (visit.agent, visit.talk_ms, visit.hold_ms, visit.wrap_up_ms) == ("Bruno", 10_000, 5_000, 2_000)


def test_nobody_talks_with_a_customer_whom_a_dialler_without_an_agent_has_reached(bus: CommandBus) -> None:
    start(bus)
    id = bus.execute(DialOut(to_number="11988000039", queue="vendas", at=at(12)), CALLER).id
    bus.execute(AnswerDial(interaction=id, at=at(15)), CALLER)
    with pytest.raises(Refused) as refused:
        bus.execute(HoldCall(interaction=id, at=at(16)), CALLER)
    assert refused.value.code == "call-not-talking"
    bus.execute(OfferCall(interaction=id, queue="vendas", at=at(16)), CALLER)
    bus.execute(AnswerCall(interaction=id, agent="Ana", at=at(18)), CALLER)
    bus.execute(HoldCall(interaction=id, at=at(20)), CALLER)
    assert [len(holds) for holds in state(bus, id).holds] == [1]


def test_an_attempt_whose_end_was_recorded_before_there_were_wrap_ups_of_attempts_has_none(bus: CommandBus) -> None:
    id = dialled(bus, "crm-1")
    bus.execute(ObserveCall(call="crm-1", facts=(Fact("hung_up", at(30)),)), CALLER)
    attempt = state(bus, id).attempt
    assert attempt is not None
    assert (attempt.talk_ms, attempt.wrap_up_ms) == (15_000, 0)
    bus.execute(WrapUp(interaction=id, tag="Venda", at=at(40)), CALLER)
    assert (state(bus, id).attempt, state(bus, id).tags) == (attempt, ["Venda"])


@pytest.mark.parametrize(
    ("before", "code"),
    [
        ((), "agent-unknown"),
        ((LogIn(agent="Ana", at=at(1)), LogOut(agent="Ana", at=at(2))), "agent-logged-out"),
        ((LogIn(agent="Ana", at=at(1)), PauseAgent(agent="Ana", reason="Almoço", at=at(2))), "agent-paused"),
        ((LogIn(agent="Ana", at=at(1)), DialOut(call="crm-1", to_number="11988000039", agent="Ana", at=at(2))), "agent-busy"),
    ],
)
def test_an_agent_who_is_not_free_for_a_call_does_not_dial_and_nothing_is_recorded(
    bus: CommandBus, before: tuple[Command, ...], code: str
) -> None:
    for command in before:
        bus.execute(command, CALLER)
    head = bus.store.head()
    with pytest.raises((NotFound, Refused)) as refused:
        bus.execute(DialOut(call="crm-2", to_number="11988000040", agent="Ana", at=at(5)), CALLER)
    assert (refused.value.code, bus.store.head()) == (code, head)


def test_a_refused_command_uses_up_no_protocol_number(bus: CommandBus) -> None:
    bus.execute(LogIn(agent="Ana", at=at(1)), CALLER)
    first = bus.execute(DialOut(to_number="11988000039", agent="Ana", at=at(2)), CALLER).result["protocol"]
    busy = DialOut(to_number="11988000040", agent="Ana", at=at(5))
    for _ in range(2):
        with pytest.raises(Refused):
            bus.execute(busy, CALLER)
    answers = bus.execute_all(
        [(busy, CALLER), (StartCall(call="crm-3", at=at(6)), CALLER), (busy, CALLER), (StartCall(call="crm-4", at=at(7)), CALLER)]
    )
    begun = [answer.result["protocol"] for answer in answers if isinstance(answer, Receipt)]
    assert begun == [first + 1, first + 2]


def test_an_attempt_that_is_repeated_is_the_same_one_whatever_the_agent_does_now(bus: CommandBus) -> None:
    first = dialled(bus, "crm-1")
    again = bus.execute(DialOut(call="crm-1", to_number="11988000039", agent="Ana", queue="vendas", at=at(20)), CALLER)
    assert again.id == first


def test_what_a_source_observes_an_agent_dial_is_recorded_whatever_the_agent_does(bus: CommandBus) -> None:
    bus.execute(ObserveCall(call="pbx.1", facts=(Fact("dialled", at(10), "ami", agent="Bruno"),)), CALLER)
    attempt = state(bus, interaction_id(TENANT, "pbx.1")).attempt
    assert attempt is not None
    assert attempt.agent == "Bruno"


def test_pausing_again_for_the_same_reason_is_no_event_and_for_another_one_a_new_pause(bus: CommandBus) -> None:
    start(bus)
    first = bus.execute(PauseAgent(agent="Ana", reason="Almoço", at=at(5)), CALLER)
    head = bus.store.head()
    again = bus.execute(PauseAgent(agent="Ana", reason="ALMOÇO ", at=at(8)), CALLER)
    assert (again.version, again.result, bus.store.head()) == (first.version, first.result, head)
    bus.execute(PauseAgent(agent="Ana", reason="Reunião", at=at(9)), CALLER)
    assert bus.store.head() == head + 1


def test_an_agent_who_talks_in_a_call_that_a_source_observes_is_neither_rung_nor_dials(bus: CommandBus) -> None:
    start(bus)
    second = waiting(bus, 11)
    facts = (Fact("offered", at(12), "ami", queue="vendas"), Fact("answered", at(13), "ami", queue="vendas", agent="ANA"))
    bus.execute(ObserveCall(call="pbx.1", facts=facts), CALLER)
    head = bus.store.head()
    for order in (RingAgent(interaction=second, agent="Ana", at=at(15)), DialOut(to_number="11988000039", agent="Ana", at=at(15))):
        with pytest.raises(Refused) as refused:
            bus.execute(order, CALLER)
        assert refused.value.code == "agent-busy"
    assert bus.store.head() == head
    bus.execute(ObserveCall(call="pbx.1", facts=(Fact("released", at(16), "ami", queue="vendas", agent="Ana", by="agent"),)), CALLER)
    bus.execute(RingAgent(interaction=second, agent="Ana", at=at(17)), CALLER)


def test_a_talk_that_a_source_saw_end_does_not_keep_the_agent_busy(bus: CommandBus) -> None:
    start(bus)
    first = bus.execute(StartCall(call="crm-1", at=at(10)), CALLER).id
    second = waiting(bus, 11)
    bus.execute(OfferCall(interaction=first, queue="vendas", at=at(11)), CALLER)
    bus.execute(AnswerCall(interaction=first, agent="Ana", at=at(15)), CALLER)
    bus.execute(ObserveCall(call="crm-1", facts=(Fact("hung_up", at(18), "ami"),)), CALLER)
    bus.execute(AnswerCall(interaction=second, agent="Ana", at=at(21)), CALLER)


def test_of_two_answers_of_one_agent_in_one_unit_of_work_the_second_is_refused(bus: CommandBus) -> None:
    start(bus)
    calls = [waiting(bus, 11), waiting(bus, 11)]
    answers = bus.execute_all([(AnswerCall(interaction=id, agent="Ana", at=at(15)), CALLER) for id in calls])
    assert not isinstance(answers[0], Exception)
    assert isinstance(answers[1], Refused)
    assert answers[1].code == "agent-busy"


def test_an_answer_changes_the_agent_so_that_an_answer_decided_meanwhile_conflicts(bus: CommandBus) -> None:
    start(bus)
    id = waiting(bus, 11)
    before = len(bus.store.stream(agent_id(TENANT, "Ana")))
    bus.execute(AnswerCall(interaction=id, agent="Ana", at=at(15)), CALLER)
    (took,) = bus.store.stream(agent_id(TENANT, "Ana"))[before:]
    assert isinstance(took, AgentTookCall)
    assert took.calls == (id,)


def test_a_talk_whose_end_nobody_saw_does_not_keep_the_agent_from_later_calls(bus: CommandBus) -> None:
    start(bus)
    lost = waiting(bus, 11)
    bus.execute(AnswerCall(interaction=lost, agent="Ana", at=at(12)), CALLER)
    half_a_day = 12 * 3_600
    with pytest.raises(Refused) as busy:
        bus.execute(DialOut(to_number="11988000039", agent="Ana", at=at(12 + half_a_day)), CALLER)
    assert busy.value.code == "agent-busy"
    bus.execute(DialOut(to_number="11988000039", agent="Ana", at=at(13 + half_a_day)), CALLER)


def test_an_agent_on_an_outbound_call_is_busy_and_a_paused_one_is_not_rung(bus: CommandBus) -> None:
    start(bus)
    id = waiting(bus, 11)
    dialled = bus.execute(DialOut(to_number="11988000039", agent="ana", at=at(12)), CALLER).id
    bus.execute(AnswerDial(interaction=dialled, at=at(13)), CALLER)
    with pytest.raises(Refused) as busy:
        bus.execute(RingAgent(interaction=id, agent="Ana", at=at(14)), CALLER)
    assert busy.value.code == "agent-busy"
    bus.execute(EndCall(interaction=dialled, at=at(15)), CALLER)
    bus.execute(PauseAgent(agent="Ana", reason="Almoço", at=at(16)), CALLER)
    with pytest.raises(Refused) as paused:
        bus.execute(RingAgent(interaction=id, agent="Ana", at=at(17)), CALLER)
    assert paused.value.code == "agent-paused"


def test_what_a_source_observes_of_a_busy_agent_and_a_deactivated_queue_is_recorded(bus: CommandBus) -> None:
    start(bus)
    first = waiting(bus, 11)
    bus.execute(AnswerCall(interaction=first, agent="Ana", at=at(15)), CALLER)
    bus.execute(DeactivateQueue(queue=queue_id(TENANT, "vendas")), CALLER)
    facts = (Fact("offered", at(20), "ami", queue="VENDAS "), Fact("answered", at(22), "ami", queue="VENDAS ", agent="Ana"))
    id = bus.execute(ObserveCall(call="pbx.1", facts=facts), CALLER).id
    (visit,) = state(bus, id).visits
    assert (visit.queue, visit.agent, visit.end) == ("vendas", "Ana", "answered")


def test_a_queue_that_is_deactivated_removed_or_unknown_takes_no_live_offer_and_no_attempt(bus: CommandBus) -> None:
    id = start(bus)
    queue = queue_id(TENANT, "vendas")
    bus.execute(DeactivateQueue(queue=queue), CALLER)
    offer = OfferCall(interaction=id, queue="vendas", at=at(12))
    dial = DialOut(to_number="11988000039", queue="vendas", at=at(12))
    for deactivated in (offer, dial):
        with pytest.raises(Refused, match="activate it") as inactive:
            bus.execute(deactivated, CALLER)
        assert inactive.value.code == "queue-inactive"
    bus.execute(DeleteQueue(queue=queue), CALLER)
    for order in (offer, dial):
        with pytest.raises(Refused, match="removed") as removed:
            bus.execute(order, CALLER)
        assert removed.value.code == "queue-inactive"
    for order in (
        OfferCall(interaction=id, queue="vendass", at=at(12)),
        DialOut(to_number="11988000039", queue="vendass", at=at(12)),
        LogIn(agent="Ana", queues=("vendass",), at=at(12)),
    ):
        with pytest.raises(NotFound) as unknown:
            bus.execute(order, CALLER)
        assert unknown.value.code == "queue-unknown"


@pytest.mark.parametrize("begin", [DialOut(call="crm-7", to_number="11988000040"), StartCall(call="crm-7", from_number="11988000041")])
def test_an_id_that_names_another_call_is_refused_and_a_repeat_is_the_same_call(bus: CommandBus, begin: Command) -> None:
    first = StartCall(call="crm-7", from_number="11988000040")
    id = bus.execute(first, CALLER).id
    assert bus.execute(first, CALLER).id == id
    with pytest.raises(AlreadyExists) as taken:
        bus.execute(begin, CALLER)
    assert taken.value.code == "call-id-taken"


def test_all_spellings_of_a_queue_and_of_an_agent_are_one(bus: CommandBus) -> None:
    id = start(bus)
    bus.execute(OfferCall(interaction=id, queue=" VENDAS", at=at(12)), CALLER)
    bus.execute(AnswerCall(interaction=id, agent="ANA", at=at(15)), CALLER)
    (visit,) = state(bus, id).visits
    assert (visit.queue, visit.agent) == ("vendas", "Ana")
    with pytest.raises(AlreadyExists):
        bus.execute(RegisterQueue(name="Vendas "), CALLER)


@pytest.mark.parametrize("name", ["Comercial", "vendas"])
def test_a_live_command_gives_a_call_to_a_renamed_queue_under_its_name_of_now(bus: CommandBus, name: str) -> None:
    offered = start(bus)
    bus.execute(MatchMember(interface="PJSIP/1001", member="Ana"), CALLER)
    bus.execute(RenameQueue(queue=queue_id(TENANT, "vendas"), name="Comercial"), CALLER)
    bus.execute(OfferCall(interaction=offered, queue=name, at=at(12)), CALLER)
    assert [visit.queue for visit in state(bus, offered).visits] == ["Comercial"]
    dialled = bus.execute(DialOut(to_number="11988000039", queue=name, at=at(13)), CALLER).id
    placed = bus.execute(PlaceCall(agent="Ana", number="11988000039", queue=name), CALLER).id
    for id in (dialled, placed):
        attempt = state(bus, id).attempt
        assert attempt is not None
        assert attempt.queue == "Comercial"
    asked = bus.execute(RequestCallback(call="log.1", ivr="dia", queue=name, number="11988000039", at=at(14)), CALLER).id
    (event,) = bus.store.stream(asked)
    assert isinstance(event, CallbackRequested)
    assert event.queue == "Comercial"


def test_a_source_that_spells_a_renamed_queue_anew_repeats_nothing(bus: CommandBus) -> None:
    bus.execute(RegisterQueue(name="vendas"), CALLER)
    facts = (Fact("offered", at(20), "log", queue="Vendas"), Fact("abandoned", at(25), "log", queue="Vendas"))
    bus.execute(ObserveCall(call="log.1", facts=facts), CALLER)
    bus.execute(RenameQueue(queue=queue_id(TENANT, "vendas"), name="comercial"), CALLER)
    again = bus.execute(ObserveCall(call="log.1", facts=facts), CALLER)
    assert (again.result["new"], again.result["repeated"]) == (0, 2)


@pytest.mark.parametrize("unseen", ["ven\u200bdas", "ven\u202edas", "ven\tdas", "\u2066vendas"])
def test_a_live_name_with_an_unseen_character_is_refused_and_an_observed_one_is_cleaned(bus: CommandBus, unseen: str) -> None:
    with pytest.raises(InvalidField) as refused:
        bus.execute(RegisterQueue(name=unseen), CALLER)
    assert (refused.value.field, refused.value.code) == ("name", "name-invalid")
    id = bus.execute(ObserveCall(call="log.1", facts=(Fact("offered", at(20), "log", queue=unseen),)), CALLER).id
    assert state(bus, id).visits[0].queue in ("vendas", "ven das")
