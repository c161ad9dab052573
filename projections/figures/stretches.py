"""Join, subtract and measure stretches of time of one person.

A stretch is half-open, [from, until) in ms; a list of them is in order and disjoint unless a function says otherwise.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence

Stretch = tuple[int, int]


def joined(stretches: Iterable[Stretch]) -> list[Stretch]:
    """The same time as disjoint stretches in order; the input may be in any order and overlap."""
    apart: list[Stretch] = []
    last_from, last_until = 0, 0
    for began, ended in sorted(stretches):
        if ended <= began:
            continue
        if began <= last_until and apart:
            if ended > last_until:
                last_until = ended
                apart[-1] = (last_from, ended)
        else:
            last_from, last_until = began, ended
            apart.append((began, ended))
    return apart


def minus(stretches: Sequence[Stretch], taken: Sequence[Stretch]) -> list[Stretch]:
    """The parts of `stretches` outside `taken`."""
    left: list[Stretch] = []
    index, last = 0, len(taken)
    for began, ended in stretches:
        since = began
        while index < last and taken[index][1] <= since:
            index += 1
        at = index
        while at < last and taken[at][0] < ended:
            if taken[at][0] > since:
                left.append((since, taken[at][0]))
            since = max(since, taken[at][1])
            at += 1
        if since < ended:
            left.append((since, ended))
    return left


def within(stretches: Sequence[Stretch], others: Sequence[Stretch]) -> list[Stretch]:
    """The parts of `stretches` inside `others`."""
    return minus(stretches, minus(stretches, others))


def clipped(stretches: Iterable[Stretch], since: int, until: int) -> list[Stretch]:
    """The parts of the stretches in [since, until), in their order."""
    return [(max(began, since), min(ended, until)) for began, ended in stretches if began < until and ended > since]


def lengths(stretches: Iterable[Stretch], edges: Sequence[int]) -> list[int]:
    """How much of the stretches is in each interval [edges[i], edges[i + 1]), in ms."""
    found = [0] * (len(edges) - 1)
    for began, ended in clipped(stretches, edges[0], edges[-1]):
        index = bisect_right(edges, began) - 1
        while ended > edges[index + 1]:
            found[index] += edges[index + 1] - began
            began = edges[index + 1]  # noqa: PLW2901 - the rest of the stretch
            index += 1
        found[index] += ended - began
    return found
