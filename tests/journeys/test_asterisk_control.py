"""A real Asterisk that Atende drives: what is asked for in Atende happens there, and what happens there is known in Atende, once."""

from __future__ import annotations

from contextlib import closing
from time import monotonic
from typing import Any
from uuid import UUID, uuid4

import pytest

from bootstrap import Embedded
from cli.asterisk import following
from cli.company import asker, caller, known_or_new
from commands.agents import LogIn, LogOut, PauseAgent, ResumeAgent
from commands.calls import PlaceCall
from commands.handler_context import Command, Receipt
from commands.interactions import WrapUp
from commands.observations import MatchMember
from commands.phones import ChoosePhone
from commands.queues import ActivateQueue, ChangeQueueSettings, DeactivateQueue, RegisterQueue, RenameQueue
from commands.supervision import SuperviseCall
from domain.agent_events import AgentEvent
from domain.agents import Agent
from domain.errors import Refused
from domain.ids import agent_id, interaction_id, queue_id, supervision_id
from domain.supervision import Mode, Supervision
from domain.voice.calls import Visit
from domain.voice.interactions import Interaction
from projections.engine.tables import source
from projections.figures.question import Question
from projections.queries import reports
from settings import Settings
from store.event_store import project
from telephony_adapter.ami.adapter import Adapter
from tests.kit import asterisk
from tests.kit.asterisk import AGENTS, Cable, Lab
from tests.kit.live_center import center
from tests.kit.tones import heard
from tests.kit.waiting import within

__all__ = ["center"]

ANA, BRUNO, CLAUDIA = AGENTS[1001], AGENTS[1002], AGENTS[1003]


class Driven:
    """A company of its own that drives the PBX, whose agents have telephones, and which has the PBX's queues."""

    def __init__(self, center: Embedded, lab: Lab, *, port: int = 0, **options: Any) -> None:
        self.center, self.lab = center, lab
        self.company = known_or_new(center, uuid4().hex)
        self.settings = Settings(asterisks=(lab.setting(port, company=self.company.name, control=True, **options),))
        for queue in ("vendas", "suporte", "cobranca"):
            self.do(RegisterQueue(name=queue))
        for number, name in AGENTS.items():
            self.do(MatchMember(interface=f"PJSIP/{number}", member=name))

    def do(self, command: Command) -> Receipt:
        return self.center.bus.execute(command, caller(self.company))

    def interaction(self, id: UUID) -> Interaction:
        found = project(self.center.store.stream(id), Interaction)
        assert found is not None
        return found

    def ended(self, id: UUID) -> Interaction:
        """A call that was placed, or that the PBX tells of, when it has ended."""

        def is_over() -> bool:
            found = project(self.center.store.stream(id), Interaction)
            return found is not None and found.call is not None and found.call.ended_ms is not None

        within(is_over, 40)
        return self.interaction(id)

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

    def is_reached_by(self, name: str, telephone: str, *queues: str) -> None:
        """Wait until the agent is a member of these queues of the PBX by this telephone alone."""

        def reached() -> set[tuple[str, str]]:
            rows = self.lab.pbx.list("QueueStatus").items
            return {(row["Queue"], row["Location"]) for row in rows if row["Event"] == "QueueMember" and row["Name"] == name}

        within(lambda: reached() == {(queue, telephone) for queue in queues}, 20)

    def last_call(self, name: str) -> int:
        """When the agent's last call ended, as the agent's membership has it (s); 0 without one."""
        rows = self.lab.pbx.list("QueueStatus").items
        return max((int(row["LastCall"]) for row in rows if row["Event"] == "QueueMember" and row["Name"] == name), default=-1)

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
        assert [fact for event in driven.events(BRUNO) for fact in event.facts if fact.clock == "ami"] == []
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


