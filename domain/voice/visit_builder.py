"""The visits of one call, one after another, as its facts open, answer and close them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence

from domain.base import MS, SECOND
from domain.voice.call_state import Parts
from domain.voice.calls import End, Hold, Ring, Visit
from domain.voice.context import Promise
from domain.voice.facts import Fact, FactKind
from domain.voice.journal import Journal, Journaled, JournaledDict, JournaledList
from domain.voice.ringing import RingEnd, Ringing

DIFFER_US = 2 * SECOND
"""Two observations of one instant that differ by more than this are in conflict."""

SET_BACK_US = 3600 * SECOND
"""A PBX's clock is set back by so much at most."""

_ENDS: dict[FactKind, End] = {
    "abandoned": "abandoned",
    "timed_out": "timed_out",
    "left_by_key": "left_by_key",
    "withdrawn": "transferred_out",
    "emptied": "closed",
}


_RING_ENDS: dict[str, RingEnd] = {"ring_no_answer": "no_answer", "ring_canceled": "canceled", "agent_dumped": "dumped"}


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
            from_log=_of_log(fact),
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


class VisitBuilder:
    """Takes the facts of a call in order and keeps a draft of every visit."""

    def __init__(self, journal: Journal, born: int = 0) -> None:
        """born: when the call's channel came to be (us), 0 where its id does not tell."""
        self.journal = journal
        self.born = born
        self.drafts: JournaledList[VisitDraft] = JournaledList(journal)
        self.latest: JournaledDict[str, VisitDraft] = JournaledDict(journal)
        self.gaps: JournaledList[Fact] = JournaledList(journal)
        self.moved: JournaledList[Fact] = JournaledList(journal)
        self.conflicts: JournaledList[str] = JournaledList(journal)

    def take_all(self, facts: Sequence[Fact]) -> None:
        """Facts of the call, in order; all of those that have one instant."""
        taken: set[int] = set()
        for index, fact in enumerate(facts):
            if fact.kind == "offered":
                end = self._end_in_the_same_second(facts, index)
                if end is not None:
                    self.take(facts[end])
                    taken.add(end)
            if index not in taken:
                self.take(fact)

    def _end_in_the_same_second(self, facts: Sequence[Fact], index: int) -> int | None:
        """Of two lines whose order nobody knows, the end of the open visit comes before the next offer."""
        fact = facts[index]
        draft = self.latest.get(fact.queue)
        if draft is None or not (draft.waiting or draft.talking):
            return None
        ends = ("released",) if draft.talking else (*_ENDS, "unseen_end")
        for other in range(index + 1, len(facts)):
            if (facts[other].at, facts[other].seq) != (fact.at, fact.seq):
                return None
            if facts[other].queue == fact.queue and facts[other].kind in ends:
                return other
        return None

    def take(self, fact: Fact) -> None:
        """One more fact, not earlier than those before it. Facts that are no matter of a queue pass by."""
        handler = _HANDLERS.get(fact.kind)
        if handler is None or self._said_before(fact):
            return
        handler(self, fact)
        draft = self.latest.get(fact.queue)
        if draft is not None:
            draft.seen = max(draft.seen, fact.at)
            if fact.until is not None and fact.at < fact.until:
                draft.set_back = True
            if fact.kind in _ONCE:
                draft.said[_line_of(fact)] = None

    def _said_before(self, fact: Fact) -> bool:
        """Whether the visit has such a line, and what it says cannot have happened to it twice."""
        draft = self.latest.get(fact.queue)
        # Who rang for no time at all may ring again within the second.
        return draft is not None and _line_of(fact) in draft.said and (fact.kind != "ring_no_answer" or bool(fact.ring_ms))

    # opening

    def _open(self, fact: Fact, offered: int, implied: bool) -> VisitDraft:
        draft = VisitDraft(self.journal, fact, offered)
        if implied:
            draft.implied["offered"] = fact.ref
        self.drafts.append(draft)
        self.latest[fact.queue] = draft
        return draft

    def _offered(self, fact: Fact) -> None:
        earlier = self.latest.get(fact.queue)
        if earlier is not None and earlier.open and self._entered_again(earlier, fact):
            return
        if earlier is not None:
            _lose(earlier, fact.at)
        self._open(fact, fact.at, implied=False)

    @staticmethod
    def _entered_again(draft: VisitDraft, fact: Fact) -> bool:
        """Whether this is the offer of the visit that is open: a call cannot enter a queue in which it is."""
        implied = "offered" in draft.implied
        if implied and draft.waiting and abs(draft.offered - fact.at) <= DIFFER_US:
            # A list showed it waiting before its beginning was told.
            draft.offered = fact.at
            del draft.implied["offered"]
            return True
        if abs(draft.offered - fact.at) <= DIFFER_US or (implied and _of_log(fact) and fact.at - draft.offered <= SET_BACK_US):
            draft.entered = (*draft.entered, fact.at)
            return True
        return False

    def _entered_since(self, draft: VisitDraft, fact: Fact, reckoned: int) -> VisitDraft | None:
        """The visit of an entry that was taken for one of `draft`, when the wait told by `fact` began with that entry: long after, or
        in the second in which `draft` ended (parts of a log, cut within it, do not tell the order).
        """
        near = [at for at in draft.entered if abs(at - reckoned) <= DIFFER_US]
        over = draft.released or draft.ended
        again = not draft.open and over is not None and fact.at > over
        entered = next((at for at in near if (abs(at - over) <= DIFFER_US if again and over else at - draft.offered > DIFFER_US)), None)
        if entered is None:
            return None
        draft.entered = tuple(at for at in draft.entered if at != entered)
        _lose(draft, entered)
        return self._open(fact, entered, implied=False)

    def _waiting_draft(self, fact: Fact, wait_ms: int | None) -> VisitDraft | None:
        """The visit that `fact` shows waiting until now; None when its end was told before, in other words."""
        draft = self.latest.get(fact.queue)
        reckoned = fact.at - (wait_ms or 0) * MS
        if draft is not None and wait_ms is not None and draft.entered:
            since = self._entered_since(draft, fact, reckoned)
            if since is not None:
                return since
            if draft.waiting and "offered" not in draft.implied:
                # Of two entries within two seconds the earlier holds, unless the wait tells the other.
                draft.offered = min(sorted([draft.offered, *draft.entered]), key=lambda at: abs(at - reckoned))
        if draft is not None and draft.waiting:
            if "offered" in draft.implied:
                draft.offered = min(draft.offered, reckoned)
            elif wait_ms is not None and abs(draft.offered - reckoned) > DIFFER_US:
                self._disagree(fact, f"its wait of {wait_ms} ms does not reach back to the offer")
            return draft
        if draft is not None and self._told_before(draft, fact, reckoned, wait_ms):
            self._disagree(fact, f"the visit had ended {draft.end} before")
            return None
        return self._open(fact, reckoned, implied=True)

    @staticmethod
    def _told_before(draft: VisitDraft, fact: Fact, reckoned: int, wait_ms: int | None) -> bool:
        """Whether `fact` can only speak of the closed visit `draft`, not of one that nobody saw open."""
        if wait_ms is None:
            return True
        return reckoned < (draft.ended or draft.offered) - DIFFER_US or abs(reckoned - draft.offered) <= DIFFER_US

    # ringing

    def _rang(self, fact: Fact) -> None:
        draft = self.latest.get(fact.queue)
        if draft is None or not draft.waiting:
            draft = self._open(fact, fact.at, implied=True)
        draft.rings.begin(fact.agent, fact.at)

    def _ring_ended(self, fact: Fact) -> None:
        began = fact.at - (fact.ring_ms or 0) * MS
        draft = self.latest.get(fact.queue)
        if draft is None or (not draft.waiting and began > (draft.ended or draft.offered) + DIFFER_US):
            draft = self._open(fact, began, implied=True)
        elif "offered" in draft.implied and draft.waiting:
            draft.offered = min(draft.offered, began)
        draft.rings.end(fact.agent, fact.at, _RING_ENDS[fact.kind], fact.ring_ms)

    # the answer and the talk

    def _answered(self, fact: Fact) -> None:
        draft = self.latest.get(fact.queue)
        if draft is not None and draft.talking and abs((draft.ended or 0) - fact.at) <= DIFFER_US and draft.agent in ("", fact.agent):
            draft.agent = draft.agent or fact.agent
            return
        draft = self._waiting_draft(fact, fact.wait_ms)
        if draft is not None:
            self._answer(draft, fact, fact.at)
            draft.ring_ms = fact.ring_ms

    def _answer(self, draft: VisitDraft, fact: Fact, at: int) -> None:
        draft.end, draft.ended, draft.agent = "answered", at, fact.agent
        draft.rings.end(fact.agent, at, "answered", fact.ring_ms if fact.kind == "answered" else None)
        draft.rings.cancel(at)

    def _released(self, fact: Fact) -> None:
        draft = self.latest.get(fact.queue)
        if draft is None or not draft.talking:
            draft = self._answered_unseen(fact, draft)
            if draft is None:
                return
        elif fact.talk_ms is not None and draft.ended is not None and abs(fact.at - draft.ended - fact.talk_ms * MS) > DIFFER_US:
            self._disagree(fact, f"its talk of {fact.talk_ms} ms does not reach back to the answer")
        draft.released, draft.released_by = fact.at, fact.by
        draft.agent = draft.agent or fact.agent
        if not draft.live:
            draft.wrap_ms = draft.wrap_ms or 0
        if draft.holds and draft.holds[-1][1] is None:
            draft.holds[-1] = (draft.holds[-1][0], fact.at)

    def _answered_unseen(self, fact: Fact, draft: VisitDraft | None) -> VisitDraft | None:
        """The end of a talk proves the answer before it, and the offer before that."""
        answered = fact.at - (fact.talk_ms or 0) * MS
        if draft is not None and draft.waiting:
            if "offered" in draft.implied:
                draft.offered = min(draft.offered, answered - (fact.wait_ms or 0) * MS)
            answered = max(answered, draft.offered)
        elif fact.by == "transfer" and 0 < answered - (fact.wait_ms or 0) * MS < self.born - DIFFER_US:
            self._disagree(fact, "the talk began before this call did: it is another's")
            return None
        elif draft is not None and answered < (draft.released or draft.ended or draft.offered) - DIFFER_US:
            self._disagree(fact, f"the visit had ended {draft.end} before")
            return None
        else:
            draft = self._open(fact, answered - (fact.wait_ms or 0) * MS, implied=True)
        self._answer(draft, fact, answered)
        draft.implied["answered"] = fact.ref
        return draft

    def _held(self, fact: Fact) -> None:
        draft = self._talking_draft(fact)
        if draft is not None and not (draft.holds and draft.holds[-1][1] is None):
            draft.holds.append((fact.at, None))

    def _resumed(self, fact: Fact) -> None:
        draft = self._talking_draft(fact)
        if draft is not None and draft.holds and draft.holds[-1][1] is None:
            draft.holds[-1] = (draft.holds[-1][0], fact.at)

    def _talking_draft(self, fact: Fact) -> VisitDraft | None:
        if fact.queue:
            draft = self.latest.get(fact.queue)
            return draft if draft is not None and draft.talking else None
        return next((draft for draft in reversed(self.drafts.items) if draft.talking), None)

    def _wrap_up(self, fact: Fact) -> None:
        draft = self.latest.get(fact.queue) if fact.queue else next(iter(reversed(self.drafts.items)), None)
        if draft is not None and draft.end == "answered":
            draft.wrap_ms = fact.wrap_ms

    # other ends

    def _ended(self, fact: Fact) -> None:
        draft = self._waiting_draft(fact, fact.wait_ms)
        if draft is not None:
            draft.end, draft.ended = _ENDS[fact.kind], fact.at
            draft.rings.cancel(fact.at)

    def _turned_away(self, fact: Fact) -> None:
        waiting = self.latest.get(fact.queue)
        draft = self._open(fact, fact.at, implied=False)
        draft.end, draft.ended = "closed", fact.at
        if waiting is not None and waiting.waiting:
            self.latest[fact.queue] = waiting

    def _unseen_end(self, fact: Fact) -> None:
        draft = self.latest.get(fact.queue)
        if draft is None:
            draft = self._open(fact, fact.at, implied=True)
        if draft.waiting:
            draft.left = fact.at

    def _still_waiting(self, fact: Fact) -> None:
        draft = self.latest.get(fact.queue)
        if draft is None or not draft.waiting:
            self._open(fact, fact.at - (fact.wait_ms or 0) * MS, implied=True)

    def _unseen(self, fact: Fact) -> None:
        self.gaps.append(fact)

    def _part_of(self, fact: Fact) -> None:
        if fact.queue:
            self.moved.append(fact)

    def _disagree(self, fact: Fact, why: str) -> None:
        self.conflicts.append(f"{fact.ref or fact.kind}: {fact.kind} in {fact.queue}: {why}")

    # the end of the evidence

    def settled(self) -> list[VisitDraft]:
        """The visits by their offers, as the drafts come to them; what this changes in drafts is taken back like what `close` does."""
        ordered = sorted(self.drafts, key=lambda draft: draft.offered)
        for fact in self.moved:
            ordered = _without_what_goes_on_elsewhere(ordered, fact)
        return _joined_across_a_clock_set_back(ordered)

    def close(self, drafts: Iterable[VisitDraft], ordered: list[VisitDraft], restarts: Sequence[int], hung_up: int | None) -> None:
        """End `drafts`, which are some of those in `ordered`, as `unknown` where no source saw their end and they cannot still be going on.

        What is said next may end them otherwise: whoever closes them takes it back before.
        """
        for draft in drafts:
            if draft.waiting or draft.talking:
                over = self._ends_of(draft, ordered, restarts)
                if over is not None:
                    _lose(draft, max(over, draft.offered))
                elif hung_up is not None:
                    _hang_up(draft, hung_up)

    def _ends_of(self, draft: VisitDraft, ordered: list[VisitDraft], restarts: Sequence[int]) -> int | None:
        """The last moment at which an open visit was surely going on, if anything shows that it is over."""
        # A restart may be told in whole seconds: one in the second of the last sign comes after it.
        restart = bisect_right(restarts, draft.seen - SECOND)
        over = list(restarts[restart : restart + 1])
        over += [gap.at for gap in self.gaps if gap.at >= draft.seen]
        following = ordered[ordered.index(draft) + 1 :]
        if draft.waiting:
            over += [later.offered for later in following if "offered" not in later.implied]
            over += [draft.left] if draft.left is not None else []
        else:
            # A call that is in another queue talks no more.
            over += [later.offered for later in following if later.queue != draft.queue and later.offered > draft.seen]
        return min(over, default=None)


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


