"""A draft of a visit: what the facts applied so far prove about it, and the visit made from it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Self

from domain.base import MS
from domain.voice.call_state import Parts
from domain.voice.calls import End, Hold, Ring, Visit
from domain.voice.context import Promise
from domain.voice.facts import Fact
from domain.voice.forking import Forkable
from domain.voice.ringing import Ringing


class VisitDraft(Forkable):
    """A draft of a visit; instants in microseconds. `seen`: the instant of the last fact about it.

    index: its index among the drafts of its call, in the order in which they were opened. entered: other instants at which a line says
    that the call entered the queue in which it already was. said: the latest lines of kinds that happen to a visit only once. set_back: its
    lines prove that the clock was set back. from_log: a queue_log opened it. changed_holds: the indexes of the holds that changed since the fork.
    """

    end: End = ""
    ended: int | None = None
    agent: str = ""
    ring_ms: int | None = None
    released: int | None = None
    released_by: str = ""
    talk_unknown: bool = False
    wrap_ms: int | None = None
    left: int | None = None
    entered: tuple[int, ...] = ()
    said: tuple[Fact, ...] = ()
    set_back: bool = False
    holds: tuple[tuple[int, int | None], ...] = ()
    changed_holds: frozenset[int] = frozenset()

    def __init__(self, index: int, fact: Fact, offered: int, implied: bool) -> None:
        self.index = index
        self.queue = fact.queue
        self.offered = offered
        self.seen = fact.at
        self.live = fact.clock == "live"
        self.from_log = is_of_log(fact)
        self.rings = Ringing()
        self.implied: dict[str, str] = {"offered": fact.ref} if implied else {}

    def fork(self) -> Self:
        copy = super().fork()
        copy.rings, copy.changed_holds = self.rings.fork(), frozenset()
        return copy

    @property
    def waiting(self) -> bool:
        return self.end == ""

    @property
    def talking(self) -> bool:
        return self.end == "answered" and self.released is None and not self.talk_unknown

    @property
    def open(self) -> bool:
        return self.waiting or self.talking

    @property
    def on_hold(self) -> bool:
        return bool(self.holds) and self.holds[-1][1] is None

    def begin_hold(self, at: int) -> None:
        """The agent put the customer on hold at `at` (us)."""
        self.changed_holds |= {len(self.holds)}
        self.holds = (*self.holds, (at, None))

    def end_hold(self, at: int) -> None:
        """End the hold at `at` (us), if there is one."""
        if self.on_hold:
            *before, (since, _) = self.holds
            self.changed_holds |= {len(before)}
            self.holds = (*before, (since, at))

    def prove_offer(self, at: int) -> None:
        """Move an offer that only other lines prove to `at` (us), if that is earlier."""
        if "offered" in self.implied:
            self.offered = min(self.offered, at)

    def lose(self, at: int) -> None:
        """End the visit in an unknown way; `at` is the last instant at which it could still go on (us)."""
        if self.waiting:
            self.end, self.ended = "unknown", at
            self.rings.cancel(at)
        elif self.talking:
            self.talk_unknown = True

    def hang_up(self, at: int) -> None:
        """The line was hung up at `at` (us): a wait ends in an unknown way, a talk ends."""
        if self.waiting:
            self.lose(at)
        else:
            self.release(at)

    def release(self, at: int, by: str = "") -> None:
        """End the talk at `at` (us)."""
        self.released, self.released_by = at, by or self.released_by

    # The result

    def rings_at(self, indexes: Iterable[int]) -> Parts[Ring]:
        """Its rings at these indexes."""
        rings = self.rings.rings
        return Parts(len(rings), {k: rings[k] for k in sorted(indexes) if k < len(rings)})

    def holds_at(self, indexes: Iterable[int]) -> Parts[Hold]:
        """Its holds at these indexes."""
        holds = self.holds
        return Parts(len(holds), {k: Hold(holds[k][0] // MS, _ms(holds[k][1])) for k in sorted(indexes) if k < len(holds)})

    def visit(self, n: int, promise: Promise) -> Visit:
        """The visit as it is known now, the `n`-th of its call."""
        sla_ms, tolerated_ms, longest_wrap_up_ms = promise(self.queue, self.offered)
        offered, ended = self.offered // MS, _ms(self.ended)
        answered = self.end == "answered"
        released = _ms(self.released)
        talk = hold = None
        wrap_up = self.wrap_ms
        if wrap_up is None and not self.live:
            # A PBX does not report the end of a wrap-up: it keeps the agent free of calls for the time that the queue's setting says.
            wrap_up = longest_wrap_up_ms
        if answered and released is not None and ended is not None:
            hold = sum(until // MS - since // MS for since, until in self.holds if until is not None)
            talk = released - ended - hold
        return Visit(
            n=n,
            queue=self.queue,
            offered_ms=offered,
            sla_ms=sla_ms,
            tolerated_ms=tolerated_ms,
            end=self.end,
            ended_ms=ended,
            wait_ms=ended - offered if ended is not None and self.end != "unknown" else None,
            agent=self.agent if answered else "",
            ring_ms=self.ring_ms,
            released_ms=released,
            released_by=self.released_by,
            talk_ms=talk,
            hold_ms=hold,
            wrap_up_ms=wrap_up if released is not None else None,
            talk_unknown=self.talk_unknown,
            implied=tuple(f"{what}<{ref}" for what, ref in self.implied.items()) if self.implied else (),
        )


def is_of_log(fact: Fact) -> bool:
    """Whether the fact comes from a queue_log."""
    return fact.clock in ("log", "log.f")


def _ms(instant: int | None) -> int | None:
    return None if instant is None else instant // MS
