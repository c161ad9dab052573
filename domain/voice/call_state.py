"""All that is known of a call, and how two such states differ."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeVar

from domain.voice.calls import Attempt, Call, CallIdentity, Change, Hold, HoldChange, IvrPath, Removed, Ring, RingChange, Visit

T = TypeVar("T")


@dataclass(slots=True)
class CallState:
    """A call as it is known now. `rings` and `holds`: those of each visit, at the visit's place; `call` is None before the first event."""

    call: Call | None = None
    visits: list[Visit] = field(default_factory=list)
    rings: list[list[Ring]] = field(default_factory=list)
    holds: list[list[Hold]] = field(default_factory=list)
    ivr: IvrPath | None = None
    attempt: Attempt | None = None
    options: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)

    def apply(self, change: Change) -> None:
        """Take over what an event changes."""
        for removed in change.removed:
            self._remove(removed)
        self.call = change.call or self.call
        self.ivr = change.ivr or self.ivr
        self.attempt = change.attempt or self.attempt
        for visit in change.visits:
            if visit.n == len(self.visits):
                self.rings.append([])
                self.holds.append([])
            _put(self.visits, visit.n, visit)
        for ring in change.rings:
            _put(self.rings[ring.n], ring.k, Ring(ring.agent, ring.from_ms, ring.until_ms, ring.outcome))
        for hold in change.holds:
            _put(self.holds[hold.n], hold.k, Hold(hold.from_ms, hold.until_ms))
        for k, option in change.options:
            _put(self.options, k, option)
        for k, tag in change.tags:
            _put(self.tags, k, tag)

    def _remove(self, removed: Removed) -> None:
        gone = slice(removed.first, removed.until)
        match removed.kind:
            case "visit":
                del self.visits[gone], self.rings[gone], self.holds[gone]
            case "ring":
                del self.rings[removed.n][gone]
            case "hold":
                del self.holds[removed.n][gone]
            case "option":
                del self.options[gone]
            case "tag":
                del self.tags[gone]


def _put(known: list[T], place: int, value: T) -> None:
    if place == len(known):
        known.append(value)
    else:
        known[place] = value


def difference(before: CallState, after: CallState) -> Change:
    """What makes `after` of `before`, by comparing everything."""
    assert after.call is not None
    moved = before.call is None or before.call.part_of != after.call.part_of
    visits = tuple(visit for visit, was in _paired(after.visits, before.visits) if moved or visit != was)
    rings: list[RingChange] = []
    holds: list[HoldChange] = []
    removed: list[Removed] = []
    for n in range(max(len(before.visits), len(after.visits))):
        old_rings, new_rings = _of(before.rings, n), _of(after.rings, n)
        old_holds, new_holds = _of(before.holds, n), _of(after.holds, n)
        removed += [*_fewer("ring", n, old_rings, new_rings), *_fewer("hold", n, old_holds, new_holds)]
        if n < len(after.visits):
            visit, was = after.visits[n], before.visits[n] if n < len(before.visits) else None
            rings += ring_changes(visit, was, new_rings, old_rings, range(len(new_rings)))
            holds += hold_changes(visit, was, new_holds, old_holds, range(len(new_holds)))
    removed += _fewer("visit", 0, before.visits, after.visits)
    removed += [*_fewer("option", 0, before.options, after.options), *_fewer("tag", 0, before.tags, after.tags)]
    return Change(
        call=after.call if after.call != before.call else None,
        of=identity_of(after.call) if visits else None,
        visits=visits,
        rings=tuple(rings),
        holds=tuple(holds),
        ivr=after.ivr if after.ivr != before.ivr else None,
        attempt=after.attempt if after.attempt != before.attempt else None,
        options=text_changes(after.options, before.options, range(len(after.options))),
        tags=text_changes(after.tags, before.tags, range(len(after.tags))),
        removed=tuple(removed),
    )


def identity_of(call: Call) -> CallIdentity:
    """What the visits of a call say of it."""
    return CallIdentity(call.call, call.origin, call.part_of)


def ring_changes(visit: Visit, was: Visit | None, rings: Sequence[Ring], known: Sequence[Ring], places: Iterable[int]) -> list[RingChange]:
    """Of the rings at `places`, those that are new or read differently now; all of them where the visit's queue does."""
    moved = was is None or was.queue != visit.queue
    return [
        RingChange(visit.n, k, visit.queue, ring.agent, ring.from_ms, ring.until_ms, ring.outcome)
        for k in places
        if moved or k >= len(known) or rings[k] != known[k]
        for ring in (rings[k],)
    ]


def hold_changes(visit: Visit, was: Visit | None, holds: Sequence[Hold], known: Sequence[Hold], places: Iterable[int]) -> list[HoldChange]:
    """Of the holds at `places`, those that are new or read differently now; all of them where the visit's queue or agent does."""
    moved = was is None or (was.queue, was.agent) != (visit.queue, visit.agent)
    return [
        HoldChange(visit.n, k, visit.queue, visit.agent, *holds[k])
        for k in places
        if moved or k >= len(known) or holds[k] != known[k]
    ]  # fmt: skip


def text_changes(texts: Sequence[str], known: Sequence[str], places: Iterable[int]) -> tuple[tuple[int, str], ...]:
    """Of the texts at `places`, those that are new or read differently now."""
    return tuple((k, texts[k]) for k in places if k >= len(known) or texts[k] != known[k])


def _paired(now: Sequence[T], before: Sequence[T]) -> list[tuple[T, T | None]]:
    return [(value, before[place] if place < len(before) else None) for place, value in enumerate(now)]


def _of(lists: Sequence[list[T]], n: int) -> list[T]:
    return lists[n] if n < len(lists) else []


_Kind = Literal["visit", "ring", "hold", "option", "tag"]


def _fewer(kind: _Kind, n: int, before: Sequence[object], after: Sequence[object]) -> list[Removed]:
    return [Removed(kind, n, len(after), len(before))] if len(after) < len(before) else []
