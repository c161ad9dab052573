"""Observations through the command bus: one queue, one agent, one IVR, in whatever spelling a source names it."""

from __future__ import annotations

import pytest

from commands.command_bus import CommandBus
from commands.handler_context import Caller
from commands.ivr import DeleteIvr, RegisterIvr
from commands.observations import MatchMember, ObserveAgent, ObserveCall
from domain.agents import Agent
from domain.ids import agent_id, interaction_id, ivr_id, roster_id
from domain.voice.facts import Fact
from domain.voice.interactions import Interaction
from domain.voice.roster import Roster
from store.event_store import project
from tests.kit.facts import TENANT, log

CALLER = Caller(TENANT, "test", frozenset({"gerenciar-atendimento", "gerenciar-api", "gerenciar-phone"}))


def agent(bus: CommandBus, name: str) -> Agent:
    found = project(bus.store.stream(agent_id(TENANT, name)), Agent)
    assert found is not None
    return found


def call(bus: CommandBus, call: str) -> Interaction:
    found = project(bus.store.stream(interaction_id(TENANT, call)), Interaction)
    assert found is not None
    return found


def answered(second: float, name: str) -> tuple[Fact, ...]:
    return log("offered", second), log("answered", second + 1, agent=name), log("released", second + 2, agent=name, by="agent")


def test_calls_name_one_agent_in_the_first_spelling_of_any_source(bus: CommandBus) -> None:
    bus.execute(ObserveAgent(agent="Ana", facts=(log("logged_in", 0, by="member"),)), CALLER)
    bus.execute(ObserveCall(call="1.1", facts=answered(1, "ANA ")), CALLER)
    assert call(bus, "1.1").state.visits[0].agent == "Ana"


def test_calls_name_one_agent_in_one_spelling_before_anything_else_is_known_of_the_agent(bus: CommandBus) -> None:
    bus.execute_all([(ObserveCall(call=f"1.{at}", facts=answered(at, name)), CALLER) for at, name in ((1, "ANA"), (4, "Ana"), (7, "ana"))])
    assert {call(bus, f"1.{at}").state.visits[0].agent for at in (1, 4, 7)} == {"ANA"}
    assert agent(bus, "ana").name == "ANA"
    assert agent(bus, "ana").person


def test_a_repeat_in_another_spelling_changes_nothing(bus: CommandBus) -> None:
    bus.execute(ObserveCall(call="1.1", facts=answered(1, "Ana")), CALLER)
    head = bus.store.head()
    receipt = bus.execute(ObserveCall(call="1.1", facts=answered(1, "ANA")), CALLER)
    assert (receipt.result["new"], bus.store.head()) == (0, head)


def test_an_observation_names_the_aggregates_of_its_agents_so_that_they_are_read_together() -> None:
    assert agent_id(TENANT, "Ana") in set(ObserveCall(call="1.1", facts=answered(1, "ANA")).concerns(TENANT))


def test_an_ivr_that_was_deleted_keeps_the_spelling_of_its_calls(bus: CommandBus) -> None:
    bus.execute(RegisterIvr(name="Principal"), CALLER)
    bus.execute(DeleteIvr(ivr=ivr_id(TENANT, "principal")), CALLER)
    bus.execute(RegisterIvr(name="PRINCIPAL"), CALLER)
    bus.execute(ObserveCall(call="1.1", facts=(log("ivr_entered", 1, queue="", text="principal"),)), CALLER)
    path = call(bus, "1.1").state.ivr
    assert path is not None
    assert path.ivr == "Principal"


@pytest.mark.parametrize("spelling", ["pjsip/1001", "PJSIP/1001 "])
def test_an_interface_is_matched_in_any_spelling(bus: CommandBus, spelling: str) -> None:
    bus.execute(ObserveAgent(agent="Ana", facts=(log("logged_in", 0, by="member"),)), CALLER)
    bus.execute(MatchMember(interface="PJSIP/1001", member="ANA"), CALLER)
    bus.execute(ObserveAgent(agent=spelling, facts=(log("paused", 3, text="Almoço"),)), CALLER)
    assert agent(bus, "Ana").standing.pause is not None
    head = bus.store.head()
    bus.execute(MatchMember(interface=spelling, member="ana"), CALLER)
    assert bus.store.head() == head
    roster = project(bus.store.stream(roster_id(TENANT)), Roster)
    assert roster is not None
    assert roster.member_of(spelling) == "Ana"


def test_an_interface_that_goes_to_another_member_in_another_spelling_leaves_the_first(bus: CommandBus) -> None:
    bus.execute(MatchMember(interface="PJSIP/1001", member="Ana"), CALLER)
    bus.execute(MatchMember(interface="pjsip/1001", member="Bia"), CALLER)
    assert (agent(bus, "Ana").interfaces, agent(bus, "Bia").interfaces) == ((), ("pjsip/1001",))
