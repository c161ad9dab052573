"""A real Asterisk, real calls: Atende's figures are those of Asterisk's own queue log."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from statistics import median
from time import monotonic
from typing import Any
from uuid import uuid4

import pytest

from bootstrap import Embedded
from cli.asterisk import following
from cli.company import asker, known_or_new
from domain.companies import Company
from domain.ids import interaction_id
from domain.voice.interactions import Interaction
from projections.engine.tables import source
from projections.figures.question import Question
from projections.queries import reports
from projections.queries.monitoring import monitor
from settings import Settings
from store.clock import SystemClock
from store.event_store import project
from telephony_adapter.ami.adapter import Adapter
from telephony_adapter.ami.check import check
from tests.kit import asterisk
from tests.kit.asterisk import ANSWERS, BUSY, COBRANCA, IVR, OVERFLOW, RINGS, RINGS_ONCE, SUPORTE, VENDAS, Cable, Lab
from tests.kit.live_center import center
from tests.kit.waiting import within

__all__ = ["center"]

CUT_S = 8
SHOWN_WITHIN_S = 0.5
"""Half of the calls are shown so soon after Asterisk says that they wait: the machine of the tests does other work too."""
TAKES_OVER_WITHIN_S = 30
"""The lock of a killed process is free within 10 s; the rest is for a busy machine."""


class Followed:
    """A company of its own whose Asterisk is followed."""

    def __init__(self, center: Embedded, lab: Lab, *, sees_log: bool, port: int = 0) -> None:
        name = uuid4().hex
        self.center = center
        self.settings = Settings(asterisks=(lab.setting(port, company=name, queue_log=lab.server.queue_log if sees_log else None),))
        self.company: Company = known_or_new(center, name)

    def report(self, subject: str, by: str) -> dict[str, dict[str, Any]]:
        """A report's rows by name, when the rows cover everything that is saved."""
        self.center.cover(self.center.store.end(), lambda _done, _total: None)
        rows = self.center.queries.ask(getattr(reports, subject), asker(self.company), Question(by=by)).rows
        return {row[by]: row for row in rows}

    def offered(self) -> int:
        """How many visits the rows have now."""
        sql = f"SELECT count() AS visits FROM {source('visits')} WHERE tenant = {{tenant:UUID}}"
        return int(self.center.warehouse.query(sql, self.company.id)[0]["visits"])

    def queues(self) -> dict[str, dict[str, Any]]:
        """The counts by queue that the log has too."""
        return {name: row for name, row in self.report("queues", "queue").items() if row["offered"]}

    def state_of(self, agent: int) -> str:
        """The state of an agent on the board."""
        self.center.cover(self.center.store.end(), lambda _done, _total: None)
        groups = self.center.queries.ask(monitor, asker(self.company), Question())["agents"]
        return str(next((one["state"] for group in groups.values() for one in group if one["agent"] == asterisk.AGENTS[agent]), ""))

    def has_caught_up(self, adapter: Adapter, lab: Lab) -> None:
        """Wait until every event of the PBX up to now is translated."""
        sent = lab.pbx.send_action(Action="UserEvent", UserEvent="Now")
        assert sent.succeeded
        seen = adapter.figures.packets
        within(lambda: adapter.figures.packets > seen, 20)

    def call(self, id: str) -> Interaction | None:
        """A call, by Asterisk's id."""
        return project(self.center.store.stream(interaction_id(self.company.id, id)), Interaction)

    def visits(self, id: str) -> list[tuple[str, str, str]]:
        """Queue, end and agent of each visit of a call."""
        found = self.call(id)
        return [(visit.queue, visit.end, visit.agent if visit.end == "answered" else "") for visit in found.state.visits] if found else []

    def results(self) -> list[str]:
        """How the calls ended that agents dialled."""
        sql = f"SELECT result FROM {source('attempts')} WHERE tenant = {{tenant:UUID}}"
        return sorted(row["result"] for row in self.center.warehouse.query(sql, self.company.id))

    def is_within_bounds(self, true: dict[str, dict[str, int]]) -> None:
        """Every true count lies within the bounds of the figure."""
        rows = self.report("queues", "queue")
        for queue, counts in true.items():
            bounds = rows[queue]["bounds"] or {}
            for name, value in counts.items():
                low, high = bounds.get(name, (rows[queue][name], rows[queue][name]))
                assert low <= value <= high, (queue, name, value, (low, high))


