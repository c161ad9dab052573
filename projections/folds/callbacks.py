"""Callbacks that callers of an IVR asked for. The number stays sealed."""

from __future__ import annotations

from typing import ClassVar

from msgspec.structs import replace

from domain.base import MS, NOBODY
from domain.callbacks import CallbackConcluded, CallbackEvent, CallbackRequested
from projections.engine.reading import Id
from projections.engine.rows import Row, StatefulFold


class CallbackRow(Row, kw_only=True, gc=False):
    """A callback. requested: position of the event that asked for it. number: sealed with the contact's key. outcome: "" while it is open."""

    TABLE: ClassVar[str] = "callbacks"

    requested: int = 0
    requested_ms: int = 0
    interaction: Id = NOBODY.bytes
    ivr: str = ""
    queue: str = ""
    contact: Id = NOBODY.bytes
    number: str = ""
    outcome: str = ""
    ended_ms: int | None = None


def fold(row: CallbackRow | None, event: CallbackEvent, position: int) -> CallbackRow:
    """The callback after this event."""
    before = row or CallbackRow(tenant=event.tenant.bytes, id=event.originator_id.bytes, version=0, position=0)
    after = replace(before, version=event.originator_version, position=position)
    match event:
        case CallbackRequested():
            return replace(
                after,
                requested=position,
                requested_ms=event.occurred_at // MS,
                interaction=event.interaction.bytes,
                ivr=event.ivr,
                queue=event.queue,
                contact=event.contact.bytes,
                number=event.number.sealed,
            )
        case CallbackConcluded(outcome=outcome):
            return replace(after, outcome=outcome, ended_ms=event.occurred_at // MS)
        case _:
            return after


FOLDS = (StatefulFold(CallbackEvent, CallbackRow, fold),)
