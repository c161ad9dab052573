"""Screens of the company: all of them page by page, from their rows."""

from __future__ import annotations

from uuid import UUID

import msgspec

from domain.access import MANAGE_KEYS
from projections.engine.temporal_view import CompanyRows
from projections.query_bus import query

_PAGE = """
SELECT id, version, created, created_ms, created_by, name, every_queue, queues, link_ms, connected_ms, revoked_ms
FROM {screens} WHERE created > {{after:UInt64}} ORDER BY created LIMIT {{limit:UInt32}}"""


class ListedScreen(msgspec.Struct, frozen=True):
    """A screen of the list. The fields are those of its row."""

    id: UUID
    version: int
    created: int
    created_ms: int
    created_by: str
    name: str
    every_queue: int
    queues: list[str]
    link_ms: int | None
    connected_ms: int | None
    revoked_ms: int | None


@query(MANAGE_KEYS, CompanyRows)
def screens(
    rows: CompanyRows, after: int, limit: int, *, as_of: int | None = None, moment_ms: int | None = None
) -> tuple[list[ListedScreen], int]:
    """At most `limit` screens in the order of their creation, after the position `after`; and the position that the answer covers.

    Raises NotAllowed for a caller who sees only a part of the company: screens belong to all of it.
    """
    rows.scope.must_be_whole()
    return rows.answer(
        as_of, moment_ms, lambda view: view.ask(ListedScreen, _PAGE.format(screens=view.rows_of("screens")), after=after, limit=limit)
    )
