"""Bounds of figures where a source was cut off: the lowest value from what was seen, the highest from what may be missing.

Two kinds of visits are uncertain: those whose end no source saw (`unknown`, counted as offered), and those that no source saw at all.
The gap's own record limits the latter: per queue by the queue's counters, if it has them, else by the number of calls that
could have visited the queue unseen.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from domain.voice.timeline import ALL_QUEUES
from projections.figures.coverage import Gap
from projections.figures.service_level import Counts, Formula, percent

COUNTS = (
    "offered", "answered", "answered_within_sla", "abandoned", "timed_out", "transferred_out", "left_by_key", "closed", "unknown", "waiting",
)  # fmt: skip
"""The counts of a row, named as the fields of `Counts`."""


@dataclass(frozen=True)
class Unseen:
    """Visits with an end that no source saw.

    stay: those of this row, whatever their end was. leave: those in this row that may belong to another (nobody's, if an agent
    answered unseen). come: those in other rows that may belong to this one.
    """

    stay: int = 0
    leave: int = 0
    come: int = 0


def missing(gaps: Iterable[Gap], queues: tuple[str, ...], known: set[str]) -> int:
    """The highest number of visits to `queues` (none given: to any of the `known` ones) that may be missing in these gaps."""
    return sum(_missing(gap, set(queues) or known | (gap.missed.keys() - {ALL_QUEUES})) for gap in gaps)


def _missing(gap: Gap, queues: set[str]) -> int:
    counters = [gap.missed[queue] for queue in queues if queue in gap.missed]
    if len(counters) < len(queues) or not counters:
        return max(sum(counters), gap.calls)
    # Each unseen visit needs a call that could have made it, to any queue.
    return min(sum(counters), gap.missed.get(ALL_QUEUES, sum(counters)), max(gap.calls, *counters, 0))


def bounds_of(seen: Counts, unseen: Unseen, may_miss: int, formula: Formula) -> dict[str, Any]:
    """The bounds of every count and percentage of a row that shows `seen`."""
    uncertain = unseen.stay + unseen.leave + unseen.come
    bounds: dict[str, Any] = {"missing_at_most": may_miss}
    for name in COUNTS:
        low, high = getattr(seen, name), getattr(seen, name) + may_miss
        if name == "offered":
            low, high = low - unseen.leave, high + unseen.come
        elif name == "unknown":
            low, high = low - unseen.stay - unseen.leave, high + unseen.come
        else:
            high += uncertain
        bounds[name] = [low, high]
    reachable = list(_reachable(seen, unseen, may_miss))
    bounds["sla_percent"] = _extremes(formula(counts) for counts in reachable)
    bounds["abandoned_percent"] = _extremes((counts.abandoned, counts.offered) for counts in reachable)
    return bounds


def _visit(**ends: int) -> Counts:
    return Counts(offered=1, **ends)


_ENDS = (
    _visit(answered=1, answered_within_sla=1),
    _visit(answered=1),
    _visit(abandoned=1, abandoned_within_sla=1, abandoned_short=1),
    _visit(abandoned=1, abandoned_within_sla=1),
    _visit(abandoned=1, abandoned_short=1),
    _visit(abandoned=1),
    _visit(timed_out=1, timed_out_within_sla=1),
    _visit(timed_out=1),
    _visit(left_by_key=1, left_by_key_within_sla=1),
    _visit(left_by_key=1),
    _visit(transferred_out=1),
    _visit(closed=1),
)
_GONE = Counts().plus(_visit(unknown=1), -1)
_SEEN_ENDS = tuple(_GONE.plus(end) for end in _ENDS)
"""An unknown end that turns out to be another."""


def _reachable(seen: Counts, unseen: Unseen, may_miss: int) -> Iterable[Counts]:
    """The extreme combinations of counts: a ratio of counts is lowest and highest in one of them."""
    for stayed in _corners(seen, unseen.stay, _SEEN_ENDS):
        for left in _corners(stayed, unseen.leave, (_GONE, *_SEEN_ENDS)):
            for come in _corners(left, unseen.come, _ENDS):
                yield from _corners(come, may_miss, _ENDS)


def _corners(seen: Counts, visits: int, ends: Iterable[Counts]) -> Iterable[Counts]:
    """Nothing changes, or `visits` visits all turn out to be one of `ends`."""
    yield seen
    if visits:
        for end in ends:
            yield seen.plus(end, visits)


def _extremes(ratios: Iterable[tuple[int, int]]) -> list[float | None]:
    """The lowest and the highest of the percentages; None for both over zero cases."""
    values = [value for part, whole in ratios if (value := percent(part, whole)) is not None]
    return [min(values), max(values)] if values else [None, None]
