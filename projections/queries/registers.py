"""Lists of queues, agents and IVRs by name, a page at a time."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar, TypeVar
from uuid import UUID

import msgspec

from domain.access import ANYONE
from projections.engine.temporal_view import CompanyRows, TemporalView
from projections.figures.filters import resolved
from projections.figures.question import Question, queues_of
from projections.query_bus import query


class Registered(msgspec.Struct, frozen=True):
    """A thing of the company that has a name."""

    COLUMNS: ClassVar[str]
    TABLE: ClassVar[str]
    ONLY: ClassVar[str] = "1"

    id: UUID
    name: str


class RegisteredQueue(Registered, frozen=True):
    """A queue (serviço) that is not deleted, under its current name. agents: those who answer its customers; none = any agent who logs in to it. active: 1 = takes calls."""

    TABLE = "queues"
    COLUMNS = "id, name, sla_target, sla_ms, tolerated_ms, sla_profile, internal_number, agents, active"
    ONLY = "id = owner"

    sla_target: float
    sla_ms: int
    tolerated_ms: int
    sla_profile: str
    internal_number: str
    agents: tuple[str, ...]
    active: int


class RegisteredAgent(Registered, frozen=True):
    """A person who answers. queues: those in which the agent is logged in now; "" means all.

    user_id: the user to whom the agent belongs, None = none yet. interfaces: the telephones of the agent.
    """

    TABLE = "agents"
    COLUMNS = "id, name, queues, user AS user_id, interfaces"
    ONLY = "person = 1"

    queues: tuple[str, ...]
    user_id: UUID | None
    interfaces: tuple[str, ...]


class RegisteredIvr(Registered, frozen=True):
    """An IVR (URA) that is not deleted."""

    TABLE = "ivrs"
    COLUMNS = "id, name"


R = TypeVar("R", bound=Registered)

_PAGE = """
SELECT {columns} FROM {rows} WHERE {only} AND (name, toString(id)) > ({{after_name:String}}, {{after_id:String}})
ORDER BY name, toString(id) LIMIT {{limit:UInt32}}"""

_AGENTS_OF = "SELECT name FROM {rows} WHERE person = 1 AND user = {{user:UUID}} ORDER BY name"

_ONE = "SELECT {columns} FROM {rows} WHERE {only} AND id = {{id:UUID}}"


@query(ANYONE, CompanyRows)
def page(
    rows: CompanyRows, kind: type[R], after: tuple[str, str], limit: int, *, as_of: int | None = None, moment_ms: int | None = None
) -> tuple[list[R], int]:
    """At most `limit` things of a kind in the order of their names, after the one with this (name, id); and the position that the answer covers."""

    def ask(view: TemporalView) -> list[R]:
        sql = _PAGE.format(columns=kind.COLUMNS, rows=view.rows_of(kind.TABLE), only=kind.ONLY)
        return _in_queues_of_now(view, view.ask(kind, sql, after_name=after[0], after_id=after[1], limit=limit))

    return rows.answer(as_of, moment_ms, ask)


@query(ANYONE, CompanyRows)
def one(rows: CompanyRows, kind: type[R], id: UUID, *, as_of: int | None = None, moment_ms: int | None = None) -> R | None:
    """The thing of a kind that has this id."""

    def ask(view: TemporalView) -> list[R]:
        found = view.ask(kind, _ONE.format(columns=kind.COLUMNS, rows=view.rows_of(kind.TABLE), only=kind.ONLY), id=id)
        return _in_queues_of_now(view, found)

    found, _ = rows.answer(as_of, moment_ms, ask)
    return found[0] if found else None


def _in_queues_of_now(view: TemporalView, found: list[R]) -> list[R]:
    """These, with the queues of agents under their current names."""
    if not any(isinstance(row, RegisteredAgent) and row.queues for row in found):
        return found
    queues = queues_of(view)
    return [
        msgspec.structs.replace(row, queues=tuple(sorted(queues.by_name_now(row.queues)))) if isinstance(row, RegisteredAgent) else row
        for row in found
    ]


@query(ANYONE, CompanyRows, on_screens=True, of_now=True)
def must_be_known(rows: CompanyRows, question: Question) -> None:
    """Raises NotFound if the question's filters have an id that nothing has, as its answer would."""
    by_id = replace(question, queues=(), agents=(), ivrs=(), except_queues=(), except_agents=())
    rows.answer(None, None, lambda view: resolved(view, by_id, queues_of(view)))


class _Named(msgspec.Struct, frozen=True):
    name: str


@query(ANYONE, CompanyRows)
def agents_of_user(rows: CompanyRows, user: UUID) -> list[str]:
    """The names of the agents that belong to a user."""

    def ask(view: TemporalView) -> list[_Named]:
        return view.ask(_Named, _AGENTS_OF.format(rows=view.rows_of("agents")), user=user)

    found, _ = rows.answer(None, None, ask)
    return [agent.name for agent in found]
