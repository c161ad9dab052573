"""Complete the drafts of a call's visits when all facts are applied: which are visits of this call, and which of them have ended."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from domain.base import SECOND
from domain.voice.facts import Fact
from domain.voice.visit_draft import VisitDraft

DIFFER_US = 2 * SECOND
"""Two observations of one instant that differ by more than this are in conflict."""

SET_BACK_US = 3600 * SECOND
"""The most by which a PBX's clock is set back."""


def in_call_order(drafts: Sequence[VisitDraft], moved: Sequence[Fact]) -> list[VisitDraft]:
    """The drafts that are visits of this call, by their offers. `moved`: the facts that a visit goes on under another call's id.

    The given drafts stay unchanged: a draft that must change is copied.
    """
    if len(drafts) < 2 and not moved:
        return list(drafts)
    ordered = sorted(drafts, key=lambda draft: draft.offered)
    for fact in moved:
        ordered = [draft for draft in ordered if not _goes_on_elsewhere(draft, fact)]
    return _joined_across_a_clock_set_back(ordered)


def closed(
    draft: VisitDraft, following: Sequence[VisitDraft], restarts: Sequence[int], gaps: Sequence[Fact], hung_up: int | None
) -> VisitDraft:
    """An ended copy, when no source observed the end and the visit cannot still go on; the same draft otherwise.

    following: the later visits of the call. gaps: when sources were cut off. A later fact may end the visit in another way.
    """
    if not draft.open:
        return draft
    over = _last_moment(draft, following, restarts, gaps)
    if over is None and hung_up is None:
        return draft
    copy = draft.fork()
    if over is not None:
        copy.lose(max(over, draft.offered))
    elif hung_up is not None:
        copy.hang_up(hung_up)
    return copy


def _last_moment(draft: VisitDraft, following: Sequence[VisitDraft], restarts: Sequence[int], gaps: Sequence[Fact]) -> int | None:
    """The last instant (us) at which an open visit certainly went on, if anything proves that it has ended."""
    # A restart may have only whole seconds: one in the second of the last fact follows that fact.
    restart = bisect_right(restarts, draft.seen - SECOND)
    over = list(restarts[restart : restart + 1])
    over += [gap.at for gap in gaps if gap.at >= draft.seen]
    if draft.waiting:
        over += [later.offered for later in following if "offered" not in later.implied]
        over += [draft.left] if draft.left is not None else []
    else:
        # A call that is in another queue has ended its talk.
        over += [later.offered for later in following if later.queue != draft.queue and later.offered > draft.seen]
    return min(over, default=None)


def _goes_on_elsewhere(draft: VisitDraft, moved: Fact) -> bool:
    """Whether later lines about this visit come under another call's id: the visit belongs to that call."""
    return draft.queue == moved.queue and draft.open and draft.offered <= moved.at + DIFFER_US


def _joined_across_a_clock_set_back(ordered: list[VisitDraft]) -> list[VisitDraft]:
    """Join the two drafts of a visit that began before the clock was set back and ended after it: one has no offer of its own, and
    the other, after it, no end. The durations in its lines are kept.
    """
    drafts = list(ordered)
    for opened in [draft for draft in drafts if draft.open and draft.from_log]:
        ended = next((draft for draft in drafts if _may_be_its_end(draft, opened)), None)
        if ended is None:
            continue
        if opened.waiting:
            drafts.remove(opened)
        elif ended.released is not None and ended.ended is not None and opened.ended is not None:
            whole = opened.fork()
            whole.released, whole.released_by = opened.ended + ended.released - ended.ended, ended.released_by
            whole.wrap_ms = ended.wrap_ms
            drafts[drafts.index(opened)] = whole
            drafts.remove(ended)
    return drafts


def _may_be_its_end(ended: VisitDraft, opened: VisitDraft) -> bool:
    """Whether `ended`, whose offer was not observed, can be the end of `opened`, by a clock that was set back meanwhile."""
    if ended.queue != opened.queue or "offered" not in ended.implied or ended.open or not ended.from_log:
        return False
    if not 0 <= opened.offered - ended.offered <= SET_BACK_US:
        return False
    # Where the order of a file is no proof, only an end that also ends the call proves that it was no earlier visit.
    if not (ended.set_back or ended.end == "abandoned" or ended.released_by in ("agent", "caller")):
        return False
    if opened.waiting:
        return True
    waits = abs(((ended.ended or 0) - ended.offered) - ((opened.ended or 0) - opened.offered)) <= DIFFER_US
    return waits and "answered" in ended.implied and opened.agent in ("", ended.agent)