def _without_what_goes_on_elsewhere(drafts: list[VisitDraft], fact: Fact) -> list[VisitDraft]:
    """The visit that is open in that queue is told of under another call's id from now on: it is that call's."""
    return [draft for draft in drafts if draft.queue != fact.queue or not draft.open or draft.offered > fact.at + DIFFER_US]


def _joined_across_a_clock_set_back(ordered: list[VisitDraft]) -> list[VisitDraft]:
    """A visit entered by the clock of before and ended by the clock of after stands here as two: one without a beginning
    of its own, and after it one without an end. The durations that its lines state hold.
    """
    drafts = list(ordered)
    for opened in [draft for draft in drafts if draft.open and draft.from_log]:
        ended = next((draft for draft in drafts if _may_be_its_end(draft, opened)), None)
        if ended is None:
            continue
        if opened.waiting:
            drafts.remove(opened)
        elif ended.released is not None and ended.ended is not None and opened.ended is not None:
            opened.released, opened.released_by = opened.ended + ended.released - ended.ended, ended.released_by
            opened.wrap_ms = ended.wrap_ms
            drafts.remove(ended)
    return drafts


def _of_log(fact: Fact) -> bool:
    return fact.clock in ("log", "log.f")


def _line_of(fact: Fact) -> tuple[object, ...]:
    """What a line says about a visit."""
    return (fact.kind, fact.at, fact.clock, fact.agent, fact.by, fact.wait_ms, fact.talk_ms, fact.ring_ms, fact.text)


