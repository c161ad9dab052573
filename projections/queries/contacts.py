"""Contacts, as far as rows know them: by id alone, for what names a person is sealed."""

from __future__ import annotations

from uuid import UUID

import msgspec

from domain.access import MANAGE_CONTACTS
from projections.engine.temporal_view import CompanyRows, TemporalView
from projections.query_bus import query

_OPEN = "SELECT count() AS calls FROM {interactions} WHERE contact = {{contact:UUID}} AND isNull(ended_ms)"


class _Count(msgspec.Struct):
    calls: int


@query(MANAGE_CONTACTS, CompanyRows)
def has_open_interaction(rows: CompanyRows, contact: UUID) -> bool:
    """Whether a call of the contact goes on: such a contact cannot be forgotten yet."""

    def ask(view: TemporalView) -> bool:
        return view.ask(_Count, _OPEN.format(interactions=view.rows_of("interactions")), contact=contact)[0].calls > 0

    return rows.answer(None, None, ask)[0]
