"""IVRs (URA), and the calls that entered one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from msgspec.structs import replace

from domain.ids import ivr_id
from domain.interactions import InteractionEvent
from domain.ivr import IvrDeleted, IvrEvent, IvrRegistered
from projections.base import Id, Row, part

_NONE: tuple[()] = ()


class IvrRow(Row, kw_only=True, gc=False):
    """An IVR; removed when it is gone from the settings."""

    TABLE: ClassVar[str] = "ivrs"

    name: str = ""


class IvrCallRow(Row, kw_only=True, gc=False):
    """A call's way through an IVR, under the id of the call: `domain.calls.IvrPath`. A call that entered one entered it for good.

    queue, visit: to which the IVR led, "" and None where it led to none.
    """

    TABLE: ClassVar[str] = "ivr_calls"

    ivr: str
    ivr_id: Id
    entered_ms: int
    left_ms: int | None
    outcome: str
    options: tuple[str, ...] = _NONE
    queue: str = ""
    visit: Id | None = None


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


def fold_calls(event: InteractionEvent, position: int) -> Iterator[IvrCallRow]:
    """The call's way through the IVR as this event leaves it, if it entered one."""
    path, visits = event.call.ivr, event.call.visits
    if path is None:
        return
    yield IvrCallRow(
        tenant=event.tenant.bytes,
        id=event.originator_id.bytes,
        version=event.originator_version,
        position=position,
        ivr=path.ivr,
        ivr_id=ivr_id(event.tenant, path.ivr).bytes,
        entered_ms=path.entered_ms,
        left_ms=path.left_ms,
        outcome=path.outcome,
        options=path.options,
        queue=visits[0].queue if visits else "",
        visit=part(event.originator_id, "visit", visits[0].n) if visits else None,
    )
