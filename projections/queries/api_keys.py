"""API keys of the company: all of them page by page, from their rows; one from its current events in the log."""

from __future__ import annotations

from uuid import UUID

import msgspec

from domain.access import ANYONE, MANAGE_KEYS, Level
from domain.api_keys import ApiKey
from domain.errors import NotFound
from projections.engine.temporal_view import CompanyRows
from projections.query_bus import CompanyLog, query

_PAGE = """
SELECT id, version, created, created_ms, created_by, name, prefix, level, permissions, every_queue, queues, expires_ms, requests_per_minute, overlap_ms, revoked_ms
FROM {keys} WHERE created > {{after:UInt64}} ORDER BY created LIMIT {{limit:UInt32}}"""


class ListedApiKey(msgspec.Struct, frozen=True):
    """A key of the list. The fields are those of its row."""

    id: UUID
    version: int
    created: int
    created_ms: int
    created_by: str
    name: str
    prefix: str
    level: Level
    permissions: list[str]
    every_queue: int
    queues: list[str]
    expires_ms: int | None
    requests_per_minute: int
    overlap_ms: int | None
    revoked_ms: int | None


@query(MANAGE_KEYS, CompanyRows)
def api_keys(
    rows: CompanyRows, after: int, limit: int, *, as_of: int | None = None, moment_ms: int | None = None
) -> tuple[list[ListedApiKey], int]:
    """At most `limit` keys in the order of their creation, after the position `after`; and the position that the answer covers.

    Raises NotAllowed for a caller who sees only a part of the company: keys belong to all of it.
    """
    rows.scope.must_be_whole()
    return rows.answer(
        as_of, moment_ms, lambda view: view.ask(ListedApiKey, _PAGE.format(keys=view.rows_of("api_keys")), after=after, limit=limit)
    )


@query(MANAGE_KEYS, CompanyLog)
def api_key(log: CompanyLog, id: UUID) -> ApiKey:
    """One key. Raises NotFound, and NotAllowed as `api_keys` does."""
    log.scope.must_be_whole()
    return log.find(ApiKey, id)


@query(ANYONE, CompanyLog)
def own_key(log: CompanyLog, key: UUID) -> ApiKey:
    """The key of whoever asks, whatever it may see. key: the id of whoever asks. Raises NotFound for a user, who is no key."""
    if log.user is not None:
        raise NotFound("api-key-unknown", "a user is no API key, and this describes API keys alone: GET /v1/me describes the user")
    return log.find(ApiKey, key)
