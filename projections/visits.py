"""Visits to queues, each with its rings and holds: what nearly every figure counts."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import ClassVar
from uuid import UUID

from domain.calls import Visit
from domain.ids import queue_id
from domain.interactions import InteractionEvent
from projections.base import Id, Row, part

_SOURCES = frozenset({"ami", "queue_log"})
_NONE: tuple[()] = ()


class VisitRow(Row, kw_only=True, gc=False):
    """A visit as it is known: `domain.calls.Visit`, and what its call says about it.

    whole: the call of which the visit's channel is a leg. first: the first visit of its channel. live: told by commands,
    not by a source with a span of its own. queue: the name as it was; queue_id: of the queue that had the name. Rings and holds: a column each.
    """

    TABLE: ClassVar[str] = "visits"

    interaction: Id
    whole: Id
    call: str = ""
    first: int = 0
    live: int = 0
    queue: str = ""
    queue_id: Id = bytes(16)
    agent: str = ""
    offered_ms: int = 0
    end: str = "waiting"
    ended_ms: int | None = None
    wait_ms: int | None = None
    ring_ms: int | None = None
    released_ms: int | None = None
    released_by: str = ""
    talk_ms: int | None = None
    hold_ms: int | None = None
    wrap_up_ms: int | None = None
    talk_unknown: int = 0
    sla_ms: int = 0
    tolerated_ms: int = 0
    ring_agents: tuple[str, ...] = _NONE
    ring_from_ms: tuple[int, ...] = _NONE
    ring_until_ms: tuple[int | None, ...] = _NONE
    ring_outcomes: tuple[str, ...] = _NONE
    hold_from_ms: tuple[int, ...] = _NONE
    hold_until_ms: tuple[int | None, ...] = _NONE


def fold(event: InteractionEvent, position: int) -> Iterator[VisitRow]:
    """The visits of a call as this event leaves them; those that it takes back as removed."""
    interaction = event.originator_id
    for visit in event.call.visits:
        yield _row(event, visit, position)
    for n in range(len(event.call.visits), event.had_visits):
        yield VisitRow(
            tenant=event.tenant.bytes,
            id=part(interaction, "visit", n),
            version=event.originator_version,
            position=position,
            removed=1,
            interaction=interaction.bytes,
            whole=interaction.bytes,
        )


def _row(event: InteractionEvent, visit: Visit, position: int) -> VisitRow:
    call, interaction = event.call, event.originator_id
    rings, holds = visit.rings, visit.holds
    return VisitRow(
        tenant=event.tenant.bytes,
        id=part(interaction, "visit", visit.n),
        version=event.originator_version,
        position=position,
        interaction=interaction.bytes,
        whole=(call.part_of or interaction).bytes,
        call=call.call,
        first=1 if visit.n == 0 else 0,
        live=0 if call.origin in _SOURCES else 1,
        queue=visit.queue,
        queue_id=_queue(event.tenant, visit.queue),
        agent=visit.agent,
        offered_ms=visit.offered_ms,
        end=visit.end or "waiting",
        ended_ms=visit.ended_ms,
        wait_ms=visit.wait_ms,
        ring_ms=visit.ring_ms,
        released_ms=visit.released_ms,
        released_by=visit.released_by,
        talk_ms=visit.talk_ms,
        hold_ms=visit.hold_ms,
        wrap_up_ms=visit.wrap_up_ms,
        talk_unknown=1 if visit.talk_unknown else 0,
        sla_ms=visit.sla_ms,
        tolerated_ms=visit.tolerated_ms,
        ring_agents=tuple([ring.agent for ring in rings]),
        ring_from_ms=tuple([ring.from_ms for ring in rings]),
        ring_until_ms=tuple([ring.until_ms for ring in rings]),
        ring_outcomes=tuple([ring.outcome for ring in rings]),
        hold_from_ms=tuple([since for since, _ in holds]) if holds else _NONE,
        hold_until_ms=tuple([until for _, until in holds]) if holds else _NONE,
    )


@lru_cache(4096)
def _queue(tenant: UUID, name: str) -> Id:
    return queue_id(tenant, name).bytes