def same(rows: dict[str, dict[str, Any]], true: dict[str, dict[str, int]]) -> None:
    assert {name: {figure: rows[name][figure] for figure in row} for name, row in true.items()} == true
    assert rows.keys() == true.keys()


def place_all(lab: Lab) -> None:
    """Every way in which a call can go, within some seconds."""
    lab.call(VENDAS, phone=ANSWERS, ring=1, talk=3)
    lab.call(SUPORTE, phone=ANSWERS, ring=1, talk=50, life=4)
    lab.call(VENDAS, phone=RINGS, life=2)
    lab.call(COBRANCA, phone=RINGS)
    lab.call(COBRANCA, phone=RINGS, first=2, keys="9")
    lab.call(OVERFLOW, phone=ANSWERS, ring=5, talk=1)
    lab.call(VENDAS, phone=RINGS_ONCE, ring=1, talk=2)
    lab.call(VENDAS, phone=BUSY, life=4)
    lab.call(IVR, first=1, keys="1", talk=2)
    lab.call(IVR, first=1, keys="7", second=2, more="2", talk=1)
    lab.call(IVR, life=0)
    lab.call(IVR)


def test_the_figures_of_real_calls_are_those_of_asterisks_own_queue_log(center: Embedded, lab: Lab) -> None:
    followed = Followed(center, lab, sees_log=False)
    with following(center, followed.settings) as (adapter,):
        within(lambda: adapter.figures.connected, 20)
        for agent in asterisk.AGENTS:
            lab.log_in(agent, local=agent == 1005)
        place_all(lab)
        lab.pause(1003, "Almoço")
        lab.be_quiet()
        lab.pause(1003, "")
        followed.has_caught_up(adapter, lab)
    lines = lab.log()
    same(followed.queues(), asterisk.queues_of(lines))
    agents = followed.report("agents", "agent")
    true = asterisk.agents_of(lines)
    assert {agent: {name: agents[agent][name] for name in row} for agent, row in true.items()} == true
    assert {row["bounds"] for row in followed.queues().values()} == {None}
    for call, visits in asterisk.calls_of(lines).items():
        assert followed.visits(call) == visits, call
    assert agents[asterisk.AGENTS[1003]]["paused_by_reason_ms"].keys() == {"Almoço"}


def test_the_check_of_an_asterisk_that_lacks_nothing_is_ok_in_every_point(lab: Lab) -> None:
    lab.log_in(1001)
    lab.call(VENDAS, ring=3, talk=1)
    assert [finding for finding in check(lab.setting(), SystemClock().now_us(), 30) if finding.state != "ok"] == []
    lab.be_quiet()


def test_a_cut_a_restart_and_a_kill_are_filled_from_the_queue_log_and_bounded_without_it(center: Embedded, lab: Lab) -> None:
    with closing(Cable(lab.server.ports[0])) as cable:
        seeing, blind = (Followed(center, lab, sees_log=sees, port=cable.port) for sees in (True, False))
        with following(center, seeing.settings) as (one,), following(center, blind.settings) as (other,):
            both = (one, other)
            within(lambda: all(adapter.figures.connected for adapter in both), 20)
            for agent in asterisk.AGENTS:
                lab.log_in(agent)
            connected_again(both, lambda: cut_for_8_s(lab, cable))
            connected_again(both, lambda: during_calls(lab, lab.restart))
            connected_again(both, lambda: during_calls(lab, lab.kill))
            lab.call(VENDAS, talk=1)
            lab.be_quiet()
            within(lambda: not one.figures.unfilled, 60)
            assert one.figures.tails > 0
            for adapter, followed in ((one, seeing), (other, blind)):
                followed.has_caught_up(adapter, lab)
    lines = lab.log()
    true = asterisk.queues_of(lines)
    same(seeing.queues(), true)
    blind.is_within_bounds(true)
    killed = asterisk.left_open(lines)
    for followed in (seeing, blind):
        rows = followed.queues()
        assert sum(row["waiting"] for row in rows.values()) == 0
        assert followed is blind or {queue: rows[queue]["unknown"] for queue in killed} == killed
    agents = seeing.report("agents", "agent")
    assert {agent: {name: agents[agent][name] for name in row} for agent, row in asterisk.agents_of(lines).items()} == asterisk.agents_of(
        lines
    )


