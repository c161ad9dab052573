"""The state of each agent at one instant: state, since when, and in which call.

Rows are filtered by their own instants, so the same query works for now and for any moment of the past.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Protocol, TypeVar
from uuid import UUID

import msgspec

from projections.engine.temporal_view import TemporalView

State = Literal["talking", "wrap-up", "ringing", "paused", "available", "offline"]
"""An agent is in the first of these that applies. Talking includes hold and calls that the agent dialled."""

STATES: tuple[State, ...] = ("talking", "wrap-up", "ringing", "paused", "available", "offline")

_OPEN = """
SELECT id, version, interaction, whole, call, queue, queue_id, agent, offered_ms, ended_ms, released_ms, wrap_up_ms, toInt8(end) AS end_code,
    talk_unknown, sla_ms
FROM {visits} WHERE offered_ms <= {{at:Int64}} AND (isNull(ended_ms) OR ended_ms > {{at:Int64}} OR
    (end = 'answered' AND talk_unknown = 0 AND (isNull(released_ms) OR isNull(wrap_up_ms) OR released_ms + wrap_up_ms > {{at:Int64}})))
ORDER BY offered_ms, id
"""

_RINGS = "SELECT visit, agent, from_ms, until_ms FROM {rings} ORDER BY visit, k"
_HOLDS = "SELECT visit, agent, from_ms, until_ms FROM {holds} ORDER BY visit, k"

_ENDS = """
SELECT who, max(till) AS until_ms, argMax(id, till) AS id, argMax(version, till) AS version, argMax(interaction, till) AS interaction FROM (
    SELECT id, version, interaction, agent AS who, {till} AS till FROM {rows}
) WHERE who != '' AND till <= {{at:Int64}} GROUP BY who
"""
_TILLS = {"visits": "if(end = 'answered' AND talk_unknown = 0, released_ms + ifNull(wrap_up_ms, 0), NULL)", "rings": "until_ms"}

_ATTEMPTS = """
SELECT agent, max(if(ended_ms <= {{at:Int64}}, ended_ms, NULL)) AS last_until,
    max(if(isNull(ended_ms) OR ended_ms > {{at:Int64}}, answered_ms, NULL)) AS talks_since,
    argMax(id, if(isNull(ended_ms) OR ended_ms > {{at:Int64}}, answered_ms, 0)) AS interaction
FROM {attempts} WHERE agent != '' AND answered_ms <= {{at:Int64}} GROUP BY agent
"""

_SPANS = """
SELECT agent, toString(kind) AS kind, max(if(until_ms <= {{at:Int64}}, until_ms, NULL)) AS last_until,
    max(if(isNull(until_ms) OR until_ms > {{at:Int64}}, from_ms, NULL)) AS since_ms,
    argMax(reason, if(isNull(until_ms) OR until_ms > {{at:Int64}}, from_ms, -9223372036854775807)) AS why
FROM {spans} WHERE from_ms <= {{at:Int64}} GROUP BY agent, kind
"""


class _Stretch(msgspec.Struct):
    """A ring or a hold of a visit."""

    visit: UUID
    agent: str
    from_ms: int
    until_ms: int | None

    def lasts(self, at: int) -> bool:
        """Whether it goes on at an instant."""
        return self.from_ms <= at and (self.until_ms is None or self.until_ms > at)


class OpenVisit(msgspec.Struct):
    """A visit that waits, is talked or wrapped up at the given instant; its fields keep what came later."""

    id: UUID
    version: int
    interaction: UUID
    whole: UUID
    call: str
    queue: str
    queue_id: UUID
    agent: str
    offered_ms: int
    ended_ms: int | None
    released_ms: int | None
    wrap_up_ms: int | None
    end_code: int
    talk_unknown: int
    sla_ms: int
    all_rings: list[_Stretch] = []
    all_holds: list[_Stretch] = []

    def waits(self, at: int) -> bool:
        """Still waiting for an agent."""
        return self.ended_ms is None or self.ended_ms > at

    def talks(self, at: int) -> bool:
        """An agent is on it, talking or holding."""
        return self.answered(at) and (self.released_ms is None or self.released_ms > at)

    def wraps_up(self, at: int) -> bool:
        """The talk is over, the agent's work on it is not."""
        if not self.answered(at) or self.released_ms is None or self.released_ms > at:
            return False
        return self.wrap_up_ms is None or self.released_ms + self.wrap_up_ms > at

    def answered(self, at: int) -> bool:
        """An agent answered it, and the end of the talk is or will be known."""
        return self.end_code == 1 and not self.talk_unknown and not self.waits(at)

    def rings(self, at: int) -> list[tuple[str, int]]:
        """The agents whose phones ring for it, and since when."""
        return [(ring.agent, ring.from_ms) for ring in self.all_rings if ring.lasts(at)]

    def on_hold(self, at: int) -> bool:
        """The customer is on hold."""
        return any(hold.lasts(at) for hold in self.all_holds)


