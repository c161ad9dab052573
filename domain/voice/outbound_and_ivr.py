"""A call's path through the IVR, its outbound attempt, and its final status."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import Literal

from domain.base import MS
from domain.voice.calls import Attempt, Hold, IvrPath, Visit
from domain.voice.facts import OUTBOUND_TALK, Fact, FactKind
from domain.voice.forking import Forkable

Status = Literal[
    "answered", "abandoned", "timed-out", "transferred-out", "left-by-key", "closed", "unknown", "abandoned-in-ivr", "out-of-hours",
    "ended-in-ivr", "blacklisted", "not-connected", "bad-number", "ended",
]  # fmt: skip
"""The final statuses (STATUS) of a call: how its last visit ended, or else its outbound attempt, or else its path through an IVR."""

_IVR_STATUS: dict[str, Status] = {
    "abandoned": "abandoned-in-ivr",
    "out-of-hours": "out-of-hours",
    "ended": "ended-in-ivr",
    "blacklisted": "blacklisted",
    "unknown": "unknown",
}
_ATTEMPT_STATUS: dict[str, Status | Literal[""]] = {"answered": "answered", "bad-number": "bad-number", "unknown": "unknown", "": ""}


BY_IVR = "atende"
"""The `by` of the steps of Atende's own IVR, which knows its name. What a dialplan shows of the same call before names only a context."""

OF_IVR: frozenset[FactKind] = frozenset({"ivr_entered", "ivr_out_of_hours", "ivr_option", "ivr_blacklisted", "ivr_left", "unseen"})
"""Kinds of facts about a call's path through an IVR."""

OF_ATTEMPT: frozenset[FactKind] = frozenset({"dialled", "outbound", "dial_answered", "dial_failed", "unseen"})
"""Kinds of facts about an outbound attempt, or that prove one."""


class IvrEvidence(Forkable):
    """What the facts of a call, applied in order, prove about its path through its first IVR. Instants in microseconds."""

    ivr: str = ""
    entered: int | None = None
    out_of_hours: int | None = None
    blacklisted: int | None = None
    left: int | None = None
    options: tuple[str, ...] = ()
    cuts: tuple[int, ...] = ()

    def take(self, fact: Fact) -> None:
        """Apply one more fact."""
        if self.entered is None and fact.kind in ("ivr_entered", "ivr_out_of_hours"):
            self.ivr, self.entered = fact.text or fact.queue, fact.at
        elif fact.kind == "ivr_entered" and fact.by == BY_IVR:
            self.ivr = fact.text
        match fact.kind:
            case "ivr_option":
                self.options = (*self.options, fact.text)
            case "ivr_out_of_hours" if self.out_of_hours is None:
                self.out_of_hours = fact.at
            case "ivr_blacklisted" if self.blacklisted is None:
                self.blacklisted = fact.at
            case "ivr_left" if self.left is None:
                self.left = fact.at
            case "unseen":
                self.cuts = (*self.cuts, fact.at)

    def path(self, first: Visit | None, hung_up: int | None, restarts: Sequence[int]) -> IvrPath | None:
        """The call's path through its first IVR, up to its first visit if there is one; None when it entered no IVR."""
        if self.entered is None:
            return None
        outcome, left = self._end(self.entered, first, hung_up, restarts)
        return IvrPath(
            ivr=self.ivr,
            entered_ms=self.entered // MS,
            left_ms=_ms(left),
            outcome=outcome,
            queue=first.queue if first is not None else None,
        )

    def _end(self, entered: int, first: Visit | None, hung_up: int | None, restarts: Sequence[int]) -> tuple[str, int | None]:
        if self.out_of_hours is not None:
            return "out-of-hours", hung_up or self.out_of_hours
        if self.blacklisted is not None:
            return "blacklisted", self.blacklisted
        if first is not None:
            return "offered", max(first.offered_ms * MS, entered)
        if self.left is not None:
            return "ended", self.left
        following = bisect_right(restarts, entered)
        cut = min([*(at for at in self.cuts if at >= entered), *restarts[following : following + 1]], default=None)
        if cut is not None and (hung_up is None or hung_up > cut):
            return "unknown", cut
        if hung_up is not None:
            return "abandoned", hung_up
        return "", None


class OutboundQueues:
    """The queues whose facts belong to an outbound attempt, not to visits. Where no queue is named, they are the queues to which the call was never offered."""

    def __init__(self, facts: Sequence[Fact]) -> None:
        self._named = {fact.queue for fact in facts if fact.kind == "outbound"}
        self._met: set[str] = set()
        names = set(self._named)
        if "" in names:
            self._met = {fact.queue for fact in facts}
            names |= self._met - {fact.queue for fact in facts if fact.kind == "offered"}
        self.names = frozenset(names - {""} if names != {""} else names)

    def unmoved_by(self, facts: Sequence[Fact]) -> bool:
        """Whether these facts leave the set of queues unchanged."""
        return all(self._unmoved_by(fact) for fact in facts)

    def _unmoved_by(self, fact: Fact) -> bool:
        if fact.kind == "outbound" and fact.queue not in self._named:
            return False
        return "" not in self._named or (fact.queue in self._met and not (fact.kind == "offered" and fact.queue in self.names))


_NO_OUTBOUND_QUEUES = OutboundQueues(())


