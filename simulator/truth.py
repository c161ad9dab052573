"""The true figures of a simulation, counted from its actions. Every report on it must have the same figures."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping
from typing import Any

from domain.base import MS
from simulator import actions
from simulator.actions import Action

ENDS = ("answered", "abandoned", "timed_out", "transferred_out", "left_by_key", "closed")
DEFAULT_SLA_MS = 20_000

_Waited = actions.Abandoned | actions.TimedOut | actions.LeftByKey | actions.Withdrawn | actions.Emptied
_ENDS: dict[type[Action], str] = {
    actions.Abandoned: "abandoned",
    actions.TimedOut: "timed_out",
    actions.LeftByKey: "left_by_key",
    actions.Withdrawn: "transferred_out",
    actions.Emptied: "closed",
}


class Truth:
    """Counts the actions of a simulation; read `figures` at the end.

    sla_ms: the service level threshold of each queue; a queue without one has the company's default. complete: whether the history
    has hold, wrap-up and outbound calls. A queue_log has none of them, and its talk time includes hold.
    """

    def __init__(self, sla_ms: Mapping[str, int] | None = None, complete: bool = True) -> None:
        self._sla_ms = sla_ms or {}
        self._complete = complete
        self._queues: dict[str, _Queue] = {}
        self._agents: dict[str, _Agent] = {}
        self._ivrs: dict[str, dict[str, int]] = {}
        self._in_ivr: dict[str, str] = {}
        self._outbound: dict[str, int] = {}
        self._now_ms = 0

    def take(self, instant_us: int, action: Action) -> None:
        """Count one action."""
        self._now_ms = instant_us // MS
        handler = _HANDLERS.get(type(action))
        if handler is not None:
            handler(self, action)

    def figures(self) -> dict[str, Any]:
        """The figures per queue, agent and IVR, with the names of the reports. Open states run until the last action."""
        return {
            "queues": {name: queue.figures() for name, queue in sorted(self._queues.items())},
            "agents": {name: agent.figures(self._now_ms) for name, agent in sorted(self._agents.items())},
            "ivrs": {name: dict(counts) for name, counts in sorted(self._ivrs.items())},
            "outbound": dict(sorted(self._outbound.items())),
        }

    def _queue(self, name: str) -> _Queue:
        if name not in self._queues:
            self._queues[name] = _Queue(self._sla_ms.get(name, DEFAULT_SLA_MS))
        return self._queues[name]

    def _agent(self, name: str) -> _Agent:
        return self._agents.setdefault(name, _Agent())

    # Presence

    def _logged_in(self, action: actions.LoggedIn) -> None:
        self._agent(action.agent).since = self._now_ms

    def _logged_out(self, action: actions.LoggedOut) -> None:
        agent = self._agent(action.agent)
        agent.unpause(self._now_ms)
        agent.logged_ms += self._now_ms - (agent.since or 0)
        agent.since = None

    def _paused(self, action: actions.Paused) -> None:
        agent = self._agent(action.agent)
        agent.unpause(self._now_ms)
        agent.pause = (self._now_ms, action.reason)

    def _unpaused(self, action: actions.Unpaused) -> None:
        self._agent(action.agent).unpause(self._now_ms)

    # IVR

    def _ivr_entered(self, action: actions.IvrEntered) -> None:
        self._ivr_count(action.ivr, "entered")
        self._in_ivr[action.call] = action.ivr

    def _ivr_closed(self, action: actions.OutOfHours) -> None:
        self._ivr_left(action.call, "out-of-hours")

    def _ivr_ended(self, action: actions.IvrLeft) -> None:
        self._ivr_left(action.call, "ended")

    def _ivr_left(self, call: str, outcome: str) -> None:
        ivr = self._in_ivr.pop(call, None)
        if ivr is not None:
            self._ivr_count(ivr, outcome)

    def _ivr_count(self, ivr: str, outcome: str) -> None:
        counts = self._ivrs.setdefault(ivr, {})
        counts[outcome] = counts.get(outcome, 0) + 1

    def _hung_up(self, action: actions.HungUp) -> None:
        self._ivr_left(action.call, "abandoned")

    # Visits

    def _offered(self, action: actions.Offered) -> None:
        self._queue(action.queue).offered += 1
        self._ivr_left(action.call, "offered")

    def _turned_away(self, action: actions.TurnedAway) -> None:
        queue = self._queue(action.queue)
        queue.offered += 1
        queue.end("closed", 0)
        self._ivr_left(action.call, "offered")

    def _rang_out(self, action: actions.RangOut) -> None:
        agent = self._agent(action.agent)
        agent.ring_no_answer += 1
        agent.busy.append((self._now_ms - action.ring_ms, self._now_ms))

    def _ring_canceled(self, action: actions.RingCanceled) -> None:
        self._agent(action.agent).busy.append((self._now_ms - action.ring_ms, self._now_ms))

    def _answered(self, action: actions.Answered) -> None:
        self._queue(action.queue).end("answered", action.wait_ms)
        agent = self._agent(action.agent)
        agent.answered += 1
        agent.busy.append((self._now_ms - action.ring_ms, self._now_ms))

    def _talked(self, action: actions.TalkEnded | actions.Transferred) -> None:
        talk_ms, hold_ms = (action.talk_ms, action.hold_ms) if self._complete else (action.talk_ms + action.hold_ms, 0)
        agent = self._agent(action.agent)
        agent.talk_ms += talk_ms
        agent.hold_ms += hold_ms
        agent.busy.append((self._now_ms - talk_ms - hold_ms, self._now_ms))
        queue = self._queue(action.queue)
        if self._complete:
            queue.unwrapped[action.call] = talk_ms + hold_ms
        else:
            queue.handled_ms.append(talk_ms + hold_ms)

    def _wrapped_up(self, action: actions.WrappedUp) -> None:
        if self._complete:
            agent = self._agent(action.agent)
            agent.wrap_up_ms += action.wrap_ms
            agent.busy.append((self._now_ms - action.wrap_ms, self._now_ms))
            queue = self._queue(action.queue)
            queue.handled_ms.append(queue.unwrapped.pop(action.call) + action.wrap_ms)

    def _waited(self, action: _Waited) -> None:
        self._queue(action.queue).end(_ENDS[type(action)], action.wait_ms)

    # Outbound

    def _dialled(self, _: actions.Dialled) -> None:
        self._outbound_count("dialled")

    def _dial_answered(self, _: actions.DialAnswered) -> None:
        self._outbound_count("answered")

    def _dial_failed(self, action: actions.DialFailed) -> None:
        self._outbound_count(action.result)

    def _dial_ended(self, action: actions.DialEnded) -> None:
        if self._complete:
            self._agent(action.agent).busy.append((self._now_ms - action.talk_ms, self._now_ms))

    def _outbound_count(self, result: str) -> None:
        self._outbound[result] = self._outbound.get(result, 0) + 1


class _Queue:
    """The counts of one queue."""

    def __init__(self, sla_ms: int) -> None:
        self.sla_ms = sla_ms
        self.offered = 0
        self.waits: dict[str, list[int]] = {end: [] for end in ENDS}
        self.handled_ms: list[int] = []
        self.unwrapped: dict[str, int] = {}

    def end(self, how: str, wait_ms: int) -> None:
        self.waits[how].append(wait_ms)

    def figures(self) -> dict[str, Any]:
        counts = {end: len(waits) for end, waits in self.waits.items()}
        answered = self.waits["answered"]
        in_time = sum(wait <= self.sla_ms for wait in answered)
        return {
            "offered": self.offered,
            **counts,
            "unknown": 0,
            "waiting": self.offered - sum(counts.values()),
            "answered_within_sla": in_time,
            "sla_percent": percent(in_time, self.offered),
            "abandoned_percent": percent(counts["abandoned"], self.offered),
            "asa_ms": mean(answered),
            "msa_ms": max(answered, default=None),
            "aht_ms": mean(self.handled_ms),
            "mht_ms": max(self.handled_ms, default=None),
            "max_queued_ms": max((max(waits) for waits in self.waits.values() if waits), default=None),
        }


class _Agent:
    """The counts of one agent. `busy`: intervals in ms that do not count as pause."""

    def __init__(self) -> None:
        self.since: int | None = None
        self.pause: tuple[int, str] | None = None
        self.pauses: list[tuple[int, int, str]] = []
        self.busy: list[tuple[int, int]] = []
        self.answered = self.talk_ms = self.hold_ms = self.wrap_up_ms = self.ring_no_answer = self.logged_ms = 0

    def unpause(self, now_ms: int) -> None:
        if self.pause is not None:
            self.pauses.append((self.pause[0], now_ms, self.pause[1]))
            self.pause = None

    def figures(self, now_ms: int) -> dict[str, Any]:
        going = [] if self.pause is None else [(self.pause[0], now_ms, self.pause[1])]
        reasons: dict[str, int] = {}
        # Busy intervals do not overlap, so the order by start is also the order by end.
        busy = sorted(self.busy)
        for begins, ends, reason in self.pauses + going:
            covered = 0
            for since, until in busy[bisect_right(busy, begins, key=lambda interval: interval[1]) :]:
                if since >= ends:
                    break
                covered += min(ends, until) - max(begins, since)
            if ends - begins - covered:
                reasons[reason] = reasons.get(reason, 0) + ends - begins - covered
        return {
            "answered": self.answered,
            "talk_ms": self.talk_ms,
            "hold_ms": self.hold_ms,
            "wrap_up_ms": self.wrap_up_ms,
            "ring_no_answer": self.ring_no_answer,
            "logged_ms": self.logged_ms + (now_ms - self.since if self.since is not None else 0),
            "paused_ms": sum(reasons.values()),
            "paused_by_reason_ms": dict(sorted(reasons.items())),
        }


def percent(part: int, whole: int) -> float | None:
    """100 x part / whole to two decimals, half up; None if `whole` is 0."""
    return (20_000 * part + whole) // (2 * whole) / 100 if whole else None


def mean(values: list[int]) -> int | None:
    """The mean as a whole number, half up; None without values."""
    return (2 * sum(values) + len(values)) // (2 * len(values)) if values else None


_HANDLERS: dict[type[Action], Callable[[Truth, Any], None]] = {
    actions.LoggedIn: Truth._logged_in,
    actions.LoggedOut: Truth._logged_out,
    actions.Paused: Truth._paused,
    actions.Unpaused: Truth._unpaused,
    actions.IvrEntered: Truth._ivr_entered,
    actions.OutOfHours: Truth._ivr_closed,
    actions.IvrLeft: Truth._ivr_ended,
    actions.HungUp: Truth._hung_up,
    actions.Offered: Truth._offered,
    actions.TurnedAway: Truth._turned_away,
    actions.RangOut: Truth._rang_out,
    actions.RingCanceled: Truth._ring_canceled,
    actions.Answered: Truth._answered,
    actions.TalkEnded: Truth._talked,
    actions.Transferred: Truth._talked,
    actions.WrappedUp: Truth._wrapped_up,
    **dict.fromkeys(_ENDS, Truth._waited),
    actions.Dialled: Truth._dialled,
    actions.DialAnswered: Truth._dial_answered,
    actions.DialFailed: Truth._dial_failed,
    actions.DialEnded: Truth._dial_ended,
}
