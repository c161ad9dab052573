"""Merge the facts of several clocks into one order: the instants of the finer clock, the order of a log, each fact once.

A queue_log in whole seconds and an AMI stream report the same call twice. Two observations of one fact (same kind,
queue, and agent where it matters) by different clocks within two seconds are one: the finer instant is kept and gets
the values that only the other observation has. A fact that only one clock reported keeps its order between its neighbours.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from msgspec.structs import replace

from domain.base import SECOND
from domain.voice.facts import CallKind, Clock, Fact, FactKind, PresenceKind

SAME_FACT_S = 2
"""Two observations by different clocks within so many seconds are the same fact."""

_IN_A_CALL: tuple[CallKind, ...] = (
    "arrived", "dialled", "outbound", "part_of", "did", "ivr_entered", "ivr_out_of_hours", "ivr_blacklisted", "ivr_option", "offered",
    "waiting", "rang", "ring_no_answer", "agent_dumped", "ring_canceled", "dial_answered", "dial_failed", "answered", "held", "resumed",
    "supervised", "released", "abandoned", "timed_out", "left_by_key", "withdrawn", "emptied", "turned_away", "unseen_end", "wrap_up",
    "tagged", "note", "quality", "ivr_left", "hung_up", "unseen", "restarted",
)  # fmt: skip
_IN_A_DAY: tuple[PresenceKind, ...] = (
    "restarted", "logged_in", "seen", "talked", "direct_call_began", "direct_call_ended", "resumed", "paused", "reason", "logged_out",
)  # fmt: skip


class _Subject(NamedTuple):
    """What facts are about. rank: the order of their kinds at one instant whose order is unknown. everywhere: kinds that one clock reports once for all queues (PAUSEALL) and the other once per queue."""

    rank: Mapping[str, int]
    everywhere: frozenset[FactKind] = frozenset()


OF_CALL: Final = _Subject({kind: rank for rank, kind in enumerate(_IN_A_CALL)})
OF_AGENT: Final = _Subject({kind: rank for rank, kind in enumerate(_IN_A_DAY)}, frozenset({"paused", "resumed"}))

_FINEST_FIRST: tuple[Clock, ...] = ("ami", "log.f", "log")
_BY_AGENT = frozenset({"rang", "ring_no_answer", "ring_canceled", "agent_dumped"})
_MERGED = ("agent", "by", "wait_ms", "talk_ms", "ring_ms", "wrap_ms", "text", "private")


def in_order(facts: Sequence[Fact], subject: _Subject = OF_CALL) -> list[Fact]:
    """The facts of one call, or OF_AGENT of one agent, each once, in the order in which they happened."""
    if _ascending(facts, subject):
        return list(facts)
    clocks: dict[Clock, list[Fact]] = {}
    for fact in facts:
        clocks.setdefault(clock_of(fact), []).append(fact)
    merged: list[Fact] = []
    for clock in _FINEST_FIRST:
        observed = clocks.get(clock)
        if observed:
            observed.sort(key=lambda fact: sort_key(fact, subject))
            merged = _merge(merged, observed, subject) if merged else observed
    return merged


def _ascending(facts: Sequence[Fact], subject: _Subject) -> bool:
    """Whether these facts are of one clock and in order already: most calls' are."""
    before = facts[0] if facts else None
    for fact in facts[1:]:
        assert before is not None
        if (
            fact.clock != before.clock
            or fact.at < before.at
            or (fact.at == before.at and sort_key(fact, subject) < sort_key(before, subject))
        ):
            return False
        before = fact
    return True


def clock_of(fact: Fact) -> Clock:
    """The clock that orders the fact: live commands and AMI share one."""
    return "ami" if fact.clock == "live" else fact.clock


def sort_key(fact: Fact, subject: _Subject = OF_CALL) -> tuple[object, ...]:
    """The sort key of facts of one clock."""
    return (fact.at, fact.seq, -_lasted(fact), subject.rank.get(fact.kind, 99), fact.queue, fact.agent, fact.nth, fact.by)


_WAITED = frozenset({"answered", "abandoned", "timed_out", "left_by_key", "withdrawn", "emptied"})


