"""What facts, applied in order, prove: the drafts of visits, the outline of the call, its IVR path, its attempt."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Self

from domain.voice.call_outline import CallOutline
from domain.voice.facts import OUTBOUND_TALK, Fact
from domain.voice.forking import Forkable
from domain.voice.outbound_and_ivr import OF_ATTEMPT, OF_IVR, AttemptEvidence, IvrEvidence
from domain.voice.visit_builder import VisitBuilder


class Findings(Forkable):
    """What the facts applied so far prove. outbound: the queues whose facts belong to the outbound attempt."""

    def __init__(self, born: int, outbound: frozenset[str]) -> None:
        self.outbound = outbound
        self.visits = VisitBuilder(born)
        self.outline = CallOutline()
        self.ivr = IvrEvidence()
        self.attempt = AttemptEvidence()
        if outbound:
            self.attempt.outbound = outbound

    def fork(self) -> Self:
        copy = super().fork()
        copy.visits, copy.outline, copy.ivr, copy.attempt = self.visits.fork(), self.outline.fork(), self.ivr.fork(), self.attempt.fork()
        return copy

    def take(self, facts: Sequence[Fact]) -> None:
        """Apply facts in order; all facts of one instant must be passed together."""
        take_in_outline, attempt = self.outline.take, self.attempt
        mixed = bool(self.outbound)
        for fact in facts:
            mixed = mixed or fact.mark == OUTBOUND_TALK
            take_in_outline(fact)
            kind = fact.kind
            if kind in OF_IVR:
                self.ivr.take(fact)
            if attempt.dialled is not None or kind in OF_ATTEMPT:
                attempt.take(fact)
        self.visits.take_all([fact for fact in facts if self._may_be_of_visit(fact)] if mixed else facts)

    def _may_be_of_visit(self, fact: Fact) -> bool:
        return fact.mark != OUTBOUND_TALK and (not fact.queue or fact.queue not in self.outbound)

    @property
    def options(self) -> tuple[str, ...]:
        """The options keyed in the IVR."""
        return self.ivr.options if self.ivr.entered is not None else ()


class Touched:
    """What facts may have changed in a call: its visits (by the index of the draft) with the indexes of their rings and holds, and the
    IVR options and tags from an index on. conflicts: those that the facts revealed.
    """

    def __init__(self, before: Findings) -> None:
        self.visits: dict[int, tuple[set[int], set[int]]] = {}
        self.options = len(before.options)
        self.tags = len(before.outline.tags)
        self.conflicts: tuple[str, ...] = ()
        self.known_conflicts = len(before.visits.conflicts)

    def note(self, findings: Findings) -> None:
        """Add what these findings changed since they were forked."""
        for index, draft in findings.visits.own.items():
            rings, holds = self.visits.setdefault(index, (set(), set()))
            rings |= draft.rings.changed
            holds |= draft.changed_holds

    def rings_and_holds(self, index: int) -> tuple[Collection[int], Collection[int]]:
        """The indexes of this visit's rings and holds that may have changed."""
        return self.visits.get(index, _NOTHING)


_NOTHING: tuple[Collection[int], Collection[int]] = ((), ())
