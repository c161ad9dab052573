"""Contacts in the rows: by id alone, because personal data is sealed."""

from __future__ import annotations

from uuid import UUID

import msgspec

from domain.access import MANAGE_CONTACTS
from projections.engine.temporal_view import CompanyRows, TemporalView
from projections.query_bus import query

_OPEN = "SELECT id FROM {interactions} WHERE contact = {{contact:UUID}} AND isNull(ended_ms)"


class _Id(msgspec.Struct):
    id: UUID


@query(MANAGE_CONTACTS, CompanyRows)
def open_interactions(rows: CompanyRows, contact: UUID) -> tuple[UUID, ...]:
    """The calls of the contact that go on. While there is one, the contact cannot be forgotten."""

    def ask(view: TemporalView) -> tuple[UUID, ...]:
        return tuple(row.id for row in view.ask(_Id, _OPEN.format(interactions=view.rows_of("interactions")), contact=contact))

    return rows.answer(None, None, ask)[0]