def test_an_agent_who_changes_the_telephone_in_a_pause_stays_in_one_session_and_one_pause(center: Embedded, lab: Lab) -> None:
    driven = Driven(center, lab)
    reason = "ã" * 60
    with following(center, driven.settings) as (adapter,):
        driven.connected(adapter)
        driven.do(LogIn(agent=ANA, queues=("vendas", "suporte")))
        driven.becomes(ANA, {"vendas": None, "suporte": None})
        # The PBX keeps 79 bytes of a reason, and tells of no pause whose reason it has cut inside a character.
        driven.do(PauseAgent(agent=ANA, reason=reason))
        driven.becomes(ANA, dict.fromkeys(("vendas", "suporte"), "ã" * 39))
        for telephone in ("PJSIP/1901", "PJSIP/1001"):
            driven.do(ChoosePhone(agent=ANA, interface=telephone))
            driven.is_reached_by(ANA, telephone, "vendas", "suporte")
        driven.becomes(ANA, dict.fromkeys(("vendas", "suporte"), "ã" * 39))
        driven.do(ResumeAgent(agent=ANA))
        driven.becomes(ANA, {"vendas": None, "suporte": None})
        driven.has_caught_up(adapter)
        assert [fact for event in driven.events(ANA) for fact in event.facts if fact.clock == "ami"] == []
        lab.pause(1001, "Banheiro")
        within(lambda: driven.agent(ANA).standing.pause is not None, 20)
        driven.do(LogOut(agent=ANA))
        driven.becomes(ANA, {})
        driven.has_caught_up(adapter)
    assert len(spans(driven, ANA, "session")) == 1
    assert [told for _, told in spans(driven, ANA, "pause").values()] == [reason, "Banheiro"]


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


def test_queues_of_atende_are_queues_of_the_pbx_with_their_wrap_up_and_the_pbxs_own_are_not_touched(center: Embedded, lab: Lab) -> None:
    driven = Driven(center, lab)
    name, renamed = (f"{kind}-{uuid4().hex[:8]}" for kind in ("nova", "outra"))

    def levels() -> dict[str, str]:
        return {row["Queue"]: row["ServiceLevel"] for row in lab.pbx.list("QueueStatus").items if row["Event"] == "QueueParams"}

    with following(center, driven.settings) as (adapter,):
        driven.connected(adapter)
        driven.do(LogIn(agent=ANA))
        driven.becomes(ANA, {"vendas": None, "suporte": None, "cobranca": None})
        queue = driven.do(RegisterQueue(name=name, sla_ms=30_000)).id
        within(lambda: levels().get(name) == "30", 20)
        driven.becomes(ANA, {"vendas": None, "suporte": None, "cobranca": None, name: None})
        driven.do(ChangeQueueSettings(queue=queue_id(driven.company.id, "vendas"), sla_ms=45_000, wrap_up_ms=9_000))
        driven.do(ChangeQueueSettings(queue=queue, wrap_up_ms=4_000))
        within(lambda: "wrapuptime=4" in lab.pbx.send_action(Action="GetConfig", Filename="queues_atende.conf").headers.values(), 20)
        for caller in [lab.call(f"5{name}", talk=1) for _ in range(2)]:
            lab.connected(caller, 40)
        lab.be_quiet()
        driven.has_caught_up(adapter)
        answered, ended = (
            sorted(float(event["Timestamp"]) for event in lab.events if event["Event"] == name)
            for name in ("AgentConnect", "AgentComplete")
        )
        # The PBX counts whole seconds.
        assert answered[1] - ended[0] >= 3
        driven.do(RenameQueue(queue=queue, name=renamed))
        within(lambda: levels().get(renamed) == "30" and name not in levels(), 20)
        driven.becomes(ANA, {"vendas": None, "suporte": None, "cobranca": None, renamed: None})
        driven.do(DeactivateQueue(queue=queue))
        within(lambda: renamed not in levels(), 20)
        assert levels()["vendas"] == "20"
        driven.do(LogOut(agent=ANA))
        driven.becomes(ANA, {})
    driven.do(ActivateQueue(queue=queue))
    with following(center, driven.settings) as (adapter,):
        within(lambda: renamed in levels(), 30)
        driven.do(DeactivateQueue(queue=queue))
        within(lambda: renamed not in levels(), 20)


