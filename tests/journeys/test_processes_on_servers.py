"""`atende processes` on servers: one reacts, another one waits and takes over."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

from commands.agents import LogIn
from commands.command_bus import CommandBus
from commands.handler_context import Caller
from commands.queues import RegisterQueue
from domain.base import SECOND
from domain.ids import agent_id
from domain.users import PERMISSIONS
from store.clock import SystemClock
from tests.kit.distributed import distributed
from tests.kit.waiting import within

TENANT = uuid4()
CALLER = Caller(TENANT, "user:test", frozenset(PERMISSIONS))
AHEAD_S = 5


class Earlier:
    """A clock that is almost a minute behind: a lease of a minute that begins by it runs out soon."""

    def now_us(self) -> int:
        return SystemClock().now_us() - (60 - AHEAD_S) * SECOND


def test_an_agent_whose_client_is_gone_is_logged_out_also_when_the_leader_dies(tmp_path: Path) -> None:
    with distributed(tmp_path, relays=0, workers=0) as deployment:
        leader, other = deployment.start("processes", "--metrics-port", "0"), deployment.start("processes")
        leader.wait_says("Atende reacts")
        other.wait_says("Atende reacts")
        both = (leader, other)
        within(lambda: any("processes begin names=leases,phones,restarts" in process.said for process in both))
        within(lambda: any("processes wait: another process leads" in process.said for process in both))
        if "processes begin" in other.said:
            leader, other = other, leader
        bus = CommandBus(deployment.store, Earlier())
        bus.execute(RegisterQueue(name="vendas"), CALLER)
        for name in ("Ana", "Bia"):
            bus.execute(LogIn(agent=name, queues=("vendas",), lease_ms=60_000), CALLER)
            within(lambda name=name: topics(deployment.store, name)[-1:] == ["agent.logged_out"])  # type: ignore[misc]
            events = deployment.store.stream(agent_id(TENANT, name))
            assert events[-1].occurred_at == events[0].recorded_at + 60 * SECOND
            assert events[-1].recorded_at >= events[-1].occurred_at
            leader.kill()
        assert "processes begin" in other.said


def topics(store, name):  # type: ignore[no-untyped-def]
    return [event.TOPIC for event in store.stream(agent_id(TENANT, name))]
