"""A supervisor in a call of another agent: what may be asked for, what came of it, and what the call's history keeps."""

from __future__ import annotations

from uuid import UUID

import pytest

from commands.agents import LogIn
from commands.calls import PlaceCall
from commands.command_bus import CommandBus
from commands.handler_context import Caller, Receipt
from commands.interactions import AnswerCall, OfferCall, StartCall
from commands.observations import MatchMember
from commands.queues import RegisterQueue
from commands.supervision import ConcludeSupervision, SuperviseCall
from domain.access import PERMISSIONS
from domain.errors import InvalidField, Refused
from domain.supervision import Supervision
from domain.voice.interactions import Interaction
from store.event_store import Store, project
from tests.kit.buses import bus, store
from tests.kit.facts import TENANT

__all__ = ["bus", "store"]

OPERATOR = Caller(TENANT, "operator", frozenset(PERMISSIONS))


@pytest.fixture
def talk(bus: CommandBus) -> UUID:
    """A call in which Ana talks. Carla has a telephone too."""
    bus.execute(RegisterQueue(name="vendas"), OPERATOR)
    for agent, interface in (("Ana", "PJSIP/1001"), ("Carla", "PJSIP/1002")):
        bus.execute(MatchMember(interface=interface, member=agent), OPERATOR)
        bus.execute(LogIn(agent=agent, queues=("vendas",)), OPERATOR)
    call = bus.execute(StartCall(from_number="5511987654321"), OPERATOR).id
    bus.execute(OfferCall(interaction=call, queue="vendas"), OPERATOR)
    bus.execute(AnswerCall(interaction=call, agent="Ana"), OPERATOR)
    return call


def ask(bus: CommandBus, call: UUID, mode: str, supervisor: str = "Carla") -> Receipt:
    return bus.execute(SuperviseCall(interaction=call, supervisor=supervisor, mode=mode), OPERATOR)  # type: ignore[arg-type]


def conclude(bus: CommandBus, supervision: UUID, outcome: str, mode: str, *, reason: str = "", leg: str = "") -> None:
    now = project(bus.store.stream(supervision), Supervision)
    assert now is not None
    assert now.of is not None
    command = ConcludeSupervision(supervision=supervision, leg=leg or now.of.leg, outcome=outcome, mode=mode, reason=reason)  # type: ignore[arg-type]
    bus.execute(command, OPERATOR)


def supervised(store: Store, call: UUID) -> list[tuple[str, str]]:
    found = project(store.stream(call), Interaction)
    assert found is not None
    return [(fact.text, fact.by) for fact in found.facts if fact.kind == "supervised"]


def state(store: Store, supervision: UUID) -> tuple[str, str, str]:
    found = project(store.stream(supervision), Supervision)
    assert found is not None
    return found.state, found.mode, found.reason


def test_what_is_asked_for_is_in_the_history_of_the_call_when_it_was_done(bus: CommandBus, store: Store, talk: UUID) -> None:
    id = ask(bus, talk, "listen").id
    assert state(store, id) == ("requested", "listen", "")
    assert supervised(store, talk) == []
    conclude(bus, id, "begun", "listen")
    assert state(store, id) == ("active", "listen", "")
    assert ask(bus, talk, "barge").id == id
    conclude(bus, id, "failed", "barge", reason="refused")
    assert state(store, id) == ("failed", "barge", "refused")
    conclude(bus, id, "begun", "barge")
    assert supervised(store, talk) == [("listen", "Carla")]


def test_the_telephone_of_a_supervisor_who_is_in_the_call_stays_the_same(bus: CommandBus, store: Store, talk: UUID) -> None:
    id = ask(bus, talk, "listen").id
    conclude(bus, id, "begun", "listen")
    ask(bus, talk, "whisper")
    conclude(bus, id, "begun", "whisper")
    legs = {event.of.leg for event in store.stream(id) if hasattr(event, "of")}
    assert len(legs) == 1
    conclude(bus, id, "ended", "whisper")
    ask(bus, talk, "listen")
    assert len({event.of.leg for event in store.stream(id) if hasattr(event, "of")}) == 2


def test_the_end_of_an_earlier_telephone_call_ends_no_later_request(bus: CommandBus, store: Store, talk: UUID) -> None:
    id = ask(bus, talk, "listen").id
    conclude(bus, id, "begun", "listen")
    (leg,) = {event.of.leg for event in store.stream(id) if hasattr(event, "of")}
    conclude(bus, id, "ended", "listen")
    ask(bus, talk, "pull")
    conclude(bus, id, "ended", "listen", leg=leg)
    assert state(store, id) == ("requested", "pull", "")


def test_a_call_that_was_taken_over_is_no_longer_the_agents(bus: CommandBus, store: Store, talk: UUID) -> None:
    id = ask(bus, talk, "pull").id
    conclude(bus, id, "done", "pull")
    call = project(store.stream(talk), Interaction)
    assert call is not None
    assert (call.talking(), call.state.visits[0].released_by) == (set(), "transfer")
    assert supervised(store, talk) == [("pull", "Carla")]


def test_a_second_request_waits_for_the_first_and_one_who_is_in_no_call_leaves_none(bus: CommandBus, talk: UUID) -> None:
    with pytest.raises(Refused, match="not in this call"):
        ask(bus, talk, "leave")
    ask(bus, talk, "listen")
    with pytest.raises(Refused, match="not done yet"):
        ask(bus, talk, "barge")


def test_nobody_supervises_their_own_call(bus: CommandBus, talk: UUID) -> None:
    with pytest.raises(Refused, match="no other agent"):
        ask(bus, talk, "listen", "Ana")


def test_a_call_goes_out_for_a_free_agent_to_a_number(bus: CommandBus, store: Store, talk: UUID) -> None:
    with pytest.raises(Refused, match="talking in another call"):
        bus.execute(PlaceCall(agent="Ana", number="11987654321"), OPERATOR)
    for wrong in ("12", "11 9876-x321", "9" * 21, "1;2\r\n34"):
        with pytest.raises(InvalidField, match="no telephone number"):
            bus.execute(PlaceCall(agent="Carla", number=wrong), OPERATOR)
    placed = project(store.stream(bus.execute(PlaceCall(agent="Carla", number="+55 (11) 98765-4321"), OPERATOR).id), Interaction)
    assert placed is not None
    assert placed.call is not None
    assert placed.call.number is not None
    assert store.keyring.open(placed.call.number) == "+5511987654321"
    assert placed.call.direction == "outbound"
    bus.execute(LogIn(agent="Davi", queues=("vendas",)), OPERATOR)
    with pytest.raises(Refused, match="no telephone of the agent"):
        bus.execute(PlaceCall(agent="Davi", number="11987654321"), OPERATOR)
