"""Time of an agent by state. A person is in exactly one state at any instant.

Talking (with a customer who waited in a queue or whom the agent dialled, on hold too, or in a direct call) > Wrap-up > Ringing > Paused > Available > Offline: if
several apply, the first one counts. Times are cut at the edges of the interval that is asked for, and an open state ends where the sources'
coverage ends, so that the states of any interval add up to its exact length.

Logged time is the time between login and logout: if all rings and talks are within it, the sum of all states but
Offline. A source may report a call outside of it (a ring while logged out starts a session; a talk goes on after a removal from the queue).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from projections.engine.temporal_view import TemporalView
from projections.figures.stretches import Stretch, clipped, joined, lengths, minus, within

OPEN_MS = 2**62
"""The end of a stretch that still goes on."""

_OPEN = f"toInt64({OPEN_MS})"

_OF_VISITS = (
    "(SELECT queue, agent, ended_ms AS began_ms, released_ms AS over_ms, wrap_up_ms FROM {rows} WHERE end_code = 1 AND talk_unknown = 0)"
)
_OF_ATTEMPTS = "(SELECT queue, agent, answered_ms AS began_ms, ended_ms AS over_ms, wrap_up_ms FROM {rows} WHERE isNotNull(answered_ms))"
_SOURCES = (("talks", "visits", _OF_VISITS), ("outbound", "attempts", _OF_ATTEMPTS))
"""The talks of an agent's activity, and where they are read."""

_TALKS = """
SELECT agent, groupArray(began_ms) AS began, groupArray(ifNull(over_ms, {open})) AS ended,
    groupArray(if(isNull(over_ms), {open}, ifNull(over_ms + wrap_up_ms, {open}))) AS wrapped
FROM {talks}
WHERE agent != '' AND began_ms < {{until:Int64}} AND (isNull(over_ms) OR isNull(wrap_up_ms) OR over_ms + wrap_up_ms >= {{since:Int64}}){more}
GROUP BY agent
"""

_UNFINISHED = """
SELECT min(ifNull(over_ms, began_ms)) AS since FROM {talks}
WHERE agent != '' AND (isNull(over_ms) OR isNull(wrap_up_ms)) AND ifNull(over_ms, began_ms) < {{since:Int64}}
"""

_SPELLS = """
SELECT agent, '' AS kind, '' AS reason, groupArray(from_ms) AS began, groupArray(ifNull(until_ms, {open})) AS ended
FROM {rows} WHERE agent != '' AND from_ms < {{until:Int64}} AND (isNull(until_ms) OR until_ms >= {{since:Int64}}){more} GROUP BY agent
"""

_SPANS = """
SELECT agent, toString(kind) AS kind, reason, groupArray(from_ms) AS began, groupArray(ifNull(until_ms, {open})) AS ended
FROM {rows} WHERE from_ms < {{until:Int64}} AND (isNull(until_ms) OR until_ms >= {{since:Int64}}) GROUP BY agent, kind, reason
"""


class _Talks(msgspec.Struct):
    agent: str
    began: list[int]
    ended: list[int]
    wrapped: list[int]


class _Since(msgspec.Struct):
    since: int | None


class _Spells(msgspec.Struct):
    agent: str
    kind: str
    reason: str
    began: list[int]
    ended: list[int]


@dataclass
class Activity:
    """The known stretches of one agent, in any order; those that go on end at OPEN_MS. pauses: by reason."""

    sessions: list[Stretch] = field(default_factory=list)
    pauses: dict[str, list[Stretch]] = field(default_factory=dict)
    rings: list[Stretch] = field(default_factory=list)
    talks: list[Stretch] = field(default_factory=list)
    holds: list[Stretch] = field(default_factory=list)
    outbound: list[Stretch] = field(default_factory=list)
    direct: list[Stretch] = field(default_factory=list)
    wrap_ups: list[Stretch] = field(default_factory=list)

    def ends_of_lost_talks(self) -> dict[int, int]:
        """For talks without a recorded end, by their beginning: the latest instant at which each can have ended, when the agent left or took the next call."""
        others = sorted([began for began, _ in self.talks] + [ended for _, ended in self.sessions if ended != OPEN_MS])
        found: dict[int, int] = {}
        for began, ended in self.talks:
            index = bisect_right(others, began)
            if ended == OPEN_MS and index < len(others):
                found[began] = others[index]
        return found