def test_a_process_that_takes_over_closes_what_ended_in_between_and_goes_on_with_what_lasts(center: Embedded, lab: Lab) -> None:
    seeing, blind = (Followed(center, lab, sees_log=sees) for sees in (True, False))
    with following(center, seeing.settings) as (one,), following(center, blind.settings) as (other,):
        within(lambda: one.figures.connected and other.figures.connected, 20)
        for agent in asterisk.AGENTS:
            lab.log_in(agent)
        lab.pause(1004, "Almoço")
        lab.call(SUPORTE, phone=RINGS, life=3)
        lasting, ending = lab.call(VENDAS, talk=9), lab.call(VENDAS, talk=3)
        lab.connected(lasting)
        lab.connected(ending)
        seeing.has_caught_up(one, lab)
        blind.has_caught_up(other, lab)
    seeing.report("queues", "queue")
    lab.call(COBRANCA, phone=RINGS, life=1)
    lab.log_out(1003)
    within(lambda: len(lab.pbx.list("CoreShowChannels").items) == 2, 30)
    with following(center, seeing.settings) as (one,), following(center, blind.settings) as (other,):
        within(lambda: one.figures.connected and other.figures.connected, 20)
        lab.be_quiet()
        within(lambda: not one.figures.unfilled, 60)
        seeing.has_caught_up(one, lab)
        blind.has_caught_up(other, lab)
    lines = lab.log()
    same(seeing.queues(), asterisk.queues_of(lines))
    known = asterisk.queues_of(lines)
    known.pop("cobranca")  # which the blind one never saw
    blind.is_within_bounds(known)
    for followed in (seeing, blind):
        assert sum(row["waiting"] for row in followed.queues().values()) == 0
        assert {row["answered"] for row in (followed.queues()["vendas"],)} == {2}
        groups = followed.center.queries.ask(monitor, asker(followed.company), Question())["agents"]
        assert {agent["agent"]: agent["state"] for agents in groups.values() for agent in agents} == {
            asterisk.AGENTS[1001]: "available", asterisk.AGENTS[1002]: "available", asterisk.AGENTS[1003]: "offline",
            asterisk.AGENTS[1004]: "paused", asterisk.AGENTS[1005]: "available",
        }  # fmt: skip


def test_an_agent_to_whose_telephone_behind_a_hint_a_call_is_transferred_talks_until_it_ends(center: Embedded, lab: Lab) -> None:
    followed = Followed(center, lab, sees_log=False)
    with following(center, followed.settings) as (adapter,):
        within(lambda: adapter.figures.connected, 20)
        lab.log_in(1001)
        lab.log_in(1005, local=True)
        within(lambda: followed.state_of(1005) == "available", 20)
        lab.blind_transfer(lab.connected(lab.call(VENDAS, talk=50)), "1005")
        within(lambda: followed.state_of(1005) == "talking", 20)
        within(lambda: followed.state_of(1001) == "available", 20)
        lab.world.command("channel request hangup all")
        lab.be_quiet()
        followed.has_caught_up(adapter, lab)
        within(lambda: followed.state_of(1005) == "available", 20)
    same(followed.queues(), asterisk.queues_of(lab.log()))
    assert followed.report("agents", "agent")[asterisk.AGENTS[1005]]["direct_ms"] > 0


