"""The course of a customer's call: IVR, queue, talk, transfers, and whether the customer calls again."""

from __future__ import annotations

from collections.abc import Callable

from domain.base import MS
from domain.ivr_flow import START, Arrived, FlowState, Keyed, next_step
from simulator import actions
from simulator.agenda import Agenda
from simulator.arrivals import Arrivals, Callers
from simulator.center import QueuePlan, SimulatedCenter
from simulator.dice import Dice
from simulator.floor import Floor, Visit, Worker

GIVES_UP_IN_IVR = 0.05
CALLS_AGAIN = 0.4
PUT_ON_HOLD = 0.15


class Reception:
    """Creates inbound calls and simulates each to its end."""

    def __init__(
        self,
        agenda: Agenda,
        dice: Dice,
        floor: Floor,
        *,
        center: SimulatedCenter,
        arrivals: Arrivals,
        callers: Callers,
        new_channel: Callable[[], str],
        call_back: Callable[[str, str], None],
    ) -> None:
        self._agenda = agenda
        self._dice = dice
        self._floor = floor
        self._arrivals = arrivals
        self._callers = callers
        self._new_channel = new_channel
        self._call_back = call_back
        self._lines = tuple((line, line.share) for line in center.lines)
        self._ivrs = {plan.name: plan for plan in center.ivrs}
        self._closing = False
        self._await_next()

    def close(self) -> None:
        """Create no more calls."""
        self._closing = True

    def _await_next(self) -> None:
        self._agenda.after(self._arrivals.next_after(self._agenda.now), self._next_call)

    def _next_call(self) -> None:
        if not self._closing:
            self._arrive(self._callers.somebody())
            self._await_next()

    def _arrive(self, number: str) -> None:
        if self._closing:
            return
        call = self._new_channel()
        line = self._dice.weighted(self._lines)
        self._agenda.record(actions.Arrived(call, number, line.did))
        if line.queue:
            self._offer(call, number, line.queue)
        else:
            self._enter_ivr(call, number, line.ivr)

    # In the IVR

    def _enter_ivr(self, call: str, number: str, ivr: str) -> None:
        state, step = next_step(self._ivrs[ivr].settings, START, Arrived(self._agenda.now))
        self._agenda.record(actions.IvrEntered(call, ivr))
        if step.reason in ("closed", "holiday"):
            self._agenda.record(actions.OutOfHours(call, ivr))
            self._agenda.after(self._dice.between(3, 9), self._hang_up, call)
        else:
            self._listen(call, number, ivr, state)

    def _listen(self, call: str, number: str, ivr: str, state: FlowState) -> None:
        """The menu plays: the caller presses a key or hangs up."""
        if self._dice.chance(GIVES_UP_IN_IVR):
            self._agenda.after(self._dice.between(1, 25), self._hang_up, call)
        else:
            self._agenda.after(self._dice.between(5, 18), self._choose, call, number, ivr, state)

    def _choose(self, call: str, number: str, ivr: str, state: FlowState) -> None:
        plan = self._ivrs[ivr]
        keys = self._dice.weighted(plan.keyed)
        self._agenda.record(actions.OptionChosen(call, ivr, keys))
        state, step = next_step(plan.settings, state, Keyed(keys))
        if step.kind == "queue":
            self._offer(call, number, step.queue)
        elif step.kind == "ask":
            self._listen(call, number, ivr, state)
        else:
            self._agenda.record(actions.IvrLeft(call, ivr))
            self._hang_up(call)

    # In a queue

    def _offer(self, call: str, number: str, queue: str) -> None:
        self._floor.offer(Visit(call, number, self._floor.plans[queue], self._talk, self._not_answered))

    def _not_answered(self, visit: Visit, how: str) -> None:
        queue = visit.queue
        if how == "withdrawn":
            self._offer(visit.call, visit.number, queue.elsewhere)
        elif how == "timed_out" and queue.overflow:
            self._offer(visit.call, visit.number, queue.overflow)
        elif how == "abandoned":
            self._hang_up(visit.call)
            if self._dice.chance(CALLS_AGAIN):
                self._agenda.after(self._dice.between(60, 900), self._arrive, visit.number)
        else:
            if how == "left_by_key":
                self._call_back(queue.name, visit.number)
            self._agenda.after(self._dice.between(2, 5), self._hang_up, visit.call)

    # With an agent

    def _talk(self, visit: Visit, worker: Worker) -> None:
        began = self._agenda.now
        mean = visit.queue.talk_s
        if self._dice.chance(PUT_ON_HOLD):
            self._agenda.after(self._dice.working(mean * 0.4), self._hold, visit, worker, began)
        else:
            self._agenda.after(self._dice.working(mean), self._release, visit, worker, began, 0)

    def _hold(self, visit: Visit, worker: Worker, began: int) -> None:
        self._agenda.record(actions.Held(visit.call, visit.queue.name, worker.plan.name))
        lasts = self._dice.working(30)
        self._agenda.after(lasts, self._resume, visit, worker, began, lasts)

    def _resume(self, visit: Visit, worker: Worker, began: int, held: int) -> None:
        self._agenda.record(actions.Resumed(visit.call, visit.queue.name, worker.plan.name))
        self._agenda.after(self._dice.working(visit.queue.talk_s * 0.6), self._release, visit, worker, began, held)

    def _release(self, visit: Visit, worker: Worker, began: int, held: int) -> None:
        """The talk ends: the call ends, or the agent transfers it."""
        queue, call, agent = visit.queue, visit.call, worker.plan.name
        talk_ms, hold_ms = (self._agenda.now - began - held) // MS, held // MS
        to = self._dice.weighted(queue.transfers)
        if to:
            extension = self._floor.plans[to].settings.internal_number
            self._agenda.record(
                actions.Transferred(call, queue.name, agent, to, extension, visit.wait_ms, talk_ms, hold_ms, visit.first_position)
            )
            self._wrap_up(queue, call, worker, self._dice.between(2, 6))
            self._offer(call, visit.number, to)
        else:
            by = "agent" if self._dice.chance(0.45) else "caller"
            self._agenda.record(actions.TalkEnded(call, queue.name, agent, by, visit.wait_ms, talk_ms, hold_ms, visit.first_position))
            jitter, loss = self._dice.quality()
            self._agenda.record(actions.HungUp(call, jitter, loss))
            self._wrap_up(queue, call, worker, self._dice.working(queue.wrap_s))

    def _wrap_up(self, queue: QueuePlan, call: str, worker: Worker, lasts: int) -> None:
        worker.state = "wrapping"
        self._agenda.after(lasts, self._wrapped, queue, call, worker, lasts)

    def _wrapped(self, queue: QueuePlan, call: str, worker: Worker, lasted: int) -> None:
        self._agenda.record(actions.WrappedUp(call, queue.name, worker.plan.name, self._dice.weighted(queue.tags), lasted // MS))
        self._floor.free(worker)

    def _hang_up(self, call: str) -> None:
        self._agenda.record(actions.HungUp(call))