def _may_be_its_end(ended: VisitDraft, opened: VisitDraft) -> bool:
    """Whether `ended`, of which no beginning was told, can be the end of `opened`, by a clock that was set back meanwhile."""
    if ended.queue != opened.queue or "offered" not in ended.implied or ended.open or not ended.from_log:
        return False
    if not 0 <= opened.offered - ended.offered <= SET_BACK_US:
        return False
    # Where the order of a file does not tell, only an end after which the call is over proves that it was no earlier visit.
    if not (ended.set_back or ended.end == "abandoned" or ended.released_by in ("agent", "caller")):
        return False
    if opened.waiting:
        return True
    waits = abs(((ended.ended or 0) - ended.offered) - ((opened.ended or 0) - opened.offered)) <= DIFFER_US
    return waits and "answered" in ended.implied and opened.agent in ("", ended.agent)


def _ms(instant: int | None) -> int | None:
    return None if instant is None else instant // MS


def _lose(draft: VisitDraft, at: int) -> None:
    """Nobody saw how it ended; `at` is the last moment at which it could still go on."""
    if draft.waiting:
        draft.end, draft.ended = "unknown", at
        draft.rings.cancel(at)
    elif draft.talking:
        draft.talk_unknown = True


def _hang_up(draft: VisitDraft, at: int) -> None:
    """The line is free: who waited is gone, nobody said how; who talked has ended."""
    if draft.waiting:
        _lose(draft, at)
    else:
        draft.released = at
        if not draft.live:
            draft.wrap_ms = draft.wrap_ms or 0


_ONCE: frozenset[FactKind] = frozenset({"answered", "released", "ring_no_answer", *_ENDS})
"""Kinds of which a second such line is no second happening to the same visit."""

_HANDLERS: dict[FactKind, Callable[[VisitBuilder, Fact], None]] = {
    "offered": VisitBuilder._offered,
    "rang": VisitBuilder._rang,
    "ring_no_answer": VisitBuilder._ring_ended,
    "ring_canceled": VisitBuilder._ring_ended,
    "agent_dumped": VisitBuilder._ring_ended,
    "waiting": VisitBuilder._still_waiting,
    "answered": VisitBuilder._answered,
    "held": VisitBuilder._held,
    "resumed": VisitBuilder._resumed,
    "released": VisitBuilder._released,
    "wrap_up": VisitBuilder._wrap_up,
    "abandoned": VisitBuilder._ended,
    "timed_out": VisitBuilder._ended,
    "left_by_key": VisitBuilder._ended,
    "withdrawn": VisitBuilder._ended,
    "emptied": VisitBuilder._ended,
    "turned_away": VisitBuilder._turned_away,
    "unseen_end": VisitBuilder._unseen_end,
    "unseen": VisitBuilder._unseen,
    "part_of": VisitBuilder._part_of,
}
