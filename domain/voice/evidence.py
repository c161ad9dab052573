"""What the facts about one call prove together: its visits, its way through the IVR, its outbound attempt.

Pure, and the same whatever the order in which the facts were told. A line proves what must have come before it
(an answer proves the offer), and its own durations say when; such instants are `implied` and give way to an
observed one. What no source saw ends `unknown`, never guessed.

A fact that comes after all known ones, by the same clock, is added to what those came to: its cost does not depend on how
many there are. Anything else (an earlier fact, another clock) is weighed anew together with all of them.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import groupby
from typing import NamedTuple

from domain.voice.call_outline import CallOutline
from domain.voice.call_state import CallState, Comparison, difference
from domain.voice.calls import Change
from domain.voice.context import Context
from domain.voice.facts import Clock, Fact
from domain.voice.journal import Journal, JournaledList
from domain.voice.merging import in_order, place, timekeeper
from domain.voice.outbound_and_ivr import AttemptEvidence, IvrEvidence, OutboundQueues
from domain.voice.uniqueids import born_us
from domain.voice.visit_builder import VisitBuilder
from domain.voice.visit_draft import VisitDraft, visit_of
from domain.voice.visit_settling import close, settled


class Touched:
    """What facts may have changed of a call: its visits, with the places of their rings and holds; which of them
    were opened; the places of IVR options and tags; new disagreements.
    """

    def __init__(self) -> None:
        self.drafts: dict[VisitDraft, tuple[set[int], set[int]]] = {}
        self.opened: set[VisitDraft] = set()
        self.options: set[int] = set()
        self.tags: set[int] = set()
        self.conflicts: list[str] = []

    def note(self, journal: Journal, builder: VisitBuilder, outline: CallOutline, ivr: IvrEvidence) -> None:
        """Add what changed since the last checkpoint."""
        for target, where, _ in journal.changes:
            if isinstance(target, VisitDraft):
                if where != "seen":
                    self._places_of(target)
            elif target is outline.tags:
                self.tags.add(where)
            elif target is ivr.options:
                self.options.add(where)
            elif target is builder.conflicts:
                self.conflicts.append(builder.conflicts[where])
            elif isinstance(target, JournaledList) and isinstance(target.of, VisitDraft):
                rings, holds = self._places_of(target.of)
                (rings if target is target.of.rings.rings else holds).add(where)
            elif target is builder.drafts:
                self.opened.add(builder.drafts[where])
                self._places_of(builder.drafts[where])

    def _places_of(self, draft: VisitDraft) -> tuple[set[int], set[int]]:
        return self.drafts.setdefault(draft, (set(), set()))


class Evidence:
    """The facts of a call, weighed. `count`: how many there are."""

    def __init__(self, call: str, facts: Sequence[Fact] = ()) -> None:
        """call: the id that the source gives it, which may tell when it was born."""
        self._born = born_us(call)
        self.count = 0
        self._clock: Clock | None = None
        """Whose clock told all of them; None if several did."""
        self._latest = 0
        self._last: list[Fact] = []
        """Those of the latest instant: what they came to can be taken back."""
        self._mark = 0
        self._touched: Touched | None = None
        """What the facts added last touched; None: anything."""
        self._weigh(facts)

    # Taking facts

    def add(self, fresh: Sequence[Fact], known: Sequence[Fact]) -> None:
        """Take in `fresh` facts, in addition to the `known` ones that it holds."""
        told = sorted(fresh, key=place)
        if told and not self._follows(told):
            self._weigh([*known, *fresh])
            return
        touched = self._touched = Touched()
        for index, (at, together) in enumerate(groupby(told, key=lambda fact: fact.at)):
            if at == self._latest:
                # Their order is decided among all of this instant.
                self._note(touched)
                touched.conflicts.clear()
                self._journal.roll_back()
                self._last = sorted([*self._last, *together], key=place)
            else:
                if index > 0:
                    self._note(touched)
                self._journal.checkpoint()
                self._latest, self._last = at, list(together)
            self._take(self._last)
        self._note(touched)
        self.count += len(fresh)

    def _follows(self, told: list[Fact]) -> bool:
        """Whether these facts, in order, come after all known ones, by the same clock, and leave those what they were."""
        return (
            self._clock is not None
            and told[0].at >= self._latest
            and all(timekeeper(fact) == self._clock for fact in told)
            and self._outbound.unmoved_by(told)
        )

    def _weigh(self, facts: Sequence[Fact]) -> None:
        """All facts anew."""
        self._journal = Journal()
        self._touched = None
        ordered = in_order(facts)
        self._outbound = OutboundQueues(ordered)
        self._builder = VisitBuilder(self._journal, self._born)
        self._outline = CallOutline(self._journal)
        self._ivr = IvrEvidence(self._journal)
        self._attempt = AttemptEvidence(self._journal, self._outbound.names)
        clocks = {timekeeper(fact) for fact in facts}
        self._clock = clocks.pop() if len(clocks) == 1 else None
        self._latest = max((fact.at for fact in facts), default=0)
        self._last = [fact for fact in ordered if fact.at == self._latest] if self._clock is not None else []
        before = ordered[: len(ordered) - len(self._last)]
        if before:
            self._take(before)
            self._journal.checkpoint()
        self._take(self._last)
        self._number(self._settle())
        self._journal.roll_back(self._mark)
        self.count = len(facts)

    def _take(self, facts: Sequence[Fact]) -> None:
        outbound = self._outbound.names
        for fact in facts:
            self._outline.take(fact)
            self._ivr.take(fact)
            self._attempt.take(fact)
        self._builder.take_all([fact for fact in facts if not fact.queue or fact.queue not in outbound] if outbound else facts)

    def _note(self, touched: Touched) -> None:
        """Remember what changed since the last checkpoint."""
        touched.note(self._journal, self._builder, self._outline, self._ivr)

    def _settle(self) -> list[VisitDraft]:
        """The visits in order. Whatever is done to the drafts from here on is taken back by rolling back to `_mark`."""
        self._mark = len(self._journal.changes)
        return settled(self._builder.drafts, self._builder.moved)

    def _number(self, ordered: list[VisitDraft]) -> bool:
        """Give the visits their places in the call; whether all that were there before the last facts keep theirs."""
        opened = self._touched.opened if self._touched is not None else set()
        kept = all(draft.n == n or (draft.n is None and draft in opened) for n, draft in enumerate(ordered))
        for draft in self._builder.drafts:
            draft.start(n=None)
        for n, draft in enumerate(ordered):
            draft.start(n=n)
        return kept

    # What they prove

    def state(self, context: Context) -> CallState:
        """The call that all its facts prove."""
        ordered = self._settle()
        self._number(ordered)
        close(ordered, ordered, self._builder.gaps.items, context.restarts, self._outline.hung_up)
        state = CallState(
            visits=[visit_of(draft, context.settings) for draft in ordered],
            rings=[list(draft.rings.rings) for draft in ordered],
            holds=[list(draft.holds_at(range(len(draft.holds))).at.values()) for draft in ordered],
            options=list(self._options()),
            tags=list(self._outline.tags),
        )
        self._journal.roll_back(self._mark)
        self._complete(state, context)
        return state

    def _options(self) -> list[str]:
        return self._ivr.options.items if self._ivr.entered is not None else []

    def _complete(self, state: CallState, context: Context) -> None:
        """What follows from the visits."""
        outline = self._outline
        state.attempt = self._attempt.attempt(outline.hung_up)
        state.ivr = self._ivr.path(state.visits[0] if state.visits else None, outline.hung_up, context.restarts)
        state.call = outline.head(context, state)

    def conflicts(self) -> list[str]:
        """What the sources disagree about, at least all that the facts added last brought to light (sentences that name the lines)."""
        return self._builder.conflicts.items if self._touched is None else self._touched.conflicts

    def change(self, before: CallState, context: Context) -> Change:
        """What the facts added last make of the call, of which `before` was known."""
        ordered = self._settle()
        kept = self._number(ordered)
        touched = self._touched
        if touched is not None and kept and before.call is not None and len(before.visits) <= len(ordered):
            change = self._change_of(touched, ordered, before, context)
            if change.call is None or change.call.part_of == before.call.part_of:
                return change
        self._journal.roll_back(self._mark)
        return difference(before, self.state(context))

    def _change_of(self, touched: Touched, ordered: list[VisitDraft], before: CallState, context: Context) -> Change:
        """The same by comparing only what was touched and what still goes on."""
        changed = {target for target, _, _ in self._journal.changes[self._mark :] if isinstance(target, VisitDraft)}
        goes_on = [draft for draft in ordered if draft.open or draft in touched.drafts or draft in changed]
        ringing = [draft.rings.places_going_on() for draft in goes_on]
        after = CallState(visits=list(before.visits), options=self._options(), tags=self._outline.tags.items)
        comparison = Comparison(before)
        close(goes_on, ordered, self._builder.gaps.items, context.restarts, self._outline.hung_up)
        for draft, places in zip(goes_on, ringing, strict=True):
            visit = visit_of(draft, context.settings)
            after.visits[visit.n : visit.n + 1] = [visit]
            rings, holds = touched.drafts.get(draft, _UNTOUCHED)
            if visit.n < len(before.visits) and before.visits[visit.n].agent != visit.agent:
                holds = range(len(draft.holds))
            comparison.compare_visit(visit, draft.rings_at({*rings, *places}), draft.holds_at(holds))
        self._journal.roll_back(self._mark)
        self._complete(after, context)
        options = touched.options if before.ivr is not None else range(len(after.options))
        return comparison.change(after, _within(options, after.options), _within(touched.tags, after.tags))


_UNTOUCHED: tuple[Collection[int], Collection[int]] = ((), ())


def _within(places: Collection[int], of: Sequence[str]) -> list[int]:
    """The places that still are some, in order."""
    return sorted(place for place in places if place < len(of))


class Resolved(NamedTuple):
    """The call, and what its sources disagree about."""

    state: CallState
    conflicts: list[str]


def resolve(facts: Sequence[Fact], context: Context) -> Resolved:
    """The call that these facts prove, weighed all at once."""
    evidence = Evidence(context.call, facts)
    return Resolved(evidence.state(context), evidence.conflicts())
