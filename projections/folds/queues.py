"""Queues (Serviços): their current names and service level targets."""

from __future__ import annotations

from typing import ClassVar

from msgspec.structs import replace

from domain.queues import (
    QueueActivated,
    QueueAgentsSet,
    QueueDeactivated,
    QueueDeleted,
    QueueEvent,
    QueueNameTaken,
    QueueRegistered,
    QueueRenamed,
    QueueSettings,
    QueueSettingsSet,
)
from projections.engine.reading import Id
from projections.engine.rows import Row, StatefulFold


class QueueRow(Row, kw_only=True, gc=False):
    """A queue, or a name that belongs to a queue of another id (`owner`): maps the queue name of a past visit to the current name.

    spelling: the first spelling of the name that gives it its id, in which visits name it. sla_target: percentage. active: takes calls. removed: deleted from the settings; its past stays.
    """

    TABLE: ClassVar[str] = "queues"

    owner: Id
    name: str = ""
    spelling: str = ""
    sla_target: float = 0.0
    sla_ms: int = 0
    tolerated_ms: int = 0
    sla_profile: str = ""
    internal_number: str = ""
    agents: tuple[str, ...] = ()
    active: int = 0


def fold(row: QueueRow | None, event: QueueEvent, position: int) -> QueueRow:
    """The queue after this event."""
    id = event.originator_id.bytes
    before = row or QueueRow(tenant=event.tenant.bytes, id=id, owner=id, version=0, position=0)
    after = replace(before, version=event.originator_version, position=position)
    match event:
        case QueueRegistered(name=name, settings=settings, agents=agents):
            spelling = before.spelling or name
            return replace(_with_settings(after, settings), name=name, spelling=spelling, agents=agents, active=1, removed=0)
        case QueueSettingsSet(settings=settings):
            return _with_settings(after, settings)
        case QueueRenamed(name=name):
            return replace(after, name=name)
        case QueueNameTaken(name=name, owner=owner):
            return replace(after, name=name, spelling=name, owner=owner.bytes)
        case QueueAgentsSet(agents=agents):
            return replace(after, agents=agents)
        case QueueActivated():
            return replace(after, active=1)
        case QueueDeactivated():
            return replace(after, active=0)
        case QueueDeleted():
            return replace(after, active=0, removed=1)
        case _:
            return after


def _with_settings(row: QueueRow, settings: QueueSettings) -> QueueRow:
    return replace(
        row, sla_target=settings.sla_target, sla_ms=settings.sla_ms, tolerated_ms=settings.tolerated_ms, sla_profile=settings.sla_profile,
        internal_number=settings.internal_number,
    )  # fmt: skip


FOLDS = (StatefulFold(QueueEvent, QueueRow, fold),)