def _lasted(fact: Fact) -> int:
    """How long what the fact ends had lasted. Among facts of one instant without a known order it comes before what begins now."""
    if fact.kind == "released":
        return (fact.talk_ms or 0) * 1_000_000
    return fact.wait_ms or 0 if fact.kind in _WAITED else 0


def _matter(fact: Fact) -> tuple[str, str, str]:
    return (fact.kind, fact.queue, fact.agent if fact.kind in _BY_AGENT else "")


def _merge(finer: list[Fact], coarser: list[Fact], subject: _Subject) -> list[Fact]:
    """Merge both lists; of two observations of the same fact the finer instant is kept."""
    twin = _twins(finer, coarser, subject)
    merged: list[Fact] = []
    taken = 0
    last = 0
    for index, fact in enumerate(coarser):
        pair = twin.get(index)
        if pair is not None:
            while taken <= pair:
                merged.append(finer[taken])
                taken += 1
            continue
        while taken < len(finer) and (finer[taken].at < fact.at or _not_yet(finer[taken], fact)):
            merged.append(finer[taken])
            taken += 1
        last = merged[-1].at if merged else 0
        # A whole second covers all its instants: it follows a neighbour with a finer instant.
        merged.append(replace(fact, at=last) if fact.at < last < fact.at + SECOND else fact)
    merged.extend(finer[taken:])
    return merged


def _not_yet(fine: Fact, coarse: Fact) -> bool:
    """Whether the fine fact shows, in the same second, that the wait which the coarse fact ends still went on."""
    return fine.kind == "waiting" and coarse.kind in _WAITED and fine.queue == coarse.queue and fine.at < coarse.at + SECOND


def _twins(finer: list[Fact], coarser: list[Fact], subject: _Subject) -> dict[int, int]:
    """Map coarse facts to fine ones (by index) that are the same; fine facts get the values that only the coarse one has."""
    waiting: dict[tuple[str, str, str], list[int]] = {}
    for index, fact in enumerate(finer):
        # What only a list shows happened some time before: its instant cannot match another fact's.
        if fact.by != "list":
            waiting.setdefault(_matter(fact), []).append(index)
    twins: dict[int, int] = {}
    before: dict[tuple[str, str, str], list[int]] = {}
    for index, fact in enumerate(coarser):
        matter = _matter(fact)
        candidates = waiting.get(matter, [])
        found = next((candidate for candidate in candidates if _near(finer[candidate], fact)), None)
        if found is not None:
            candidates.remove(found)
        else:
            found = _nearer(finer, coarser, twins, before.get(matter, []), index)
        if found is None and not fact.queue and fact.kind in subject.everywhere:
            found = _everywhere(finer, fact)
        if found is not None:
            twins[index] = found
        before.setdefault(matter, []).append(index)
    for index, twin in twins.items():
        finer[twin] = _enriched(finer[twin], coarser[index])
    return twins


def _near(fine: Fact, coarse: Fact) -> bool:
    return abs(fine.at // SECOND - coarse.at // SECOND) <= SAME_FACT_S


def _nearer(finer: list[Fact], coarser: list[Fact], twins: dict[int, int], before: list[int], index: int) -> int | None:
    """For a coarse fact without a twin: the twin of the one before it about the same matter, if it is nearer to this fact. The finer clock then did not report the one before."""
    if not before or before[-1] not in twins:
        return None
    twin = twins[before[-1]]
    fine, earlier, fact = finer[twin], coarser[before[-1]], coarser[index]
    if not _near(fine, fact) or abs(fine.at - fact.at) >= abs(fine.at - earlier.at):
        return None
    del twins[before[-1]]
    return twin


def _everywhere(finer: list[Fact], fact: Fact) -> int | None:
    """The nearest observation, for one queue, of what `fact` reports for all."""
    near = [
        (abs(other.at - fact.at), index)
        for index, other in enumerate(finer)
        if other.kind == fact.kind and other.by != "list" and other.text == fact.text and _near(other, fact)
    ]
    return min(near)[1] if near else None


def _enriched(fine: Fact, coarse: Fact) -> Fact:
    missing = {
        name: getattr(coarse, name) for name in _MERGED if getattr(fine, name) in ("", None) and getattr(coarse, name) not in ("", None)
    }
    return replace(fine, **missing) if missing else fine
