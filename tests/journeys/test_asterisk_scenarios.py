"""What real agents and diallers do besides answering, placed at once on a real Asterisk: Atende's figures are those of its queue log, and loss is what was lost."""

from __future__ import annotations

from contextlib import ExitStack, closing
from typing import Any
from uuid import UUID, uuid4

import pytest

from bootstrap import Embedded
from cli.asterisk import following
from cli.company import asker, caller, known_or_new
from commands.agents import LogIn, LogOut
from commands.companies import SetCompanySettings
from commands.handler_context import Command
from commands.observations import MatchMember
from commands.queues import RegisterQueue
from commands.supervision import SuperviseCall
from domain.agent_events import AgentEvent
from domain.companies import CompanySettings
from domain.ids import agent_id, interaction_id, supervision_id
from domain.supervision import Supervision
from domain.voice.interactions import Interaction
from projections.figures.question import Question
from projections.queries import reports
from settings import Settings
from store.event_store import project
from telephony_adapter.ami.adapter import Adapter
from tests.kit import asterisk
from tests.kit.asterisk import AGENTS, SUPORTE, VENDAS, Lab, members
from tests.kit.live_center import center
from tests.kit.sip_phone import SipPhone
from tests.kit.waiting import within

__all__ = ["center"]

pytestmark = pytest.mark.long

GILDA = "Gilda"
LOST_PERCENT, ERROR_PERCENT = 10, 1.0
"""docs/asterisk.md states the error: of a talk of 15 s or more, a percentage point."""


class Followed:
    """A company of its own whose Asterisk is followed."""

    def __init__(self, center: Embedded, lab: Lab, **options: Any) -> None:
        self.center, self.lab = center, lab
        self.company = known_or_new(center, uuid4().hex)
        self.settings = Settings(asterisks=(lab.setting(company=self.company.name, **options),))
        self.before = len(lab.log())

    def log(self) -> list[list[str]]:
        """The lines of the queue log since this one began."""
        return self.lab.log()[self.before :]

    def do(self, command: Command) -> None:
        self.center.bus.execute(command, caller(self.company))

    def talks(self, id: UUID) -> bool:
        found = project(self.center.store.stream(id), Interaction)
        return found is not None and bool(found.talking())

    def supervision(self, call: UUID) -> str:
        """The state of Carla's supervision of a call."""
        found = project(self.center.store.stream(supervision_id(self.company.id, call, agent_id(self.company.id, "Carla"))), Supervision)
        return "" if found is None else found.state

    def id(self, call: str) -> UUID:
        return interaction_id(self.company.id, call)

    def call(self, call: str) -> Interaction:
        found = project(self.center.store.stream(self.id(call)), Interaction)
        assert found is not None
        return found

    def report(self, subject: str, by: str) -> dict[str, dict[str, Any]]:
        self.center.cover(self.center.store.end(), lambda _done, _total: None)
        return {row[by]: row for row in self.center.queries.ask(getattr(reports, subject), asker(self.company), Question(by=by)).rows}

    def pauses(self, agent: str) -> list[str]:
        """The reasons of an agent's pauses."""
        spans: dict[tuple[str, int], str] = {}
        for event in self.center.store.stream(agent_id(self.company.id, agent)):
            assert isinstance(event, AgentEvent)
            for key in event.dropped:
                spans.pop(key, None)
            spans |= {span.key: span.reason for span in event.spans if span.kind == "pause"}
        return list(spans.values())

    def has_caught_up(self, adapter: Adapter) -> None:
        seen = adapter.figures.packets
        assert self.lab.pbx.send_action(Action="UserEvent", UserEvent="Now").succeeded
        within(lambda: adapter.figures.packets > seen, 20)
        within(lambda: sum(adapter.figures.lags.counts) >= adapter.figures.packets, 20)


def dialled(lab: Lab, channel: str, exten: str, number: str) -> None:
    """A dialler: the customer first, then what `exten` of the agents' dialplan is."""
    lab.pbx.send_action(
        Action="Originate", Channel=channel, Context="ramais", Exten=exten, Priority=1, Async="true", Timeout=15_000, CallerID=f"Cliente <{number}>",
    )  # fmt: skip


