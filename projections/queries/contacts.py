"""Contacts in the rows: by id alone, because personal data is sealed."""

from __future__ import annotations

from uuid import UUID

import msgspec

from domain.access import FORGET_CONTACTS
from projections.engine.temporal_view import CompanyRows, TemporalView
from projections.query_bus import query

_OPEN = "SELECT id FROM {interactions} WHERE contact = {{contact:UUID}} AND isNull(ended_ms)"
_ALL = "SELECT count() AS interactions FROM {interactions} WHERE contact = {{contact:UUID}}"


class _Id(msgspec.Struct):
    id: UUID


class _Count(msgspec.Struct):
    interactions: int


class InteractionsOf(msgspec.Struct, frozen=True):
    """The interactions with a contact. open: those that go on; while there is one, the contact cannot be forgotten."""

    total: int
    open: tuple[UUID, ...]


@query(FORGET_CONTACTS, CompanyRows)
def interactions_of_contact(rows: CompanyRows, contact: UUID) -> InteractionsOf:
    """All interactions with the contact, and those that go on. Answered only for who sees the whole company: an open one that is not seen would be overlooked."""
    rows.scope.must_be_whole()

    def ask(view: TemporalView) -> InteractionsOf:
        table = view.rows_of("interactions")
        open_ones = tuple(row.id for row in view.ask(_Id, _OPEN.format(interactions=table), contact=contact))
        (count,) = view.ask(_Count, _ALL.format(interactions=table), contact=contact)
        return InteractionsOf(count.interactions, open_ones)

    return rows.answer(None, None, ask)[0]
