"""The floor: who waits in which queue, who is free to answer, and whose phone rings for whom.

The longest waiting customer of an agent's queues meets the agent who has been idle longest among those with the skill.
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
    """An agent: out, idle, ringing, talking, wrapping or dialling; `paused` with a reason, whatever the state."""

    __slots__ = ("leaving", "paused", "plan", "shifts", "state")

    def __init__(self, plan: AgentPlan) -> None:
        self.plan = plan
        self.state = "out"
        self.paused: str | None = None
        self.leaving = False
        self.shifts = 0


class Visit:
    """A call in a queue. `answered` and `ended` are told what comes of it; `ring` counts the ringings, so that an old one is known as such."""

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
    """Queues and agents of the center, at work."""

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
        """How many customers wait, in all queues."""
        return sum(map(len, self._lines.values()))

    def come(self, worker: Worker) -> None:
        """The agent begins to work."""
        worker.leaving = False
        worker.shifts += 1
        for queue in worker.plan.queues:
            self._members[queue] += 1
        self._agenda.say(actions.LoggedIn(worker.plan.name, worker.plan.queues))
        self.free(worker)

    def free(self, worker: Worker) -> None:
        """The agent has nothing to do: goes home, stays in the pause, or takes who has waited longest."""
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
        """The agent does something else now."""
        self._idle.pop(worker, None)
        worker.state = state

    def pause(self, worker: Worker, reason: str) -> None:
        """The agent takes a break; one who is on a call takes it afterwards."""
        self._idle.pop(worker, None)
        worker.paused = reason
        self._agenda.say(actions.Paused(worker.plan.name, worker.plan.queues, reason))

    def unpause(self, worker: Worker) -> None:
        """The agent is back."""
        worker.paused = None
        self._agenda.say(actions.Unpaused(worker.plan.name, worker.plan.queues))
        if worker.state == "idle":
            self.free(worker)

    def go(self, worker: Worker) -> None:
        """The agent goes home; where nobody is left the waiting are sent away."""
        self._idle.pop(worker, None)
        worker.state = "out"
        worker.paused = None
        self._agenda.say(actions.LoggedOut(worker.plan.name, worker.plan.queues))
        for queue in worker.plan.queues:
            self._members[queue] -= 1
            if not self._members[queue]:
                for visit in list(self._lines[queue]):
                    self._leave(visit, "emptied")

    def offer(self, visit: Visit) -> None:
        """The call comes to the queue; nobody is taken in where nobody works."""
        queue = visit.queue
        if not self._members[queue.name]:
            visit.over = True
            self._agenda.say(actions.TurnedAway(visit.call, queue.name, visit.number))
            visit.ended(visit, "turned_away")
            return
        line = self._lines[queue.name]
        line.append(visit)
        visit.offered_us = self._agenda.now
        visit.first_position = len(line)
        self._agenda.say(actions.Offered(visit.call, queue.name, visit.number, visit.first_position))
        delay, how = self._first_end(queue)
        self._agenda.after(delay, self._give_up, visit, how)
        for worker in self._idle:
            if queue.name in worker.plan.queues:
                self._ring(visit, worker)
                break

    def _first_end(self, queue: QueuePlan) -> tuple[int, str]:
        """When the wait will end without an answer, and how: whatever comes first."""
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
        self._agenda.say(actions.Rang(visit.call, visit.queue.name, worker.plan.name, channel))
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
        self._agenda.say(actions.Answered(visit.call, visit.queue.name, worker.plan.name, channel, visit.wait_ms, ring_ms))
        visit.answered(visit, worker)

    def _ring_out(self, visit: Visit, worker: Worker, ring: int) -> None:
        if visit.over or visit.ring != ring:
            return
        self._agenda.say(actions.RangOut(visit.call, visit.queue.name, worker.plan.name, RING_LIMIT_US // MS))
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
        """The wait ends without an answer; a phone that rings for it falls silent first."""
        line = self._lines[visit.queue.name]
        position = line.index(visit) + 1
        del line[position - 1]
        visit.over = True
        visit.wait_ms = (self._agenda.now - visit.offered_us) // MS
        worker = visit.ringing
        if worker is not None:
            ended = actions.RangOut if how == "timed_out" else actions.RingCanceled
            ring_ms = (self._agenda.now - visit.rang_us) // MS
            self._agenda.say(ended(visit.call, visit.queue.name, worker.plan.name, ring_ms))
        self._agenda.say(_farewell(visit, how, position))
        if worker is not None:
            self.free(worker)
        visit.ended(visit, how)


def _farewell(visit: Visit, how: str, position: int) -> actions.Action:
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
