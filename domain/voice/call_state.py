"""The state of a call, and the difference between two states."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, Literal, NamedTuple, TypeVar

from domain.voice.calls import ATTEMPT, Attempt, Call, CallIdentity, Change, Hold, HoldChange, IvrPath, Removed, Ring, RingChange, Visit

T = TypeVar("T")

_Kind = Literal["visit", "ring", "hold", "option", "tag"]


@dataclass(slots=True)
class CallState:
    """A call as it is known now. `rings` and `holds`: lists per visit, by the visit's index; `call` is None before the first event.

    attempt_holds: the holds of the outbound attempt's talk.
    """

    call: Call | None = None
    visits: list[Visit] = field(default_factory=list)
    rings: list[list[Ring]] = field(default_factory=list)
    holds: list[list[Hold]] = field(default_factory=list)
    ivr: IvrPath | None = None
    attempt: Attempt | None = None
    attempt_holds: list[Hold] = field(default_factory=list)
    options: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)

    def apply(self, change: Change) -> None:
        """Apply the change of an event."""
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
            _put(self._holds_of(hold.n), hold.k, Hold(hold.from_ms, hold.until_ms))
        for k, option in change.options:
            _put(self.options, k, option)
        for k, tag in change.tags:
            _put(self.tags, k, tag)

    def _holds_of(self, n: int) -> list[Hold]:
        return self.attempt_holds if n == ATTEMPT else self.holds[n]

    def _remove(self, removed: Removed) -> None:
        gone = slice(removed.first, removed.until)
        match removed.kind:
            case "visit":
                del self.visits[gone], self.rings[gone], self.holds[gone]
            case "ring":
                del self.rings[removed.n][gone]
            case "hold":
                del self._holds_of(removed.n)[gone]
            case "option":
                del self.options[gone]
            case "tag":
                del self.tags[gone]


def _put(known: list[T], index: int, value: T) -> None:
    if index == len(known):
        known.append(value)
    else:
        known[index] = value


def difference(before: CallState, after: CallState) -> Change:
    """The change from `before` to `after`, by comparing everything."""
    assert after.call is not None
    if before.call is None:
        return _all_of(after, after.call)
    same_whole, known = before.call.part_of == after.call.part_of, len(before.visits)
    comparison = Comparison(before, all_visits=not same_whole)
    for visit, rings, holds in zip(after.visits, after.rings, after.holds, strict=True):
        n = visit.n
        if same_whole and n < known and visit == before.visits[n] and rings == before.rings[n] and holds == before.holds[n]:
            continue
        comparison.compare_visit(visit, Parts(len(rings), dict(enumerate(rings))), Parts(len(holds), dict(enumerate(holds))))
    return comparison.change(after, range(len(after.options)), range(len(after.tags)))


def _all_of(state: CallState, call: Call) -> Change:
    """The change that creates a call."""
    visits = state.visits
    return Change(
        call=call,
        of=CallIdentity(call.call, call.origin, call.part_of) if visits else None,
        visits=tuple(visits),
        rings=tuple([_ring_change(visit, k, ring) for visit in visits for k, ring in enumerate(state.rings[visit.n])]),
        holds=tuple([_hold_change(visit.n, visit, k, hold) for visit in visits for k, hold in enumerate(state.holds[visit.n])])
        + tuple([_hold_change(ATTEMPT, state.attempt, k, hold) for k, hold in enumerate(state.attempt_holds) if state.attempt]),
        ivr=state.ivr,
        attempt=state.attempt,
        options=tuple(enumerate(state.options)),
        tags=tuple(enumerate(state.tags)),
    )


def _ring_change(visit: Visit, k: int, ring: Ring) -> RingChange:
    return RingChange(visit.n, k, visit.queue, ring.agent, ring.from_ms, ring.until_ms, ring.outcome)


def _hold_change(n: int, of: Visit | Attempt, k: int, hold: Hold) -> HoldChange:
    return HoldChange(n, k, of.queue, of.agent, hold.from_ms, hold.until_ms)


class Parts(NamedTuple, Generic[T]):
    """A visit's rings or holds: how many there are, and those that may have changed, by index."""

    total: int
    at: Mapping[int, T]


