"""A simulated center in a company that has no calls: a week of its past, then its present."""

from __future__ import annotations

from typing import Protocol
from uuid import UUID

from domain.base import SECOND
from imports.center import ImportingCenter
from imports.sources import conclude
from simulator.center import sleepless_center
from simulator.story import Story

HOUR_US = 3600 * SECOND
HOURS = 7 * 24
"""The length of the simulated past."""

SEED = 1
_STEP_S = 1.0


class Progress(Protocol):
    """Where a simulation says how far it is. Every method raises if the simulation has to end."""

    def report(self, done: int, total: int, lines: int, refused: int = 0) -> None:
        """So many hours of the past are done, of so many, with so many commands."""

    def look(self) -> None:
        """It goes on."""


class LiveProgress(Progress, Protocol):
    """The same, of a simulation that goes on after its past."""

    def wait(self, seconds: float) -> None:
        """Nothing happens for a while."""


def past(center: ImportingCenter, company: UUID, seed: int, progress: Progress) -> Story:
    """Simulate a week of the company's past, until the figures cover it. The story continues from there."""
    now = center.bus.clock.now_us()
    began = now - HOURS * HOUR_US
    story = Story(center.bus, company, sleepless_center(), seed=seed, start_us=began)
    story.set_up()
    sent = story.tell_until(now, lambda instant, count: progress.report((instant - began) // HOUR_US, HOURS, count))
    progress.report(HOURS, HOURS, sent)
    conclude(center, lambda *_: progress.look())
    return story


def run(center: ImportingCenter, company: UUID, progress: LiveProgress) -> None:
    """Simulate the company's past, then its present, until `progress` raises."""
    center.covered()
    story = past(center, company, SEED, progress)
    while True:
        progress.wait(_STEP_S)
        story.tell_due()
