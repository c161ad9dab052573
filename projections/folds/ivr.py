"""IVRs (URA), and the calls that entered one."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import ClassVar
from uuid import UUID

from msgspec.structs import replace

from domain.ids import ivr_id
from domain.ivr import IvrDeleted, IvrEvent, IvrRegistered
from projections.engine.reading import CallEvent, Id, ReadEvent
from projections.engine.rows import Row, StatefulFold
from projections.engine.warehouse import Columns
from projections.folds.visits import visit_id

CALLS = "ivr_calls"


class IvrRow(Row, kw_only=True, gc=False):
    """An IVR; removed when it is deleted from the settings. spelling: the first spelling of its name, in which calls name it."""

    TABLE: ClassVar[str] = "ivrs"

    name: str = ""
    spelling: str = ""


def fold(row: IvrRow | None, event: IvrEvent, position: int) -> IvrRow:
    """The IVR after this event."""
    before = row or IvrRow(tenant=event.tenant.bytes, id=event.originator_id.bytes, version=0, position=0)
    after = replace(before, version=event.originator_version, position=position)
    match event:
        case IvrRegistered(name=name):
            return replace(after, name=name, spelling=before.spelling or name, removed=0)
        case IvrDeleted():
            return replace(after, removed=1)
        case _:
            return after


def fold_calls(batch: Sequence[ReadEvent], events: Sequence[CallEvent]) -> Columns:
    """The paths through an IVR that an event changes, under the ids of the calls: `domain.voice.calls.IvrPath`. A path is never withdrawn.

    queue, visit: those to which the IVR led, "" and None if it led to none.
    """
    found = [(recorded, path) for recorded, event in zip(batch, events, strict=True) if (path := event.change.ivr) is not None]
    of = [recorded for recorded, _ in found]
    paths = [path for _, path in found]
    return {
        "tenant": [recorded.tenant for recorded in of],
        "id": [recorded.id for recorded in of],
        "version": [recorded.version for recorded in of],
        "position": [recorded.position for recorded in of],
        "removed": [0] * len(of),
        "ivr": [path.ivr for path in paths],
        "ivr_id": [_ivr(recorded.tenant, path.ivr) for recorded, path in found],
        "entered_ms": [path.entered_ms for path in paths],
        "left_ms": [path.left_ms for path in paths],
        "outcome": [path.outcome for path in paths],
        "queue": [path.queue or "" for path in paths],
        "visit": [None if path.queue is None else visit_id(recorded.id, 0) for recorded, path in found],
    }


FOLDS = (StatefulFold(IvrEvent, IvrRow, fold),)
CALL_FOLDS = {CALLS: fold_calls}


@lru_cache(4096)
def _ivr(tenant: Id, name: str) -> Id:
    return ivr_id(UUID(bytes=tenant), name).bytes
