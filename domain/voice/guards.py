"""The guards of the call's state machine: what a live command may do to a call now.

An observation of a source is never refused. A live command is refused when the call's state does not allow it.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from domain.base import MS
from domain.errors import InvalidField, NotFound, Refused
from domain.voice.call_state import CallState
from domain.voice.calls import Call, Visit
from domain.voice.facts import Fact, FactKind
from domain.voice.talks import Talk, talks

_Kinds = frozenset[FactKind]
_WAITING: _Kinds = frozenset({"rang", "ring_no_answer", "ring_canceled", "answered", "abandoned", "timed_out", "left_by_key", "withdrawn"})
_TALKING: _Kinds = frozenset({"held", "resumed", "released"})
_DIALLING: _Kinds = frozenset({"dial_answered", "dial_failed"})
_IN_IVR: _Kinds = frozenset({"ivr_option", "ivr_left", "ivr_blacklisted"})
_ENTERS_IVR: _Kinds = frozenset({"ivr_entered", "ivr_out_of_hours"})
_AFTER_THE_CALL: _Kinds = frozenset({"wrap_up", "tagged", "quality", "note"})


def completed(state: CallState, latest: int, facts: Iterable[Fact]) -> tuple[Fact, ...]:
    """The facts of a command, with the queue of each, and the facts of what the command ends.

    A customer who hangs up while waiting has abandoned; one who hangs up while talking has ended the talk; an attempt that ends while it is dialled
    has failed. Wrap-up lasts from the end of
    the talk. `latest`: the instant (us) of the last known fact. Raises NotFound, Refused, InvalidField.
    """
    call = _existing(state)
    stated = [fact for each in _without_idle_wrap_up(state, tuple(facts)) for fact in (*_cut_short(state, each), each)]
    if any(fact.at < latest for fact in stated):
        raise InvalidField("at", "this instant is earlier than what already happened to this call", "instant-out-of-order")
    return tuple(_about_its_queue(state, call, fact) for fact in stated)


def _without_idle_wrap_up(state: CallState, facts: tuple[Fact, ...]) -> tuple[Fact, ...]:
    """The facts; of a tagged wrap-up only the tag, when the wrap-up of every talk is over: a PBX does not wait for the agent."""
    is_tagged = {"wrap_up", "tagged"} <= {fact.kind for fact in facts}
    ended = [talk for talk in talks(state) if talk.ended_ms is not None]
    if is_tagged and ended and not any(talk.wraps_up(facts[0].at // MS) for talk in ended):
        return tuple(fact for fact in facts if fact.kind != "wrap_up")
    return facts


def _about_its_queue(state: CallState, call: Call, fact: Fact) -> Fact:
    """The fact with its queue. Raises Refused when the call's state does not allow it."""
    if call.ended_ms is not None and fact.kind not in _AFTER_THE_CALL:
        raise Refused("call-ended", "the call has ended")
    if fact.kind in _WAITING:
        visit = _waiting_visit(state)
        if fact.kind == "ring_no_answer":
            _must_ring(state, visit, fact.agent)
        return replace(fact, queue=visit.queue)
    if fact.kind in _TALKING:
        talk = _going_on(state, fact.kind)
        return replace(fact, queue=talk.queue, mark=talk.mark)
    if fact.kind == "wrap_up":
        talk = _wrapping(state, fact.at)
        return replace(fact, queue=talk.queue, mark=talk.mark, wrap_ms=fact.at // MS - (talk.ended_ms or 0))
    if fact.kind == "offered":
        _must_be_free(state)
    elif fact.kind in _DIALLING and (state.attempt is None or state.attempt.result):
        raise Refused("no-attempt", "no number is being dialled")
    elif fact.kind in _ENTERS_IVR:
        _must_be_before_the_queues(state)
    elif fact.kind in _IN_IVR and (state.ivr is None or state.ivr.outcome):
        raise Refused("call-not-in-ivr", "the call is in no IVR")
    return fact


def _must_be_before_the_queues(state: CallState) -> None:
    if state.ivr is not None and state.ivr.outcome:
        raise Refused("call-left-ivr", "the call has left the IVR")
    if state.visits:
        raise Refused("call-offered", "the call was offered to a queue already: an IVR comes before the queues")


def _existing(state: CallState) -> Call:
    if state.call is None:
        raise NotFound("call-unknown", "no such interaction")
    return state.call


def _cut_short(state: CallState, fact: Fact) -> tuple[Fact, ...]:
    """What a hang-up ends: the dialling, the wait or the talk."""
    if fact.kind != "hung_up":
        return ()
    if state.attempt is not None and not state.attempt.result:
        return (Fact("dial_failed", fact.at, text="failed", ref="dial_failed"),)
    if any(visit.end == "" for visit in state.visits):
        return (Fact("abandoned", fact.at, ref="abandoned"),)
    return (Fact("released", fact.at, by="caller", ref="released"),) if any(talk.goes_on for talk in talks(state)) else ()


def _waiting_visit(state: CallState) -> Visit:
    visit = next((visit for visit in reversed(state.visits) if visit.end == ""), None)
    if visit is None:
        raise Refused("call-not-waiting", "the call is not waiting in a queue")
    return visit


def _must_ring(state: CallState, visit: Visit, agent: str) -> None:
    if not any(ring.agent == agent and ring.until_ms is None for ring in state.rings[visit.n]):
        raise Refused("agent-not-ringing", f"the phone of the agent {agent} does not ring for this call")


def _going_on(state: CallState, kind: FactKind) -> Talk:
    talk = next((talk for talk in reversed(talks(state)) if talk.goes_on), None)
    if talk is None:
        raise Refused("call-not-talking", "no agent is talking in this call")
    if kind == "held" and talk.on_hold:
        raise Refused("call-on-hold", "the customer is on hold already")
    if kind == "resumed" and not talk.on_hold:
        raise Refused("call-not-on-hold", "the customer is not on hold")
    return talk


def _wrapping(state: CallState, at: int) -> Talk:
    talk = next((talk for talk in reversed(talks(state)) if talk.wraps_up(at // MS)), None)
    if talk is None:
        raise Refused("call-not-wrapping-up", "there is no talk to wrap up")
    return talk


def _must_be_free(state: CallState) -> None:
    if any(visit.open for visit in state.visits) or any(talk.goes_on for talk in talks(state)):
        raise Refused("call-in-progress", "the call is waiting or talking: withdraw or release it first")
    if state.attempt is not None and state.attempt.result != "answered":
        raise Refused("attempt-not-answered", "nobody has answered the number that is being dialled")
