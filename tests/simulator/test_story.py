"""The simulated center as commands: the log has what was simulated."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from commands.agents import LogOut
from commands.command_bus import CommandBus
from commands.handler_context import Caller
from domain.agent_events import AgentEvent
from domain.base import SECOND
from domain.errors import DomainError
from domain.ids import company_id
from domain.voice.call_state import CallState
from domain.voice.interaction_events import InteractionEvent
from simulator.center import busy_center
from simulator.speaking import PERMISSIONS
from simulator.story import Story, history
from simulator.truth import mean
from store.event_store import Store

MONDAY = datetime(2026, 3, 2, 3, tzinfo=UTC)
COMPANY = company_id("Empresa")


def hours_on(hours: int) -> int:
    """The instant `hours` after the start of Monday, in microseconds."""
    return int((MONDAY + timedelta(hours=hours)).timestamp()) * SECOND


class HandClock:
    """A clock that is set by hand."""

    def __init__(self, at: datetime) -> None:
        self.us = int(at.timestamp()) * SECOND

    def now_us(self) -> int:
        return self.us


@pytest.fixture
def clocks() -> list[HandClock]:
    return [HandClock(MONDAY + timedelta(days=2)) for _ in range(2)]


@pytest.fixture
def buses(tmp_path: Path, clocks: list[HandClock]) -> Iterator[list[CommandBus]]:
    opened = [CommandBus(Store(tmp_path / name), clock) for name, clock in zip(("one", "two"), clocks, strict=True)]
    yield opened
    for bus in opened:
        bus.store.close()


def calls_of(bus: CommandBus) -> dict[UUID, CallState]:
    calls: dict[UUID, CallState] = defaultdict(CallState)
    for recorded in bus.store.read(0, 1_000_000):
        if isinstance(recorded.event, InteractionEvent):
            calls[recorded.event.originator_id].apply(recorded.event.change)
    return calls


def test_the_calls_of_the_log_are_the_simulated_ones(buses: list[CommandBus]) -> None:
    bus = buses[0]
    figures = history(bus, COMPANY, seed=3, start=MONDAY, days=1.0)
    calls = calls_of(bus).values()
    visits = [visit for call in calls for visit in call.visits]
    for name, true in figures["queues"].items():
        here = [visit for visit in visits if visit.queue == name]
        ends = Counter(visit.end.replace("-", "_") for visit in here)
        answered = [visit for visit in here if visit.end == "answered"]
        handled = [visit.talk_ms + visit.hold_ms + visit.wrap_up_ms for visit in answered if visit.wrap_up_ms is not None]
        assert len(here) == true["offered"]
        assert {end: ends[end] for end in ends} == {end: true[end] for end in ends}
        assert sum(visit.wait_ms <= visit.sla_ms for visit in answered) == true["answered_within_sla"]
        assert mean([visit.wait_ms for visit in answered]) == true["asa_ms"]
        assert (mean(handled), max(handled)) == (true["aht_ms"], true["mht_ms"])
        assert max(visit.wait_ms for visit in here) == true["max_queued_ms"]
    ivrs: dict[str, Counter[str]] = defaultdict(Counter)
    for call in calls:
        if call.ivr is not None:
            ivrs[call.ivr.ivr].update(["entered", call.ivr.outcome])
    assert ivrs == figures["ivrs"]
    attempts = [call.attempt for call in calls if call.attempt is not None]
    assert {"dialled": len(attempts), **Counter(attempt.result for attempt in attempts)} == figures["outbound"]
    rings = Counter((ring.agent, ring.outcome) for call in calls for rung in call.rings for ring in rung)
    assert {name: rings[name, "no-answer"] for name in figures["agents"]} == {
        name: true["ring_no_answer"] for name, true in figures["agents"].items()
    }


def test_the_sessions_of_the_log_are_the_simulated_ones(buses: list[CommandBus]) -> None:
    bus = buses[0]
    figures = history(bus, COMPANY, seed=5, start=MONDAY, days=1.0)
    spans: dict[str, dict[Any, Any]] = defaultdict(dict)
    for recorded in bus.store.read(0, 1_000_000):
        if isinstance(recorded.event, AgentEvent):
            for key in recorded.event.dropped:
                del spans[recorded.event.name][key]
            spans[recorded.event.name].update({span.key: span for span in recorded.event.spans})
    logged = {name: sum(span.until_ms - span.from_ms for span in mine.values() if span.kind == "session") for name, mine in spans.items()}
    assert logged == {name: true["logged_ms"] for name, true in figures["agents"].items()}


def events_of(bus: CommandBus) -> list[tuple[Any, ...]]:
    events = [recorded.event for recorded in bus.store.read(0, 1_000_000)]
    return [
        (event.TOPIC, event.originator_id, event.originator_version, event.occurred_at)
        for event in events
        if not event.TOPIC.startswith("contact.")  # a contact's id is random
    ]


def test_live_actions_are_sent_at_their_instants_and_are_the_same_history(buses: list[CommandBus], clocks: list[HandClock]) -> None:
    stories = [Story(bus, COMPANY, busy_center(), seed=9, start_us=hours_on(0)) for bus in buses]
    noon, one = hours_on(9), hours_on(10)
    bus, clock = buses[1], clocks[1]
    clocks[0].us = clock.us = noon
    for story in stories:
        story.set_up()
        story.tell_until(noon)
    clocks[0].us = one
    stories[0].tell_until(one)

    async def sleep(seconds: float) -> None:
        (latest,) = bus.store.read(bus.store.head() - 1, 1)
        assert latest.event.occurred_at <= clock.us, "nothing is sent before it happens"
        clock.us += round(seconds * SECOND)
        if clock.us >= one:
            raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(stories[1].live(sleep))
    assert events_of(buses[1]) == events_of(buses[0])
    assert stories[1].truth.figures() == stories[0].truth.figures()


def test_the_simulation_continues_when_somebody_else_changes_the_center(buses: list[CommandBus], clocks: list[HandClock]) -> None:
    bus, clock = buses[0], clocks[0]
    story = Story(bus, COMPANY, busy_center(), seed=9, start_us=hours_on(0))
    morning, noon = hours_on(9), hours_on(12)
    clock.us = morning
    story.set_up()
    story.tell_until(morning)
    for agent in busy_center().agents:
        with suppress(DomainError):
            bus.execute(LogOut(agent=agent.name), Caller(COMPANY, "supervisor", PERMISSIONS))
    before = bus.store.head()

    async def sleep(seconds: float) -> None:
        clock.us += round(seconds * SECOND)
        if clock.us >= noon:
            raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(story.live(sleep))
    assert bus.store.head() > before + 100


def test_a_center_is_set_up_once(buses: list[CommandBus]) -> None:
    story = Story(buses[0], COMPANY, busy_center(), seed=1, start_us=hours_on(0))
    story.set_up()
    head = buses[0].store.head()
    story.set_up()
    assert buses[0].store.head() == head == 6
