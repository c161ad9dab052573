"""A visit in the making: what the facts have come to so far, and the visit that it is by then."""

from __future__ import annotations

from collections.abc import Iterable

from domain.base import MS
from domain.voice.call_state import Parts
from domain.voice.calls import End, Hold, Ring, Visit
from domain.voice.context import Promise
from domain.voice.facts import Fact
from domain.voice.journal import Journal, Journaled, JournaledDict, JournaledList
from domain.voice.ringing import Ringing


class VisitDraft(Journaled):
    """A visit in the making; instants in microseconds. `seen`: the last fact that speaks of it.

    n: its place when the visits were last put in order. entered: other instants at which a line says that the call entered the queue in
    which it was. said: the lines that can speak of a visit only once. set_back: its lines show that the clock was set back.
    from_log: a queue_log opened it.
    """

    queue: str
    offered: int
    seen: int
    live: bool
    rings: Ringing
    holds: JournaledList[tuple[int, int | None]]
    implied: JournaledDict[str, str]
    n: int | None = None
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
    said: JournaledDict[tuple[object, ...], None]
    set_back: bool = False
    from_log: bool = False

    def __init__(self, journal: Journal, fact: Fact, offered: int) -> None:
        self.start(
            journal=journal,
            queue=fact.queue,
            offered=offered,
            seen=fact.at,
            live=fact.clock == "live",
            rings=Ringing(journal, self),
            holds=JournaledList(journal, self),
            implied=JournaledDict(journal, self),
            said=JournaledDict(journal),
            from_log=of_log(fact),
        )

    def rings_at(self, places: Iterable[int]) -> Parts[Ring]:
        """Its rings at these places."""
        rings = self.rings.rings
        return Parts(len(rings), {k: rings[k] for k in sorted(places) if k < len(rings)})

    def holds_at(self, places: Iterable[int]) -> Parts[Hold]:
        """Its holds at these places."""
        holds = self.holds
        return Parts(len(holds), {k: Hold(holds[k][0] // MS, _ms(holds[k][1])) for k in sorted(places) if k < len(holds)})

    @property
    def waiting(self) -> bool:
        return self.end == ""

    @property
    def talking(self) -> bool:
        return self.end == "answered" and self.released is None and not self.talk_unknown

    @property
    def open(self) -> bool:
        return self.waiting or self.talking


def lose(draft: VisitDraft, at: int) -> None:
    """Nobody saw how it ended; `at` is the last moment at which it could still go on."""
    if draft.waiting:
        draft.end, draft.ended = "unknown", at
        draft.rings.cancel(at)
    elif draft.talking:
        draft.talk_unknown = True


def hang_up(draft: VisitDraft, at: int) -> None:
    """The line is free: who waited is gone, nobody said how; who talked has ended."""
    if draft.waiting:
        lose(draft, at)
    else:
        draft.released = at
        if not draft.live:
            draft.wrap_ms = draft.wrap_ms or 0


def visit_of(draft: VisitDraft, promise: Promise) -> Visit:
    """The visit as it is known now."""
    assert draft.n is not None, "the visits were not put in order"
    sla_ms, tolerated_ms = promise(draft.queue, draft.offered)
    offered, ended = draft.offered // MS, _ms(draft.ended)
    answered = draft.end == "answered"
    released = _ms(draft.released)
    talk = hold = None
    if answered and released is not None and ended is not None:
        hold = sum(until // MS - since // MS for since, until in draft.holds if until is not None)
        talk = released - ended - hold
    return Visit(
        n=draft.n,
        queue=draft.queue,
        offered_ms=offered,
        sla_ms=sla_ms,
        tolerated_ms=tolerated_ms,
        end=draft.end,
        ended_ms=ended,
        wait_ms=ended - offered if ended is not None and draft.end != "unknown" else None,
        agent=draft.agent if answered else "",
        ring_ms=draft.ring_ms,
        released_ms=released,
        released_by=draft.released_by,
        talk_ms=talk,
        hold_ms=hold,
        wrap_up_ms=draft.wrap_ms if released is not None else None,
        talk_unknown=draft.talk_unknown,
        implied=tuple(f"{what}<{ref}" for what, ref in draft.implied.items()),
    )


def of_log(fact: Fact) -> bool:
    """Whether a line of a queue_log says it."""
    return fact.clock in ("log", "log.f")


def _ms(instant: int | None) -> int | None:
    return None if instant is None else instant // MS