def test_an_agent_who_finishes_a_wrap_up_early_gets_the_next_call_at_once_and_stays_logged_in(center: Embedded, lab: Lab) -> None:
    driven = Driven(center, lab)
    name = f"depois-{uuid4().hex[:8]}"
    with following(center, driven.settings) as (adapter,):
        driven.connected(adapter)
        queue = driven.do(RegisterQueue(name=name, wrap_up_ms=300_000)).id
        within(lambda: any(row.get("Queue") == name for row in lab.pbx.list("QueueStatus").items), 20)
        driven.do(LogIn(agent=ANA, queues=(name,)))
        driven.becomes(ANA, {name: None})
        first = interaction_id(driven.company.id, lab.connected(lab.call(f"5{name}", talk=1), 40)["Uniqueid"])
        driven.ended(first)
        driven.has_caught_up(adapter)
        (visit,) = driven.interaction(first).state.visits
        assert visit.wrap_up_ms == 300_000
        second = lab.call(f"5{name}", talk=1)
        driven.do(PauseAgent(agent=ANA, reason="Almoço"))
        driven.becomes(ANA, {name: "Almoço"})
        driven.do(WrapUp(interaction=first))
        with pytest.raises(Refused, match="no talk to wrap up"):
            driven.do(WrapUp(interaction=first))
        within(lambda: driven.last_call(ANA) == 0, 20)
        driven.becomes(ANA, {name: "Almoço"})
        driven.do(ResumeAgent(agent=ANA))
        lab.connected(second, 20)
        lab.be_quiet()
        driven.has_caught_up(adapter)
        assert len(spans(driven, ANA, "session")) == 1
        assert [reason for _, reason in spans(driven, ANA, "pause").values()] == ["Almoço"]
        assert [fact for event in driven.events(ANA) for fact in event.facts if fact.clock == "ami" and fact.kind != "seen"] == []
        driven.do(LogOut(agent=ANA))
        driven.becomes(ANA, {})
        driven.do(DeactivateQueue(queue=queue))
        within(lambda: not any(row.get("Queue") == name for row in lab.pbx.list("QueueStatus").items), 20)


RESULTS = {
    asterisk.ANSWERED: "answered", asterisk.BUSY_LINE: "busy", asterisk.NO_ANSWER: "no-answer", asterisk.BAD_NUMBER: "bad-number",
    asterisk.CONGESTION: "congestion", asterisk.UNAVAILABLE: "unavailable", asterisk.REJECTED: "rejected",
}  # fmt: skip