class _Versioned(Protocol):
    id: UUID
    version: int
    interaction: UUID


V = TypeVar("V", bound=_Versioned)


class _End(msgspec.Struct):
    who: str
    until_ms: int
    id: UUID
    version: int
    interaction: UUID


class _Attempt(msgspec.Struct):
    agent: str
    last_until: int | None
    talks_since: int | None
    interaction: UUID


class _Span(msgspec.Struct):
    agent: str
    kind: str
    last_until: int | None
    since_ms: int | None
    why: str


@dataclass
class AgentState:
    """The state of one agent. queues: those in which the agent is; queue, interaction: those of the current call, "" and None without one.

    logged_in_since_ms: when the session began in which the agent is; None for one who is offline.
    """

    agent: str
    agent_id: UUID
    state: State = "offline"
    since_ms: int | None = None
    reason: str = ""
    queue: str = ""
    queue_id: UUID | None = None
    interaction: UUID | None = None
    on_hold: bool = False
    logged_in_since_ms: int | None = None
    queues: list[str] = field(default_factory=list)

    def elsewhere(self) -> AgentState:
        """The same without the call, of which no more may be seen than that the agent is busy."""
        return replace(self, queue="", queue_id=None, interaction=None, on_hold=False)

    @property
    def values(self) -> tuple[Any, ...]:
        """Everything, to be compared and looked up."""
        return (
            self.agent, self.agent_id, self.state, self.since_ms, self.reason, self.queue, self.queue_id, self.interaction, self.on_hold,
            self.logged_in_since_ms, tuple(self.queues),
        )  # fmt: skip


def open_visits(view: TemporalView, at: int) -> list[OpenVisit]:
    """The visits that wait, are talked or wrapped up at an instant, in the order of their offers."""
    if view.as_of is not None:
        found = view.ask(OpenVisit, _OPEN.format(visits=view.known("visits")), at=at)
    else:
        found = _those_that_hold(view, "visits", view.ask(OpenVisit, _OPEN.format(visits=view.written("visits")), at=at))
    _with_parts(view, found)
    return found


def _with_parts(view: TemporalView, visits: list[OpenVisit]) -> None:
    """Give these visits their rings and holds."""
    calls = list({visit.interaction for visit in visits})
    if not calls:
        return
    by_id = {visit.id: visit for visit in visits}
    for ring in view.ask(_Stretch, _RINGS.format(rings=view.known("rings", of_calls=True)), calls=calls):
        if ring.visit in by_id:
            by_id[ring.visit].all_rings.append(ring)
    for hold in view.ask(_Stretch, _HOLDS.format(holds=view.known("holds", of_calls=True)), calls=calls):
        if hold.visit in by_id:
            by_id[hold.visit].all_holds.append(hold)


def _those_that_hold(view: TemporalView, table: str, written: list[V]) -> list[V]:
    """Those of these rows of a table that no newer version has replaced. `view.written`, which is faster to read, returns older versions too."""
    newest = view.newest(table, [row.interaction for row in written], [row.id for row in written])
    return [row for row in written if newest[row.id] == row.version]


