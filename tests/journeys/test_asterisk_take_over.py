"""On servers one process follows and drives a real Asterisk; another goes on with its calls and agents when the first one is killed."""

from __future__ import annotations

import json
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from cli.company import OPERATOR
from commands.agents import LogIn, LogOut, PauseAgent
from commands.handler_context import Caller, Command
from commands.observations import MatchMember
from commands.queues import RegisterQueue
from domain.access import PERMISSIONS
from domain.agent_events import AgentEvent
from domain.ids import agent_id, company_id, interaction_id
from domain.voice.interactions import Interaction
from store.event_store import project
from tests.kit import asterisk
from tests.kit.asterisk import AGENTS, COBRANCA, RINGS, SUPORTE, VENDAS, Lab
from tests.kit.distributed import Deployment, distributed
from tests.kit.waiting import within

COMPANY = "Empresa"
TAKES_OVER_WITHIN_S = 30
"""The lock of a killed process is free within 10 s; the rest is for a busy machine."""

ANA, BRUNO = AGENTS[1001], AGENTS[1002]


class Center:
    """The company of a deployment whose Asterisk is followed and driven by two processes, of which one waits."""

    def __init__(self, deployment: Deployment, lab: Lab) -> None:
        self.deployment, self.lab = deployment, lab
        self.id = company_id(COMPANY)
        self.caller = Caller(self.id, OPERATOR, frozenset(PERMISSIONS))
        deployment.env["ATENDE_ASTERISK"] = f"{lab.server.address}&company={COMPANY}&control=yes"
        self.leader, self.other = (deployment.start("asterisk", "run") for _ in range(2))
        within(lambda: any("asterisk connected" in process.said for process in (self.leader, self.other)), 60)
        within(lambda: any("another process follows it" in process.said for process in (self.leader, self.other)), 60)
        if "asterisk connected" in self.other.said:
            self.leader, self.other = self.other, self.leader

    def do(self, *commands: Command) -> None:
        for command in commands:
            self.deployment.bus.execute(command, self.caller)

    def report(self, subject: str, by: str) -> dict[str, dict[str, Any]]:
        said = self.deployment.run("report", subject, "--by", by, "--format", "json", "--company", COMPANY).stdout
        return {row[by]: row for row in json.loads(said)["items"]}

    def figures(self, subject: str, by: str, true: dict[str, dict[str, int]]) -> dict[str, dict[str, Any]]:
        """The same figures of a report as `true` has."""
        rows = self.report(subject, by)
        return {name: {figure: rows.get(name, {}).get(figure) for figure in row} for name, row in true.items()}

    def visits(self, call: str) -> list[tuple[str, str, str]]:
        """Queue, end and agent of each visit of a call."""
        found = project(self.deployment.store.stream(interaction_id(self.id, call)), Interaction)
        visits = found.state.visits if found else ()
        return [(visit.queue, visit.end, visit.agent if visit.end == "answered" else "") for visit in visits]

    def sessions(self, agent: str) -> int:
        """How many sessions the agent has had."""
        spans = set()
        for event in self.deployment.store.stream(agent_id(self.id, agent)):
            assert isinstance(event, AgentEvent)
            spans = (spans - set(event.dropped)) | {span.key for span in event.spans if span.kind == "session"}
        return len(spans)

    def members(self, agent: str) -> dict[str, str]:
        """The queues of the PBX of which the agent is a member, with the reason of the pause."""
        rows = self.lab.pbx.list("QueueStatus").items
        return {row["Queue"]: row["PausedReason"] for row in rows if row["Event"] == "QueueMember" and row["Name"] == agent}


@pytest.mark.long
def test_another_process_goes_on_with_calls_and_agents_when_the_one_that_follows_and_drives_is_killed(lab: Lab, tmp_path: Path) -> None:
    with distributed(tmp_path, relays=1, workers=1) as deployment:
        center = Center(deployment, lab)
        center.do(*(RegisterQueue(name=queue) for queue in ("vendas", "suporte", "cobranca")))
        center.do(*(MatchMember(interface=f"PJSIP/{number}", member=name) for number, name in AGENTS.items()))
        center.do(LogIn(agent=ANA, queues=("vendas",)), LogIn(agent=BRUNO, queues=("vendas",)))
        within(lambda: (center.members(ANA), center.members(BRUNO)) == ({"vendas": ""}, {"vendas": ""}), 60)
        for agent in (1003, 1004, 1005):
            lab.log_in(agent)
        lasting, ending = lab.call(VENDAS, talk=25), lab.call(VENDAS, talk=4)
        lab.connected(lasting)
        lab.connected(ending)
        lab.call(COBRANCA, phone=RINGS, life=3)
        lab.connected(lab.call(SUPORTE, talk=2))
        center.leader.kill()
        since = monotonic()
        center.do(PauseAgent(agent=BRUNO, reason="Almoço"), LogOut(agent=ANA))
        waiting = lab.call(SUPORTE, talk=1)
        lab.call(COBRANCA, phone=RINGS, life=40)
        center.other.wait_says("asterisk connected")
        assert monotonic() - since < TAKES_OVER_WITHIN_S
        lab.connected(waiting)
        within(lambda: (center.members(ANA), center.members(BRUNO)) == ({}, {"vendas": "Almoço"}), 60)
        center.do(LogIn(agent=ANA, queues=("vendas",)))
        within(lambda: center.members(ANA) == {"vendas": ""}, 60)
        lab.connected(lab.call(VENDAS, talk=1), 60)
        lab.be_quiet()
        lines = lab.log()
        queues, agents = asterisk.queues_of(lines), asterisk.agents_of(lines)
        within(lambda: center.figures("queues", "queue", queues) == queues, 60)
        within(lambda: center.figures("agents", "agent", agents) == agents, 60)
        assert {call: center.visits(call) for call in asterisk.calls_of(lines)} == asterisk.calls_of(lines)
        assert (center.sessions(ANA), center.sessions(BRUNO)) == (2, 1)
        center.do(LogOut(agent=ANA), LogOut(agent=BRUNO))
        within(lambda: (center.members(ANA), center.members(BRUNO)) == ({}, {}), 60)