def test_an_agent_dials_out_and_the_call_has_the_true_result(center: Embedded, lab: Lab) -> None:
    driven = Driven(center, lab, context="saida")
    with following(center, driven.settings) as (adapter,):
        driven.connected(adapter)
        driven.do(LogIn(agent=ANA, queues=("vendas",)))
        driven.becomes(ANA, {"vendas": None})
        placed = {}
        for customer in RESULTS:
            call = PlaceCall(agent=ANA, number=f"9{customer}0001{customer}7654", queue="vendas")
            placed[customer] = driven.do(call).id
            with pytest.raises(Refused, match="Ana Souza"):
                driven.do(call)
            driven.ended(placed[customer])
        driven.has_caught_up(adapter)
        found = {customer: driven.interaction(id) for customer, id in placed.items()}
        attempts = {customer: call.state.attempt for customer, call in found.items()}
        assert {customer: (one.result, one.agent, one.queue) for customer, one in attempts.items() if one is not None} == {
            customer: (result, ANA, "vendas") for customer, result in RESULTS.items()
        }
        answered = attempts[asterisk.ANSWERED]
        assert answered is not None
        assert 500 <= (answered.talk_ms or 0) <= 2_500
        for call in found.values():
            assert [fact.kind for fact in call.facts].count("dialled") == 1
        header = lab.world.list("DBGet", Family="alert", Key="1001").items[0]["Val"]
        # A telephone of the desk may be somebody else's: it rings.
        assert "alert-autoanswer" not in header
        driven.do(PauseAgent(agent=ANA, reason="Almoço"))
        with pytest.raises(Refused, match="paused"):
            driven.do(PlaceCall(agent=ANA, number="9000017654"))
        driven.do(MatchMember(interface="PJSIP/1999", member="Zélia"))
        driven.do(LogIn(agent="Zélia", queues=("vendas",)))
        nobody = driven.ended(driven.do(PlaceCall(agent="Zélia", number="9000017654")).id)
        assert nobody.state.attempt is not None
        assert nobody.state.attempt.result == "agent-no-answer"
        for agent in (ANA, "Zélia"):
            driven.do(LogOut(agent=agent))
            driven.becomes(agent, {})
    totals = center.queries.ask(reports.agents, asker(driven.company), Question(by="agent")).rows
    assert [row["answered"] for row in totals if row["agent"] == ANA] == [0]
    sql = f"SELECT result FROM {source('attempts')} WHERE tenant = {{tenant:UUID}} AND agent = {{agent:String}}"
    center.cover(center.store.end(), lambda _done, _total: None)
    assert sorted(row["result"] for row in center.warehouse.query(sql, driven.company.id, agent=ANA)) == sorted(RESULTS.values())


def test_a_call_goes_out_by_the_trunk_where_no_context_is_named(center: Embedded, lab: Lab) -> None:
    driven = Driven(center, lab, trunk="tronco")
    with following(center, driven.settings) as (adapter,):
        driven.connected(adapter)
        driven.do(LogIn(agent=ANA, queues=("vendas",)))
        attempt = driven.ended(driven.do(PlaceCall(agent=ANA, number="9000017654")).id).state.attempt
        assert attempt is not None
        assert attempt.result == "answered"
        driven.do(LogOut(agent=ANA))
        driven.becomes(ANA, {})


CUSTOMER, AGENT, SUPERVISOR = 440, 1000, 1500


class Supervised:
    """A call of an agent whose telephone sounds a tone, with a customer who sounds another, and a supervisor with a third."""

    def __init__(self, driven: Driven) -> None:
        self.driven = driven
        self.name = uuid4().hex
        lab = driven.lab
        number = lab.call(asterisk.VENDAS, context="sounding", NAME=self.name)
        self.call = lab.connected(number)["Uniqueid"]
        self.id = interaction_id(driven.company.id, self.call)

        def is_talked() -> bool:
            found = project(driven.center.store.stream(self.id), Interaction)
            return found is not None and bool(found.talking())

        within(is_talked, 20)

    def ask(self, mode: Mode) -> None:
        self.driven.do(SuperviseCall(interaction=self.id, supervisor="Carla", mode=mode))

    def now(self) -> tuple[str, str, str]:
        found = project(
            self.driven.center.store.stream(supervision_id(self.driven.company.id, self.id, agent_id(self.driven.company.id, "Carla"))),
            Supervision,
        )
        assert found is not None
        return found.state, found.mode, found.reason

    def becomes(self, state: str, mode: Mode, reason: str = "") -> None:
        within(lambda: self.now() == (state, mode, reason), 20)

    def hear(self, supervisor: set[int], agent: set[int], customer: set[int]) -> None:
        """Wait until each hears exactly these tones."""
        tones = (CUSTOMER, AGENT, SUPERVISOR)
        files = [self.driven.lab.server.hears(name) for name in ("1702", "1701", self.name)]
        within(lambda: [heard(file, tones) for file in files] == [supervisor, agent, customer], 20)

    def supervised(self) -> list[tuple[str, str, str]]:
        facts = self.driven.interaction(self.id).facts
        return [(fact.text, fact.by, fact.agent) for fact in facts if fact.kind == "supervised"]


