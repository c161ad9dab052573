"""Agents are members of the PBX's queues as Atende says, and what the PBX tells of it is nothing new, whenever it comes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from commands.agents import LogIn, LogOut, PauseAgent, ResumeAgent
from commands.command_bus import CommandBus
from commands.handler_context import Caller, Command
from commands.observations import MatchMember
from commands.queues import RegisterQueue
from domain.access import PERMISSIONS
from domain.agents import Agent, AgentEvent
from domain.base import SECOND
from domain.ids import agent_id
from settings import Asterisk
from store.event_store import Store, project
from store.storage_location import StorageLocation
from telephony_adapter.ami.connection import Connection
from telephony_adapter.control.agents import Members
from telephony_adapter.control.follower import Driving, Follower
from tests.kit.clocks import Settable
from tests.kit.facts import TENANT
from tests.kit.packets import T0
from tests.kit.pbx import Pbx
from tests.kit.pbx_members import PbxMembers, Telling
from tests.kit.waiting import within

CALLER = Caller(TENANT, "operator", frozenset(PERMISSIONS))
ASTERISK = Asterisk("127.0.0.1", "atende", "secret", control=True)
ANA, PHONE = "Ana", "PJSIP/1001"


class Driven:
    """A company that drives a PBX with two queues, and its agent Ana. now: the second of the story."""

    def __init__(self, location: StorageLocation) -> None:
        self.clock = Settable(T0 * SECOND)
        self.store = Store(location)
        self.bus = CommandBus(self.store, self.clock)
        self.members, self.telling = PbxMembers("vendas", "suporte"), Telling()
        self.pbx, self.connection = Pbx(self.members.answer), Connection()
        self.connection.connect("127.0.0.1", self.pbx.port)
        self.connection.login("atende", "secret")
        for command in (RegisterQueue(name="vendas"), RegisterQueue(name="suporte"), MatchMember(interface=PHONE, member=ANA)):
            self.bus.execute(command, CALLER)
        self.follower = Follower(ASTERISK, self.bus, CALLER, Driving(self.store, self.clock.now_us, effects=lambda: [Members()]))
        self.follower.begin()
        self.follower.connected(self.connection, self.telling.translator.pbx.own)

    def do(self, command: Command, members: dict[str, str]) -> None:
        """A second later: a command, and the members of the PBX that it leads to, with the reasons of their pauses."""
        self.clock.pass_s(1)
        self.bus.execute(command, CALLER)
        within(lambda: {queue: row["PausedReason"] for (queue, _), row in self.members.members.items()} == members, 20)
        # What follows the last action is of Atende alone.
        within(lambda: self.follower.figures.performed == sum(event.cause in _PERFORMED for event in self.events()), 20)

    def by_hand(self, action: str, queue: str, **more: str) -> None:
        """Somebody acts at the PBX itself."""
        self.members.answer({"Action": action, "Queue": queue, "Interface": PHONE, "MemberName": ANA, "Paused": "false", **more})

    def told(self, second: float) -> None:
        """What the PBX has still to tell is told now, so many seconds after the beginning."""
        for observed in self.telling.tell(self.members, second):
            self.bus.execute(observed, CALLER)

    def agent(self) -> Agent:
        found = project(self.store.stream(agent_id(TENANT, ANA)), Agent)
        assert found is not None
        return found

    def events(self) -> list[AgentEvent]:
        return [event for event in self.store.stream(agent_id(TENANT, ANA)) if isinstance(event, AgentEvent)]

    def spans(self, kind: str) -> list[tuple[int, str]]:
        """When the agent's sessions or pauses began, and why."""
        found = {}
        for event in self.events():
            for key in event.dropped:
                del found[key]
            found |= {span.key: span.reason for span in event.spans}
        return [(began, reason) for (known, began), reason in found.items() if known == kind]

    def heard(self) -> list[str]:
        """What of the PBX's news became facts."""
        return [fact.kind for event in self.events() for fact in event.facts if fact.clock == "ami"]

    def close(self) -> None:
        self.follower.close()
        self.connection.close()
        self.pbx.close()
        self.store.close()


_PERFORMED = frozenset(kind.__name__ for kind in (LogIn, LogOut, PauseAgent, ResumeAgent))


@pytest.fixture
def driven(location: StorageLocation) -> Iterator[Driven]:
    with closing(Driven(location)) as made:
        yield made


IN = LogIn(agent=ANA, queues=("vendas", "suporte"))
BOTH = {"vendas": "", "suporte": ""}


@pytest.mark.parametrize("login", [IN, LogIn(agent=ANA)])
def test_a_pbx_that_tells_of_a_login_after_the_logout_begins_no_session(driven: Driven, login: LogIn) -> None:
    driven.do(login, BOTH)
    driven.do(LogOut(agent=ANA), {})
    driven.told(2.012)
    assert driven.heard() == []
    assert driven.agent().standing.session is None
    assert driven.spans("session") == [((T0 + 1) * 1_000, "")]


def test_a_pbx_that_tells_of_pauses_late_begins_none(driven: Driven) -> None:
    driven.do(IN, BOTH)
    driven.do(PauseAgent(agent=ANA, reason="Almoço"), dict.fromkeys(BOTH, "Almoço"))
    driven.do(PauseAgent(agent=ANA, reason="Banheiro"), dict.fromkeys(BOTH, "Banheiro"))
    driven.told(3.01)
    driven.do(ResumeAgent(agent=ANA), BOTH)
    driven.do(PauseAgent(agent=ANA, reason="Almoço"), dict.fromkeys(BOTH, "Almoço"))
    driven.do(ResumeAgent(agent=ANA), BOTH)
    driven.told(6.01)
    assert driven.heard() == []
    assert [reason for _, reason in driven.spans("pause")] == ["Almoço", "Banheiro", "Almoço"]


def test_a_login_at_the_pbx_just_after_a_logout_in_atende_is_one(driven: Driven) -> None:
    driven.do(IN, BOTH)
    driven.do(LogOut(agent=ANA), {})
    driven.told(2.012)
    driven.by_hand("QueueAdd", "vendas")
    driven.told(2.5)
    assert driven.heard() == ["joined"]
    assert driven.agent().queues_now() == ("vendas",)


def test_a_logout_at_the_pbx_that_atende_has_undone_without_knowing_of_it_leaves_the_agent_logged_in_on_both_sides(driven: Driven) -> None:
    driven.do(LogIn(agent=ANA, queues=("vendas",)), {"vendas": ""})
    driven.told(1.1)
    driven.by_hand("QueueRemove", "vendas")
    driven.do(PauseAgent(agent=ANA, reason="Almoço"), {"vendas": "Almoço"})
    driven.told(2.5)
    assert driven.heard() == ["left", "joined", "paused", "paused"]
    assert (driven.agent().queues_now(), driven.agent().standing.paused) == (("vendas",), {"vendas": "Almoço"})
