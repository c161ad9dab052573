"""Visits to queues, which nearly every figure counts.

Calls are most of the log, so their folds make columns of a whole batch at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from uuid import UUID

from domain.ids import queue_id
from domain.voice.calls import CallIdentity, Visit
from projections.engine.reading import CallEvent, Id, ReadEvent
from projections.engine.rows import part
from projections.engine.warehouse import Columns

TABLE = "visits"

_SOURCES = frozenset({"ami", "queue_log"})
_NO_CALL = CallIdentity(call="", origin="")


def fold(batch: Sequence[ReadEvent], events: Sequence[CallEvent]) -> Columns:
    """The visits that each event changes, in their state after it; those that it withdraws as removed.

    The fields of `domain.voice.calls.Visit`, and some of its call. whole: the call of which the visit's channel is a leg.
    n: its place among the visits of its channel, from 0. live: recorded by commands, not by a source with its own span. queue: the
    name as it was; queue_id: of the queue that had the name then.
    """
    pairs = list(zip(batch, events, strict=True))
    found = [(recorded, event.change.of or _NO_CALL, visit) for recorded, event in pairs for visit in event.change.visits]
    gone = [(recorded, _NO_CALL, visit) for recorded, event in pairs if event.change.removed for visit in _withdrawn(event)]
    removed = [0] * len(found) + [1] * len(gone)
    found += gone
    of = [recorded for recorded, _, _ in found]
    calls = [call for _, call, _ in found]
    visits = [visit for _, _, visit in found]
    return {
        "tenant": [recorded.tenant for recorded in of],
        "id": [visit_id(recorded.id, visit.n) for recorded, _, visit in found],
        "version": [recorded.version for recorded in of],
        "position": [recorded.position for recorded in of],
        "removed": removed,
        "interaction": [recorded.id for recorded in of],
        "whole": [call.part_of.bytes if call.part_of else recorded.id for recorded, call, _ in found],
        "call": [call.call for call in calls],
        "n": [visit.n for visit in visits],
        "live": [0 if call.origin in _SOURCES else 1 for call in calls],
        "queue": [visit.queue for visit in visits],
        "queue_id": [queue_id_of(recorded.tenant, visit.queue) for recorded, _, visit in found],
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
    }


def _withdrawn(event: CallEvent) -> list[Visit]:
    """The visits that the call had before this event and no longer has."""
    gone = [n for removed in event.change.removed if removed.kind == "visit" for n in range(removed.first, removed.until)]
    return [Visit(n=n, queue="", offered_ms=0, sla_ms=0, tolerated_ms=0) for n in gone]


CALL_FOLDS = {TABLE: fold}


@lru_cache(16_384)
def visit_id(interaction: Id, n: int) -> Id:
    """A call's events come close together, and each needs the ids of its visits again."""
    return part(interaction, "visit", n)


@lru_cache(4096)
def queue_id_of(tenant: Id, name: str) -> Id:
    """The id of the queue that has the name, as bytes."""
    return queue_id(UUID(bytes=tenant), name).bytes