def visit_of(driven: Driven, call: Supervised) -> Visit:
    (visit,) = driven.interaction(call.id).state.visits
    return visit


def test_a_supervisor_listens_whispers_joins_takes_over_and_hangs_up(center: Embedded, lab: Lab) -> None:
    driven = Driven(center, lab)
    for interface, name in (("PJSIP/1701", "Sônia"), ("PJSIP/1702", "Carla")):
        driven.do(MatchMember(interface=interface, member=name))
    driven.do(LogIn(agent="Carla", queues=("cobranca",)))
    driven.do(LogOut(agent="Carla"))
    with following(center, driven.settings) as (adapter,):
        driven.connected(adapter)
        driven.do(LogIn(agent="Sônia", queues=("vendas",)))
        driven.becomes("Sônia", {"vendas": None})
        call = Supervised(driven)
        call.ask("listen")
        call.becomes("active", "listen")
        call.hear({CUSTOMER, AGENT}, {CUSTOMER}, {AGENT})
        call.ask("whisper")
        call.becomes("active", "whisper")
        call.hear({CUSTOMER, AGENT}, {CUSTOMER, SUPERVISOR}, {AGENT})
        call.ask("barge")
        call.becomes("active", "barge")
        call.hear({CUSTOMER, AGENT}, {CUSTOMER, SUPERVISOR}, {AGENT, SUPERVISOR})
        call.ask("listen")
        call.hear({CUSTOMER, AGENT}, {CUSTOMER}, {AGENT})
        call.ask("leave")
        call.becomes("ended", "leave")
        call.ask("pull")
        call.becomes("ended", "pull")
        within(lambda: heard(lab.server.hears("1702"), (CUSTOMER, AGENT)) == {CUSTOMER}, 20)
        within(lambda: heard(lab.server.hears(call.name), (AGENT, SUPERVISOR)) == {SUPERVISOR}, 20)
        within(lambda: not driven.interaction(call.id).talking(), 20)
        assert call.supervised() == [(mode, "Carla", "Sônia") for mode in ("listen", "whisper", "barge", "listen", "pull")]
        within(lambda: visit_of(driven, call).released_by == "transfer", 20)
        pulled = visit_of(driven, call)
        at = monotonic()
        within(lambda: monotonic() - at > 6, 20)
        lab.world.command("channel request hangup all")
        driven.ended(call.id)
        lab.be_quiet()
        driven.has_caught_up(adapter)
        told = visit_of(driven, call)
        assert told.released_by == "transfer"
        assert abs((told.released_ms or 0) - (pulled.released_ms or 0)) < 1_000
        assert driven.interaction(call.id).conflicts == set()
        ended = Supervised(driven)
        ended.ask("hang-up")
        driven.ended(ended.id)
        ended.becomes("ended", "hang-up")
        assert ended.supervised() == [("hang-up", "Carla", "Sônia")]
        lab.be_quiet()
        with pytest.raises(Refused, match="no other agent is talking"):
            ended.ask("listen")
        over = Supervised(driven)
        over.ask("listen")
        over.becomes("active", "listen")
        lab.world.command("channel request hangup all")
        over.becomes("ended", "listen")
        lab.be_quiet()
        driven.has_caught_up(adapter)
        driven.do(LogOut(agent="Sônia"))
        driven.becomes("Sônia", {})
    center.cover(center.store.end(), lambda _done, _total: None)
    rows = center.queries.ask(reports.queues, asker(driven.company), Question(by="queue")).rows
    assert [(row["offered"], row["answered"]) for row in rows if row["queue"] == "vendas"] == [(3, 3)]
    assert driven.agent("Sônia").standing.session is None
    sql = f"SELECT count() AS calls FROM {source('interactions')} WHERE tenant = {{tenant:UUID}}"
    assert center.warehouse.query(sql, driven.company.id) == [{"calls": 3}]
