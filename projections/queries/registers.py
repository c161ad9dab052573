"""What there is, by name: queues, agents, IVRs, users; a page at a time."""

from __future__ import annotations

from typing import ClassVar, TypeVar
from uuid import UUID

import msgspec

from projections.engine.temporal_view import TemporalView


class Registered(msgspec.Struct, frozen=True):
    """A thing of the company that has a name."""

    COLUMNS: ClassVar[str]
    TABLE: ClassVar[str]
    ONLY: ClassVar[str] = "1"

    id: UUID
    name: str


class RegisteredQueue(Registered, frozen=True):
    """A queue (serviço) that is not deleted, under its name of now. agents: who answers its customers; none = whoever logs in to it. active: 1 = takes calls."""

    TABLE = "queues"
    COLUMNS = "id, name, sla_target, sla_ms, tolerated_ms, profile, agents, active"
    ONLY = "id = owner"

    sla_target: float
    sla_ms: int
    tolerated_ms: int
    profile: str
    agents: tuple[str, ...]
    active: int


class RegisteredAgent(Registered, frozen=True):
    """A person who answers. queues: those in which the agent is in now; "" stands for all."""

    TABLE = "agents"
    COLUMNS = "id, name, queues"
    ONLY = "person = 1"

    queues: tuple[str, ...]


class RegisteredIvr(Registered, frozen=True):
    """An IVR (URA) that is not deleted."""

    TABLE = "ivrs"
    COLUMNS = "id, name"


R = TypeVar("R", bound=Registered)

_PAGE = """
SELECT {columns} FROM {rows} WHERE {only} AND (name, toString(id)) > ({{after_name:String}}, {{after_id:String}})
ORDER BY name, toString(id) LIMIT {{limit:UInt32}}"""

_ONE = "SELECT {columns} FROM {rows} WHERE {only} AND id = {{id:UUID}}"

_USERS = """
SELECT DISTINCT id, position FROM events
WHERE tenant = {tenant:UUID} AND topic = 'user.registered' AND position > {after:UInt64} ORDER BY position LIMIT {limit:UInt32}"""


def page(view: TemporalView, kind: type[R], after: tuple[str, str], limit: int) -> list[R]:
    """At most `limit` things of a kind in the order of their names, after the one with this (name, id)."""
    sql = _PAGE.format(columns=kind.COLUMNS, rows=view.rows_of(kind.TABLE), only=kind.ONLY)
    return view.ask(kind, sql, after_name=after[0], after_id=after[1], limit=limit)


def one(view: TemporalView, kind: type[R], id: UUID) -> R | None:
    """The thing of a kind that has this id."""
    found = view.ask(kind, _ONE.format(columns=kind.COLUMNS, rows=view.rows_of(kind.TABLE), only=kind.ONLY), id=id)
    return found[0] if found else None


class UserKnown(msgspec.Struct, frozen=True):
    """A user of the company. position: of the event by which the user came to be."""

    id: UUID
    position: int


def users(view: TemporalView, after: int, limit: int) -> list[UserKnown]:
    """At most `limit` users in the order in which they came to be, after a position of the log."""
    return view.warehouse.rows(UserKnown, _USERS, view.tenant, after=after, limit=limit)
