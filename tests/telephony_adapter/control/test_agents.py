"""Agents are members of the PBX's queues as Atende says, and what the PBX tells of it is nothing new, whenever it comes."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager

import pytest

from commands.agents import LogIn, LogOut, PauseAgent, ResumeAgent
from commands.command_bus import CommandBus
from commands.handler_context import Caller, Command
from commands.observations import MatchMember
from commands.phones import ChoosePhone
from commands.queues import RegisterQueue
from domain.access import PERMISSIONS
from domain.agent_events import AgentEvent
from domain.agents import Agent
from domain.base import SECOND
from domain.ids import agent_id
from settings import Asterisk
from store.event_store import Store, project
from store.storage_location import StorageLocation
from telephony_adapter.ami.connection import Connection
from telephony_adapter.control import renewals
from telephony_adapter.control.agents import Members
from telephony_adapter.control.follower import Driving, Follower
from telephony_adapter.control.pbx import Pbx as Control
from telephony_adapter.control.pbx import Row
from tests.kit.clocks import Settable
from tests.kit.facts import TENANT
from tests.kit.packets import T0
from tests.kit.pbx import Pbx
from tests.kit.pbx_members import PbxMembers, Telling
from tests.kit.waiting import within

CALLER = Caller(TENANT, "operator", frozenset(PERMISSIONS))
ASTERISK = Asterisk("127.0.0.1", "atende", "secret", control=True)
ANA, PHONE = "Ana", "PJSIP/1001"
BIA, DESK = "Bia", "PJSIP/1009"
LONG_AFTER = 60
"""Seconds after which no news of the PBX can repeat an earlier command."""


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

    def by_hand(self, action: str, queue: str, phone: str = PHONE, **more: str) -> None:
        """Somebody acts at the PBX itself."""
        self.members.answer({"Action": action, "Queue": queue, "Interface": phone, "MemberName": ANA, "Paused": "false", **more})

    def told(self, second: float) -> None:
        """What the PBX has still to tell is told now, so many seconds after the beginning."""
        for observed in self.telling.tell(self.members, second):
            self.bus.execute(observed, CALLER)

    def reconnected(self, *agents: str) -> Control:
        """Another connection to the PBX, with these agents logged in, whom nothing has made equal since the one before."""
        self.follower.disconnected()
        self.bus.execute(MatchMember(interface="PJSIP/1002", member=BIA), CALLER)
        for agent in agents:
            self.bus.execute(LogIn(agent=agent, queues=("vendas",)), CALLER)
        return Control(ASTERISK, TENANT, self.connection, self.store, self.clock.now_us, sessions=lambda: list(agents))

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


_PERFORMED = frozenset(kind.__name__ for kind in (LogIn, LogOut, PauseAgent, ResumeAgent, ChoosePhone))


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
    assert driven.heard() == ["logged_in"]
    assert driven.agent().queues_now() == ("vendas",)


def test_a_logout_at_the_pbx_that_atende_has_undone_without_knowing_of_it_leaves_the_agent_logged_in_on_both_sides(driven: Driven) -> None:
    driven.do(LogIn(agent=ANA, queues=("vendas",)), {"vendas": ""})
    driven.told(1.1)
    driven.by_hand("QueueRemove", "vendas")
    driven.do(PauseAgent(agent=ANA, reason="Almoço"), {"vendas": "Almoço"})
    driven.told(2.5)
    assert driven.heard() == ["logged_out", "logged_in", "paused", "paused"]
    assert (driven.agent().queues_now(), driven.agent().standing.paused) == (("vendas",), {"vendas": "Almoço"})


def test_an_agent_who_changes_the_telephone_stays_in_one_session_and_pause(driven: Driven) -> None:
    driven.do(IN, BOTH)
    driven.clock.pass_s(LONG_AFTER)
    driven.do(PauseAgent(agent=ANA, reason="Almoço"), dict.fromkeys(BOTH, "Almoço"))
    driven.told(LONG_AFTER + 2.5)
    for number, telephone in enumerate((DESK, PHONE, DESK)):
        for row in driven.members.members.values():
            row["Penalty"] = "3"
        driven.do(ChoosePhone(agent=ANA, interface=telephone), dict.fromkeys(BOTH, "Almoço"))
        assert {(row["Location"], row["Penalty"]) for row in driven.members.members.values()} == {(telephone, "3")}
        driven.told(LONG_AFTER + 3.5 + number)
    assert driven.heard() == []
    assert (len(driven.spans("session")), len(driven.spans("pause"))) == (1, 1)
    assert driven.agent().is_administered
    driven.do(ResumeAgent(agent=ANA), BOTH)
    driven.do(LogOut(agent=ANA), {})
    driven.told(LONG_AFTER + 8.5)
    assert driven.heard() == []


def test_an_agent_who_is_a_member_by_two_telephones_stays_logged_in_when_one_goes(driven: Driven) -> None:
    driven.do(LogIn(agent=ANA, queues=("vendas",)), {"vendas": ""})
    driven.by_hand("QueueAdd", "vendas", "PJSIP/1008")
    driven.told(1.5)
    driven.clock.pass_s(LONG_AFTER)
    driven.do(PauseAgent(agent=ANA, reason="Almoço"), {"vendas": "Almoço"})
    driven.told(LONG_AFTER + 2.5)
    assert list(driven.members.members) == [("vendas", PHONE)]
    assert "logged_out" not in driven.heard()
    assert driven.agent().queues_now() == ("vendas",)


def test_whoever_is_not_taken_by_the_new_telephone_is_logged_out_in_atende_too(driven: Driven, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(renewals, "_BETWEEN_S", 0.0)
    driven.do(IN, BOTH)
    driven.told(1.5)
    driven.members.refusals = {"QueueAdd": ["Unable to add interface to queue: No such queue"] * renewals._TRIES}
    driven.clock.pass_s(1)
    driven.bus.execute(ChoosePhone(agent=ANA, interface=DESK), CALLER)
    within(lambda: driven.agent().queues_now() == ("suporte",) and list(driven.members.members) == [("suporte", DESK)], 20)


def test_a_reason_that_the_pbx_would_cut_inside_a_character_hides_no_later_pause(driven: Driven) -> None:
    driven.do(IN, BOTH)
    driven.do(PauseAgent(agent=ANA, reason="ã" * 60), dict.fromkeys(BOTH, "ã" * 39))
    driven.told(2.5)
    assert driven.heard() == []
    assert driven.agent().standing.paused == dict.fromkeys(BOTH, "ã" * 60)
    asked = driven.members.done.count("QueuePause")
    driven.do(LogIn(agent=ANA, queues=("vendas",)), dict.fromkeys(BOTH, "ã" * 39))
    assert driven.members.done.count("QueuePause") == asked
    driven.by_hand("QueuePause", "vendas", Paused="true", Reason="Banheiro")
    driven.told(3.5)
    assert driven.heard() == ["paused"]


def test_a_queue_that_refuses_an_agent_keeps_the_agent_out_of_no_other(driven: Driven) -> None:
    driven.members.refusals = {"QueueAdd": ["Unable to add interface to queue: No such queue"]}
    driven.bus.execute(IN, CALLER)
    within(lambda: list(driven.members.members) == [("suporte", PHONE)], 20)
    within(lambda: driven.follower.figures.unperformed == {"refused": 1}, 20)


def test_an_agent_whom_the_pbx_refuses_after_a_reconnection_keeps_no_other_from_being_equal(driven: Driven) -> None:
    pbx = driven.reconnected(ANA, BIA)
    driven.members.refusals = {"QueueAdd": ["Permission denied"]}
    assert list(Members().resynchronise(pbx)) == []
    assert [row["Name"] for row in driven.members.members.values()] == [BIA]


def test_after_a_reconnection_members_are_read_while_nothing_else_changes_them(driven: Driven, monkeypatch: pytest.MonkeyPatch) -> None:
    pbx, read, alone = driven.reconnected(ANA, BIA), Control.rows, []

    def rows(pbx: Control, name: str, **fields: object) -> list[Row]:
        alone.append([pbx.alone_with(agent).locked() for agent in (ANA, BIA)])
        return read(pbx, name, **fields)

    monkeypatch.setattr(Control, "rows", rows)
    assert list(Members().resynchronise(pbx)) == []
    assert alone == [[True, True]]
    assert not any(lock.locked() for lock in pbx.busy.values())


@contextmanager
def held(driven: Driven) -> Iterator[None]:
    """Nothing changes the agent's memberships meanwhile: the agent's next event is being performed, and those after it wait."""
    pbx = driven.follower._pbx
    assert pbx is not None
    with pbx.alone_with(ANA):
        for command in (PauseAgent(agent=ANA, reason="Almoço"), ChoosePhone(agent=ANA, interface=DESK), ResumeAgent(agent=ANA)):
            driven.clock.pass_s(1)
            driven.bus.execute(command, CALLER)
        within(lambda: driven.follower._position == driven.store.end(), 20)
        yield


def test_a_move_to_another_telephone_is_not_lost_when_a_later_change_waits_with_it(driven: Driven) -> None:
    driven.do(LogIn(agent=ANA, queues=("vendas",)), {"vendas": ""})
    with held(driven):
        pass
    within(lambda: {(row["Location"], row["Paused"]) for row in driven.members.members.values()} == {(DESK, "0")}, 20)


def test_what_waits_when_the_connection_is_lost_is_done_by_the_next_one(driven: Driven) -> None:
    driven.do(LogIn(agent=ANA, queues=("vendas",)), {"vendas": ""})
    with ThreadPoolExecutor() as beside:
        with held(driven):
            lost = beside.submit(driven.follower.disconnected)
            within(lambda: driven.follower._pbx is None, 20)
        lost.result(20)
    assert list(driven.members.members) == [("vendas", PHONE)]
    driven.follower.connected(driven.connection, driven.telling.translator.pbx.own)
    assert list(driven.members.members) == [("vendas", DESK)]
