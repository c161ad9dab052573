"""The floor: the customers in each queue, the free agents, and the ringing phones.

A free agent gets the customer who has waited longest in the agent's queues. A new customer gets the agent of the queue who has been idle longest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from domain.base import MS, SECOND
from simulator import actions
from simulator.agenda import Agenda
from simulator.center import AgentPlan, QueuePlan
from simulator.dice import Dice

RING_LIMIT_US = 15 * SECOND
WITHDRAWN_SHARE = 0.004


class Worker:
    """An agent. `state`: out, idle, ringing, talking, wrapping or dialling; `paused`: the reason of a pause, in any state."""

    __slots__ = ("leaving", "paused", "plan", "shifts", "state")

    def __init__(self, plan: AgentPlan) -> None:
        self.plan = plan
        self.state = "out"
        self.paused: str | None = None
        self.leaving = False
        self.shifts = 0


class Visit:
    """A call in a queue. `answered` or `ended` is called at its end. `ring` numbers the ring attempts, so that timers of an old one are ignored."""

    __slots__ = (
        "answered",
        "call",
        "ended",
        "first_position",
        "number",
        "offered_us",
        "over",
        "queue",
        "rang_us",
        "ring",
        "ringing",
        "wait_ms",
    )

    def __init__(
        self,
        call: str,
        number: str,
        queue: QueuePlan,
        answered: Callable[[Visit, Worker], None],
        ended: Callable[[Visit, str], None],
    ) -> None:
        self.call = call
        self.number = number
        self.queue = queue
        self.answered = answered
        self.ended = ended
        self.offered_us = 0
        self.first_position = 0
        self.wait_ms = 0
        self.ringing: Worker | None = None
        self.rang_us = 0
        self.ring = 0
        self.over = False


class Floor:
    """The queues of the center and its agents."""

    def __init__(self, agenda: Agenda, dice: Dice, queues: Iterable[QueuePlan], new_channel: Callable[[], str]) -> None:
        self._agenda = agenda
        self._dice = dice
        self._new_channel = new_channel
        self.plans = {queue.name: queue for queue in queues}
        self._lines: dict[str, list[Visit]] = {name: [] for name in self.plans}
        self._members = dict.fromkeys(self.plans, 0)
        self._idle: dict[Worker, None] = {}

    @property
    def waiting(self) -> int:
        """The number of customers who wait in all queues."""
        return sum(map(len, self._lines.values()))

    def come(self, worker: Worker) -> None:
        """Log the agent in."""
        worker.leaving = False
        worker.shifts += 1
        for queue in worker.plan.queues:
            self._members[queue] += 1
        self._agenda.record(actions.LoggedIn(worker.plan.name, worker.plan.queues))
        self.free(worker)

    def free(self, worker: Worker) -> None:
        """The agent's work ended: log out, stay paused, or ring for the customer who has waited longest."""
        worker.state = "idle"
        if worker.leaving:
            self.go(worker)
        elif worker.paused is None:
            longest: Visit | None = None
            for queue in worker.plan.queues:
                for visit in self._lines[queue]:
                    if visit.ringing is None:
                        if longest is None or visit.offered_us < longest.offered_us:
                            longest = visit
                        break
            if longest is None:
                self._idle[worker] = None
            else:
                self._ring(longest, worker)

    def busy(self, worker: Worker, state: str) -> None:
        """The agent is busy with something else."""
        self._idle.pop(worker, None)
        worker.state = state

    def pause(self, worker: Worker, reason: str) -> None:
        """Pause the agent. On a call, the pause starts after the call."""
        self._idle.pop(worker, None)
        worker.paused = reason
        self._agenda.record(actions.Paused(worker.plan.name, worker.plan.queues, reason))

    def unpause(self, worker: Worker) -> None:
        """End the agent's pause."""
        worker.paused = None
        self._agenda.record(actions.Unpaused(worker.plan.name, worker.plan.queues))
        if worker.state == "idle":
            self.free(worker)

    def go(self, worker: Worker) -> None:
        """Log the agent out. A queue without agents removes its waiting customers."""
        self._idle.pop(worker, None)
        worker.state = "out"
        worker.paused = None
        self._agenda.record(actions.LoggedOut(worker.plan.name, worker.plan.queues))
        for queue in worker.plan.queues:
            self._members[queue] -= 1
            if not self._members[queue]:
                for visit in list(self._lines[queue]):
                    self._leave(visit, "emptied")

    def offer(self, visit: Visit) -> None:
        """Offer the call to the queue. A queue without agents refuses it."""
        queue = visit.queue
        if not self._members[queue.name]:
            visit.over = True
            self._agenda.record(actions.TurnedAway(visit.call, queue.name, visit.number))
            visit.ended(visit, "turned_away")
            return
        line = self._lines[queue.name]
        line.append(visit)
        visit.offered_us = self._agenda.now
        visit.first_position = len(line)
        self._agenda.record(actions.Offered(visit.call, queue.name, visit.number, visit.first_position))
        delay, how = self._first_end(queue)
        self._agenda.after(delay, self._give_up, visit, how)
        for worker in self._idle:
            if queue.name in worker.plan.queues:
                self._ring(visit, worker)
                break

    def _first_end(self, queue: QueuePlan) -> tuple[int, str]:
        """When and how the wait will end without an answer: the earliest of all possible ends."""
        dice = self._dice
        ends = [(queue.limit_s * SECOND, "timed_out"), (dice.waiting(queue.patience_s), "abandoned")]
        if dice.chance(queue.key_share):
            ends.append((dice.between(8, 60), "left_by_key"))
        if dice.chance(WITHDRAWN_SHARE):
            ends.append((dice.between(5, 40), "withdrawn"))
        return min(ends)

    def _ring(self, visit: Visit, worker: Worker) -> None:
        self.busy(worker, "ringing")
        visit.ringing = worker
        visit.rang_us = self._agenda.now
        visit.ring += 1
        channel = self._new_channel()
        self._agenda.record(actions.Rang(visit.call, visit.queue.name, worker.plan.name, channel))
        if self._dice.chance(worker.plan.deaf):
            self._agenda.after(RING_LIMIT_US, self._ring_out, visit, worker, visit.ring)
        else:
            self._agenda.after(self._dice.between(1, 7), self._answer, visit, worker, visit.ring, channel)

    def _answer(self, visit: Visit, worker: Worker, ring: int, channel: str) -> None:
        if visit.over or visit.ring != ring:
            return
        now = self._agenda.now
        self._lines[visit.queue.name].remove(visit)
        visit.over = True
        visit.wait_ms = (now - visit.offered_us) // MS
        worker.state = "talking"
        ring_ms = (now - visit.rang_us) // MS
        self._agenda.record(actions.Answered(visit.call, visit.queue.name, worker.plan.name, channel, visit.wait_ms, ring_ms))
        visit.answered(visit, worker)

    def _ring_out(self, visit: Visit, worker: Worker, ring: int) -> None:
        if visit.over or visit.ring != ring:
            return
        self._agenda.record(actions.RangOut(visit.call, visit.queue.name, worker.plan.name, RING_LIMIT_US // MS))
        visit.ringing = None
        for other in self._idle:
            if visit.queue.name in other.plan.queues:
                self._ring(visit, other)
                break
        self.free(worker)

    def _give_up(self, visit: Visit, how: str) -> None:
        if not visit.over:
            self._leave(visit, how)

    def _leave(self, visit: Visit, how: str) -> None:
        """End the wait without an answer. A phone that rings for it stops first."""
        line = self._lines[visit.queue.name]
        position = line.index(visit) + 1
        del line[position - 1]
        visit.over = True
        visit.wait_ms = (self._agenda.now - visit.offered_us) // MS
        worker = visit.ringing
        if worker is not None:
            ended = actions.RangOut if how == "timed_out" else actions.RingCanceled
            ring_ms = (self._agenda.now - visit.rang_us) // MS
            self._agenda.record(ended(visit.call, visit.queue.name, worker.plan.name, ring_ms))
        self._agenda.record(_end_of_wait(visit, how, position))
        if worker is not None:
            self.free(worker)
        visit.ended(visit, how)


def _end_of_wait(visit: Visit, how: str, position: int) -> actions.Action:
    call, queue, first, wait_ms = visit.call, visit.queue.name, visit.first_position, visit.wait_ms
    match how:
        case "abandoned":
            return actions.Abandoned(call, queue, position, first, wait_ms)
        case "timed_out":
            return actions.TimedOut(call, queue, position, first, wait_ms)
        case "left_by_key":
            return actions.LeftByKey(call, queue, "9", position, first, wait_ms)
        case "withdrawn":
            return actions.Withdrawn(call, queue, visit.queue.elsewhere, position, first, wait_ms)
        case _:
            return actions.Emptied(call, queue, position, first, wait_ms)
