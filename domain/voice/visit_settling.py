"""The visits of a call in order, and how those end whose end no source saw: what is worked out when all facts have been taken.

Whatever this changes in drafts is taken back before another fact is taken: later facts may end them otherwise.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence

from domain.base import SECOND
from domain.voice.facts import Fact
from domain.voice.visit_draft import VisitDraft, hang_up, lose

DIFFER_US = 2 * SECOND
"""Two observations of one instant that differ by more than this are in conflict."""

SET_BACK_US = 3600 * SECOND
"""A PBX's clock is set back by so much at most."""


def settled(drafts: Iterable[VisitDraft], moved: Iterable[Fact]) -> list[VisitDraft]:
    """The visits by their offers, as the drafts come to them. moved: facts by which a visit goes on under another call's id."""
    ordered = sorted(drafts, key=lambda draft: draft.offered)
    for fact in moved:
        ordered = _without_what_goes_on_elsewhere(ordered, fact)
    return _joined_across_a_clock_set_back(ordered)


def close(
    drafts: Iterable[VisitDraft], ordered: list[VisitDraft], gaps: Sequence[Fact], restarts: Sequence[int], hung_up: int | None
) -> None:
    """End `drafts`, which are some of those in `ordered`, as `unknown` where no source saw their end and they cannot still be going on."""
    for draft in drafts:
        if draft.waiting or draft.talking:
            over = _ends_of(draft, ordered, gaps, restarts)
            if over is not None:
                lose(draft, max(over, draft.offered))
            elif hung_up is not None:
                hang_up(draft, hung_up)


def _ends_of(draft: VisitDraft, ordered: list[VisitDraft], gaps: Sequence[Fact], restarts: Sequence[int]) -> int | None:
    """The last moment at which an open visit was surely going on, if anything shows that it is over."""
    # A restart may be told in whole seconds: one in the second of the last sign comes after it.
    restart = bisect_right(restarts, draft.seen - SECOND)
    over = list(restarts[restart : restart + 1])
    over += [gap.at for gap in gaps if gap.at >= draft.seen]
    following = ordered[ordered.index(draft) + 1 :]
    if draft.waiting:
        over += [later.offered for later in following if "offered" not in later.implied]
        over += [draft.left] if draft.left is not None else []
    else:
        # A call that is in another queue talks no more.
        over += [later.offered for later in following if later.queue != draft.queue and later.offered > draft.seen]
    return min(over, default=None)


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
