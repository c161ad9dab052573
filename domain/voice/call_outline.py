"""The head of a call: what its facts prove about the call as a whole, besides its visits, its IVR path and its attempt."""

from __future__ import annotations

from domain.base import MS, Personal
from domain.ids import interaction_id
from domain.voice.call_state import CallState
from domain.voice.calls import Call
from domain.voice.context import Context
from domain.voice.facts import Clock, Fact, FactKind
from domain.voice.forking import Forkable
from domain.voice.outbound_and_ivr import status_of

_NAMES_CUSTOMER: frozenset[FactKind] = frozenset({"arrived", "dialled", "outbound", "offered"})
_OF_CALL: frozenset[FactKind] = frozenset({"arrived", "did", "part_of", "hung_up", "tagged", "unseen", "quality"})
"""Kinds of facts about the call as a whole."""


class CallOutline(Forkable):
    """Takes the facts of a call in order. Instants in microseconds.

    number: the customer's: the caller of an inbound call, the called number of an attempt. jitter_ms, loss_percent: of the worst leg.
    clock: of the last fact. moved: when a visit went on under its call's own id. cut: whether a source was cut off while the call was up.
    """

    began: int | None = None
    hung_up: int | None = None
    leg_of: str | None = None
    moved: int | None = None
    number: Personal | None = None
    did: str = ""
    jitter_ms: float | None = None
    loss_percent: float | None = None
    clock: Clock = "live"
    cut: bool = False
    tags: tuple[str, ...] = ()

    def take(self, fact: Fact) -> None:
        """Apply one more fact."""
        if self.began is None:
            self.began = fact.at
        if fact.clock != self.clock:
            self.clock = fact.clock
        if self.number is None and fact.private is not None and fact.kind in _NAMES_CUSTOMER:
            self.number = fact.private
        if fact.kind in _OF_CALL:
            self._take_of_call(fact)

    def _take_of_call(self, fact: Fact) -> None:
        match fact.kind:
            case "arrived" | "did" if fact.text and not self.did:
                self.did = fact.text
            case "part_of":
                if self.leg_of is None:
                    self.leg_of = fact.text
                if fact.queue:
                    self.moved = max(fact.at, self.moved or fact.at)
            case "hung_up":
                self.hung_up = max(fact.at, self.hung_up or fact.at)
            case "tagged":
                self.tags = (*self.tags, fact.text)
            case "unseen":
                self.cut = True
            case "quality":
                jitter, loss = (float(figure) for figure in fact.text.split(";"))
                self.jitter_ms = max(jitter, self.jitter_ms or jitter)
                self.loss_percent = max(loss, self.loss_percent or loss)

    def head(self, context: Context, state: CallState) -> Call:
        """The head of the call whose visits, IVR and attempt are those of `state`."""
        assert self.began is not None, "a call without facts"
        visits = state.visits
        ended_ms = self._ended_ms(state)
        return Call(
            call=context.call,
            protocol=context.protocol,
            origin=context.origin,
            direction="outbound" if state.attempt else "inbound",
            started_ms=min(self.began // MS, visits[0].offered_ms) if visits else self.began // MS,
            ended_ms=ended_ms,
            status=status_of(visits, state.ivr, state.attempt, ended_ms is not None),
            part_of=interaction_id(context.tenant, self.leg_of) if self.leg_of is not None else None,
            contact=context.contact,
            number=self.number,
            did=self.did,
            jitter_ms=self.jitter_ms,
            loss_percent=self.loss_percent,
        )

    def _ended_ms(self, state: CallState) -> int | None:
        """When the call ended: when the line was hung up, where that was observed; when the last visit ended, where no source reports lines."""
        if self.hung_up is not None:
            return self.hung_up // MS
        reports_lines = self.clock in ("live", "ami") and not self.cut
        if reports_lines or any(visit.open for visit in state.visits):
            return None
        ends = [visit.released_ms or visit.ended_ms for visit in state.visits]
        known = [end for end in ends if end is not None]
        if known:
            return max(known)
        # A leg ends where its visit goes on under the call's own id.
        return self.moved // MS if self.moved is not None else state.attempt.ended_ms if state.attempt else None
