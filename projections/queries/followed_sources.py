"""What the log knows of an Asterisk that is followed live, for the process that takes over: until when it was covered, and what was open then.

Answered for the whole company alone: a process that saw a part of the calls would take the others for new ones.
"""

from __future__ import annotations

import msgspec

from domain.access import OBSERVE
from domain.ids import timeline_id
from domain.voice.timeline import SpanCovered
from projections.engine.temporal_view import CompanyRows, TemporalView
from projections.query_bus import CompanyLog, query

_CALLS = """
SELECT i.call AS call, v.queue AS queue, v.offered_ms AS offered_ms, if(v.end = 'answered', v.ended_ms, NULL) AS answered_ms, v.agent AS agent
FROM {visits} AS v INNER JOIN {interactions} AS i ON i.id = v.interaction
WHERE v.live = 0 AND (v.end = 'waiting' OR (v.end = 'answered' AND isNull(v.released_ms) AND v.talk_unknown = 0))
UNION ALL
SELECT call, '' AS queue, started_ms AS offered_ms, CAST(NULL AS Nullable(Int64)) AS answered_ms, '' AS agent FROM {interactions} WHERE origin = 'ami' AND isNull(ended_ms)
"""
_SESSIONS = """
SELECT a.name AS agent, a.queues AS queues, s.paused AS paused, s.reason AS reason FROM {agents} AS a INNER JOIN (
    SELECT agent, max(kind = 'pause') AS paused, max(if(kind = 'pause', reason, '')) AS reason, max(kind = 'session') AS there
    FROM {spans} WHERE isNull(until_ms) GROUP BY agent
) AS s ON s.agent = a.name
WHERE a.person = 1 AND s.there = 1 ORDER BY agent
"""


_DIRECT = "SELECT agent, reason AS channel FROM {spans} WHERE kind = 'call' AND isNull(until_ms) ORDER BY agent, from_ms"


class CallWithoutEnd(msgspec.Struct, frozen=True):
    """A call, by the source's id, that has no end. queue: of its visit that waits, or is talked by `agent` since `answered_ms`; "" for one in no queue."""

    call: str
    queue: str
    offered_ms: int
    answered_ms: int | None
    agent: str


class SessionWithoutEnd(msgspec.Struct, frozen=True):
    """An agent who is logged in to these queues, and perhaps paused for a reason."""

    agent: str
    queues: list[str]
    paused: int
    reason: str


class DirectCallWithoutEnd(msgspec.Struct, frozen=True):
    """An agent whose telephone is in a call that no queue gave it, and the telephone's channel."""

    agent: str
    channel: str


@query(OBSERVE, CompanyLog)
def covered(log: CompanyLog, stream: str) -> tuple[int, int] | None:
    """The first and the last instant (microseconds) that the stream of events of this name has covered; None for a new one."""
    log.scope.must_be_whole()
    observed = (event.span for event in log.store.stream(timeline_id(log.tenant)) if isinstance(event, SpanCovered))
    spans = [span for span in observed if (span.source, span.name) == ("ami", stream)]
    return (min(span.from_us for span in spans), max(span.until_us for span in spans)) if spans else None


@query(OBSERVE, CompanyRows)
def calls_without_end(rows: CompanyRows) -> list[CallWithoutEnd]:
    """The calls that a source has shown to begin and none to end; one in a queue before it is listed as one in no queue."""
    rows.scope.must_be_whole()

    def ask(view: TemporalView) -> list[CallWithoutEnd]:
        return view.ask(CallWithoutEnd, _CALLS.format(**{name: view.stated(name) for name in ("visits", "interactions")}))

    found = sorted(rows.answer(None, None, ask)[0], key=lambda one: (not one.queue, one.offered_ms))
    return list({one.call: one for one in reversed(found)}.values())


@query(OBSERVE, CompanyRows)
def sessions_without_end(rows: CompanyRows) -> list[SessionWithoutEnd]:
    """The agents who are logged in."""
    rows.scope.must_be_whole()

    def ask(view: TemporalView) -> list[SessionWithoutEnd]:
        return view.ask(SessionWithoutEnd, _SESSIONS.format(agents=view.rows_of("agents"), spans=view.rows_of("agent_spans")))

    return rows.answer(None, None, ask)[0]


@query(OBSERVE, CompanyRows)
def direct_calls_without_end(rows: CompanyRows) -> list[DirectCallWithoutEnd]:
    """The agents who are in a direct call."""
    rows.scope.must_be_whole()

    def ask(view: TemporalView) -> list[DirectCallWithoutEnd]:
        return view.ask(DirectCallWithoutEnd, _DIRECT.format(spans=view.rows_of("agent_spans")))

    return rows.answer(None, None, ask)[0]