def agent_states(view: TemporalView, at: int, visits: list[OpenVisit], *, idle: bool = True) -> list[AgentState]:
    """The state of every agent (person) at an instant, ordered by name; `visits`: those open then.

    idle: find out since when agents without a call are in their state, for which all past calls are read. To a caller who is limited to queues, an
    agent of these who is busy in another queue is shown in that state, and nothing of that call.
    """
    if view.scope.queues is None:
        return _states(view, _persons(view, at), at, visits, idle=idle)
    seen, whole = replace(view, during=(at, at)), view.of_every_queue()
    states = _states(whole, _persons(seen, at), at, open_visits(whole, at), idle=idle)
    calls = {visit.whole for visit in visits} | _dialled(seen, at)
    return [
        state if state.interaction in calls and (not state.queue or view.scope.sees_queue(state.queue)) else state.elsewhere()
        for state in states
    ]


def _states(view: TemporalView, found: dict[str, AgentState], at: int, visits: list[OpenVisit], *, idle: bool) -> list[AgentState]:
    """The state of these agents, by all that `view` has of them."""
    free_since = _ends(view, at) if idle or any(visit.wraps_up(at) and visit.wrap_up_ms is None for visit in visits) else {}
    for attempt in view.ask(_Attempt, _ATTEMPTS.format(attempts=view.rows_of("attempts")), at=at):
        if attempt.last_until is not None:
            free_since[attempt.agent] = max(free_since.get(attempt.agent, attempt.last_until), attempt.last_until)
        if attempt.talks_since is not None and attempt.agent in found:
            _enter(found[attempt.agent], "talking", attempt.talks_since, interaction=attempt.interaction)
    spans: dict[str, dict[str, _Span]] = {}
    for span in view.ask(_Span, _SPANS.format(spans=view.rows_of("agent_spans")), at=at):
        spans.setdefault(span.agent, {})[span.kind] = span
    _with_calls(found, [visit for visit in visits if not _left_since(visit, spans.get(visit.agent, {}).get("session"))], at)
    wrapping_up: dict[str, list[OpenVisit]] = {}
    for visit in visits:
        if visit.wraps_up(at):
            wrapping_up.setdefault(visit.agent, []).append(visit)
    for name, agent_state in found.items():
        own_spans = spans.get(name, {})
        _wrap_up(agent_state, wrapping_up.get(name, ()), own_spans, free_since.get(name))
        _rest(agent_state, own_spans, free_since.get(name))
        if agent_state.state != "offline" and "session" in own_spans:
            agent_state.logged_in_since_ms = own_spans["session"].since_ms
    if view.moment_ms is None:
        return list(found.values())
    silent = {name for name, agent_state in found.items() if agent_state.state == "offline" and name not in spans}
    if silent and not idle:
        free_since = _ends(view, at)
    # An agent without any sign of life by then did not exist yet.
    return [agent_state for name, agent_state in found.items() if name not in silent or name in free_since]


def _persons(view: TemporalView, at: int) -> dict[str, AgentState]:
    """Every agent by name, as if offline, in the queues of now; at a moment of the past in those of then."""
    persons = sorted((row for row in view.standings(at) if row.person), key=lambda row: row.name)
    return {row.name: AgentState(row.name, row.id, queues=row.queues) for row in persons}


def _dialled(view: TemporalView, at: int) -> set[UUID]:
    """The calls that agents have dialled and are on."""
    return {attempt.interaction for attempt in view.ask(_Attempt, _ATTEMPTS.format(attempts=view.rows_of("attempts")), at=at)}