@pytest.mark.long
def test_an_agent_who_picks_up_what_rings_at_another_telephone_talks_until_the_call_ends(center: Embedded, lab: Lab) -> None:
    followed = Followed(center, lab, sees_log=False)
    with following(center, followed.settings) as (adapter,):
        within(lambda: adapter.figures.connected, 20)
        for agent in (1001, 1003):
            lab.log_in(agent)
        lab.call(VENDAS, phone=RINGS)
        within(lambda: any(event["Event"] == "AgentCalled" for event in lab.events), 20)
        rings = next(event["DestChannel"] for event in lab.events if event["Event"] == "AgentCalled")
        lab.pbx.send_action(
            Action="Originate", Channel="PJSIP/1003", Application="PickupChan", Data=rings, CallerID="Captura <80009000001>", Async="true",
        )  # fmt: skip
        within(lambda: followed.state_of(1003) == "talking", 20)
        lab.world.command("channel request hangup all")
        lab.be_quiet()
        within(lambda: followed.state_of(1003) == "available", 20)
    same(followed.queues(), asterisk.queues_of(lab.log()))


@pytest.mark.long
def test_transfers_supervision_and_calls_out_are_those_that_were_placed(center: Embedded, lab: Lab) -> None:
    followed = Followed(center, lab, sees_log=False)
    with following(center, followed.settings) as (adapter,):
        within(lambda: adapter.figures.connected, 20)
        for agent in (1001, 1002, 1003, 1005):
            lab.log_in(agent)
        blind, attended, late = lab.call(VENDAS, talk=6), lab.call(VENDAS, talk=25), lab.call(SUPORTE, ring=22, talk=1)
        lab.spy(lab.connected(blind), "q")
        lab.blind_transfer(lab.connected(blind), SUPORTE)
        lab.consult(lab.connected(attended), SUPORTE)
        customers = [
            asterisk.ANSWERED,
            asterisk.BUSY_LINE,
            asterisk.NO_ANSWER,
            asterisk.BAD_NUMBER,
            asterisk.CONGESTION,
            asterisk.UNAVAILABLE,
            asterisk.REJECTED,
        ]
        for customer in customers:
            lab.dial_out(1004, customer)
        lab.connected(late, 60)
        lab.be_quiet()
        followed.has_caught_up(adapter, lab)
    lines = lab.log()
    same(followed.queues(), asterisk.queues_of(lines))
    agents = followed.report("agents", "agent")
    assert {agent: {name: agents[agent][name] for name in row} for agent, row in asterisk.agents_of(lines).items()} == asterisk.agents_of(
        lines
    )
    assert sum(row["answered"] - row["answered_within_sla"] for row in followed.queues().values()) == 1
    assert followed.results() == ["answered", "bad-number", "busy", "congestion", "no-answer", "rejected", "unavailable"]


@pytest.mark.long
@pytest.mark.parametrize("interruption", ["cut", "restart", "kill"])
def test_every_kind_of_call_that_is_interrupted_is_that_of_the_queue_log_and_within_bounds_without_it(
    center: Embedded, lab: Lab, interruption: str
) -> None:
    with closing(Cable(lab.server.ports[0])) as cable:
        seeing, blind = (Followed(center, lab, sees_log=sees, port=cable.port) for sees in (True, False))
        with following(center, seeing.settings) as (one,), following(center, blind.settings) as (other,):
            within(lambda: one.figures.connected and other.figures.connected, 20)
            for agent in asterisk.AGENTS:
                lab.log_in(agent, local=agent == 1005)
            interrupted = {"cut": lambda: cut_while_all_go_on(lab, cable), "restart": lab.restart, "kill": lab.kill}[interruption]
            all_in_progress(lab)
            connected_again((one, other), interrupted)
            place_all(lab)
            lab.pause(1004, "")
            lab.be_quiet()
            within(lambda: not one.figures.unfilled, 60)
            for adapter, followed in ((one, seeing), (other, blind)):
                followed.has_caught_up(adapter, lab)
    lines = lab.log()
    true = asterisk.queues_of(lines)
    same(seeing.queues(), true)
    blind.is_within_bounds(true)
    agents = seeing.report("agents", "agent")
    assert {agent: {name: agents[agent][name] for name in row} for agent, row in asterisk.agents_of(lines).items()} == asterisk.agents_of(
        lines
    )
    killed = asterisk.left_open(lines)
    assert {queue: seeing.queues()[queue]["unknown"] for queue in killed} == killed
    assert sum(row["waiting"] for followed in (seeing, blind) for row in followed.queues().values()) == 0


