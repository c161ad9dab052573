"""A company with a past: some hours of the simulated center, told through the one door."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from domain.base import SECOND
from domain.ids import company_id
from simulator.center import busy_center
from simulator.story import Story
from tests.kit.http import TimedCenter

OPENS = datetime(2026, 3, 3, 11, tzinfo=UTC)
"""A Tuesday, 8 h in São Paulo; the clock of `TimedCenter` begins the day before."""


def live_through(center: TimedCenter, company: str, hours: float, *, seed: int = 3, scale: float = 0.3) -> dict[str, Any]:
    """Let the hours from OPENS on have happened in the company; the clock shows their end. The projections cover it. Returns the true figures."""
    start = int(OPENS.timestamp()) * SECOND
    story = Story(center.door, company_id(company), busy_center(scale), seed=seed, start_us=start)
    story.set_up()
    end = start + int(hours * 3600) * SECOND
    story.tell_until(end)
    center.clock.us = max(center.clock.us, end)
    center.cover(center.store.head(), lambda done, total: None)
    return story.truth.figures()
