"""What is open in the log, for the process that takes over an Asterisk: calls in every stage, and sessions with their pauses."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

from commands.command_bus import CommandBus
from commands.handler_context import Caller
from commands.observations import ObserveTimeline
from domain.access import OBSERVE, WHOLE_COMPANY
from domain.voice.presence import PresenceSpan
from domain.voice.timeline import CoverageSpan
from projections.engine.warehouse import Warehouse
from projections.queries.followed_sources import (
    CallWithoutEnd,
    DirectCallWithoutEnd,
    SessionWithoutEnd,
    calls_without_end,
    covered,
    direct_calls_without_end,
    sessions_without_end,
)
from projections.query_bus import CompanyLog
from store.event_store import Store
from tests.kit.center import call, fresh, visit
from tests.kit.rows import engine

__all__ = ["engine"]


def test_calls_that_wait_talk_or_are_in_no_queue_are_open_and_ended_ones_are_not(engine: Warehouse) -> None:
    center = fresh(engine)
    center.call(call("waits", visit("vendas", 1_000), origin="ami"))
    center.call(call("talks", visit("vendas", 2_000, "answered", 500, agent="Ana"), origin="ami"))
    center.call(call("in the IVR", started_ms=3_000, origin="ami"))
    center.call(call("of a log alone", started_ms=3_000))
    center.call(call("is over", visit("vendas", 4_000, "answered", 500, agent="Ana", talk=9), origin="ami", ended_ms=5_000))
    center.call(call("moved on", visit("vendas", 5_000, "timed-out", 500), visit("suporte", 5_600), origin="ami"))
    assert {one.call: one for one in calls_without_end(center.rows)} == {
        "waits": CallWithoutEnd("waits", "vendas", 1_000, None, ""),
        "talks": CallWithoutEnd("talks", "vendas", 2_000, 2_500, "Ana"),
        "in the IVR": CallWithoutEnd("in the IVR", "", 3_000, None, ""),
        "moved on": CallWithoutEnd("moved on", "suporte", 5_600, None, ""),
    }


def test_a_talk_of_a_telephone_is_told_by_the_telephone_whoever_has_it(engine: Warehouse) -> None:
    center = fresh(engine)
    center.agent("PJSIP/1001", person=False)
    center.matched("PJSIP/1001", "Ana", 500)
    center.call(call("talks", visit("vendas", 2_000, "answered", 500, agent="PJSIP/1001"), origin="ami"))
    assert [one.agent for one in calls_without_end(center.rows)] == ["PJSIP/1001"]


def test_agents_who_are_logged_in_are_there_with_their_queues_and_the_reason_of_their_pause(engine: Warehouse) -> None:
    center = fresh(engine)
    center.agent("Ana", PresenceSpan("session", 1_000, None), queues=("vendas",))
    center.agent(
        "Bia", PresenceSpan("session", 1_000, None), PresenceSpan("pause", 2_000, None, reason="Almoço"), queues=("suporte", "vendas")
    )
    center.agent("Caio", PresenceSpan("session", 1_000, 2_000))
    center.agent("PJSIP/1001", PresenceSpan("session", 1_000, None), person=False)
    found = {one.agent: one for one in sessions_without_end(center.rows)}
    assert found == {
        "Ana": SessionWithoutEnd("Ana", ["vendas"], 0, ""),
        "Bia": SessionWithoutEnd("Bia", ["suporte", "vendas"], 1, "Almoço"),
    }


def test_direct_calls_that_go_on_are_there_with_their_channels(engine: Warehouse) -> None:
    center = fresh(engine)
    center.agent("Ana", PresenceSpan("session", 0, None), PresenceSpan("call", 1_000, None, "1.1"), PresenceSpan("call", 500, 900, "1.0"))
    assert direct_calls_without_end(center.rows) == [DirectCallWithoutEnd("Ana", "1.1")]


def test_a_stream_is_covered_until_its_own_last_sign_of_life(tmp_path: Path) -> None:
    store = Store(tmp_path)
    tenant = uuid4()
    log = CompanyLog(store, tenant, WHOLE_COMPANY)
    assert covered(log, "ami:one") is None
    bus, caller = CommandBus(store), Caller(tenant, "test", frozenset({OBSERVE}))
    for span in (
        ("ami", "ami:one", 1, 7_001),
        ("ami", "ami:one", 9_000, 9_003),
        ("ami", "ami:other", 1, 99_000),
        ("queue_log", "ami:one", 1, 99_000),
    ):
        bus.execute(ObserveTimeline(span=CoverageSpan(*span)), caller)  # type: ignore[arg-type]
    assert covered(log, "ami:one") == (1, 9_003)
    store.close()
