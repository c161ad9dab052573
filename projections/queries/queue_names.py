"""What the queues are called now in which agents are logged in: an agent's events have their first names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol
from uuid import UUID

from domain.agent_events import AgentEvent
from domain.base import Event
from domain.ids import queue_id
from domain.queues import Queue
from store.event_store import project


class Streams(Protocol):
    """The log, by aggregate."""

    def stream(self, id: UUID) -> Sequence[Event]:
        """The events of one aggregate."""


def queues_of(event: AgentEvent) -> set[str]:
    """The queues that the event names; "" is every queue."""
    return {*event.standing.queues, *(fact.queue for fact in event.facts)}


def names_now(log: Streams, tenant: UUID, names: Iterable[str]) -> dict[str, str]:
    """The current names of these queues, by the first ones."""
    found = {name: project(log.stream(queue_id(tenant, name)), Queue) for name in names if name}
    return {name: queue.name for name, queue in found.items() if queue is not None}
