"""API keys: what each may do, and whether it is still accepted. The rows have neither a key nor a digest of one."""

from __future__ import annotations

from typing import ClassVar

from msgspec.structs import replace

from domain.api_keys import ApiKeyCreated, ApiKeyEvent, ApiKeyRevoked, ApiKeyRotated
from domain.base import MS
from projections.engine.rows import Row, StatefulFold


class ApiKeyRow(Row, kw_only=True, gc=False):
    """An API key. created: position of the event that created it. created_by: the actor (`user:<id>`). every_queue: 0 or 1; if 0, `queues` has the ids.

    overlap_ms: until when the secret before the last rotation is accepted. expires_ms, revoked_ms: None = never.
    """

    TABLE: ClassVar[str] = "api_keys"

    created: int = 0
    created_ms: int = 0
    created_by: str = ""
    name: str = ""
    prefix: str = ""
    level: str = "user"
    permissions: tuple[str, ...] = ()
    every_queue: int = 1
    queues: tuple[str, ...] = ()
    expires_ms: int | None = None
    requests_per_minute: int = 0
    overlap_ms: int | None = None
    revoked_ms: int | None = None


def fold(row: ApiKeyRow | None, event: ApiKeyEvent, position: int) -> ApiKeyRow:
    """The key after this event."""
    before = row or ApiKeyRow(tenant=event.tenant.bytes, id=event.originator_id.bytes, version=0, position=0)
    after = replace(before, version=event.originator_version, position=position)
    match event:
        case ApiKeyCreated():
            return replace(
                after,
                created=position,
                created_ms=event.occurred_at // MS,
                created_by=event.actor,
                name=event.name,
                prefix=event.prefix,
                level=event.level,
                permissions=event.permissions,
                every_queue=int(event.queues is None),
                queues=tuple(map(str, event.queues or ())),
                expires_ms=None if event.expires_at is None else event.expires_at // MS,
                requests_per_minute=event.requests_per_minute,
            )
        case ApiKeyRotated(prefix=prefix, overlap_until=overlap_until):
            return replace(after, prefix=prefix, overlap_ms=overlap_until // MS)
        case ApiKeyRevoked():
            return replace(after, revoked_ms=event.occurred_at // MS, overlap_ms=None)
        case _:
            return after


FOLDS = (StatefulFold(ApiKeyEvent, ApiKeyRow, fold),)
