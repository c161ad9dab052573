"""Visits to queues, each with its rings and holds: what nearly every figure counts.

Calls are most of the log, so their folds make columns of a whole batch at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from uuid import UUID

from domain.ids import queue_id
from domain.voice.calls import Visit
from projections.engine.reading import CallEvent, Id, ReadEvent
from projections.engine.rows import part
from projections.engine.warehouse import Columns

TABLE = "visits"

_SOURCES = frozenset({"ami", "queue_log"})
_NONE: tuple[int, ...] = ()


def fold(batch: Sequence[ReadEvent], told: Sequence[CallEvent]) -> Columns:
    """The visits of these calls as each event leaves them; those that an event takes back as removed.

    A visit as `domain.voice.calls.Visit` says it, and what its call says about it. whole: the call of which the visit's channel is a leg.
    first: the first visit of its channel. live: told by commands, not by a source with a span of its own. queue: the name
    as it was; queue_id: of the queue that had the name then. rings and holds: an element each.
    """
    found = [(recorded, event.call, visit) for recorded, event in zip(batch, told, strict=True) for visit in event.call.visits]
    gone = [(recorded, event.call, visit) for recorded, event in zip(batch, told, strict=True) for visit in _taken_back(event)]
    removed = [0] * len(found) + [1] * len(gone)
    found += gone
    of = [recorded for recorded, _, _ in found]
    calls = [call for _, call, _ in found]
    visits = [visit for _, _, visit in found]
    rings = [visit.rings for visit in visits]
    holds = [visit.holds for visit in visits]
    return {
        "tenant": [recorded.tenant for recorded in of],
        "id": [visit_id(recorded.id, visit.n) for recorded, _, visit in found],
        "version": [recorded.version for recorded in of],
        "position": [recorded.position for recorded in of],
        "removed": removed,
        "interaction": [recorded.id for recorded in of],
        "whole": [call.part_of.bytes if call.part_of else recorded.id for recorded, call, _ in found],
        "call": [call.call for call in calls],
        "first": [1 if visit.n == 0 else 0 for visit in visits],
        "live": [0 if call.origin in _SOURCES else 1 for call in calls],
        "queue": [visit.queue for visit in visits],
        "queue_id": [_queue(recorded.tenant, visit.queue) for recorded, _, visit in found],
        "agent": [visit.agent for visit in visits],
        "offered_ms": [visit.offered_ms for visit in visits],
        "end": [visit.end or "waiting" for visit in visits],
        "ended_ms": [visit.ended_ms for visit in visits],
        "wait_ms": [visit.wait_ms for visit in visits],
        "ring_ms": [visit.ring_ms for visit in visits],
        "released_ms": [visit.released_ms for visit in visits],
        "released_by": [visit.released_by for visit in visits],
        "talk_ms": [visit.talk_ms for visit in visits],
        "hold_ms": [visit.hold_ms for visit in visits],
        "wrap_up_ms": [visit.wrap_up_ms for visit in visits],
        "talk_unknown": [1 if visit.talk_unknown else 0 for visit in visits],
        "sla_ms": [visit.sla_ms for visit in visits],
        "tolerated_ms": [visit.tolerated_ms for visit in visits],
        "ring_agents": [[ring.agent for ring in each] for each in rings],
        "ring_from_ms": [[ring.from_ms for ring in each] for each in rings],
        "ring_until_ms": [[ring.until_ms for ring in each] for each in rings],
        "ring_outcomes": [[ring.outcome for ring in each] for each in rings],
        "hold_from_ms": [[since for since, _ in each] if each else _NONE for each in holds],
        "hold_until_ms": [[until for _, until in each] if each else _NONE for each in holds],
    }


def _taken_back(event: CallEvent) -> list[Visit]:
    """The visits that the call had before this event and has no more."""
    gone = range(len(event.call.visits), event.had_visits)
    return [Visit(n=n, queue="", offered_ms=0, sla_ms=0, tolerated_ms=0) for n in gone]


CALL_FOLDS = {TABLE: fold}


@lru_cache(16_384)
def visit_id(interaction: Id, n: int) -> Id:
    """A call's events come close together, and each needs the ids of its visits again."""
    return part(interaction, "visit", n)


@lru_cache(4096)
def _queue(tenant: Id, name: str) -> Id:
    return queue_id(UUID(bytes=tenant), name).bytes
