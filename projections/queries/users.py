"""Users of the company: all of them page by page, from their rows; one from its current events in the log. Personal data stays sealed for the caller to open."""

from __future__ import annotations

from uuid import UUID

import msgspec

from domain.access import ANYONE, MANAGE_USERS, Level
from domain.agents import Agent
from domain.errors import NotFound
from domain.ids import agent_id
from domain.users import User
from projections.engine.temporal_view import CompanyRows
from projections.query_bus import CompanyLog, query
from store.event_store import project

_PAGE = """
SELECT id, version, registered, name, email, level, permissions, active, has_password FROM {users}
WHERE registered > {{after:UInt64}} ORDER BY registered LIMIT {{limit:UInt32}}"""


class ListedUser(msgspec.Struct, frozen=True):
    """A user of the list. registered: position of the event that registered the user. name, email: sealed, for the keyring to open."""

    id: UUID
    version: int
    registered: int
    name: str
    email: str
    level: Level
    permissions: list[str]
    active: int
    has_password: int


@query(MANAGE_USERS, CompanyRows)
def users(
    rows: CompanyRows, after: int, limit: int, *, as_of: int | None = None, moment_ms: int | None = None
) -> tuple[list[ListedUser], int]:
    """At most `limit` users in the order of their registration, after the position `after`; and the position that the answer covers.

    A caller who may see certain agents only sees the users to whom these belong.
    """
    return rows.answer(
        as_of, moment_ms, lambda view: view.ask(ListedUser, _PAGE.format(users=view.rows_of("users")), after=after, limit=limit)
    )


@query(MANAGE_USERS, CompanyLog)
def user(log: CompanyLog, id: UUID) -> User:
    """One user. Raises NotFound."""
    found = log.find(User, id)
    if log.scope.people is not None and not any(_belongs(log, name, id) for name in sorted(log.scope.people)):
        raise NotFound("user-unknown", "no such user")
    return found


@query(ANYONE, CompanyLog)
def oneself(log: CompanyLog) -> User:
    """The caller's own user. Raises NotFound for an API key, which is none."""
    if log.user is None:
        raise NotFound("api-key-is-no-user", "an API key is no user: GET /v1/api-keys/self describes it")
    return log.find(User, log.user)


def _belongs(log: CompanyLog, agent: str, user: UUID) -> bool:
    found = project(log.store.last(agent_id(log.tenant, agent)), Agent)
    return found is not None and found.user == user
