"""The state of each agent at one instant: state, since when, and in which call.

Rows are filtered by their own instants, so the same query works for now and for any moment of the past.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal
from uuid import UUID

import msgspec

from projections.engine.alongside import alongside
from projections.engine.temporal_view import TemporalView
from projections.queries.open_calls import OpenAttempt, OpenCalls, OpenVisit, open_calls, those_that_hold

State = Literal["talking", "wrap-up", "ringing", "paused", "available", "offline"]
"""An agent is in the first of these that applies. Talking includes hold, calls that the agent dialled and direct calls."""

STATES: tuple[State, ...] = ("talking", "wrap-up", "ringing", "paused", "available", "offline")

_ENDS = """
SELECT who, max(till) AS until_ms, argMax(id, till) AS id, argMax(version, till) AS version, argMax(interaction, till) AS interaction FROM (
    SELECT id, version, interaction, agent AS who, {till} AS till FROM {rows}
) WHERE who != '' AND till <= {{at:Int64}} GROUP BY who
"""
_TILLS = {"visits": "if(end = 'answered' AND talk_unknown = 0, released_ms + ifNull(wrap_up_ms, 0), NULL)", "rings": "until_ms"}

_ATTEMPTS = """
SELECT agent, max(till) AS until_ms FROM (
    SELECT agent, if(isNotNull(answered_ms), ended_ms + ifNull(wrap_up_ms, 0), NULL) AS till FROM {attempts}
) WHERE agent != '' AND till <= {{at:Int64}} GROUP BY agent
"""

_SPANS = """
SELECT agent, toString(kind) AS kind, max(if(until_ms <= {{at:Int64}}, until_ms, NULL)) AS last_until,
    max(if(isNull(until_ms) OR until_ms > {{at:Int64}}, from_ms, NULL)) AS since_ms,
    argMax(reason, if(isNull(until_ms) OR until_ms > {{at:Int64}}, from_ms, -9223372036854775807)) AS why
FROM {spans} WHERE from_ms <= {{at:Int64}} GROUP BY agent, kind
"""


class _End(msgspec.Struct):
    who: str
    until_ms: int
    id: UUID
    version: int
    interaction: UUID


class _AttemptsEnd(msgspec.Struct):
    agent: str
    until_ms: int


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


def agent_states(view: TemporalView, at: int, calls: OpenCalls, *, idle: bool = True) -> list[AgentState]:
    """The state of every agent (person) at an instant, ordered by name; `calls`: those open then.

    idle: find out since when agents without a call are in their state, for which all past calls are read. To a caller who is limited to queues, an
    agent of these who is busy in another queue is shown in that state, and nothing of that call.
    """
    if view.scope.queues is None:
        return _states(view, _persons(view, at), at, calls, idle=idle)
    seen, whole = replace(view, during=(at, at)), view.of_every_queue()
    states = _states(whole, _persons(seen, at), at, open_calls(whole, at), idle=idle)
    visible = {visit.whole for visit in calls.visits} | {attempt.whole for attempt in calls.attempts}
    return [
        state if state.interaction in visible and (not state.queue or view.scope.sees_queue(state.queue)) else state.elsewhere()
        for state in states
    ]


def _states(view: TemporalView, found: dict[str, AgentState], at: int, calls: OpenCalls, *, idle: bool) -> list[AgentState]:
    """The state of these agents, by all that `view` has of them."""
    of_spans = alongside(_spans, view, at)
    free_since = _ends(view, at) if idle or any(one.wraps_up(at) and one.wrap_up_ms is None for one in calls.of_agents) else {}
    spans: dict[str, dict[str, _Span]] = {}
    for span in of_spans.result():
        spans.setdefault(span.agent, {})[span.kind] = span
    _with_rings(found, calls.visits, at)
    _with_talks(found, [one for one in calls.of_agents if not _left_since(one, spans.get(one.agent, {}).get("session"), at)], at)
    wrapping_up: dict[str, list[OpenVisit | OpenAttempt]] = {}
    for one in calls.of_agents:
        if one.wraps_up(at):
            wrapping_up.setdefault(one.agent, []).append(one)
    for name, agent_state in found.items():
        own_spans = dict(spans.get(name, {}))
        direct = own_spans.pop("call", None)
        _with_direct_call(agent_state, direct, own_spans)
        _wrap_up(agent_state, wrapping_up.get(name, ()), own_spans, free_since.get(name))
        _rest(agent_state, own_spans, _later(free_since.get(name), direct))
        if agent_state.state != "offline" and "session" in own_spans:
            agent_state.logged_in_since_ms = own_spans["session"].since_ms
    if view.moment_ms is None:
        return list(found.values())
    silent = {name for name, agent_state in found.items() if agent_state.state == "offline" and name not in spans}
    if silent and not idle:
        free_since = _ends(view, at)
    # An agent without any sign of life by then did not exist yet.
    return [agent_state for name, agent_state in found.items() if name not in silent or name in free_since]


def _spans(view: TemporalView, at: int) -> list[_Span]:
    return view.ask(_Span, _SPANS.format(spans=view.rows_of("agent_spans")), at=view.settled("agent_spans", at))


def _persons(view: TemporalView, at: int) -> dict[str, AgentState]:
    """Every agent by name, as if offline, in the queues of now; at a moment of the past in those of then."""
    persons = sorted((row for row in view.standings(at) if row.person), key=lambda row: row.name)
    return {row.name: AgentState(row.name, row.id, queues=row.queues) for row in persons}


def _with_rings(found: dict[str, AgentState], visits: list[OpenVisit], at: int) -> None:
    """Set the state of the agents who are rung for these visits."""
    for visit in visits:
        for agent, since in visit.rings(at):
            if visit.waits(at) and agent in found:
                _enter(found[agent], "ringing", since, queue=visit.queue, queue_id=visit.queue_id, interaction=visit.whole, on_hold=False)


def _with_talks(found: dict[str, AgentState], talks: list[OpenVisit | OpenAttempt], at: int) -> None:
    """Set the state of the agents who talk."""
    for one in talks:
        began = one.began_at(at)
        if one.talks(at) and one.agent in found and began is not None:
            on_hold = one.held_since(at) is not None
            _enter(found[one.agent], "talking", began, queue=one.queue, queue_id=one.queue_id, interaction=one.whole, on_hold=on_hold)


def _with_direct_call(agent_state: AgentState, direct: _Span | None, spans: dict[str, _Span]) -> None:
    """Set the state of an agent who is logged in and whose telephone is in a direct call, if no customer's call is known of."""
    session = spans.get("session")
    if direct is None or direct.since_ms is None or session is None or session.since_ms is None or agent_state.state == "talking":
        return
    _enter(agent_state, "talking", max(direct.since_ms, session.since_ms))