def test_holds_refers_diallers_ring_all_and_pauses_are_those_of_the_queue_log(center: Embedded, lab: Lab) -> None:
    followed = Followed(center, lab)
    with ExitStack() as stack:
        phone = stack.enter_context(closing(SipPhone(lab.server.ari)))
        (adapter,) = stack.enter_context(following(center, followed.settings))
        within(lambda: adapter.figures.connected, 20)
        ringing = [("todos", f"PJSIP/{number}", AGENTS[number]) for number in (1001, 1002)]
        stack.enter_context(members(lab, ("vendas", phone.interface, GILDA), *ringing))
        lab.log_in(1003)
        lab.log_in(1004)
        held = lab.connected(lab.call(VENDAS, ring=1, talk=2), 30)["Uniqueid"]
        rung_by_all = lab.connected(lab.call("5todos", ring=1, talk=2), 30)["Uniqueid"]
        for reason in ("Almoço", "Banheiro"):
            lab.pause(1004, reason)
            within(lambda reason=reason: followed.pauses(AGENTS[1004])[-1:] == [reason], 20)  # type: ignore[misc]
        lab.pause(1004, "")
        lab.pbx.send_action(Action="QueuePause", Interface="PJSIP/1004", Paused="true")
        within(lambda: followed.pauses(AGENTS[1004])[-1:] == [""], 20)
        lab.pause(1004, "")
        phone.hold()
        within(lambda: followed.call(held).state.holds[0][-1:] != [], 20)
        phone.resume()
        phone.refer(SUPORTE, lab.server.ports[2])
        dialled(lab, "PJSIP/90000112345@tronco", "4002", "90000112345")
        dialled(lab, "PJSIP/91000112345@tronco", "4002", "91000112345")
        dialled(lab, "Local/90000154321@saida", "4002", "90000154321")
        lab.be_quiet()
        followed.has_caught_up(adapter)
    lines = followed.log()
    true = asterisk.queues_of(lines)
    rows = {name: row for name, row in followed.report("queues", "queue").items() if row["offered"]}
    assert {name: {figure: rows[name][figure] for figure in row} for name, row in true.items()} == true
    assert rows.keys() == true.keys()
    agents, of_log = followed.report("agents", "agent"), asterisk.agents_of(lines)
    assert {agent: {name: agents[agent][name] for name in row} for agent, row in of_log.items()} == of_log
    for call, visits in asterisk.calls_of(lines).items():
        state = followed.call(call).state
        assert [(visit.queue, visit.end, visit.agent if visit.end == "answered" else "") for visit in state.visits] == visits, call
    assert true["todos"]["answered"] == 1
    assert {ring.outcome for ring in followed.call(rung_by_all).state.rings[0]} == {"answered", "canceled"}
    transferred = followed.call(held).state
    assert (transferred.visits[0].queue, transferred.visits[0].released_by) == ("vendas", "transfer")
    assert [hold.until_ms is not None for hold in transferred.holds[0]] == [True]
    assert followed.pauses(AGENTS[1004]) == ["Almoço", "Banheiro", ""]


def test_an_agent_is_told_by_a_text_who_listens_only_where_the_company_wants_it(center: Embedded, lab: Lab) -> None:
    followed = Followed(center, lab, control=True)
    with closing(SipPhone(lab.server.ari)) as phone, following(center, followed.settings) as (adapter,):
        within(lambda: adapter.figures.connected, 20)
        for queue in ("vendas", "cobranca"):
            followed.do(RegisterQueue(name=queue))
        followed.do(MatchMember(interface=phone.interface, member=GILDA))
        followed.do(MatchMember(interface="PJSIP/1702", member="Carla"))
        followed.do(LogIn(agent="Carla", queues=("cobranca",)))
        followed.do(LogOut(agent="Carla"))
        followed.do(LogIn(agent=GILDA, queues=("vendas",)))
        within(lambda: any(row.get("Name") == GILDA for row in lab.pbx.list("QueueStatus").items), 20)
        for wanted, texts in ((False, []), (True, ["Supervisor: Carla"])):
            followed.do(SetCompanySettings(settings=CompanySettings(supervision_notice=wanted)))
            call = followed.id(lab.connected(lab.call(VENDAS, context="sounding", NAME=f"told-{uuid4().hex}"), 30)["Uniqueid"])
            within(lambda call=call: followed.talks(call), 20)  # type: ignore[misc]
            followed.do(SuperviseCall(interaction=call, supervisor="Carla", mode="listen"))
            within(lambda call=call: followed.supervision(call) == "active", 30)  # type: ignore[misc]
            assert phone.texts == texts
            lab.world.command("channel request hangup all")
            lab.be_quiet()
        followed.do(LogOut(agent=GILDA))
        within(lambda: not any(row.get("Name") == GILDA for row in lab.pbx.list("QueueStatus").items), 20)


def test_the_loss_of_an_agents_telephone_is_reported_within_its_stated_error(center: Embedded, lab: Lab) -> None:
    followed = Followed(center, lab)
    with ExitStack() as stack:
        phone = stack.enter_context(closing(SipPhone(lab.server.ari, lambda number: number % LOST_PERCENT == 0)))
        (adapter,) = stack.enter_context(following(center, followed.settings))
        within(lambda: adapter.figures.connected, 20)
        stack.enter_context(members(lab, ("vendas", phone.interface, GILDA)))
        number = lab.call(VENDAS, context="sounding", life=22, NAME=f"loss-{uuid4().hex}")
        call = lab.connected(number, 30)["Uniqueid"]
        lab.be_quiet()
        followed.has_caught_up(adapter)
    (fact,) = [fact for fact in followed.call(call).facts if fact.kind == "quality" and fact.by == "uplink"]
    reported = float(fact.text.partition(";")[2])
    injected = 100 * phone.lost / phone.sent
    assert phone.lost > 50
    assert abs(reported - injected) <= ERROR_PERCENT, (reported, injected)
