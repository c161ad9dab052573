"""A company with a past behind the API: some hours of the simulated center, or a recorded one, sent through the command bus."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from domain.base import SECOND
from domain.ids import company_id
from simulator.center import busy_center
from simulator.story import Story
from telephony_adapter.ami.importer import import_ami
from telephony_adapter.queue_log.importer import import_queue_log
from tests.kit.captures import Capture
from tests.kit.embedded import SAO_PAULO
from tests.kit.http import TimedCenter, operator

OPENS = datetime(2026, 3, 3, 11, tzinfo=UTC)
"""A Tuesday, 8 h in São Paulo; the clock of `TimedCenter` begins the day before."""


def live_through(center: TimedCenter, company: str, hours: float, *, seed: int = 3, scale: float = 0.3) -> dict[str, Any]:
    """Simulate the hours from OPENS on in the company, set the clock to their end and project them. Returns the true figures."""
    start = int(OPENS.timestamp()) * SECOND
    story = Story(center.bus, company_id(company), busy_center(scale), seed=seed, start_us=start)
    end = start + int(hours * 3600) * SECOND
    center.clock.us = max(center.clock.us, end)
    story.set_up()
    story.tell_until(end)
    cover(center)
    return story.truth.figures()


def import_both(center: TimedCenter, recorded: Capture, company: str) -> None:
    """Import the stream, then the queue log, of a recording, as the commands do. The projections cover them."""
    caller = operator(company)
    import_ami(center.bus, caller, recorded.timed, "ami")
    import_queue_log(center.bus, caller, [(recorded.queue_log, "queue_log")], timezone=SAO_PAULO)
    cover(center)
    center.settle()
    cover(center)


def cover(center: TimedCenter) -> None:
    """Wait until the projections cover everything that is saved."""
    center.cover(center.store.head(), lambda done, total: None)
