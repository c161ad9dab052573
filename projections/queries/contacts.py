"""Contacts, as far as rows know them: by id alone, for what names a person is sealed."""

from __future__ import annotations

from uuid import UUID

import msgspec

from projections.engine.temporal_view import TemporalView

_OPEN = "SELECT count() AS calls FROM {interactions} WHERE contact = {{contact:UUID}} AND isNull(ended_ms)"


class _Count(msgspec.Struct):
    calls: int


def has_open_interaction(view: TemporalView, contact: UUID) -> bool:
    """Whether a call of the contact goes on: such a contact cannot be forgotten yet."""
    return view.ask(_Count, _OPEN.format(interactions=view.rows_of("interactions")), contact=contact)[0].calls > 0
