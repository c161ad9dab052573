"""The last change of something in the settings: which version it made, when, and by whom; from the log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from domain.access import ANYONE, MANAGE_COMPANIES, MANAGE_PHONES, MANAGE_QUEUES, MANAGE_USERS, MANAGE_WEBHOOKS
from domain.api_keys import ApiKey
from domain.errors import NotFound, PermissionMissing
from domain.queues import Queue
from projections.queries.users import user
from projections.query_bus import CompanyLog, query

PERMISSION_OF: Final = {
    "company": MANAGE_COMPANIES,
    "queue": MANAGE_QUEUES,
    "user": MANAGE_USERS,
    "ivr": MANAGE_PHONES,
    "webhook": MANAGE_WEBHOOKS,
}
"""Who may see the changes of each kind: who may make them."""


@dataclass(frozen=True)
class LastChange:
    """The last event of a thing. version: of the thing after it. actor_name: of the user or API key; None for other actors, and for who may not know it."""

    version: int
    recorded_at: int
    actor: str
    actor_name: str | None
    event: str


@query(ANYONE, CompanyLog)
def last_change(log: CompanyLog, id: UUID, permissions: frozenset[str]) -> LastChange:
    """The last change of the company, a queue, a user, an IVR or a webhook. Raises NotFound, and NotAllowed for who may not change it.

    permissions: the caller's. Everybody may see the changes of their own user. Who sees a part of the company sees the changes of its own queues and
    users, and none of what only the whole company may see.
    """
    last = log.store.newest(id)
    kind = last.TOPIC.partition(".")[0] if last is not None and last.tenant == log.tenant else ""
    needed = PERMISSION_OF.get(kind)
    if last is None or needed is None:
        raise _unknown()
    if id != log.user:
        if needed not in permissions:
            raise PermissionMissing(needed)
        _must_see(log, kind, id)
    return LastChange(last.originator_version, last.recorded_at, last.actor, _name(log, last.actor), last.TOPIC)


def _must_see(log: CompanyLog, kind: str, id: UUID) -> None:
    match kind:
        case "queue":
            if not log.scope.sees_queue(log.find(Queue, id).name):
                raise _unknown()
        case "user":
            user(log, id)
        case "ivr" | "webhook":
            log.scope.must_be_whole()


def _unknown() -> NotFound:
    return NotFound("settings-unknown", "nothing in the settings has this id")


def _name(log: CompanyLog, actor: str) -> str | None:
    """The name of the user or API key that acted, as far as the caller sees users. API keys are shown only to who sees the whole company."""
    kind, _, id = actor.partition(":")
    try:
        if kind == "key" and log.scope.is_whole:
            return log.find(ApiKey, UUID(id)).name
        return log.open(user(log, UUID(id)).name) if kind == "user" else None
    except NotFound:
        return None
