"""The simulated center: the same seed gives the same history, and every history is possible in a real center."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.base import MS, SECOND
from simulator import actions
from simulator.actions import Action
from simulator.center import SimulatedCenter, busy_center, sleepless_center
from simulator.model import Model

MONDAY = datetime(2026, 3, 2, 3, tzinfo=UTC)
ENDS = (
    actions.Answered,
    actions.Abandoned,
    actions.TimedOut,
    actions.LeftByKey,
    actions.Withdrawn,
    actions.Emptied,
)


def played(
    center: SimulatedCenter, seed: int, hours: float = 24.0, grain_us: int = MS, start: datetime = MONDAY
) -> Iterator[tuple[int, Action]]:
    until = int((start + timedelta(hours=hours)).timestamp()) * SECOND
    for instant_us, action in Model(center, seed, int(start.timestamp()) * SECOND, grain_us).play():
        if instant_us >= until:
            return
        yield instant_us, action


def digest(events: Iterator[tuple[int, Action]]) -> str:
    seen = hashlib.sha256()
    for instant_us, action in events:
        seen.update(msgspec.json.encode((instant_us, type(action).__name__, action)))
    return seen.hexdigest()


def test_the_same_seed_gives_the_same_history_and_another_seed_another_one() -> None:
    assert digest(played(busy_center(), 7)) == digest(played(busy_center(), 7))
    assert digest(played(busy_center(), 7)) != digest(played(busy_center(), 8))


@pytest.mark.parametrize("grain_us", [MS, SECOND])
def test_instants_ascend_and_are_multiples_of_the_clocks_resolution(grain_us: int) -> None:
    before = 0
    for instant_us, _ in played(busy_center(), 3, grain_us=grain_us):
        assert instant_us >= before
        assert instant_us % grain_us == 0
        before = instant_us


def test_a_week_has_every_kind_of_action() -> None:
    week = {type(action) for _, action in played(busy_center(2), 6, hours=7 * 24)}
    assert week == set(Action.__subclasses__())


def test_the_calls_follow_the_curve_of_the_day_and_of_the_week() -> None:
    arrivals = [instant_us for instant_us, action in played(busy_center(), 11, hours=14 * 24) if isinstance(action, actions.Arrived)]
    local = [datetime.fromtimestamp(instant_us / SECOND, UTC) - timedelta(hours=3) for instant_us in arrivals]
    by_hour = [sum(moment.hour == hour for moment in local) for hour in range(24)]
    by_day = [sum(moment.weekday() == day for moment in local) for day in range(7)]
    assert max(by_hour) == by_hour[10]
    assert by_hour[10] > 20 * by_hour[3]
    assert by_day[0] > by_day[5] > by_day[6]
    assert 0.9 < sum(by_day[:5]) / (2 * 800 * (1.15 + 1.05 + 1.0 + 1.0 + 0.95)) < 1.2, "redials add a little"


def test_some_callers_call_again() -> None:
    numbers = [action.number for _, action in played(busy_center(), 2) if isinstance(action, actions.Arrived)]
    assert 0.5 < len(set(numbers)) / len(numbers) < 0.9
    assert all(len(number) == 11 and number.isdigit() for number in numbers)


def test_the_center_that_works_round_the_clock_has_any_call_in_every_hour() -> None:
    hours = {instant_us // SECOND // 3600 for instant_us, action in played(sleepless_center(), 1) if isinstance(action, actions.Answered)}
    assert len(hours) == 24


def test_closing_ends_all_calls_and_sessions() -> None:
    model = Model(busy_center(), 4, int((MONDAY + timedelta(hours=9)).timestamp()) * SECOND)
    began: dict[str, int] = {"calls": 0, "agents": 0}
    closing = False
    for count, (_, action) in enumerate(model.play()):
        if count == 2_000:
            model.close()
            closing = True
        assert not (closing and count > 2_050 and isinstance(action, (actions.Arrived, actions.Dialled)))
        began["calls"] += isinstance(action, (actions.Arrived, actions.Dialled)) - isinstance(action, actions.HungUp)
        began["agents"] += isinstance(action, actions.LoggedIn) - isinstance(action, actions.LoggedOut)
    assert closing
    assert began == {"calls": 0, "agents": 0}
    assert model.waiting == 0


class Watcher:
    """Follows every agent and call by the actions alone and fails on an impossible one."""

    def __init__(self, center: SimulatedCenter) -> None:
        self.skills = {agent.name: agent.queues for agent in center.agents}
        self.doing: dict[str, str] = {}
        self.paused: set[str] = set()
        self.idle_since: dict[str, int] = {}
        self.waiting: dict[str, tuple[str, int]] = {}
        self.rung: dict[str, str] = {}
        self.talking: dict[str, str] = {}
        self.lines: dict[str, list[str]] = {}
        self.now = 0

    def see(self, instant_us: int, action: Action) -> None:
        self.now = instant_us
        watch = getattr(self, f"_{type(action).__name__}", None)
        if watch is not None:
            watch(action)
        elif isinstance(action, ENDS):
            self._leaves(action)

    def _becomes(self, agent: str, was: tuple[str, ...], now: str) -> None:
        assert self.doing.get(agent, "out") in was, f"{agent} was {self.doing.get(agent)}"
        self.doing[agent] = now
        self.idle_since.pop(agent, None)
        if now == "idle" and agent not in self.paused:
            self.idle_since[agent] = self.now

    def _LoggedIn(self, action: actions.LoggedIn) -> None:
        self._becomes(action.agent, ("out",), "idle")

    def _LoggedOut(self, action: actions.LoggedOut) -> None:
        self.paused.discard(action.agent)
        self._becomes(action.agent, ("idle",), "out")

    def _Paused(self, action: actions.Paused) -> None:
        assert self.doing[action.agent] != "out"
        self.paused.add(action.agent)
        self.idle_since.pop(action.agent, None)

    def _Unpaused(self, action: actions.Unpaused) -> None:
        self.paused.remove(action.agent)
        if self.doing[action.agent] == "idle":
            self.idle_since[action.agent] = self.now

    def _Offered(self, action: actions.Offered) -> None:
        assert action.call not in self.waiting
        assert action.call not in self.talking
        self.waiting[action.call] = (action.queue, self.now)
        line = self.lines.setdefault(action.queue, [])
        line.append(action.call)
        assert action.position == len(line)

    def _TurnedAway(self, action: actions.TurnedAway) -> None:
        assert action.call not in self.waiting
        assert not any(self.doing.get(agent, "out") != "out" for agent, queues in self.skills.items() if action.queue in queues)

    def _Rang(self, action: actions.Rang) -> None:
        queue, since = self.waiting[action.call]
        assert queue in self.skills[action.agent]
        assert action.agent not in self.paused
        assert action.call not in self.rung
        # The customer who waited longest gets the agent who was idle longest.
        idle = [since for agent, since in self.idle_since.items() if queue in self.skills[agent]]
        assert self.idle_since[action.agent] == min(idle)
        others = [at for call, (name, at) in self.waiting.items() if name in self.skills[action.agent] and call not in self.rung]
        assert since == min(others)
        self.rung[action.call] = action.agent
        self._becomes(action.agent, ("idle",), "ringing")

    def _RangOut(self, action: actions.RangOut) -> None:
        assert self.rung.pop(action.call) == action.agent
        self._becomes(action.agent, ("ringing",), "idle")

    _RingCanceled = _RangOut

    def _Answered(self, action: actions.Answered) -> None:
        assert self.rung.pop(action.call) == action.agent
        self._becomes(action.agent, ("ringing",), "talking")
        self._leaves(action)
        self.talking[action.call] = action.agent

    def _leaves(self, action: Any) -> None:
        queue, since = self.waiting.pop(action.call)
        assert queue == action.queue
        assert action.wait_ms == (self.now - since) // MS
        assert action.call not in self.rung
        line = self.lines[queue]
        if not isinstance(action, actions.Answered):
            assert action.position == line.index(action.call) + 1
        line.remove(action.call)

    def _TalkEnded(self, action: actions.TalkEnded) -> None:
        assert self.talking.pop(action.call) == action.agent
        self._becomes(action.agent, ("talking",), "wrapping")

    _Transferred = _TalkEnded

    def _WrappedUp(self, action: actions.WrappedUp) -> None:
        self._becomes(action.agent, ("wrapping",), "idle")

    def _Dialled(self, action: actions.Dialled) -> None:
        assert action.agent not in self.paused
        self._becomes(action.agent, ("idle",), "dialling")

    def _DialFailed(self, action: actions.DialFailed) -> None:
        self._becomes(action.agent, ("dialling",), "idle")

    _DialEnded = _DialFailed

    def _HungUp(self, action: actions.HungUp) -> None:
        assert action.call not in self.waiting
        assert action.call not in self.talking


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000), grain_us=st.sampled_from([MS, SECOND]))
def test_an_agent_does_one_thing_at_a_time_and_every_visit_has_one_end(seed: int, grain_us: int) -> None:
    center = busy_center(1.5)
    watcher = Watcher(center)
    for instant_us, action in played(center, seed, hours=20, grain_us=grain_us, start=MONDAY + timedelta(hours=8)):
        watcher.see(instant_us, action)
    assert not watcher.talking, "at four in the morning nobody talks"
    assert not watcher.waiting
