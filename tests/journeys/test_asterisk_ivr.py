"""Real calls through the IVR of Atende: what callers key leads where the flow says, and the figures are those of what was placed."""

from __future__ import annotations

import logging
import shutil
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from bootstrap import Embedded
from cli.asterisk import answering, following
from cli.company import asker, caller, known_or_new
from commands.ivr import BlockCaller, RegisterIvr
from commands.queues import RegisterQueue
from domain.errors import AlreadyExists
from domain.ids import ivr_id
from domain.ivr_settings import Holiday, Hours, Message, Option
from projections.figures.question import Question
from projections.queries import reports
from projections.queries.callbacks import callbacks
from settings import Agi, Settings
from sounds.folder import Sounds
from telephony_adapter.agi.calls import Calls
from telephony_adapter.agi.server import AgiServer
from tests.kit import asterisk
from tests.kit.agi import SpokenAsWritten
from tests.kit.asterisk import RINGS, Lab
from tests.kit.live_center import center
from tests.kit.ports import closed_port
from tests.kit.waiting import within

__all__ = ["center"]

OPEN, CLOSED, HOLIDAY, CALLS_BACK = "6001", "6002", "6003", "6004"
BLOCKED = "80000011111"
FIGURES = ("entered", "led_to_queue", "abandoned_in_ivr", "ended_in_ivr", "out_of_hours", "blacklisted", "unknown_in_ivr", "in_ivr")


def today() -> tuple[Holiday, ...]:
    """Yesterday, today and tomorrow: a test that runs at midnight is still on a holiday."""
    now = datetime.now(UTC)
    return tuple(Holiday((now + timedelta(days=day)).date().isoformat()) for day in (-1, 0, 1))


def register_ivrs(center: Embedded, company: Any) -> None:
    who = caller(company)
    for queue in ("vendas", "suporte", "cobranca"):
        center.bus.execute(RegisterQueue(name=queue), who)
    menu = (Option("1", "vendas"), Option("2", "suporte"), Option("3", "cobranca"))
    usual: dict[str, Any] = {
        "menu": menu,
        "attempts": 2,
        "choice_wait_ms": 6_000,
        "welcome": Message(text="Olá"),
        "closed": Message(text="Fechado"),
    }
    said = {"protocol": Message(text="Protocolo {protocol}"), "position": Message(text="Posição {position}")}
    all_week = tuple(Hours(day, "00:00", "24:00") for day in range(7))
    for ivr in (
        RegisterIvr(name=OPEN, **usual, **said, queue_wait_ms=10_000),
        RegisterIvr(name=CLOSED, **usual, always_open=False, hours=()),
        RegisterIvr(name=HOLIDAY, **usual, always_open=False, hours=all_week, holidays=today()),
        RegisterIvr(name=CALLS_BACK, **usual, callback=Message(text="Tecle 1"), callback_from=1),
    ):
        center.bus.execute(ivr, who)
    center.bus.execute(BlockCaller(ivr=ivr_id(company.id, OPEN), number=BLOCKED), who)


def test_real_calls_go_where_the_flow_says_and_the_figures_of_the_ivr_are_theirs(
    center: Embedded, lab: Lab, caplog: pytest.LogCaptureFixture
) -> None:
    name = uuid4().hex
    company = known_or_new(center, name)
    register_ivrs(center, company)
    here, there = lab.server.sounds
    speech = SpokenAsWritten()
    sounds = Sounds(here / name, speech, there / name)
    server = AgiServer("127.0.0.1", 0, lambda _company, _peer: Calls(center.bus, caller(company)), sounds, center.bus.clock.now_us)
    server.start()
    settings = Settings(asterisks=(lab.setting(company=name),))
    with caplog.at_level(logging.WARNING), closing(server), following(center, settings) as (adapter,):
        within(lambda: adapter.figures.connected, 20)
        lab.pbx.send_action(Action="Setvar", Variable="IVR_AT", Value=f"127.0.0.1:{server.port}")
        for agent in (1001, 1002):
            lab.log_in(agent)
        # Callers key late, and within the time for a key, on a busy machine too.
        lab.call(OPEN, first=4, keys="1", talk=1)
        lab.call(OPEN, first=4, keys="7", second=3, more="2", talk=1)
        lab.call(OPEN)
        lab.call(OPEN, first=4, keys="52998224725")
        lab.call(OPEN, life=3)
        lab.call(OPEN, first=4, keys="1", phone=RINGS, life=4)
        lab.call(OPEN, first=4, keys="3", phone=RINGS)
        lab.call(OPEN, number=BLOCKED)
        lab.call(CLOSED)
        lab.call(HOLIDAY)
        waits = lab.joined()
        lab.call("5cobranca", phone=RINGS, life=20)
        within(lambda: lab.joined() > waits, 20)
        lab.call(CALLS_BACK, first=4, keys="3", second=3, more="1")
        lab.be_quiet()
        sent = lab.pbx.send_action(Action="UserEvent", UserEvent="Now")
        assert sent.succeeded
        seen = adapter.figures.packets
        within(lambda: adapter.figures.packets > seen, 20)
    center.cover(center.store.end(), lambda _done, _total: None)

    def report(subject: str, by: str) -> dict[str, dict[str, Any]]:
        return {row[by]: row for row in center.queries.ask(getattr(reports, subject), asker(company), Question(by=by)).rows}

    assert caplog.messages == []
    assert server.figures.failed == 0
    ivrs = {name: [row[figure] for figure in FIGURES] for name, row in report("ivr", "ivr").items() if row["entered"]}
    assert ivrs == {
        OPEN: [8, 4, 1, 2, 0, 1, 0, 0],
        CLOSED: [1, 0, 0, 0, 1, 0, 0, 0],
        HOLIDAY: [1, 0, 0, 0, 1, 0, 0, 0],
        CALLS_BACK: [1, 0, 0, 1, 0, 0, 0, 0],
    }
    true = asterisk.queues_of(lab.log())
    queues = {name: row for name, row in report("queues", "queue").items() if row["offered"]}
    assert {name: {figure: queues[name][figure] for figure in row} for name, row in true.items()} == true
    (asked,), _ = center.queries.ask(callbacks, asker(company), 0, 10)
    assert (asked.queue, asked.ivr) == ("cobranca", CALLS_BACK)
    assert {"Protocolo", "Posição", "Fechado"} <= set(speech.spoken)
    shutil.rmtree(here / name)


def test_without_atende_the_dialplan_goes_on(lab: Lab) -> None:
    with closed_port() as port:
        lab.pbx.send_action(Action="Setvar", Variable="IVR_AT", Value=f"127.0.0.1:{port}")
        lab.log_in(1001)
        lab.connected(lab.call(OPEN, talk=1))
        lab.be_quiet()


def test_the_setting_lets_asterisks_reach_the_ivrs(center: Embedded, lab: Lab) -> None:
    company = known_or_new(center, "")
    with suppress(AlreadyExists):  # the oldest company has it from another story
        center.bus.execute(RegisterIvr(name=CLOSED, always_open=False, hours=()), caller(company))
    with answering(center, Settings(agi=Agi("127.0.0.1", 0)), [(lab.setting(), company)]) as server:
        assert server is not None
        lab.pbx.send_action(Action="Setvar", Variable="IVR_AT", Value=f"127.0.0.1:{server.port}")
        lab.call(CLOSED)
        within(lambda: server.figures.calls == 1 and server.figures.now == 0, 20)
        lab.be_quiet()
