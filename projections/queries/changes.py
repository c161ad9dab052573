"""The last change of something in the settings: which version it made, when, and by whom; from the log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from domain.access import ANYONE, MANAGE_COMPANIES, MANAGE_PHONES, MANAGE_QUEUES, MANAGE_USERS, MANAGE_WEBHOOKS
from domain.base import Event
from domain.errors import NotAllowed, NotFound
from domain.users import User
from projections.query_bus import CompanyLog, query
from store.event_store import project

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
    """The last event of a thing. version: of the thing after it. actor_name: the sealed name's plain text; "" where the actor is no user."""

    version: int
    recorded_at: int
    actor: str
    actor_name: str
    event: str


@query(ANYONE, CompanyLog)
def last_change(log: CompanyLog, id: UUID, permissions: frozenset[str]) -> LastChange:
    """The last change of the company, a queue, a user, an IVR or a webhook. Raises NotFound, and NotAllowed for who may not change it.

    permissions: the caller's. Everybody may see the changes of their own user.
    """
    stream: list[Event] = log.store.stream(id)
    needed = PERMISSION_OF.get(stream[-1].TOPIC.partition(".")[0]) if stream and stream[-1].tenant == log.tenant else None
    if needed is None:
        raise NotFound("settings-unknown", "nothing in the settings has this id")
    if needed not in permissions and id != log.user:
        raise NotAllowed(needed)
    last = stream[-1]
    return LastChange(last.originator_version, last.recorded_at, last.actor, _name(log, last.actor), last.TOPIC)


def _name(log: CompanyLog, actor: str) -> str:
    kind, _, id = actor.partition(":")
    user = project(log.store.stream(UUID(id)), User) if kind == "user" else None
    return log.open(user.name) if user is not None and user.tenant == log.tenant else ""
