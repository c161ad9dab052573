"""Calls that the rows know already: a log that comes in several imports speaks of them in its later parts."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from domain.access import OBSERVE
from projections.engine.temporal_view import CompanyRows, TemporalView
from projections.engine.warehouse import Value
from projections.query_bus import query

T = TypeVar("T")

_OPEN_TALK = """
SELECT i.call AS call, v.queue AS queue FROM {visits} AS v INNER JOIN {interactions} AS i ON i.id = v.interaction
WHERE v.queue = {{queue:String}} AND v.agent = {{agent:String}} AND v.end = 'answered'
  AND isNull(v.released_ms) AND abs(v.ended_ms - {{answered:Int64}}) <= {{near:Int64}}
ORDER BY v.ended_ms DESC, i.call LIMIT 1
"""
_LAST_TALK = """
SELECT i.call AS call, v.queue AS queue FROM {visits} AS v INNER JOIN {interactions} AS i ON i.id = v.interaction
WHERE v.agent = {{agent:String}} AND v.end = 'answered' AND v.ended_ms < {{until:Int64}}
ORDER BY v.ended_ms DESC, i.call LIMIT 1
"""
_OPEN_WAITS = """
SELECT v.queue AS queue, v.offered_ms AS offered_ms FROM {visits} AS v INNER JOIN {interactions} AS i ON i.id = v.interaction
WHERE i.call = {{call:String}} AND v.end = 'waiting' ORDER BY v.n
"""


class Talk(msgspec.Struct, frozen=True):
    """A talk with an agent: the call, as its source names it, and the queue that it came from."""

    call: str
    queue: str


class Wait(msgspec.Struct, frozen=True):
    """A visit that waits. `offered_ms`: since when."""

    queue: str
    offered_ms: int


@query(OBSERVE, CompanyRows)
def open_talk(rows: CompanyRows, queue: str, agent: str, answered_ms: int, near_ms: int) -> Talk | None:
    """The talk of this agent that began then, give or take `near_ms`, and has no end yet."""
    return _first(rows, Talk, _OPEN_TALK, queue=queue, agent=agent, answered=answered_ms, near=near_ms)


@query(OBSERVE, CompanyRows)
def last_talk(rows: CompanyRows, agent: str, until_ms: int) -> Talk | None:
    """The agent's latest talk that began before `until_ms`."""
    return _first(rows, Talk, _LAST_TALK, agent=agent, until=until_ms)


@query(OBSERVE, CompanyRows)
def open_waits(rows: CompanyRows, call: str) -> tuple[Wait, ...]:
    """The visits of this call that wait."""
    return _all(rows, Wait, _OPEN_WAITS, call=call)


def _first(rows: CompanyRows, kind: type[T], sql: str, **params: Value) -> T | None:
    return next(iter(_all(rows, kind, sql, **params)), None)


def _all(rows: CompanyRows, kind: type[T], sql: str, **params: Value) -> tuple[T, ...]:
    def ask(view: TemporalView) -> tuple[T, ...]:
        return tuple(view.ask(kind, sql.format(visits=view.rows_of("visits"), interactions=view.rows_of("interactions")), **params))

    return rows.answer(None, None, ask)[0]
