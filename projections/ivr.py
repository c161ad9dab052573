"""IVRs (URA), and the calls that entered one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from msgspec.structs import replace

from domain.ids import ivr_id
from domain.ivr import IvrDeleted, IvrEvent, IvrRegistered
from projections.base import Row, part
from projections.reading import CallTold, Recorded
from projections.warehouse import Columns

CALLS = "ivr_calls"


class IvrRow(Row, kw_only=True, gc=False):
    """An IVR; removed when it is gone from the settings."""

    TABLE: ClassVar[str] = "ivrs"

    name: str = ""


def fold(row: IvrRow | None, event: IvrEvent, position: int) -> IvrRow:
    """The IVR as this event leaves it."""
    before = row or IvrRow(tenant=event.tenant.bytes, id=event.originator_id.bytes, version=0, position=0)
    after = replace(before, version=event.originator_version, position=position)
    match event:
        case IvrRegistered(name=name):
            return replace(after, name=name, removed=0)
        case IvrDeleted():
            return replace(after, removed=1)
        case _:
            return after


def fold_calls(batch: Sequence[Recorded], told: Sequence[CallTold]) -> Columns:
    """The ways of these calls through an IVR, under the ids of the calls: `domain.calls.IvrPath`. Who entered one entered it for good.

    queue, visit: to which the IVR led, "" and None where it led to none.
    """
    of = [(recorded, event, event.call.ivr) for recorded, event in zip(batch, told, strict=True) if event.call.ivr is not None]
    paths = [path for _, _, path in of]
    first = [event.call.visits[0] if event.call.visits else None for _, event, _ in of]
    return {
        "tenant": [event.tenant.bytes for _, event, _ in of],
        "id": [recorded.id for recorded, _, _ in of],
        "version": [recorded.version for recorded, _, _ in of],
        "position": [recorded.position for recorded, _, _ in of],
        "removed": [0] * len(of),
        "ivr": [path.ivr for path in paths],
        "ivr_id": [ivr_id(event.tenant, path.ivr).bytes for _, event, path in of],
        "entered_ms": [path.entered_ms for path in paths],
        "left_ms": [path.left_ms for path in paths],
        "outcome": [path.outcome for path in paths],
        "options": [path.options for path in paths],
        "queue": [visit.queue if visit else "" for visit in first],
        "visit": [part(recorded.id, "visit", visit.n) if visit else None for (recorded, _, _), visit in zip(of, first, strict=True)],
    }
