"""A real Asterisk that Atende drives: what is asked for in Atende happens there, and what happens there is known in Atende, once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from uuid import uuid4

import pytest

from bootstrap import Embedded
from cli.asterisk import following
from cli.company import caller, known_or_new
from commands.agents import LogIn, LogOut, PauseAgent, ResumeAgent
from commands.handler_context import Command, Receipt
from commands.observations import MatchMember
from commands.queues import RegisterQueue
from domain.agents import Agent, AgentEvent
from domain.ids import agent_id
from settings import Settings
from store.event_store import project
from telephony_adapter.ami.adapter import Adapter
from tests.kit import asterisk
from tests.kit.asterisk import AGENTS, Cable, Lab
from tests.kit.waiting import within

ANA, BRUNO, CLAUDIA = AGENTS[1001], AGENTS[1002], AGENTS[1003]


@pytest.fixture(scope="module")
def center(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Embedded]:
    with closing(Embedded(tmp_path_factory.mktemp("center") / "data", Settings())) as opened:
        opened.covered()
        opened.processes.start()
        yield opened


@pytest.fixture
def lab() -> Iterator[Lab]:
    with asterisk.lab() as made:
        yield made


class Driven:
    """A company of its own that drives the PBX, whose agents have telephones, and which has the PBX's queues."""

    def __init__(self, center: Embedded, lab: Lab, *, port: int = 0) -> None:
        self.center, self.lab = center, lab
        self.company = known_or_new(center, uuid4().hex)
        self.settings = Settings(asterisks=(lab.setting(port, company=self.company.name, control=True, trunk="tronco", context="ramais"),))
        for queue in ("vendas", "suporte", "cobranca"):
            self.do(RegisterQueue(name=queue))
        for number, name in AGENTS.items():
            self.do(MatchMember(interface=f"PJSIP/{number}", member=name))

    def do(self, command: Command) -> Receipt:
        return self.center.bus.execute(command, caller(self.company))

    def agent(self, name: str) -> Agent:
        found = project(self.center.store.stream(agent_id(self.company.id, name)), Agent)
        assert found is not None
        return found

    def events(self, name: str) -> list[AgentEvent]:
        events = self.center.store.stream(agent_id(self.company.id, name))
        return [event for event in events if isinstance(event, AgentEvent)]

    def members(self, name: str) -> dict[str, str | None]:
        """The queues of the PBX of which the agent is a member, with the reason of the pause, None without one."""
        rows = self.lab.pbx.list("QueueStatus").items
        return {
            row["Queue"]: row["PausedReason"] if row["Paused"] == "1" else None
            for row in rows
            if row["Event"] == "QueueMember" and row["Name"] == name
        }

    def becomes(self, name: str, members: dict[str, str | None]) -> None:
        within(lambda: self.members(name) == members, 20)

    def connected(self, adapter: Adapter, sessions: int = 1) -> None:
        within(lambda: adapter.figures.connected and adapter.figures.sessions == sessions, 30)

    def has_caught_up(self, adapter: Adapter) -> None:
        """Wait until every event of the PBX up to now is translated."""
        seen = adapter.figures.packets
        assert self.lab.pbx.send_action(Action="UserEvent", UserEvent="Now").succeeded
        within(lambda: adapter.figures.packets > seen, 20)
        within(lambda: len(adapter._inbox) == 0, 20)


def spans(driven: Driven, name: str, kind: str) -> dict[tuple[str, int], tuple[int | None, str]]:
    found: dict[tuple[str, int], tuple[int | None, str]] = {}
    for event in driven.events(name):
        for key in event.dropped:
            found.pop(key, None)
        found |= {span.key: (span.until_ms, span.reason) for span in event.spans if span.kind == kind}
    return found


def test_agents_log_in_pause_resume_and_log_out_in_atende_or_at_the_pbx_and_are_one_state(center: Embedded, lab: Lab) -> None:
    driven = Driven(center, lab)
    with following(center, driven.settings) as (adapter,):
        driven.connected(adapter)
        driven.do(LogIn(agent=BRUNO, queues=("vendas", "suporte")))
        driven.becomes(BRUNO, {"vendas": None, "suporte": None})
        driven.do(PauseAgent(agent=BRUNO, reason="Almoço"))
        driven.becomes(BRUNO, {"vendas": "Almoço", "suporte": "Almoço"})
        driven.do(ResumeAgent(agent=BRUNO))
        driven.becomes(BRUNO, {"vendas": None, "suporte": None})
        driven.has_caught_up(adapter)
        assert [fact.clock for event in driven.events(BRUNO) for fact in event.facts] == ["live"] * 4
        lab.pause(1002, "Banheiro")
        within(lambda: driven.agent(BRUNO).standing.pause is not None, 20)
        driven.do(ResumeAgent(agent=BRUNO))
        driven.becomes(BRUNO, {"vendas": None, "suporte": None})
        lab.log_out(1002)
        within(lambda: driven.agent(BRUNO).standing.session is None, 20)
        driven.do(LogIn(agent=BRUNO))
        driven.becomes(BRUNO, {"vendas": None, "suporte": None, "cobranca": None})
        driven.do(LogOut(agent=BRUNO))
        driven.becomes(BRUNO, {})
        driven.has_caught_up(adapter)
        driven.lab.pbx.send_action(Action="QueueAdd", Queue="vendas", Interface="PJSIP/1003", MemberName=CLAUDIA)
        within(lambda: driven.agent(CLAUDIA).standing.session is not None, 20)
        driven.do(LogOut(agent=CLAUDIA))
        driven.becomes(CLAUDIA, {})
        driven.has_caught_up(adapter)
    assert len(spans(driven, BRUNO, "session")) == 2
    assert [reason for _, reason in spans(driven, BRUNO, "pause").values()] == ["Almoço", "Banheiro"]
    assert all(until is not None for until, _ in spans(driven, BRUNO, "session").values())
    assert driven.agent(CLAUDIA).standing.session is None


def test_after_a_reconnection_the_members_are_those_that_atende_says(center: Embedded, lab: Lab) -> None:
    with closing(Cable(lab.server.ports[0])) as cable:
        driven = Driven(center, lab, port=cable.port)
        with following(center, driven.settings) as (adapter,):
            driven.connected(adapter)
            for agent in (ANA, BRUNO):
                driven.do(LogIn(agent=agent, queues=("vendas",)))
                driven.becomes(agent, {"vendas": None})
            lab.pbx.send_action(Action="QueueAdd", Queue="suporte", Interface="PJSIP/1003", MemberName=CLAUDIA)
            within(lambda: driven.agent(CLAUDIA).standing.session is not None, 20)
            cable.cut()
            within(lambda: not adapter.figures.connected, 30)
            lab.log_out(1001)
            lab.log_out(1003)
            driven.do(LogOut(agent=BRUNO))
            driven.do(PauseAgent(agent=ANA, reason="Almoço"))
            cable.mend()
            driven.connected(adapter, 2)
            driven.becomes(ANA, {"vendas": "Almoço"})
            driven.becomes(BRUNO, {})
            driven.has_caught_up(adapter)
            within(lambda: driven.agent(CLAUDIA).standing.session is None, 20)
            for agent, queues in ((ANA, ("vendas",)), (BRUNO, ())):
                assert driven.agent(agent).queues_now() == queues
                assert len(spans(driven, agent, "session")) == 1
            assert len(spans(driven, ANA, "pause")) == 1
            driven.do(LogOut(agent=ANA))
            driven.becomes(ANA, {})