@pytest.mark.long
def test_60_calls_at_2_a_second_are_all_there_and_shown_within_half_a_second(center: Embedded, lab: Lab) -> None:
    followed = Followed(center, lab, sees_log=False)
    shown: list[float] = []
    with following(center, followed.settings) as (adapter,):
        within(lambda: adapter.figures.connected, 20)
        for agent in asterisk.AGENTS:
            lab.log_in(agent)
        began = monotonic()
        for number in range(60):
            within(lambda number=number: monotonic() - began >= number / 2)  # type: ignore[misc]
            lab.call((VENDAS, SUPORTE, COBRANCA)[number % 3], ring=0, talk=1, life=20)
            within(lambda number=number: lab.joined() > number, 20)  # type: ignore[misc]
            asked = monotonic()
            within(lambda number=number: followed.offered() > number, 20)  # type: ignore[misc]
            shown.append(monotonic() - asked)
        lab.be_quiet()
        followed.has_caught_up(adapter, lab)
    same(followed.queues(), asterisk.queues_of(lab.log()))
    assert median(shown) < SHOWN_WITHIN_S, sorted(shown)


def connected_again(adapters: tuple[Adapter, ...], interruption: Callable[[], None]) -> None:
    """Interrupt the connections, and wait until all are there again."""
    before = [adapter.figures.sessions for adapter in adapters]
    interruption()
    within(lambda: all(adapter.figures.sessions > since for adapter, since in zip(adapters, before, strict=True)), 60)


def during_calls(lab: Lab, interruption: Callable[[], None]) -> None:
    """One call is talked, one was transferred, one waits, one is in the IVR."""
    talked, transferred = lab.call(VENDAS, talk=60), lab.call(VENDAS, talk=60)
    lab.blind_transfer(lab.connected(transferred), SUPORTE)
    lab.call(SUPORTE, phone=RINGS)
    lab.call(IVR)
    lab.connected(talked)
    within(lambda: len(lab.pbx.list("CoreShowChannels").items) >= 5, 20)
    interruption()


def all_in_progress(lab: Lab) -> None:
    """Every kind of call goes on: in IVRs and queues, ringing, talked, transferred in both ways, dialled out; and an agent pauses."""
    transferred, asked = lab.call(VENDAS, talk=30), lab.call(VENDAS, talk=30)
    lab.spy(lab.connected(transferred), "q")
    lab.blind_transfer(lab.connected(transferred), SUPORTE)
    lab.consult(lab.connected(asked), SUPORTE)
    lab.pause(1004, "Almoço")
    for customer in (asterisk.ANSWERED, asterisk.NO_ANSWER):
        lab.dial_out(1004, customer, talk=20)
    place_all(lab)


def cut_while_all_go_on(lab: Lab, cable: Cable) -> None:
    """In the cut calls go on, end, begin, and are transferred."""
    cable.cut()
    since = monotonic()
    place_all(lab)
    lab.blind_transfer(lab.connected(lab.call(VENDAS, talk=30)), SUPORTE)
    within(lambda: monotonic() - since > CUT_S, 30)
    cable.mend()


def cut_for_8_s(lab: Lab, cable: Cable) -> None:
    """Calls begin before, in and after the cut; some end in it, one overflows to another queue, one leaves by key."""
    lab.call(COBRANCA, phone=RINGS, life=1)
    lab.call(OVERFLOW, phone=RINGS, life=20)
    lab.call(COBRANCA, phone=RINGS, first=3, keys="9")
    lab.connected(lab.call(VENDAS, talk=2))
    lab.call(SUPORTE, phone=RINGS, life=5)
    lab.connected(lab.call(SUPORTE, talk=12))
    cable.cut()
    since = monotonic()
    lab.call(COBRANCA, phone=RINGS)
    lab.connected(lab.call(VENDAS, talk=1))
    lab.call(VENDAS, phone=RINGS, life=2)
    lab.connected(lab.call(VENDAS, talk=14))
    within(lambda: monotonic() - since > CUT_S, 30)
    cable.mend()
