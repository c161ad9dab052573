"""Outbound calls: idle agents dial customers who asked for a callback, and others."""

from __future__ import annotations

from collections.abc import Callable

from domain.base import MS
from simulator import actions
from simulator.agenda import Agenda
from simulator.arrivals import Callers
from simulator.dice import Dice
from simulator.floor import Floor, Worker

RESULTS = (
    ("answered", 0.56), ("no-answer", 0.20), ("busy", 0.08), ("bad-number", 0.06), ("unavailable", 0.05), ("rejected", 0.03), ("congestion", 0.02),
)  # fmt: skip


class Outbound:
    """Makes each agent dial from time to time until `close`."""

    def __init__(
        self,
        agenda: Agenda,
        dice: Dice,
        floor: Floor,
        *,
        workers: tuple[Worker, ...],
        callers: Callers,
        dials_an_hour: float,
        new_channel: Callable[[], str],
    ) -> None:
        self._agenda = agenda
        self._dice = dice
        self._floor = floor
        self._callers = callers
        self._mean_s = 3600 / dials_an_hour
        self._new_channel = new_channel
        self._to_call_back: dict[str, list[str]] = {}
        self._closing = False
        for worker in workers:
            self._agenda.after(dice.waiting(self._mean_s), self._dial_if_idle, worker)

    def call_back(self, queue: str, number: str) -> None:
        """A customer of this queue asked to be called back."""
        self._to_call_back.setdefault(queue, []).append(number)

    def close(self) -> None:
        """Stop dialling."""
        self._closing = True

    def _dial_if_idle(self, worker: Worker) -> None:
        if self._closing:
            return
        if worker.state == "idle" and worker.paused is None:
            self._dial(worker)
        self._agenda.after(self._dice.waiting(self._mean_s), self._dial_if_idle, worker)

    def _dial(self, worker: Worker) -> None:
        self._floor.busy(worker, "dialling")
        queue = next((name for name in worker.plan.queues if self._to_call_back.get(name)), worker.plan.queues[0])
        numbers = self._to_call_back.get(queue)
        number = numbers.pop(0) if numbers else self._callers.somebody()
        call = self._new_channel()
        self._agenda.record(actions.Dialled(call, queue, worker.plan.name, number))
        result = self._dice.weighted(RESULTS)
        rings = self._dice.between(25, 40) if result == "no-answer" else self._dice.between(3, 15)
        self._agenda.after(rings, self._reach, call, queue, worker, result)

    def _reach(self, call: str, queue: str, worker: Worker, result: str) -> None:
        agent = worker.plan.name
        if result == "answered":
            self._agenda.record(actions.DialAnswered(call, queue, agent))
            lasts = self._dice.working(self._floor.plans[queue].talk_s * 0.6)
            self._agenda.after(lasts, self._end, call, queue, worker, lasts)
        else:
            self._agenda.record(actions.DialFailed(call, queue, agent, result))
            self._agenda.record(actions.HungUp(call))
            self._floor.free(worker)

    def _end(self, call: str, queue: str, worker: Worker, lasted: int) -> None:
        self._agenda.record(actions.DialEnded(call, queue, worker.plan.name, lasted // MS))
        jitter, loss = self._dice.quality()
        self._agenda.record(actions.HungUp(call, jitter, loss))
        self._floor.free(worker)
