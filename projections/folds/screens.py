"""Screens of a wall: what each shows, and whether a device is connected. The rows have no secret and no digest of one."""

from __future__ import annotations

from typing import ClassVar

from msgspec.structs import replace

from domain.base import MS
from domain.screens import ScreenConnected, ScreenCreated, ScreenEvent, ScreenLinkIssued, ScreenRevoked
from projections.engine.rows import Row, StatefulFold


class ScreenRow(Row, kw_only=True, gc=False):
    """A screen. created: position of the event that created it. created_by: the actor (`user:<id>`). every_queue: 0 or 1; if 0, `queues` has the ids.

    link_ms: until when its one-time link may be used, None = it was used. connected_ms: since when the present device is the screen, None = there is none.
    """

    TABLE: ClassVar[str] = "screens"

    created: int = 0
    created_ms: int = 0
    created_by: str = ""
    name: str = ""
    every_queue: int = 1
    queues: tuple[str, ...] = ()
    link_ms: int | None = None
    connected_ms: int | None = None
    revoked_ms: int | None = None


def fold(row: ScreenRow | None, event: ScreenEvent, position: int) -> ScreenRow:
    """The screen after this event."""
    before = row or ScreenRow(tenant=event.tenant.bytes, id=event.originator_id.bytes, version=0, position=0)
    after = replace(before, version=event.originator_version, position=position)
    match event:
        case ScreenCreated(name=name, queues=queues):
            return replace(
                after,
                created=position,
                created_ms=event.occurred_at // MS,
                created_by=event.actor,
                name=name,
                every_queue=int(queues is None),
                queues=tuple(map(str, queues or ())),
            )
        case ScreenLinkIssued(expires_at=expires_at):
            return replace(after, link_ms=expires_at // MS)
        case ScreenConnected():
            return replace(after, connected_ms=event.occurred_at // MS, link_ms=None)
        case ScreenRevoked():
            return replace(after, revoked_ms=event.occurred_at // MS, connected_ms=None, link_ms=None)
        case _:
            return after


FOLDS = (StatefulFold(ScreenEvent, ScreenRow, fold),)
