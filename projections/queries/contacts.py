"""Contacts, as far as rows know them: by id alone, for what names a person is sealed."""

from __future__ import annotations

from uuid import UUID

import msgspec

from projections.engine.temporal_view import TemporalView

_OPEN = "SELECT id FROM {interactions} WHERE contact = {{contact:UUID}} AND isNull(ended_ms)"


class _Id(msgspec.Struct):
    id: UUID


def open_interactions(view: TemporalView, contact: UUID) -> tuple[UUID, ...]:
    """The calls of the contact that go on: while one does, the contact cannot be forgotten."""
    return tuple(row.id for row in view.ask(_Id, _OPEN.format(interactions=view.rows_of("interactions")), contact=contact))
