"""What a live command may do to a call now: the guards of the state machine.

Sources state what happened and are never refused; who commands live asks, and is refused what cannot be.
"""

from __future__ import annotations

from domain.errors import InvalidField, NotFound, Refused
from domain.voice.calls import Call, Visit
from domain.voice.facts import Fact

_WAITING = frozenset({"rang", "ring_no_answer", "ring_canceled", "answered", "abandoned", "timed_out", "left_by_key", "withdrawn"})
_TALKING = frozenset({"held", "resumed", "released"})
_DIALLING = frozenset({"dial_answered", "dial_failed"})
_IN_IVR = frozenset({"ivr_option", "ivr_left", "ivr_blacklisted"})


def queue_concerned(call: Call, kind: str, queue: str) -> str:
    """The queue that a fact of `kind` is about, if the call allows it now; refuses otherwise."""
    if call.ended_ms is not None and kind not in ("wrap_up", "tag", "quality", "note"):
        raise Refused("the call has ended")
    if kind in _WAITING:
        return _waiting(call).queue
    if kind in _TALKING:
        return _talking(call, kind).queue
    if kind == "wrap_up":
        return _wrapping(call).queue
    if kind == "offered":
        _free_to_be_offered(call)
    elif kind in _DIALLING and (call.attempt is None or call.attempt.result):
        raise Refused("no number is being dialled")
    elif kind in ("ivr_entered", "ivr_out_of_hours") and (call.visits or (call.ivr is not None and call.ivr.outcome)):
        raise Refused("the call has left the IVR")
    elif kind in _IN_IVR and (call.ivr is None or call.ivr.outcome):
        raise Refused("the call is in no IVR")
    return queue


def must_follow(facts: list[Fact], at: int) -> None:
    """A live command cannot be earlier than what has been told."""
    if facts and at < max(fact.at for fact in facts):
        raise InvalidField("at", "earlier than what already happened to this call")


def existing(call: Call | None) -> Call:
    """The call, if anything was told about it."""
    if call is None:
        raise NotFound("no such interaction")
    return call


def _waiting(call: Call) -> Visit:
    visit = next((visit for visit in reversed(call.visits) if visit.end == ""), None)
    if visit is None:
        raise Refused("the call is not waiting in a queue")
    return visit


def _talking(call: Call, kind: str) -> Visit:
    visit = next((visit for visit in reversed(call.visits) if visit.end == "answered" and visit.open), None)
    if visit is None:
        raise Refused("no agent is talking in this call")
    on_hold = bool(visit.holds) and visit.holds[-1][1] is None
    if kind == "held" and on_hold:
        raise Refused("the customer is on hold already")
    if kind == "resumed" and not on_hold:
        raise Refused("the customer is not on hold")
    return visit


def _wrapping(call: Call) -> Visit:
    visit = next((visit for visit in reversed(call.visits) if visit.released_ms is not None and visit.wrap_up_ms is None), None)
    if visit is None:
        raise Refused("there is no talk to wrap up")
    return visit


def _free_to_be_offered(call: Call) -> None:
    if any(visit.open for visit in call.visits):
        raise Refused("the call is waiting or talking: transfer it instead")
    if call.attempt is not None and call.attempt.result != "answered":
        raise Refused("nobody has answered the number that is being dialled")
