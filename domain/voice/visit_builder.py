"""The visits of one call, as its facts open, answer and close them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Self

from domain.base import MS
from domain.voice.calls import End
from domain.voice.facts import Fact, FactKind
from domain.voice.forking import Forkable
from domain.voice.ringing import RingEnd
from domain.voice.visit_closing import DIFFER_US, SET_BACK_US
from domain.voice.visit_draft import VisitDraft, is_of_log

_ENDS: dict[FactKind, End] = {
    "abandoned": "abandoned",
    "timed_out": "timed-out",
    "left_by_key": "left-by-key",
    "withdrawn": "transferred-out",
    "emptied": "closed",
}


_RING_ENDS: dict[str, RingEnd] = {"ring_no_answer": "no-answer", "ring_canceled": "canceled", "agent_dumped": "dumped"}


class VisitBuilder(Forkable):
    """Applies the facts of a call in order and keeps a draft of every visit.

    born: when the call's channel was created (us), 0 when its id does not contain it. drafts: in the order in which they were opened.
    latest: the index of each queue's last draft. restarts: when the PBX restarted during the call. own: the drafts that changed since the fork, by index; all others are shared with the
    forked builder, and are copied before they change. gaps: when sources were cut off. moved: the facts that a visit goes on under
    another call's id. conflicts: contradictions between the facts.
    """

    gaps: tuple[Fact, ...] = ()
    restarts: tuple[int, ...] = ()
    moved: tuple[Fact, ...] = ()
    conflicts: tuple[str, ...] = ()

    def __init__(self, born: int = 0) -> None:
        self.born = born
        self.drafts: list[VisitDraft] = []
        self.latest: dict[str, int] = {}
        self.own: dict[int, VisitDraft] = {}

    def fork(self) -> Self:
        copy = super().fork()
        copy.drafts, copy.latest, copy.own = [*self.drafts], {**self.latest}, {}
        return copy

    def take_all(self, facts: Sequence[Fact]) -> None:
        """Apply facts of the call in order; all facts of one instant must be passed together."""
        taken: set[int] = set()
        for index, fact in enumerate(facts):
            kind = fact.kind
            if kind == "offered":
                end = self._end_in_the_same_second(facts, index)
                if end is not None:
                    self.take(facts[end])
                    taken.add(end)
            if kind in _HANDLERS and index not in taken:
                self.take(fact)

    def _end_in_the_same_second(self, facts: Sequence[Fact], index: int) -> int | None:
        """The index of the fact that ends the open visit of this queue: of two lines without a known order, it comes before the next offer."""
        fact = facts[index]
        draft = self._last_in(fact.queue)
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
        """Apply one more fact about a queue, not earlier than those before it."""
        handler = _HANDLERS[fact.kind]
        queue = fact.queue
        draft = self._last_in(queue)
        once = fact.kind in _ONCE
        if once and draft is not None and draft.said and _repeats(draft, fact):
            return
        handler(self, fact, draft)
        index = self.latest.get(queue)
        if index is None:
            return
        draft = self.own[index]
        draft.seen = max(draft.seen, fact.at)
        if fact.until is not None and fact.at < fact.until:
            draft.set_back = True
        if once:
            draft.said = (*(line for line in draft.said if line.at >= fact.at - DIFFER_US), fact)

    # opening

    def _open(self, fact: Fact, offered: int, implied: bool) -> VisitDraft:
        index = len(self.drafts)
        draft = self.own[index] = VisitDraft(index, fact, offered, implied)
        self.drafts.append(draft)
        self.latest[fact.queue] = index
        return draft

    def _last_in(self, queue: str) -> VisitDraft | None:
        """The draft of the last visit to this queue, ready to change."""
        index = self.latest.get(queue)
        return None if index is None else self.own.get(index) or self._owned(index)

    def _owned(self, index: int) -> VisitDraft:
        draft = self.own.get(index)
        if draft is None:
            draft = self.own[index] = self.drafts[index] = self.drafts[index].fork()
        return draft

    def _offered(self, fact: Fact, draft: VisitDraft | None) -> None:
        if draft is not None and draft.open and self._entered_again(draft, fact):
            return
        if draft is not None:
            draft.lose(fact.at)
        self._open(fact, fact.at, implied=False)

    @staticmethod
    def _entered_again(draft: VisitDraft, fact: Fact) -> bool:
        """Whether this is the offer of the open visit: a call cannot enter a queue in which it already is."""
        implied = "offered" in draft.implied
        if implied and draft.waiting and abs(draft.offered - fact.at) <= DIFFER_US:
            # A list showed the visit waiting before its offer was observed.
            draft.offered = fact.at
            draft.implied = {what: ref for what, ref in draft.implied.items() if what != "offered"}
            return True
        if abs(draft.offered - fact.at) <= DIFFER_US or (implied and is_of_log(fact) and fact.at - draft.offered <= SET_BACK_US):
            draft.entered = (*draft.entered, fact.at)
            return True
        return False

    def _entered_since(self, draft: VisitDraft, fact: Fact, wait_began: int) -> VisitDraft | None:
        """Open the visit of an entry that had counted for `draft`, when the wait of `fact` began with that entry: long after the offer, or
        in the second in which `draft` ended (parts of a log that is split within a second do not show the order).
        """
        near = [at for at in draft.entered if abs(at - wait_began) <= DIFFER_US]
        over = draft.released or draft.ended
        again = not draft.open and over is not None and fact.at > over
        entered = next((at for at in near if (abs(at - over) <= DIFFER_US if again and over else at - draft.offered > DIFFER_US)), None)
        if entered is None:
            return None
        draft.entered = tuple(at for at in draft.entered if at != entered)
        draft.lose(entered)
        return self._open(fact, entered, implied=False)

    def _waiting_draft(self, fact: Fact, draft: VisitDraft | None) -> VisitDraft | None:
        """The visit that `fact` proves waiting until now; None when `fact` only repeats its end in another form."""
        wait_ms = fact.wait_ms
        wait_began = fact.at - (wait_ms or 0) * MS
        if draft is not None and wait_ms is not None and draft.entered:
            since = self._entered_since(draft, fact, wait_began)
            if since is not None:
                return since
            if draft.waiting and "offered" not in draft.implied:
                # Of two entries within two seconds the earlier one counts, unless the wait proves the other.
                draft.offered = min(sorted([draft.offered, *draft.entered]), key=lambda at: abs(at - wait_began))
        if draft is not None and draft.waiting:
            draft.prove_offer(wait_began)
            if "offered" not in draft.implied and wait_ms is not None and abs(draft.offered - wait_began) > DIFFER_US:
                self._disagree(fact, f"its wait of {wait_ms} ms does not reach back to the offer")
            return draft
        if draft is not None and self._repeats_end(draft, fact, wait_began, wait_ms):
            self._disagree(fact, f"the visit had ended {draft.end} before")
            return None
        return self._open(fact, wait_began, implied=True)

    @staticmethod
    def _repeats_end(draft: VisitDraft, fact: Fact, wait_began: int, wait_ms: int | None) -> bool:
        """Whether `fact` can only be about the closed visit `draft`, not about one whose offer was not observed."""
        if wait_ms is None:
            return True
        return wait_began < (draft.ended or draft.offered) - DIFFER_US or abs(wait_began - draft.offered) <= DIFFER_US

    # ringing

    def _rang(self, fact: Fact, draft: VisitDraft | None) -> None:
        if draft is None or not draft.waiting:
            draft = self._open(fact, fact.at, implied=True)
        draft.rings.begin(fact.agent, fact.at)

    def _ring_ended(self, fact: Fact, draft: VisitDraft | None) -> None:
        began = fact.at - (fact.ring_ms or 0) * MS
        if draft is None or (not draft.waiting and began > (draft.ended or draft.offered) + DIFFER_US):
            draft = self._open(fact, began, implied=True)
        elif draft.waiting:
            draft.prove_offer(began)
        draft.rings.end(fact.agent, fact.at, _RING_ENDS[fact.kind], fact.ring_ms)

    # the answer and the talk

    def _answered(self, fact: Fact, draft: VisitDraft | None) -> None:
        if draft is not None and draft.talking and abs((draft.ended or 0) - fact.at) <= DIFFER_US and draft.agent in ("", fact.agent):
            draft.agent = draft.agent or fact.agent
            return
        draft = self._waiting_draft(fact, draft)
        if draft is not None:
            self._answer(draft, fact, fact.at)
            draft.ring_ms = fact.ring_ms

    def _answer(self, draft: VisitDraft, fact: Fact, at: int) -> None:
        draft.end, draft.ended, draft.agent = "answered", at, fact.agent
        draft.rings.end(fact.agent, at, "answered", fact.ring_ms if fact.kind == "answered" else None)
        draft.rings.cancel(at)

    def _released(self, fact: Fact, draft: VisitDraft | None) -> None:
        if draft is None or not draft.talking:
            draft = self._answered_unobserved(fact, draft)
            if draft is None:
                return
        elif fact.talk_ms is not None and draft.ended is not None and abs(fact.at - draft.ended - fact.talk_ms * MS) > DIFFER_US:
            self._disagree(fact, f"its talk of {fact.talk_ms} ms does not reach back to the answer")
        draft.release(fact.at, fact.by)
        draft.agent = draft.agent or fact.agent
        draft.end_hold(fact.at)

    def _answered_unobserved(self, fact: Fact, draft: VisitDraft | None) -> VisitDraft | None:
        """The end of a talk proves the answer before it, and the offer before that."""
        answered = fact.at - (fact.talk_ms or 0) * MS
        if draft is not None and draft.waiting:
            draft.prove_offer(answered - (fact.wait_ms or 0) * MS)
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
        draft.implied = {**draft.implied, "answered": fact.ref}
        return draft

    def _held(self, fact: Fact, draft: VisitDraft | None) -> None:
        draft = self._talking_draft(fact, draft)
        if draft is not None and not draft.on_hold:
            draft.begin_hold(fact.at)

    def _resumed(self, fact: Fact, draft: VisitDraft | None) -> None:
        draft = self._talking_draft(fact, draft)
        if draft is not None:
            draft.end_hold(fact.at)

    def _talking_draft(self, fact: Fact, draft: VisitDraft | None) -> VisitDraft | None:
        if fact.queue:
            return draft if draft is not None and draft.talking else None
        talking = next((draft.index for draft in reversed(self.drafts) if draft.talking), None)
        return None if talking is None else self._owned(talking)

    def _wrap_up(self, fact: Fact, draft: VisitDraft | None) -> None:
        if not fact.queue and self.drafts:
            draft = self._owned(len(self.drafts) - 1)
        if draft is not None and draft.end == "answered":
            draft.wrap_ms = fact.wrap_ms

    # other ends

    def _ended(self, fact: Fact, draft: VisitDraft | None) -> None:
        draft = self._waiting_draft(fact, draft)
        if draft is not None:
            draft.end, draft.ended = _ENDS[fact.kind], fact.at
            draft.rings.cancel(fact.at)

    def _turned_away(self, fact: Fact, draft: VisitDraft | None) -> None:
        turned_away = self._open(fact, fact.at, implied=False)
        turned_away.end, turned_away.ended = "closed", fact.at
        if draft is not None and draft.waiting:
            self.latest[fact.queue] = draft.index

    def _unseen_end(self, fact: Fact, draft: VisitDraft | None) -> None:
        if draft is None:
            draft = self._open(fact, fact.at, implied=True)
        if draft.waiting:
            draft.left = fact.at

    def _still_waiting(self, fact: Fact, draft: VisitDraft | None) -> None:
        if draft is None or not draft.waiting:
            self._open(fact, fact.at - (fact.wait_ms or 0) * MS, implied=True)

    def _unseen(self, fact: Fact, _draft: VisitDraft | None) -> None:
        self.gaps = (*self.gaps, fact)

    def _restarted(self, fact: Fact, _draft: VisitDraft | None) -> None:
        self.restarts = (*self.restarts, fact.at)

    def _part_of(self, fact: Fact, _draft: VisitDraft | None) -> None:
        if fact.queue:
            self.moved = (*self.moved, fact)

    def _disagree(self, fact: Fact, why: str) -> None:
        self.conflicts = (*self.conflicts, f"{fact.ref or fact.kind}: {fact.kind} in {fact.queue}: {why}")


def _repeats(draft: VisitDraft, fact: Fact) -> bool:
    """Whether the visit has an equal line, of a kind that cannot happen to it twice."""
    if fact.kind == "ring_no_answer" and not fact.ring_ms:
        # A phone that rang for no time at all may ring again within the second.
        return False
    if fact.kind == "released" and any({line.clock, fact.clock} == {"live", "ami"} and line.kind == fact.kind for line in draft.said):
        # What a command has done at the PBX comes back from it.
        return not draft.talking
    return any(line.at == fact.at and line.kind == fact.kind and _LINE(line) == _LINE(fact) for line in draft.said)


_LINE = attrgetter("clock", "agent", "by", "wait_ms", "talk_ms", "ring_ms", "text")
"""The values of a line about a visit, besides its kind and instant."""

_ONCE: frozenset[FactKind] = frozenset({"answered", "released", "ring_no_answer", *_ENDS})
"""Kinds that happen to a visit only once: a second equal line is a repeat."""

_HANDLERS: dict[FactKind, Callable[[VisitBuilder, Fact, VisitDraft | None], None]] = {
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
    "restarted": VisitBuilder._restarted,
    "part_of": VisitBuilder._part_of,
}