def _with_calls(found: dict[str, AgentState], visits: list[OpenVisit], at: int) -> None:
    """Set the state of the agents who are rung or talk in these visits."""
    for visit in visits:
        for agent, since in visit.rings(at):
            if visit.waits(at) and agent in found:
                _enter(found[agent], "ringing", since, queue=visit.queue, queue_id=visit.queue_id, interaction=visit.whole)
        if visit.talks(at) and visit.agent in found and visit.ended_ms is not None:
            call: dict[str, object] = {
                "queue": visit.queue,
                "queue_id": visit.queue_id,
                "interaction": visit.whole,
                "on_hold": visit.on_hold(at),
            }
            _enter(found[visit.agent], "talking", visit.ended_ms, **call)


def _left_since(visit: OpenVisit, session: _Span | None) -> bool:
    """Whether the agent has left since the answer: a talk whose end was not recorded is over then."""
    if visit.released_ms is not None or visit.ended_ms is None or session is None or session.last_until is None:
        return False
    return session.last_until > visit.ended_ms


def _enter(agent_state: AgentState, state: State, since_ms: int, **call: object) -> None:
    """Set this state if it precedes the one found so far in STATES; of two calls the newer one is the current one."""
    before, now = STATES.index(agent_state.state), STATES.index(state)
    if now < before or (now == before and (agent_state.since_ms is None or since_ms > agent_state.since_ms)):
        agent_state.state, agent_state.since_ms = state, since_ms
        for name, value in call.items():
            setattr(agent_state, name, value)


def _wrap_up(agent_state: AgentState, visits: Sequence[OpenVisit], spans: dict[str, _Span], free_since: int | None) -> None:
    """Set wrap-up; one without a recorded end is over when the agent did something else, and any is when the agent logged out."""
    session = spans.get("session")
    left_ms = session.last_until if session is not None and session.since_ms is None else None
    visits = [visit for visit in visits if left_ms is None or left_ms <= (visit.released_ms or 0)]
    if not visits:
        return
    did = [
        free_since,
        *(instant for span in spans.values() for instant in (span.last_until, span.since_ms if span.kind == "pause" else None)),
    ]
    if agent_state.state == "ringing" and agent_state.since_ms is not None:
        did.append(agent_state.since_ms)
    last = max((instant for instant in did if instant is not None), default=None)
    for visit in visits:
        released = visit.released_ms
        if released is not None and (visit.wrap_up_ms is not None or last is None or last <= released):
            _enter(agent_state, "wrap-up", released, queue=visit.queue, queue_id=visit.queue_id, interaction=visit.whole)


def _rest(agent_state: AgentState, spans: dict[str, _Span], free_since: int | None) -> None:
    """Set paused, available or offline, since the last call or ringing ended if that was later."""
    if agent_state.state != "offline":
        return
    pause, session = spans.get("pause"), spans.get("session")
    if pause is not None and pause.since_ms is not None:
        agent_state.state, agent_state.since_ms, agent_state.reason = "paused", max(pause.since_ms, free_since or pause.since_ms), pause.why
    elif session is not None and session.since_ms is not None:
        began = [session.since_ms, free_since, pause.last_until if pause is not None else None]
        agent_state.state, agent_state.since_ms = "available", max(instant for instant in began if instant is not None)
    elif session is not None:
        ended = [session.last_until, free_since]
        agent_state.since_ms = max((instant for instant in ended if instant is not None), default=None)


def _ends(view: TemporalView, at: int) -> dict[str, int]:
    """Per agent, when the last call, wrap-up or ringing ended."""
    found: dict[str, int] = {}
    for row in [*_ends_in(view, at, "visits"), *_ends_in(view, at, "rings")]:
        found[row.who] = max(row.until_ms, found.get(row.who, row.until_ms))
    return found


def _ends_in(view: TemporalView, at: int, table: str) -> list[_End]:
    """The same, of the talks and wrap-ups ("visits") or the rings alone."""
    till = _TILLS[table]
    if view.as_of is None:
        written = view.ask(_End, _ENDS.format(rows=view.written(table), till=till), at=at)
        if len(_those_that_hold(view, table, written)) == len(written):
            return written
    return view.ask(_End, _ENDS.format(rows=view.known(table), till=till), at=at)
