"""A restart of the PBX: every call and session that was open says in its own history what became of it, once."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

import pytest

from bootstrap import Embedded
from commands.agents import LogIn
from commands.handler_context import Caller
from commands.interactions import OfferCall, StartCall
from commands.observations import OBSERVE, ObserveAgent, ObserveCall, ObserveTimeline
from commands.queues import RegisterQueue
from domain.base import SECOND
from domain.ids import interaction_id
from domain.users import PERMISSIONS
from domain.voice.timeline import PbxRestarted
from processes.manager import NotYet, Ports, Send
from processes.restarts import OpenAtRestart, Restarts
from settings import Settings
from tests.kit.clocks import Settable

TENANT = uuid4()
CALLER = Caller(TENANT, "test", frozenset(PERMISSIONS))
RESTARTED = PbxRestarted(originator_id=uuid4(), originator_version=1, tenant=TENANT, actor="ami", occurred_at=1, recorded_at=1, at=1)


def restarts(covered: int = 0) -> Restarts:
    return Restarts(Ports(lambda *_: [], lambda: covered, lambda _: 0))


def test_each_open_call_and_agent_is_weighed_anew_once_for_that_restart() -> None:
    decisions = restarts().react(RESTARTED, OpenAtRestart(7, ("a", "b"), ("Ana",)))
    assert decisions == [
        Send(ObserveCall(call="a", facts=()), "7:call:a"),
        Send(ObserveCall(call="b", facts=()), "7:call:b"),
        Send(ObserveAgent(agent="Ana", facts=()), "7:agent:Ana"),
    ]
    assert {decision.command.permission for decision in decisions if isinstance(decision, Send)} == {OBSERVE}


def test_it_waits_until_the_rows_know_what_was_open() -> None:
    with pytest.raises(NotYet, match="cover position 6, not yet 7"):
        restarts(6).state(RESTARTED, 7)
    assert restarts(7).state(RESTARTED, 7) == OpenAtRestart(7)


def test_a_call_that_waited_is_ended_by_the_restart_and_nothing_is_sent_twice(tmp_path: Path) -> None:
    center = Embedded(tmp_path / "data", Settings(), clock := Settable())
    try:
        center.bus.execute(RegisterQueue(name="vendas"), CALLER)
        center.bus.execute(LogIn(agent="Ana", queues=("vendas",)), CALLER)
        center.bus.execute(StartCall(call="1.1"), CALLER)
        call = interaction_id(TENANT, "1.1")
        center.bus.execute(OfferCall(interaction=call, queue="vendas"), CALLER)
        clock.pass_s(60)
        center.bus.execute(ObserveTimeline(restart_at=clock.us - SECOND), CALLER)
        before = len(center.store.stream(call))
        center.cover(center.store.head(), lambda *_: None)
        center.settle()
        assert len(center.store.stream(call)) == before + 1
        assert center.store.stream(call)[-1].actor == "system:restarts"
        head = center.store.end()
    finally:
        center.close()
    again = Embedded(tmp_path / "data", Settings(), clock)
    try:
        again.settle()
        again.rebuild(lambda *_: None)
        again.settle()
        assert again.store.end() == head
    finally:
        again.close()
