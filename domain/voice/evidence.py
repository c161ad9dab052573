"""What the facts about one call prove together: its visits, its IVR path, its outbound attempt.

Pure: the result does not depend on the order in which the facts arrived. A line proves what must have happened before it
(an answer proves the offer), and its durations prove when. Such instants are `implied`, and an observed instant replaces them.
What no source observed ends `unknown`; nothing is guessed.

A fact that follows all known ones, by the same clock, is added to their result, at a cost that does not depend on how many
there are. For any other fact (an earlier one, another clock) all facts are weighed anew.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from domain.voice.call_state import CallState, Comparison, difference
from domain.voice.calls import Change
from domain.voice.context import Context
from domain.voice.facts import Clock, Fact
from domain.voice.findings import Findings, Touched
from domain.voice.merging import clock_of, in_order, sort_key
from domain.voice.outbound_and_ivr import outbound_queues
from domain.voice.uniqueids import born_us
from domain.voice.visit_closing import closed, in_call_order
from domain.voice.visit_draft import VisitDraft


class Evidence:
    """The facts of a call, weighed. `count`: the number of facts."""

    _clock: Clock | None
    """The clock of all facts; None if they come from several clocks."""
    _latest: int | None
    """The instant of the latest fact. It and the clock are determined only when a fact is added: of most calls all facts are weighed once."""
    _last: list[Fact]
    """The facts of the latest instant. They are applied anew when another one arrives, because their order depends on all of them."""
    _now: Findings
    """The findings of all facts."""
    _before: Findings | None
    """The findings of all facts but those of the latest instant; None until needed."""
    _touched: Touched | None
    """What the facts added last may have changed; None: anything."""
    _order: list[int]
    """The indexes of the drafts that were visits of the call when it was last compared, in the call's order."""

    def __init__(self, call: str, facts: Sequence[Fact] = ()) -> None:
        """call: the source's id of the call, which may contain the instant at which its channel was created."""
        self._born = born_us(call)
        self._weigh(facts)

    # Applying facts

    def add(self, fresh: Sequence[Fact], known: Sequence[Fact]) -> None:
        """Add `fresh` facts to the `known` ones that it holds."""
        if self._latest is None:
            self._determine_end(known)
        ordered = sorted(fresh, key=sort_key) if len(fresh) > 1 else list(fresh)
        same = [fact for fact in ordered if fact.at == self._latest]
        if ordered and (not self._follows(ordered) or (same and self._before is None)):
            self._weigh([*known, *fresh], split=True)
            return
        self._touched = Touched(self._before if same and self._before is not None else self._now)
        if same:
            self._take_anew(same, self._touched)
        if len(same) < len(ordered):
            self._take_later(ordered[len(same) :], self._touched)
        self._touched.conflicts = self._now.visits.conflicts[self._touched.known_conflicts :]
        self.count += len(fresh)

    def _take_anew(self, same: list[Fact], touched: Touched) -> None:
        """More facts of the latest instant."""
        assert self._before is not None
        touched.note(self._now)
        self._last = sorted([*self._last, *same], key=sort_key)
        self._now = self._before.fork()
        self._now.take(self._last)
        touched.note(self._now)

    def _take_later(self, later: list[Fact], touched: Touched) -> None:
        """Facts of later instants, in order."""
        self._latest = later[-1].at
        self._last = [fact for fact in later if fact.at == self._latest]
        self._before = self._now
        if len(self._last) < len(later):
            self._before = self._now.fork()
            self._before.take(later[: -len(self._last)])
            touched.note(self._before)
        self._now = self._before.fork()
        self._now.take(self._last)
        touched.note(self._now)

    def _follows(self, ordered: list[Fact]) -> bool:
        """Whether these facts, in order, follow all known ones, by the same clock, without changing what the known ones mean."""
        return (
            self._clock is not None
            and ordered[0].at >= (self._latest or 0)
            and all(clock_of(fact) == self._clock for fact in ordered)
            and self._outbound.unmoved_by(ordered)
        )

    def _weigh(self, facts: Sequence[Fact], *, split: bool = False) -> None:
        """Weigh all facts anew. split: more facts of the latest instant are likely to arrive."""
        self._touched = None
        self.count = len(facts)
        ordered = in_order(facts)
        if split:
            self._determine_end(facts)
        else:
            self._latest = None
        self._outbound = outbound_queues(ordered)
        self._now = Findings(self._born, self._outbound.names)
        self._before = None
        latest = self._latest
        if split and self._clock is not None:
            self._last = [fact for fact in ordered if fact.at == latest]
            self._before = self._now
            self._before.take(ordered[: -len(self._last)])
            self._now = self._before.fork()
            self._now.take(self._last)
        else:
            self._now.take(ordered)

    def _determine_end(self, facts: Sequence[Fact]) -> None:
        clocks = {clock_of(fact) for fact in facts}
        self._clock = clocks.pop() if len(clocks) == 1 else None
        self._latest = max([fact.at for fact in facts], default=0)

    # What they prove

    def state(self, context: Context) -> CallState:
        """The call that all its facts prove."""
        state = CallState(options=list(self._now.options), tags=list(self._now.outline.tags))
        ordered = self._visits_in_order()
        for n, draft in enumerate(ordered):
            ended = self._closed(ordered, n, context) if draft.open else draft
            state.visits.append(ended.visit(n, context.settings))
            state.rings.append(list(ended.rings.rings))
            state.holds.append(list(ended.holds_at(range(len(ended.holds))).at.values()) if ended.holds else [])
        self._complete(state, context)
        return state

    def _visits_in_order(self) -> list[VisitDraft]:
        ordered = in_call_order(self._now.visits.drafts, self._now.visits.moved)
        self._order = [draft.index for draft in ordered]
        return ordered

    def _closed(self, ordered: list[VisitDraft], n: int, context: Context) -> VisitDraft:
        return closed(ordered[n], ordered[n + 1 :], self._restarts(context), self._now.visits.gaps, self._now.outline.hung_up)

    def _restarts(self, context: Context) -> Sequence[int]:
        """When the PBX restarted: what the call itself was told counts also where the company has other PBXs, whose calls go on."""
        told = self._now.visits.restarts
        return sorted({*context.restarts, *told}) if told else context.restarts

    def _complete(self, state: CallState, context: Context) -> None:
        """Complete the state with what depends on the visits."""
        outline = self._now.outline
        state.attempt = self._now.attempt.attempt(outline.hung_up)
        state.attempt_holds = self._now.attempt.holds_until(outline.hung_up)
        state.ivr = self._now.ivr.path(state.visits[0] if state.visits else None, outline.hung_up, self._restarts(context))
        state.call = outline.head(context, state)

    def conflicts(self) -> Collection[str]:
        """Conflicts between the sources, as sentences that name the lines: at least all that the facts added last revealed."""
        return self._now.visits.conflicts if self._touched is None else self._touched.conflicts

    def change(self, before: CallState, context: Context) -> Change:
        """The change from the known state `before` that the facts added last cause."""
        touched = self._touched
        if touched is None or before.call is None:
            return difference(before, self.state(context))
        known = self._order
        ordered = self._visits_in_order()
        if self._order[: len(known)] == known and len(known) == len(before.visits):
            change = self._change_of(touched, ordered, before, context)
            if change.call is None or change.call.part_of == before.call.part_of:
                return change
        return difference(before, self.state(context))

    def _change_of(self, touched: Touched, ordered: list[VisitDraft], before: CallState, context: Context) -> Change:
        """As `change`, by comparing only what was touched and what is still open."""
        after = CallState(visits=list(before.visits), options=list(self._now.options), tags=list(self._now.outline.tags))
        comparison = Comparison(before)
        for n, draft in enumerate(ordered):
            joined = draft is not self._now.visits.drafts[draft.index]
            if draft.index in touched.visits or draft.open or joined:
                ended = self._closed(ordered, n, context)
                visit = ended.visit(n, context.settings)
                after.visits[n : n + 1] = [visit]
                rings, holds = touched.rings_and_holds(draft.index)
                known = before.visits[n] if n < len(before.visits) else None
                if known is None or known.queue != visit.queue:
                    rings = range(len(ended.rings.rings))
                if known is None or known.agent != visit.agent:
                    holds = range(len(ended.holds))
                # A ring that still goes on may have counted as ended before.
                comparison.compare_visit(visit, ended.rings_at({*rings, *draft.rings.indexes_going_on()}), ended.holds_at(holds))
        self._complete(after, context)
        options = range(touched.options if before.ivr is not None else 0, len(after.options))
        return comparison.change(after, options, range(touched.tags, len(after.tags)))


class Resolved(NamedTuple):
    """The call, and the conflicts between its sources."""

    state: CallState
    conflicts: list[str]


def resolve(facts: Sequence[Fact], context: Context) -> Resolved:
    """The call that these facts prove, weighed together."""
    evidence = Evidence(context.call, facts)
    return Resolved(evidence.state(context), list(evidence.conflicts()))
