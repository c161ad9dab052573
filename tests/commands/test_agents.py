"""An agent is a person who belongs to a user and is reached by interfaces; who acts as another's agent is recorded."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

import pytest

from commands.agents import AssignAgent, LogIn, LogOut, PauseAgent, RegisterAgent, ResumeAgent
from commands.command_bus import Caller, CommandBus
from commands.handler_context import Command
from commands.interactions import (
    AnswerCall,
    DialOut,
    EndCall,
    HoldCall,
    OfferCall,
    ReleaseCall,
    ResumeCall,
    RingAgent,
    RingNoAnswer,
    StartCall,
    WrapUp,
)
from commands.observations import MatchMember, ObserveAgent
from commands.queues import RegisterQueue, RenameQueue
from commands.users import DeactivateUser, RegisterUser
from domain.access import ACT_FOR_OTHERS, PERMISSIONS, Actor, Level
from domain.agents import Agent
from domain.errors import AlreadyExists, NotAllowed, NotFound, Refused
from domain.ids import agent_id, queue_id
from domain.voice.facts import Fact
from store.event_store import Store, project

TENANT = UUID(int=7)
OPERATOR = Caller(TENANT, "operator", frozenset(PERMISSIONS))


@dataclass
class Ticking:
    us: int = field(default=1_800_000_000_000_000)

    def now_us(self) -> int:
        self.us += 1_000
        return self.us


@pytest.fixture
def bus(store: Store) -> CommandBus:
    return CommandBus(store, Ticking())


def user(bus: CommandBus, email: str, level: Level = "user", permissions: frozenset[str] = frozenset(PERMISSIONS)) -> Caller:
    id = bus.execute(RegisterUser(name=email, email=email, level=level, permissions=tuple(permissions)), OPERATOR).id
    return Caller(TENANT, f"user:{id}", permissions, user=Actor(id, level, permissions))


def of(caller: Caller) -> UUID:
    assert caller.user is not None
    return caller.user.user


def agent(bus: CommandBus, name: str) -> Agent:
    found = project(bus.store.stream(agent_id(TENANT, name)), Agent)
    assert found is not None
    assert found.name == name
    return found


@pytest.fixture
def ana(bus: CommandBus) -> Caller:
    """A user of level user, with an agent of the same name."""
    caller = user(bus, "ana@empresa.example")
    bus.execute(RegisterQueue(name="vendas"), OPERATOR)
    bus.execute(RegisterAgent(agent="Ana", user=of(caller)), OPERATOR)
    return caller


def test_an_agent_belongs_to_a_user_from_the_start_or_later(bus: CommandBus, ana: Caller) -> None:
    assert agent(bus, "Ana").user == of(ana)
    bus.execute(LogIn(agent="Bruno"), OPERATOR)
    assert agent(bus, "Bruno").user is None
    bus.execute(AssignAgent(agent=agent_id(TENANT, "Bruno"), user=of(ana)), OPERATOR)
    assert agent(bus, "Bruno").user == of(ana)
    assert agent(bus, "Bruno").queues_now() == ("",)
    bus.execute(AssignAgent(agent=agent_id(TENANT, "Bruno"), user=None), OPERATOR)
    assert agent(bus, "Bruno").user is None


def test_an_agent_stays_its_users_whatever_it_does(bus: CommandBus, ana: Caller) -> None:
    for command in (
        LogIn(agent="Ana", queues=("vendas",)),
        PauseAgent(agent="Ana", reason="almoço"),
        ResumeAgent(agent="Ana"),
        LogOut(agent="Ana"),
    ):
        bus.execute(command, ana)
        bus.store.drop([agent_id(TENANT, "Ana")])
    assert agent(bus, "Ana").user == of(ana)


def test_an_existing_agent_is_not_registered_again_and_a_deactivated_user_gets_no_agent(bus: CommandBus, ana: Caller) -> None:
    with pytest.raises(AlreadyExists):
        bus.execute(RegisterAgent(agent="Ana", user=of(ana)), OPERATOR)
    with pytest.raises(NotFound):
        bus.execute(RegisterAgent(agent="Bruno", user=UUID(int=99)), OPERATOR)
    with pytest.raises(NotFound):
        bus.execute(AssignAgent(agent=agent_id(TENANT, "Nobody"), user=of(ana)), OPERATOR)
    bus.execute(DeactivateUser(user=of(ana)), OPERATOR)
    with pytest.raises(Refused):
        bus.execute(RegisterAgent(agent="Bruno", user=of(ana)), OPERATOR)


def test_an_agent_is_reached_by_the_interfaces_that_sources_match(bus: CommandBus, ana: Caller) -> None:
    seen = Fact("paused", 1_799_999_000_000_000, "ami", text="almoço")
    bus.execute(ObserveAgent(agent="PJSIP/1001", facts=(seen,)), OPERATOR)
    bus.execute(AssignAgent(agent=agent_id(TENANT, "PJSIP/1001"), user=of(ana)), OPERATOR)
    bus.execute(MatchMember(interface="PJSIP/1001", member="Bruno"), OPERATOR)
    bus.execute(MatchMember(interface="PJSIP/1002", member="Bruno"), OPERATOR)
    assert agent(bus, "Bruno").interfaces == ("PJSIP/1001", "PJSIP/1002")
    assert agent(bus, "Bruno").user == of(ana)
    bus.execute(MatchMember(interface="PJSIP/1002", member="Ana"), OPERATOR)
    assert agent(bus, "Bruno").interfaces == ("PJSIP/1001",)
    assert agent(bus, "Ana").interfaces == ("PJSIP/1002",)
    with pytest.raises(Refused, match="Bruno"):
        bus.execute(AssignAgent(agent=agent_id(TENANT, "PJSIP/1001"), user=None), OPERATOR)


def talking(bus: CommandBus, name: str) -> UUID:
    """A call on which the agent of this name talks."""
    id = bus.execute(StartCall(from_number="5511987654321"), OPERATOR).id
    for command in (
        OfferCall(interaction=id, queue="vendas"),
        RingAgent(interaction=id, agent=name),
        AnswerCall(interaction=id, agent=name),
    ):
        bus.execute(command, OPERATOR)
    return id


def test_a_user_of_level_user_does_everything_as_the_agent_of_their_own(bus: CommandBus, ana: Caller) -> None:
    bus.execute(LogIn(agent="Ana"), ana)
    id = talking(bus, "Ana")
    for command in (
        HoldCall(interaction=id),
        ResumeCall(interaction=id),
        ReleaseCall(interaction=id),
        WrapUp(interaction=id),
        EndCall(interaction=id),
    ):
        bus.execute(command, ana)
    assert {event.on_behalf_of for event in bus.store.stream(id)} == {""}


def test_a_user_of_level_user_does_nothing_as_another_agent(bus: CommandBus, ana: Caller) -> None:
    bus.execute(LogIn(agent="Bruno"), OPERATOR)
    id = talking(bus, "Bruno")
    waiting = bus.execute(StartCall(from_number="5511987654321"), OPERATOR).id
    bus.execute(OfferCall(interaction=waiting, queue="vendas"), OPERATOR)
    head = bus.store.head()
    for command in (
        LogIn(agent="Bruno"),
        LogIn(agent="Somebody new"),
        PauseAgent(agent="Bruno", reason="almoço"),
        ResumeAgent(agent="Bruno"),
        LogOut(agent="Bruno"),
        DialOut(to_number="5511987654321", agent="Bruno"),
        RingAgent(interaction=waiting, agent="Bruno"),
        RingNoAnswer(interaction=waiting, agent="Bruno"),
        AnswerCall(interaction=waiting, agent="Bruno"),
        HoldCall(interaction=id),
        ResumeCall(interaction=id),
        ReleaseCall(interaction=id),
        WrapUp(interaction=id),
    ):
        with pytest.raises(NotAllowed) as refused:
            bus.execute(command, ana)
        of_a_call = isinstance(command, (HoldCall, ResumeCall, ReleaseCall, WrapUp))
        assert refused.value.code == ("call-of-another-user" if of_a_call else "agent-of-another-user"), command
        assert refused.value.permission == "", command
        assert command.permission_for_others == ACT_FOR_OTHERS, command
    assert bus.store.head() == head


def test_acting_for_another_needs_the_permission_and_the_events_record_for_whom(bus: CommandBus, ana: Caller) -> None:
    supervisor = user(bus, "dora@empresa.example", "manager")
    id = bus.execute(LogIn(agent="Ana"), supervisor).id
    event = bus.store.stream(id)[-1]
    assert (event.actor, event.on_behalf_of) == (supervisor.actor, "agent:Ana")
    call = talking(bus, "Ana")
    bus.execute(HoldCall(interaction=call), supervisor)
    assert bus.store.stream(call)[-1].on_behalf_of == "agent:Ana"
    bus.execute(LogOut(agent="Ana"), ana)
    assert bus.store.stream(id)[-1].on_behalf_of == ""
    weaker = user(bus, "eva@empresa.example", "admin", frozenset(set(PERMISSIONS) - {ACT_FOR_OTHERS}))
    with pytest.raises(NotAllowed):
        bus.execute(LogIn(agent="Ana"), weaker)


def said(bus: CommandBus, command: Command) -> list[str]:
    """The queues in which the agent is, as the command answers."""
    return list(bus.execute(command, OPERATOR).result["queues"])


@pytest.fixture
def renamed(bus: CommandBus, ana: Caller) -> CommandBus:
    """Ana logged in to a queue that was renamed then."""
    bus.execute(LogIn(agent="Ana", queues=("vendas",)), ana)
    bus.execute(RenameQueue(queue=queue_id(TENANT, "vendas"), name="Comercial"), OPERATOR)
    return bus


@pytest.mark.parametrize("out", ["Comercial", "vendas", "COMERCIAL "])
@pytest.mark.parametrize("again", ["", "Comercial", "vendas"])
def test_an_agent_is_in_a_renamed_queue_once_and_leaves_it_by_any_of_its_names(renamed: CommandBus, again: str, out: str) -> None:
    if again:
        assert said(renamed, LogIn(agent="Ana", queues=(again,))) == ["Comercial"]
    assert said(renamed, PauseAgent(agent="Ana", reason="almoço")) == ["Comercial"]
    assert said(renamed, LogOut(agent="Ana", queues=(out,))) == []
    assert agent(renamed, "Ana").standing.session is None


@pytest.mark.parametrize(("into", "out"), [("Comercial", "vendas"), ("vendas", "Comercial")])
def test_a_source_that_uses_another_name_of_a_queue_means_the_session_in_it(renamed: CommandBus, into: str, out: str) -> None:
    renamed.execute(LogOut(agent="Ana"), OPERATOR)
    assert said(renamed, LogIn(agent="Ana", queues=(into,))) == ["Comercial"]
    at = renamed.clock.now_us()
    seen = Fact("paused", at, "ami", queue=out, text="almoço")
    renamed.execute(ObserveAgent(agent="Ana", facts=(seen,)), OPERATOR)
    assert agent(renamed, "Ana").standing.paused.keys() == agent(renamed, "Ana").standing.queues.keys()
    position = renamed.store.head()
    renamed.execute(ObserveAgent(agent="Ana", facts=(seen,)), OPERATOR)
    assert renamed.store.head() == position
    left = Fact("logged_out", renamed.clock.now_us(), "ami", queue=out)
    renamed.execute(ObserveAgent(agent="Ana", facts=(left,)), OPERATOR)
    assert agent(renamed, "Ana").queues_now() == ()


def test_an_agent_leaves_a_queue_that_a_source_called_by_the_new_name_before_the_renaming(bus: CommandBus, ana: Caller) -> None:
    seen = Fact("logged_in", bus.clock.now_us(), "ami", queue="Comercial")
    bus.execute(ObserveAgent(agent="Ana", facts=(seen,)), OPERATOR)
    bus.execute(RenameQueue(queue=queue_id(TENANT, "vendas"), name="Comercial"), OPERATOR)
    assert said(bus, LogOut(agent="Ana", queues=("vendas",))) == []


def test_a_pause_in_a_renamed_queue_keeps_its_calls_away_under_any_name(renamed: CommandBus) -> None:
    renamed.execute(RegisterQueue(name="suporte"), OPERATOR)
    renamed.execute(LogIn(agent="Ana", queues=("suporte",)), OPERATOR)
    paused = Fact("paused", renamed.clock.now_us(), "ami", queue="vendas", text="almoço")
    renamed.execute(ObserveAgent(agent="Ana", facts=(paused,)), OPERATOR)
    call = renamed.execute(StartCall(), OPERATOR).id
    renamed.execute(OfferCall(interaction=call, queue="Comercial"), OPERATOR)
    for command in (AnswerCall(interaction=call, agent="Ana"), DialOut(to_number="5511987654321", agent="Ana", queue="Comercial")):
        with pytest.raises(Refused) as refused:
            renamed.execute(command, OPERATOR)
        assert refused.value.code == "agent-paused"


def test_a_log_out_of_a_queue_in_which_the_agent_is_not_changes_nothing(bus: CommandBus, ana: Caller) -> None:
    bus.execute(RegisterQueue(name="suporte"), OPERATOR)
    bus.execute(LogIn(agent="Ana", queues=("vendas",)), ana)
    head = bus.store.head()
    assert said(bus, LogOut(agent="Ana", queues=("suporte",))) == ["vendas"]
    assert bus.store.head() == head
    assert said(bus, LogOut(agent="Ana", queues=("suporte", "vendas"))) == []
