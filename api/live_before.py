"""What the log said of calls before some events of them, and what the queues of agents are called, for the messages of the live stream."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from domain.agent_events import AgentEvent
from domain.base import Event
from domain.known_before import Before, concerns_earlier
from domain.voice.calls import Call
from domain.voice.interaction_events import InteractionEvent
from domain.voice.interactions import Interaction
from projections.queries.queue_names import names_now, queues_of
from store.event_store import project


class Calls(Protocol):
    """The calls in the log."""

    def first_of(self, ids: Sequence[UUID]) -> Sequence[Event]:
        """The first event of each of these aggregates. Raises StoreUnavailable."""

    def stream(self, id: UUID, until: int | None = None) -> Sequence[Event]:
        """The events of one aggregate up to a version. Raises StoreUnavailable."""


def befores(calls: Calls, events: Sequence[Event]) -> list[Before]:
    """For each of these events, which follow one another in the log, what its message needs to know: nothing but the call's ids for most.

    A call is read once, from the first event on that concerns somebody whom it does not name.
    """
    heads, names = _heads(calls, events), _names(calls, events)
    known: dict[UUID, Interaction] = {}
    found = []
    for event in events:
        id = event.originator_id
        if not isinstance(event, InteractionEvent):
            found.append(Before(names_now=names.get(event.tenant, {})))
            continue
        if id not in known and concerns_earlier(event):
            known[id] = project(calls.stream(id, event.originator_version - 1), Interaction) or Interaction(id, event.tenant)
        found.append(Before.of_call(known[id]) if id in known else Before(heads.get(id)))
        if id in known:
            known[id].replay(event)
    return found


def _names(calls: Calls, events: Sequence[Event]) -> dict[UUID, dict[str, str]]:
    """The current names of the queues of the agents among these, by company and first name."""
    concerned: dict[UUID, set[str]] = {}
    for event in events:
        if isinstance(event, AgentEvent):
            concerned.setdefault(event.tenant, set()).update(queues_of(event))
    return {tenant: names_now(calls, tenant, names) for tenant, names in concerned.items()}


def _heads(calls: Calls, events: Sequence[Event]) -> dict[UUID, Call]:
    """What the first event of each call among these says of it: its ids, which no later one changes. Those that are not among them are read at once."""
    of_calls = [event for event in events if isinstance(event, InteractionEvent)]
    first = {event.originator_id: event for event in of_calls if event.originator_version == 1}
    earlier = list({event.originator_id for event in of_calls} - first.keys())
    read = calls.first_of(earlier) if earlier else ()
    found = [*first.values(), *(event for event in read if isinstance(event, InteractionEvent))]
    return {event.originator_id: event.change.call for event in found if event.change.call is not None}