@dataclass(frozen=True)
class States:
    """An agent's time by state. talk, hold, outbound, direct: the parts of Talking; a direct call counts while the agent is logged in. paused: by reason. logged: logged in, in any state.

    lost: the part of talk that is uncertain: talks without a recorded end, until the latest instant at which they can have ended.
    """

    talk: list[Stretch]
    hold: list[Stretch]
    outbound: list[Stretch]
    direct: list[Stretch]
    wrap_up: list[Stretch]
    ringing: list[Stretch]
    paused: dict[str, list[Stretch]]
    available: list[Stretch]
    logged: list[Stretch]
    lost: list[Stretch] = field(default_factory=list)


@dataclass
class Times:
    """Milliseconds of one interval by state; they add up to the part of the interval that is known. logged_ms: the time while logged in.

    lost_ms: the part of talk_ms that may have been another state.
    """

    talk_ms: int = 0
    hold_ms: int = 0
    outbound_ms: int = 0
    direct_ms: int = 0
    wrap_up_ms: int = 0
    ringing_ms: int = 0
    available_ms: int = 0
    logged_ms: int = 0
    offline_ms: int = 0
    lost_ms: int = 0
    pauses: dict[str, int] = field(default_factory=dict)

    @property
    def paused_ms(self) -> int:
        """Paused, for any reason."""
        return sum(self.pauses.values())

    @property
    def active_ms(self) -> int:
        """Available, ringing, talking, wrapping up or paused."""
        talking_ms = self.talk_ms + self.hold_ms + self.outbound_ms + self.direct_ms
        return talking_ms + self.wrap_up_ms + self.ringing_ms + self.paused_ms + self.available_ms

    def add(self, other: Times) -> None:
        """Add another agent's or interval's times."""
        for name in _STATES:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for reason, ms in other.pauses.items():
            self.pauses[reason] = self.pauses.get(reason, 0) + ms


_STATES = (
    "talk_ms",
    "hold_ms",
    "outbound_ms",
    "direct_ms",
    "wrap_up_ms",
    "ringing_ms",
    "available_ms",
    "logged_ms",
    "offline_ms",
    "lost_ms",
)


def states_of(activity: Activity, since: int, until: int, latest: Mapping[int, int] | None = None) -> States:
    """The state at each instant of [since, until). latest: `ends_of_lost_talks` of the agent's whole activity, if `activity` is a part of it."""
    lost = activity.ends_of_lost_talks() if latest is None else latest

    def cut(stretches: Iterable[Stretch]) -> list[Stretch]:
        return joined(clipped(stretches, since, until))

    in_calls = cut((began, lost.get(began, ended) if ended == OPEN_MS else ended) for began, ended in activity.talks)
    surely = cut((began, ended) for began, ended in activity.talks if not (ended == OPEN_MS and began in lost))
    outbound = cut(activity.outbound)
    with_customers = joined([*in_calls, *outbound])
    hold = within(cut(activity.holds), with_customers)
    logged = cut(activity.sessions)
    direct = minus(within(cut(activity.direct), logged), with_customers)
    talking = joined([*with_customers, *direct])
    wrap_up = minus(cut(_wrap_ups(activity)), talking)
    busy = joined([*talking, *wrap_up])
    ringing = minus(cut(activity.rings), busy)
    busy = joined([*busy, *ringing])
    paused: dict[str, list[Stretch]] = {}
    for reason, pauses in activity.pauses.items():
        # An agent's pauses do not overlap; if a source reports that they do, the first one counts.
        paused[reason] = minus(cut(pauses), busy)
        busy = joined([*busy, *paused[reason]])
    talk = minus(in_calls, hold)
    dialled = minus(minus(outbound, in_calls), hold)
    return States(talk, hold, dialled, direct, wrap_up, ringing, paused, minus(logged, busy), logged, minus(talk, surely))


