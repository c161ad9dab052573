"""Short ways to write facts in tests: `log("answered", 8, ...)` is a queue_log line eight seconds into the story."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from domain.agent_events import AgentEvent
from domain.agents import Agent
from domain.base import SECOND, EventMetadata
from domain.voice.context import Context
from domain.voice.facts import Fact, FactKind
from domain.voice.presence import PresenceSpan

T0 = 1_795_409_000
TENANT = UUID(int=7)
STAMP = EventMetadata(tenant=TENANT, actor="test", recorded_at=T0 * SECOND)


def log(kind: FactKind, second: float, **fields: Any) -> Fact:
    """A queue_log line, in whole seconds."""
    fields.setdefault("queue", "vendas")
    return Fact(kind, (T0 + int(second)) * SECOND, "log", ref=f"queue_log:{kind}@{second}", **fields)


def ami(kind: FactKind, second: float, **fields: Any) -> Fact:
    """An AMI event, to the microsecond."""
    fields.setdefault("queue", "vendas")
    return Fact(kind, T0 * SECOND + round(second * SECOND), "ami", ref=f"ami:{kind}@{second}", **fields)


def stretches(agent: Agent) -> dict[tuple[str, int], PresenceSpan]:
    """The sessions and pauses that result from an agent's events."""
    found: dict[tuple[str, int], PresenceSpan] = {}
    for event in agent.stream():
        assert isinstance(event, AgentEvent)
        for key in event.dropped:
            del found[key]
        found.update({span.key: span for span in event.spans})
    return found


def context(restarts: tuple[float, ...] = ()) -> Context:
    """A company whose queues have a service level of 80/20 and tolerate 5 s."""
    return Context(
        tenant=TENANT,
        call="1.1",
        settings=lambda queue, at: (20_000, 5_000, 0),
        restarts=tuple(int((T0 + at) * SECOND) for at in restarts),
    )
