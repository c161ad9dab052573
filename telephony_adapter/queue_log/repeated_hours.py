"""Local times that occur twice: in the night in which summer time ends, an hour of the clock is repeated.

Evidence for one of the two instants of a row: the epoch in its call's id (nothing happens to a call before it begins),
the durations in its lines, and the order of the rows if they are in the order of time. A row without evidence gets the
first instant and is counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise, product
from typing import NamedTuple

from domain.base import MS, SECOND
from domain.voice.facts import Fact
from domain.voice.uniqueids import born_us
from telephony_adapter.queue_log.lines import Line
from telephony_adapter.queue_log.verbs import NO_CALL, VERBS

_SAME_US = 2 * SECOND
_AT_MOST = 12
"""Up to this many rows of one call are tried in all combinations; more rows with one boundary."""

_BEFORE_ITS_BIRTH = 100.0
_DURATION_WRONG = 10.0
_OUT_OF_ORDER = 1.0
_LATE_PER_US = 6.0 / (3600 * SECOND)
"""The evidence against a choice, with weights: a call enters its first queue soon after it has begun."""

_WAITED = frozenset({"answered", "abandoned", "timed_out", "left_by_key", "withdrawn", "emptied"})


class Doubtful(NamedTuple):
    """A row of a repeated hour, or another row of the same call. again: its later instant, None if there is only one."""

    place: int
    line: Line
    again: int | None
    day: str


class _Sight(NamedTuple):
    """A row under one choice."""

    at: int
    fact: Fact | None
    queue: str


def decided(rows: Sequence[Doubtful], *, ordered: bool) -> tuple[list[Doubtful], int]:
    """The rows with the later of their two instants, and the number of undecidable ones. ordered: whether all other rows are in the order of time."""
    hints = _hints([row for row in rows if row.again is not None]) if ordered else {}
    calls: dict[str, list[Doubtful]] = {}
    later: list[Doubtful] = []
    undecided = 0
    for row in rows:
        if row.line.call not in NO_CALL:
            calls.setdefault(row.line.call, []).append(row)
        elif row.again is not None:
            undecided += row.place not in hints
            if hints.get(row.place):
                later.append(row)
    for call, its in calls.items():
        chosen, open_ = _choice(call, its, hints)
        later += chosen
        undecided += open_
    return later, undecided


def _hints(rows: Sequence[Doubtful]) -> dict[int, int]:
    """Which rows are of the first hour (0) and of the second (1), if their order shows it: it goes back once a night."""
    nights: dict[str, list[Doubtful]] = {}
    for row in rows:
        nights.setdefault(row.day, []).append(row)
    hints: dict[int, int] = {}
    for night in nights.values():
        back = [n for n, (before, after) in enumerate(pairwise(night), 1) if after.line.at < before.line.at]
        if len(back) == 1:
            hints.update({row.place: int(n >= back[0]) for n, row in enumerate(night)})
    return hints


def _choice(call: str, rows: Sequence[Doubtful], hints: dict[int, int]) -> tuple[list[Doubtful], int]:
    """The rows of one call with their later instants, and the number of undecidable ones."""
    doubtful = [row for row in rows if row.again is not None]
    facts = {row.place: _fact(row.line) for row in rows}
    born = born_us(call)
    choices: Iterable[tuple[int, ...]]
    choices = product((0, 1), repeat=len(doubtful)) if len(doubtful) <= _AT_MOST else _one_boundary(len(doubtful))
    best: list[tuple[int, ...]] = []
    least = float("inf")
    for choice in choices:
        folds = {row.place: fold for row, fold in zip(doubtful, choice, strict=True)}
        sights = [
            _Sight(row.again if folds.get(row.place) and row.again else row.line.at, facts[row.place], row.line.queue) for row in rows
        ]
        against = _against(sights, born) + sum(_OUT_OF_ORDER for place, fold in folds.items() if hints.get(place, fold) != fold)
        if against < least - 1e-6:
            best, least = [choice], against
        elif against <= least + 1e-6:
            best.append(choice)
    undecided = sum(len({choice[n] for choice in best}) > 1 for n in range(len(doubtful)))
    return [row for row, fold in zip(doubtful, best[0], strict=True) if fold], undecided


def _one_boundary(count: int) -> Iterable[tuple[int, ...]]:
    """For very many rows: the first ones are in the first hour, the others in the second."""
    return [(0,) * n + (1,) * (count - n) for n in range(count, -1, -1)]


def _fact(line: Line) -> Fact | None:
    verb = VERBS.get(line.verb)
    return verb.fact(line, "") if verb is not None and verb.fact is not None and verb.subject != "agent" else None


def _against(sights: Sequence[_Sight], born: int) -> float:
    """The evidence against these instants, as a weight."""
    offers = [sight for sight in sights if sight.fact is not None and sight.fact.kind == "offered"]
    answers = [sight for sight in sights if sight.fact is not None and sight.fact.kind == "answered"]
    sum_ = 0.0
    for at, fact, queue in sights:
        if born and at < born - _SAME_US:
            sum_ += _BEFORE_ITS_BIRTH
        if fact is None:
            continue
        entered = [sight.at for sight in offers if sight.queue == queue]
        answered = [sight.at for sight in answers if sight.queue == queue]
        if fact.kind == "offered":
            sum_ += _LATE_PER_US * max(at - born, 0) if born else 0.0
        elif fact.kind == "released" and fact.talk_ms is not None and answered:
            sum_ += _DURATION_WRONG * _far(at - fact.talk_ms * MS, answered)
        elif fact.kind == "released" and fact.talk_ms is not None and fact.wait_ms is not None and entered:
            sum_ += _DURATION_WRONG * _far(at - (fact.talk_ms + fact.wait_ms) * MS, entered)
        elif fact.kind in _WAITED and fact.wait_ms is not None and entered:
            sum_ += _DURATION_WRONG * _far(at - fact.wait_ms * MS, entered)
        elif entered and at < min(entered) - _SAME_US:
            sum_ += _DURATION_WRONG
    return sum_


def _far(instant: int, others: Sequence[int]) -> bool:
    return all(abs(instant - other) > _SAME_US for other in others)