def _wrap_ups(activity: Activity) -> list[Stretch]:
    """Wrap-ups; one without a recorded end is over when the agent does something else or logs out, and after a talk of an agent who was logged out there is none."""
    finished = [(began, ended) for began, ended in activity.wrap_ups if ended != OPEN_MS]
    if len(finished) == len(activity.wrap_ups):
        return finished
    sessions = joined(activity.sessions)
    beginnings = (sessions, activity.rings, activity.talks, activity.outbound, *activity.pauses.values())
    others = sorted(began for stretches in beginnings for began, _ in stretches)
    others.append(OPEN_MS)
    unfinished = joined((began, others[bisect_left(others, began)]) for began, ended in activity.wrap_ups if ended == OPEN_MS)
    return [*finished, *within(unfinished, sessions)]


def times_of(states: States, edges: Sequence[int], until: int) -> list[Times]:
    """An agent's time by state, per interval of `edges`; nothing is known from `until` on."""
    measured = [
        lengths(stretches, edges)
        for stretches in (
            states.talk,
            states.hold,
            states.outbound,
            states.direct,
            states.wrap_up,
            states.ringing,
            states.available,
            states.logged,
        )
    ]
    found = [Times(*sums) for sums in zip(*measured, strict=True)]
    for times, lost in zip(found, lengths(states.lost, edges), strict=True):
        times.lost_ms = lost
    for reason, stretches in states.paused.items():
        for times, ms in zip(found, lengths(stretches, edges), strict=True):
            if ms:
                times.pauses[reason] = ms
    for index, times in enumerate(found):
        times.offline_ms = max(min(edges[index + 1], until) - edges[index], 0) - times.active_ms
    return found


def activities(view: TemporalView, since: int, until: int, queues: tuple[str, ...] = ()) -> dict[str, Activity]:
    """The activity of each agent that was logged in, rung or on a call in [since, until); calls and rings of `queues` only, if any are given."""
    found: defaultdict[str, Activity] = defaultdict(Activity)
    sources = [(name, sql.format(rows=view.rows_of(table))) for name, table, sql in _SOURCES]
    # The event that ended a wrap-up without a recorded end may be long before `since`.
    unfinished = [row.since for _, talks in sources for row in view.ask(_Since, _UNFINISHED.format(talks=talks), since=since)]
    since = min([since, *(at for at in unfinished if at is not None)])
    more = " AND has({queues:Array(String)}, queue)" if queues else ""
    params: dict[str, int | list[str]] = {"since": since, "until": until}
    if queues:
        params["queues"] = list(queues)
    for name, talks in sources:
        for of_agent in view.ask(_Talks, _TALKS.format(talks=talks, open=_OPEN, more=more), **params):
            activity = found[of_agent.agent]
            setattr(activity, name, list(zip(of_agent.began, of_agent.ended, strict=True)))
            activity.wrap_ups += [(began, ended) for began, ended in zip(of_agent.ended, of_agent.wrapped, strict=True) if began != OPEN_MS]
    for table in ("rings", "holds"):
        for spells in view.ask(_Spells, _SPELLS.format(rows=view.rows_of(table), open=_OPEN, more=more), **params):
            setattr(found[spells.agent], table, list(zip(spells.began, spells.ended, strict=True)))
    for spells in view.ask(_Spells, _SPANS.format(rows=view.rows_of("agent_spans"), open=_OPEN), **params):
        stretches = list(zip(spells.began, spells.ended, strict=True))
        match spells.kind:
            case "session":
                found[spells.agent].sessions += stretches
            case "call":
                found[spells.agent].direct += stretches
            case _:
                found[spells.agent].pauses[spells.reason] = stretches
    return found
