"""The shifts of the agents: when they log in, pause and log out."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from domain.base import SECOND
from simulator.agenda import Agenda
from simulator.center import OTHER_PAUSES, PAUSES, Shift
from simulator.dice import Dice
from simulator.floor import Floor, Worker

ABSENT = 0.05
LATER_US = 60 * SECOND
OTHER_REASON = 0.04
"""The share of pauses whose reason the agent changes."""


class Staff:
    """Plans the shifts of the agents day by day, from the agenda's current day on."""

    def __init__(self, agenda: Agenda, dice: Dice, floor: Floor, workers: Iterable[Worker], zone: str) -> None:
        self._agenda = agenda
        self._dice = dice
        self._floor = floor
        self._workers = tuple(workers)
        self._zone = ZoneInfo(zone)
        self._closing = False
        self._plan_day(datetime.fromtimestamp(agenda.now // SECOND, self._zone).date())

    def close(self) -> None:
        """Log every agent out as soon as they are free. Nobody logs in any more."""
        self._closing = True
        for worker in self._workers:
            if worker.state != "out":
                self._leave(worker)

    def _plan_day(self, day: date) -> None:
        """Schedule the shifts of a day, and the planning of the next day."""
        if self._closing:
            return
        for worker in self._workers:
            shift = worker.plan.shift
            if day.weekday() in shift.weekdays and not self._dice.chance(ABSENT):
                self._plan_shift(worker, shift, day)
        self._agenda.after(max(self._instant(day + timedelta(1), 0) - self._agenda.now, 0), self._plan_day, day + timedelta(1))

    def _plan_shift(self, worker: Worker, shift: Shift, day: date) -> None:
        dice = self._dice
        comes = self._instant(day, shift.starts) + dice.between(0, 600)
        goes = self._instant(day, shift.ends) + dice.between(0, 600)
        if goes <= self._agenda.now:
            return
        if comes < self._agenda.now:
            comes = self._agenda.now + dice.between(0, 60)
        self._agenda.after(comes - self._agenda.now, self._come, worker)
        self._agenda.after(goes - self._agenda.now, self._leave, worker)
        breaks = [
            (reason, minutes, (number + 1) / (len(PAUSES) + 1) + (dice.share() - 0.5) * 0.2)
            for number, (reason, minutes) in enumerate(PAUSES)
        ]
        breaks += [(reason, 4 + 10 * dice.share(), dice.share()) for reason, often in OTHER_PAUSES if dice.chance(often)]
        for reason, minutes, share in breaks:
            begins = comes + int((goes - comes) * share) // SECOND * SECOND
            self._agenda.after(max(begins - self._agenda.now, 0), self._pause, worker, reason, dice.working(minutes * 60, 0.25))

    def _come(self, worker: Worker) -> None:
        if not self._closing and worker.state == "out":
            self._floor.come(worker)

    def _leave(self, worker: Worker) -> None:
        """Log out now if the agent is free, otherwise after the current work."""
        if worker.state == "out" or worker.leaving:
            return
        worker.leaving = True
        if worker.paused is not None and self._dice.chance(0.5):
            self._floor.unpause(worker)
        elif worker.state == "idle":
            self._floor.go(worker)

    def _pause(self, worker: Worker, reason: str, lasts: int) -> None:
        """Start a pause. An agent on a call pauses now or tries again later; one whose phone rings always later, since nobody answers in a pause."""
        if worker.state == "out" or worker.leaving or worker.paused is not None:
            return
        if worker.state != "idle" and (worker.state == "ringing" or self._dice.chance(0.5)):
            self._agenda.after(LATER_US, self._pause, worker, reason, lasts)
            return
        self._floor.pause(worker, reason)
        if reason and self._dice.chance(OTHER_REASON):
            self._agenda.after(lasts // 2 // SECOND * SECOND, self._change_reason, worker, worker.shifts)
        self._agenda.after(lasts, self._unpause, worker, worker.shifts)

    def _change_reason(self, worker: Worker, shift: int) -> None:
        if worker.paused and worker.shifts == shift:
            self._floor.pause(worker, "Particular")

    def _unpause(self, worker: Worker, shift: int) -> None:
        if worker.paused is not None and worker.shifts == shift:
            self._floor.unpause(worker)

    def _instant(self, day: date, hours: float) -> int:
        """The instant (microseconds) of a wall clock time in the center's time zone."""
        wall = datetime.combine(day, time(), self._zone) + timedelta(hours=hours)
        return int(wall.timestamp()) * SECOND