class Comparison:
    """Collects what changed in a call since `before`. all_visits: include every visit, whether it changed or not."""

    def __init__(self, before: CallState, *, all_visits: bool = False) -> None:
        self._before = before
        self._all_visits = all_visits
        self._visits: list[Visit] = []
        self._rings: list[RingChange] = []
        self._holds: list[HoldChange] = []
        self._removed: list[Removed] = []

    def compare_visit(self, visit: Visit, rings: Parts[Ring], holds: Parts[Hold]) -> None:
        """Compare a visit. A ring's row holds its visit's queue, a hold's row also the agent: when these changed, all rings or holds must be given."""
        n, before = visit.n, self._before
        was, known_rings, known_holds = None, _NO_RINGS, _NO_HOLDS
        if n < len(before.visits):
            was, known_rings, known_holds = before.visits[n], before.rings[n], before.holds[n]
        if self._all_visits or visit != was:
            self._visits.append(visit)
        moved = was is None or was.queue != visit.queue
        for k, ring in rings.at.items():
            if moved or k >= len(known_rings) or ring != known_rings[k]:
                self._rings.append(_ring_change(visit, k, ring))
        moved = moved or was is None or was.agent != visit.agent
        for k, hold in holds.at.items():
            if moved or k >= len(known_holds) or hold != known_holds[k]:
                self._holds.append(_hold_change(n, visit, k, hold))
        self._remove("ring", n, rings.total, len(known_rings))
        self._remove("hold", n, holds.total, len(known_holds))

    def _compare_attempt_holds(self, attempt: Attempt | None, holds: Sequence[Hold]) -> None:
        """Compare the holds of the attempt's talk, of which there are few. A hold's row holds the attempt's queue and agent."""
        was, known = self._before.attempt, self._before.attempt_holds
        if attempt is not None:
            moved = was is None or (was.queue, was.agent) != (attempt.queue, attempt.agent)
            changed = [k for k, hold in enumerate(holds) if moved or k >= len(known) or hold != known[k]]
            self._holds += [_hold_change(ATTEMPT, attempt, k, holds[k]) for k in changed]
        self._remove("hold", ATTEMPT, len(holds), len(known))

    def change(self, after: CallState, options: Iterable[int], tags: Iterable[int]) -> Change:
        """All that changed. Of the options and tags only those at these indexes are compared."""
        before = self._before
        assert after.call is not None
        self._compare_attempt_holds(after.attempt, after.attempt_holds)
        for n in range(len(after.visits), len(before.visits)):
            self._remove("ring", n, 0, len(before.rings[n]))
            self._remove("hold", n, 0, len(before.holds[n]))
        self._remove("visit", 0, len(after.visits), len(before.visits))
        self._remove("option", 0, len(after.options), len(before.options))
        self._remove("tag", 0, len(after.tags), len(before.tags))
        return Change(
            call=after.call if after.call != before.call else None,
            of=CallIdentity(after.call.call, after.call.origin, after.call.part_of) if self._visits else None,
            visits=tuple(self._visits),
            rings=tuple(self._rings),
            holds=tuple(self._holds),
            ivr=after.ivr if after.ivr != before.ivr else None,
            attempt=after.attempt if after.attempt != before.attempt else None,
            options=_new_texts(after.options, before.options, options),
            tags=_new_texts(after.tags, before.tags, tags),
            removed=tuple(self._removed),
        )

    def _remove(self, kind: _Kind, n: int, now: int, before: int) -> None:
        if now < before:
            self._removed.append(Removed(kind, n, now, before))


_NO_RINGS: list[Ring] = []
_NO_HOLDS: list[Hold] = []


def _new_texts(texts: Sequence[str], known: Sequence[str], indexes: Iterable[int]) -> tuple[tuple[int, str], ...]:
    return tuple([(k, texts[k]) for k in indexes if k >= len(known) or texts[k] != known[k]])
