"""One order for what several clocks tell: a finer clock's instants, a log's order, each observation once.

A queue_log in whole seconds and an AMI stream tell the same call twice. Two observations of one fact (same kind,
queue, and agent where it matters) by different clocks within two seconds are one: the finer clock holds and takes
over what only the other knows. What only one of them saw keeps its place between its neighbours.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from domain.base import SECOND
from domain.voice.facts import Clock, Fact, FactKind

SAME_FACT_S = 2
"""Seconds within which two clocks tell the same fact."""

_ORDER: tuple[FactKind, ...] = (
    "arrived", "dialled", "outbound", "part_of", "did", "ivr_entered", "ivr_out_of_hours", "ivr_blacklisted", "ivr_option", "offered",
    "waiting", "rang", "ring_no_answer", "agent_dumped", "ring_canceled", "dial_answered", "dial_failed", "answered", "held", "resumed",
    "supervised", "released", "abandoned", "timed_out", "left_by_key", "withdrawn", "emptied", "turned_away", "unseen_end", "wrap_up",
    "tag", "note", "quality", "ivr_left", "hung_up", "unseen", "restarted", "joined", "seen", "talked", "unpaused", "paused", "reason", "left",
)  # fmt: skip
_RANK = {kind: rank for rank, kind in enumerate(_ORDER)}
"""What must come first in the life of a call, or of an agent's day, for facts of one instant whose order nobody knows."""

_FINEST_FIRST: tuple[Clock, ...] = ("ami", "log.f", "log")
_BY_AGENT = frozenset({"rang", "ring_no_answer", "ring_canceled", "agent_dumped"})
_MERGED = ("agent", "by", "wait_ms", "talk_ms", "ring_ms", "wrap_ms", "text", "private")


def in_order(facts: Sequence[Fact]) -> list[Fact]:
    """The facts of one call or one agent, each once, in the order in which they happened."""
    if len(facts) < 2:
        return list(facts)
    clocks: dict[Clock, list[Fact]] = {}
    for fact in facts:
        clocks.setdefault(timekeeper(fact), []).append(fact)
    merged: list[Fact] = []
    for clock in _FINEST_FIRST:
        told = clocks.get(clock)
        if told:
            told.sort(key=place)
            merged = _merge(merged, told) if merged else told
    return merged


def timekeeper(fact: Fact) -> Clock:
    """Whose clock told the fact: live commands and AMI are told by one."""
    return "ami" if fact.clock == "live" else fact.clock


def place(fact: Fact) -> tuple[object, ...]:
    """The order of the facts that one clock tells."""
    return (fact.at, fact.seq, -_lasted(fact), _RANK.get(fact.kind, 99), fact.queue, fact.agent, fact.nth, fact.by)


_WAITED = frozenset({"answered", "abandoned", "timed_out", "left_by_key", "withdrawn", "emptied"})


def _lasted(fact: Fact) -> int:
    """Of facts of one instant whose order nobody knows: what ended after it had lasted began earlier, and comes before what begins now."""
    if fact.kind == "released":
        return (fact.talk_ms or 0) * 1_000_000
    return fact.wait_ms or 0 if fact.kind in _WAITED else 0


def _subject(fact: Fact) -> tuple[str, str, str]:
    return (fact.kind, fact.queue, fact.agent if fact.kind in _BY_AGENT else "")


def _merge(finer: list[Fact], coarser: list[Fact]) -> list[Fact]:
    """Both lists as one; of a pair that tells the same fact the finer instant stays."""
    twin = _twins(finer, coarser)
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
        # A whole second stands for all its instants: a neighbour told finer pulls it along.
        merged.append(replace(fact, at=last) if fact.at < last < fact.at + SECOND else fact)
    merged.extend(finer[taken:])
    return merged


def _not_yet(fine: Fact, coarse: Fact) -> bool:
    """Whether the wait of which the coarse fact tells the end, in the same second, was seen to go on."""
    return fine.kind == "waiting" and coarse.kind in _WAITED and fine.queue == coarse.queue and fine.at < coarse.at + SECOND


def _twins(finer: list[Fact], coarser: list[Fact]) -> dict[int, int]:
    """Which coarse fact (by index) is which fine one; fine facts take over what only the coarse one knows."""
    waiting: dict[tuple[str, str, str], list[int]] = {}
    for index, fact in enumerate(finer):
        # What only a list shows was some time before: it tells no instant that could be anybody else's.
        if fact.by != "list":
            waiting.setdefault(_subject(fact), []).append(index)
    twins: dict[int, int] = {}
    before: dict[tuple[str, str, str], list[int]] = {}
    for index, fact in enumerate(coarser):
        subject = _subject(fact)
        candidates = waiting.get(subject, [])
        found = next((candidate for candidate in candidates if _near(finer[candidate], fact)), None)
        if found is not None:
            candidates.remove(found)
        else:
            found = _nearer(finer, coarser, twins, before.get(subject, []), index)
        if found is None and not fact.queue and fact.kind in _EVERYWHERE:
            found = _everywhere(finer, fact)
        if found is not None:
            twins[index] = found
        before.setdefault(subject, []).append(index)
    for index, twin in twins.items():
        finer[twin] = _enriched(finer[twin], coarser[index])
    return twins


def _near(fine: Fact, coarse: Fact) -> bool:
    return abs(fine.at // SECOND - coarse.at // SECOND) <= SAME_FACT_S


def _nearer(finer: list[Fact], coarser: list[Fact], twins: dict[int, int], before: list[int], index: int) -> int | None:
    """For a coarse fact without a twin, that of the one before it of the same subject, which was told further away: that one was not seen by the finer clock."""
    if not before or before[-1] not in twins:
        return None
    twin = twins[before[-1]]
    fine, earlier, fact = finer[twin], coarser[before[-1]], coarser[index]
    if not _near(fine, fact) or abs(fine.at - fact.at) >= abs(fine.at - earlier.at):
        return None
    del twins[before[-1]]
    return twin


_EVERYWHERE = frozenset({"paused", "unpaused"})
"""Kinds that one clock tells once for all queues (PAUSEALL) and the other once a queue."""


def _everywhere(finer: list[Fact], fact: Fact) -> int | None:
    """The nearest observation, for some queue, of what `fact` tells for all."""
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
