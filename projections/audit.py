"""The audit: every event of the log, as it is stored."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from projections.base import Id, Recorded


class AuditRow(msgspec.Struct, kw_only=True, gc=False):
    """One event. Instants in microseconds; `state` is the stored JSON, personal data sealed inside."""

    TABLE: ClassVar[str] = "events"

    tenant: Id
    id: Id
    version: int
    position: int
    topic: str
    actor: str
    cause: str
    correlation: str
    occurred_us: int
    recorded_us: int
    state: bytes


def row(recorded: Recorded) -> AuditRow:
    """The event as the audit shows it."""
    event = recorded.event
    return AuditRow(
        tenant=event.tenant.bytes,
        id=event.originator_id.bytes,
        version=event.originator_version,
        position=recorded.position,
        topic=event.TOPIC,
        actor=event.actor,
        cause=event.cause,
        correlation=event.correlation,
        occurred_us=event.occurred_at,
        recorded_us=event.recorded_at,
        state=recorded.state,
    )