def _later(free_since: int | None, direct: _Span | None) -> int | None:
    """Since when the agent has no call: the last direct one may have ended later than the last other one."""
    ends = [at for at in (free_since, direct.last_until if direct is not None else None) if at is not None]
    return max(ends, default=None)


def _left_since(one: OpenVisit | OpenAttempt, session: _Span | None, at: int) -> bool:
    """Whether the agent has left since the talk began: a talk whose end was not recorded is over then."""
    began = one.began_at(at)
    if one.released_ms is not None or began is None or session is None or session.last_until is None:
        return False
    return session.last_until > began


def _enter(agent_state: AgentState, state: State, since_ms: int, **call: object) -> None:
    """Set this state if it precedes the one found so far in STATES; of two calls the newer one is the current one."""
    before, now = STATES.index(agent_state.state), STATES.index(state)
    if now < before or (now == before and (agent_state.since_ms is None or since_ms > agent_state.since_ms)):
        agent_state.state, agent_state.since_ms = state, since_ms
        for name, value in call.items():
            setattr(agent_state, name, value)


def _wrap_up(agent_state: AgentState, talks: Sequence[OpenVisit | OpenAttempt], spans: dict[str, _Span], free_since: int | None) -> None:
    """Set wrap-up; one without a recorded end is over when the agent did something else, and any is when the agent logged out."""
    session = spans.get("session")
    left_ms = session.last_until if session is not None and session.since_ms is None else None
    talks = [one for one in talks if left_ms is None or left_ms <= (one.released_ms or 0)]
    if not talks:
        return
    did = [
        free_since,
        *(instant for span in spans.values() for instant in (span.last_until, span.since_ms if span.kind == "pause" else None)),
    ]
    if agent_state.state == "ringing" and agent_state.since_ms is not None:
        did.append(agent_state.since_ms)
    last = max((instant for instant in did if instant is not None), default=None)
    for one in talks:
        released = one.released_ms
        if released is not None and (one.wrap_up_ms is not None or last is None or last <= released):
            _enter(agent_state, "wrap-up", released, queue=one.queue, queue_id=one.queue_id, interaction=one.whole)


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
    rings, dialled = alongside(_ends_in, view, at, "rings"), alongside(_ends_of_attempts, view, at)
    for row in [*_ends_in(view, at, "visits"), *rings.result()]:
        found[row.who] = max(row.until_ms, found.get(row.who, row.until_ms))
    for attempts in dialled.result():
        found[attempts.agent] = max(attempts.until_ms, found.get(attempts.agent, attempts.until_ms))
    return found


def _ends_of_attempts(view: TemporalView, at: int) -> list[_AttemptsEnd]:
    return view.ask(_AttemptsEnd, _ATTEMPTS.format(attempts=view.known("attempts")), at=view.settled("attempts", at))


def _ends_in(view: TemporalView, at: int, table: str) -> list[_End]:
    """The same, of the talks and wrap-ups ("visits") or the rings alone."""
    till = _TILLS[table]
    if view.as_of is None:
        written = view.ask(_End, _ENDS.format(rows=view.written(table), till=till), at=at)
        if len(those_that_hold(view, table, written)) == len(written):
            return written
    return view.ask(_End, _ENDS.format(rows=view.known(table), till=till), at=at)
