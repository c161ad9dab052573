"""The phones that ring, or rang, for one visit."""

from __future__ import annotations

from typing import Literal, Self

from domain.base import MS, SECOND
from domain.voice.calls import Ring
from domain.voice.forking import Forkable

SAME_END_US = 2 * SECOND
"""Two cancellations of one agent's ring within this time are one, reported twice."""

_RECENT_US = 5 * SAME_END_US

RingEnd = Literal["answered", "no-answer", "canceled", "dumped"]


class Ringing(Forkable):
    """The rings of a visit in the order in which they became known. Open rings are found at once, however many there were.

    going_on: each agent's rings without an end, by index. canceled: each agent's rings that were canceled lately.
    changed: the indexes of the rings that began or changed since the fork.
    """

    def __init__(self) -> None:
        self.rings: list[Ring] = []
        self.going_on: dict[str, tuple[int, ...]] = {}
        self.canceled: dict[str, tuple[int, ...]] = {}
        self.changed: set[int] = set()

    def fork(self) -> Self:
        copy = super().fork()
        copy.rings, copy.going_on, copy.canceled, copy.changed = [*self.rings], {**self.going_on}, {**self.canceled}, set()
        return copy

    def begin(self, agent: str, at: int) -> None:
        """The agent's phone begins to ring at `at` (us)."""
        self.going_on[agent] = (*self.going_on.get(agent, ()), len(self.rings))
        self._append(Ring(agent, at // MS, None, ""))

    def end(self, agent: str, at: int, outcome: RingEnd, ring_ms: int | None) -> None:
        """The agent's phone stops ringing at `at` (us). If the begin was not observed, the end proves a ring when it has a duration, or when nobody answered."""
        if not agent:
            return
        going_on = self.going_on.get(agent, ())
        if outcome == "canceled" and self._canceled_since(going_on[-1] if going_on else -1, agent, at):
            return
        if going_on:
            index = going_on[-1]
            self._forget(agent, index)
            self._end(index, at, outcome)
        elif ring_ms is not None or outcome in ("no-answer", "dumped"):
            self._append(Ring(agent, at // MS - (ring_ms or 0), at // MS, outcome))
            if outcome == "canceled":
                self._note_canceled(agent, len(self.rings) - 1, at)

    def cancel(self, at: int) -> None:
        """End all open rings: another agent answered, or the caller left."""
        going_on, self.going_on = self.going_on, {}
        for indexes in going_on.values():
            for index in indexes:
                self._end(index, at, "canceled")

    def indexes_going_on(self) -> list[int]:
        """The indexes of the rings without an end."""
        return [index for indexes in self.going_on.values() for index in indexes]

    def _append(self, ring: Ring) -> None:
        self.changed.add(len(self.rings))
        self.rings.append(ring)

    def _forget(self, agent: str, index: int) -> None:
        left = tuple(other for other in self.going_on[agent] if other != index)
        if left:
            self.going_on[agent] = left
        else:
            del self.going_on[agent]

    def _end(self, index: int, at: int, outcome: RingEnd) -> None:
        ring = self.rings[index]
        self.rings[index] = Ring(ring.agent, ring.from_ms, at // MS, outcome)
        self.changed.add(index)
        if outcome == "canceled":
            self._note_canceled(ring.agent, index, at)

    def _note_canceled(self, agent: str, index: int, at: int) -> None:
        lately = [other for other in self.canceled.get(agent, ()) if at - self._until(other) <= _RECENT_US]
        self.canceled[agent] = (*lately, index)

    def _canceled_since(self, index: int, agent: str, at: int) -> bool:
        """Whether a ring of the agent after `index` was canceled at about this time."""
        return any(other > index and abs(self._until(other) - at) <= SAME_END_US for other in self.canceled.get(agent, ()))

    def _until(self, index: int) -> int:
        return (self.rings[index].until_ms or 0) * MS