def outbound_queues(facts: Sequence[Fact]) -> OutboundQueues:
    """The outbound queues of a call with these facts."""
    return OutboundQueues(facts) if any(fact.kind == "outbound" for fact in facts) else _NO_OUTBOUND_QUEUES


class AttemptEvidence(Forkable):
    """What the facts of a call, applied in order, prove about an outbound attempt.

    `outbound`: the queues whose facts belong to the attempt. `seen`: the last instant (us) at which the call itself was observed.
    `held`: when the customer was put on hold (us), and taken off it. `wrap_ms`: how long the agent's wrap-up took.
    """

    outbound: frozenset[str] = frozenset()
    dialled: Fact | None = None
    answered: Fact | None = None
    over: Fact | None = None
    agent: str = ""
    seen: int = 0
    cuts: tuple[int, ...] = ()
    held: tuple[tuple[int, int | None], ...] = ()
    wrap_ms: int | None = None

    def take(self, fact: Fact) -> None:
        """Apply one more fact."""
        if fact.kind == "unseen":
            self.cuts = (*self.cuts, fact.at)
        elif fact.by != "gap" and fact.at > self.seen:
            self.seen = fact.at
        if self.dialled is None and fact.kind in ("dialled", "outbound"):
            self.dialled = fact
        if (
            fact.kind in ("dial_answered", "dial_failed")
            or fact.mark == OUTBOUND_TALK
            or (fact.queue in self.outbound and fact.kind != "outbound")
        ):
            self._take_its_own(fact)

    def _take_its_own(self, fact: Fact) -> None:
        if self.answered is None and fact.kind in ("dial_answered", "answered"):
            self.answered = fact
        if self.over is None and fact.kind in ("dial_failed", "released", "abandoned", "timed_out", "ring_no_answer"):
            self.over = fact
        if not self.agent and fact.agent:
            self.agent = fact.agent
        if fact.kind == "wrap_up":
            self.wrap_ms = fact.wrap_ms
        self._take_hold(fact)

    def _take_hold(self, fact: Fact) -> None:
        on_hold = bool(self.held) and self.held[-1][1] is None
        if fact.kind == "held" and self.answered is not None and self.over is None and not on_hold:
            self.held = (*self.held, (fact.at, None))
        elif fact.kind == "resumed" and on_hold:
            self.held = (*self.held[:-1], (self.held[-1][0], fact.at))

    def attempt(self, hung_up: int | None) -> Attempt | None:
        """The outbound attempt; None for an inbound call."""
        dialled, answered, over = self.dialled, self.answered, self.over
        if dialled is None:
            return None
        ended, is_lost = self._end(hung_up)
        is_known = ended is not None and not is_lost
        hold_ms = sum((hold.until_ms or hold.from_ms) - hold.from_ms for hold in self.holds_until(hung_up)) if is_known else 0
        by_command = over is not None and over.mark == OUTBOUND_TALK
        return Attempt(
            dialled_ms=dialled.at // MS,
            queue=dialled.queue,
            agent=dialled.agent or self.agent,
            style=dialled.by,
            answered_ms=answered.at // MS if answered else None,
            ended_ms=_ms(ended),
            result="answered" if answered is not None else self._failure(hung_up),
            talk_ms=ended // MS - answered.at // MS - hold_ms if answered and ended is not None and is_known else None,
            hold_ms=hold_ms,
            wrap_up_ms=self.wrap_ms if self.wrap_ms is not None or by_command else 0,
        )

    def holds_until(self, hung_up: int | None) -> list[Hold]:
        """The holds of the talk; the last one ends with it at the latest."""
        ended, _ = self._end(hung_up)
        return [Hold(since // MS, _ms(ended if until is None else until)) for since, until in self.held]

    def _end(self, hung_up: int | None) -> tuple[int | None, bool]:
        """When the talk ended, or the dialling (us); and whether no source saw the end: then the last instant at which it certainly went on."""
        over, answered = self.over, self.answered
        ended = over.at if over is not None and (answered is None or over.at >= answered.at) else hung_up
        lost = self._lost(ended)
        return (ended, False) if lost is None else (lost, True)

    def _lost(self, ended: int | None) -> int | None:
        """The last instant at which the attempt certainly went on, when its end fell into a gap of the source; None otherwise."""
        end_observed = ended is not None and ended <= self.seen
        return None if end_observed else min((at for at in self.cuts if at >= self.seen), default=None)

    def _failure(self, hung_up: int | None) -> str:
        if self.over is not None:
            return self.over.text if self.over.kind == "dial_failed" and self.over.text else "no-answer"
        if self.cuts:
            return "unknown"
        return "failed" if hung_up is not None else ""


def _ms(instant: int | None) -> int | None:
    return None if instant is None else instant // MS


def status_of(visits: Sequence[Visit], path: IvrPath | None, attempt: Attempt | None, ended: bool) -> str:
    """The final `Status` of a call; "" while it goes on."""
    if any(visit.open for visit in visits) or not (ended or visits):
        return _attempt_status(attempt) if attempt and attempt.result else ""
    if any(visit.end == "answered" for visit in visits):
        return "answered"
    if visits:
        return visits[-1].end
    if attempt is not None:
        return _attempt_status(attempt)
    if path is not None:
        return _IVR_STATUS.get(path.outcome, "")
    return "ended"


def _attempt_status(attempt: Attempt) -> str:
    """Every attempt that nobody answered is `not-connected`, unless its number does not exist."""
    return _ATTEMPT_STATUS.get(attempt.result, "not-connected")
