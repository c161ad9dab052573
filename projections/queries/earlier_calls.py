"""Calls that an import needs to know of because they came with an earlier one: a log may come in parts, in any order.

Answered for the whole company alone: an import that saw a part of the calls would join a line to the wrong one.
"""

from __future__ import annotations

from uuid import UUID

import msgspec

from domain.access import OBSERVE
from domain.errors import NotFound
from domain.ids import interaction_id, timeline_id
from domain.voice.facts import Fact
from domain.voice.interactions import Interaction
from domain.voice.timeline import LineKept
from projections.engine.temporal_view import CompanyRows, TemporalView
from projections.query_bus import CompanyLog, query

_OPEN_TALK = """
SELECT i.call AS call, v.queue AS queue, v.offered_ms AS offered_ms FROM {visits} AS v INNER JOIN {interactions} AS i ON i.id = v.interaction
WHERE v.queue = {{queue:String}} AND v.agent = {{agent:String}} AND v.end = 'answered' AND isNull(v.released_ms)
    AND abs(v.ended_ms - {{answered:Int64}}) <= {{near:Int64}}
ORDER BY v.ended_ms DESC, call LIMIT 1
"""
_OPEN_WAITS = """
SELECT i.call AS call, v.queue AS queue, v.offered_ms AS offered_ms FROM {visits} AS v INNER JOIN {interactions} AS i ON i.id = v.interaction
WHERE i.call = {{call:String}} AND v.end = 'waiting' ORDER BY v.n
"""
_LAST_TALK = """
SELECT i.call AS call, v.queue AS queue, v.offered_ms AS offered_ms FROM {visits} AS v INNER JOIN {interactions} AS i ON i.id = v.interaction
WHERE v.agent = {{agent:String}} AND v.end = 'answered' AND v.ended_ms < {{until:Int64}} ORDER BY v.ended_ms DESC, call LIMIT 1
"""
_CONSULTATIONS = """
SELECT DISTINCT call, '' AS queue, started_ms AS offered_ms FROM {interactions}
WHERE id = whole AND started_ms >= {{since:Int64}}
    AND id IN (SELECT id FROM {events} WHERE position(state, '"transfer"') > 0) AND id NOT IN (SELECT interaction FROM {visits} WHERE end = 'answered')
ORDER BY started_ms, call LIMIT 1000
"""

_KEPT = "SELECT count() AS lines FROM {events} WHERE topic = {{topic:String}} AND position(state, {{verb:String}}) > 0"


class Visited(msgspec.Struct, frozen=True):
    """A call, by the source's id, and its visit to a queue since `offered_ms`."""

    call: str
    queue: str
    offered_ms: int


class _Lines(msgspec.Struct):
    lines: int


class KeptLine(msgspec.Struct, frozen=True):
    """A line that belonged to no known call when it was imported. fields: its agent and its verb's own fields. at: microseconds."""

    at: int
    fields: tuple[str, ...]


def _found(rows: CompanyRows, sql: str, **params: str | int) -> list[Visited]:
    rows.scope.must_be_whole()

    def ask(view: TemporalView) -> list[Visited]:
        tables = {name: view.stated(name) for name in ("visits", "interactions")}
        return view.ask(Visited, sql.format(**tables, events=view.events()), **params)

    return rows.answer(None, None, ask)[0]


@query(OBSERVE, CompanyRows)
def open_talk(rows: CompanyRows, queue: str, agent: str, answered_ms: int, near_ms: int) -> Visited | None:
    """The call whose talk with the agent began at `answered_ms`, give or take `near_ms`, and has no end yet."""
    return next(iter(_found(rows, _OPEN_TALK, queue=queue, agent=agent, answered=answered_ms, near=near_ms)), None)


@query(OBSERVE, CompanyRows)
def open_waits(rows: CompanyRows, call: str) -> list[Visited]:
    """The queues in which this call waits."""
    return _found(rows, _OPEN_WAITS, call=call)


@query(OBSERVE, CompanyRows)
def last_talk(rows: CompanyRows, agent: str, until_ms: int) -> Visited | None:
    """The agent's latest talk that began before `until_ms`."""
    return next(iter(_found(rows, _LAST_TALK, agent=agent, until=until_ms)), None)


@query(OBSERVE, CompanyRows)
def consultations(rows: CompanyRows, since_ms: int) -> list[Visited]:
    """Calls since `since_ms` that nobody answered, but that have a transfer line: the talk was another call's."""
    return _found(rows, _CONSULTATIONS, since=since_ms)


@query(OBSERVE, CompanyLog)
def stated_transfers(log: CompanyLog, call: str) -> list[Fact]:
    """The facts about transfers that were observed under the id of this call."""
    log.scope.must_be_whole()
    id: UUID = interaction_id(log.tenant, call)
    try:
        found = log.find(Interaction, id)
    except NotFound:
        return []
    return [fact for fact in found.facts if fact.kind == "released" and fact.by == "transfer"]


@query(OBSERVE, CompanyRows)
def lines_are_kept(rows: CompanyRows, verb: str) -> bool:
    """Whether there are lines with this verb that belonged to no known call."""
    rows.scope.must_be_whole()

    def ask(view: TemporalView) -> list[_Lines]:
        return view.ask(_Lines, _KEPT.format(events=view.events()), topic=LineKept.TOPIC, verb=verb)

    return any(found.lines for found in rows.answer(None, None, ask)[0])


@query(OBSERVE, CompanyLog)
def kept_lines(log: CompanyLog, verb: str, since_us: int, until_us: int) -> list[KeptLine]:
    """The lines with this verb that belonged to no known call, from `since_us` to `until_us`."""
    log.scope.must_be_whole()
    events = log.store.stream(timeline_id(log.tenant))
    kept = [event for event in events if isinstance(event, LineKept) and event.verb == verb and since_us <= event.occurred_at <= until_us]
    return [KeptLine(event.occurred_at, tuple(log.open(event.line).split("|"))) for event in kept]
