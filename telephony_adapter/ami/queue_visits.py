"""Of which call and which visit an event of a queue tells, also when the visit began unobserved or the event names no line."""

from __future__ import annotations

from domain.base import SECOND
from telephony_adapter.ami.gaps import SAME_US
from telephony_adapter.ami.packets import Packet
from telephony_adapter.ami.pbx_state import Call, PbxState, Visit


def belongs_to(pbx: PbxState, call: Call, packet: Packet) -> None:
    """A channel that visits a queue for another call (a consultation before a transfer): its visit belongs to that call."""
    linked = packet["Linkedid"]
    if linked != call.id and not call.inbound and not call.part_known:
        call.linked, call.part_known = linked, True
        pbx.observe(call, "part_of", text=linked)


def call_and_visit(pbx: PbxState, packet: Packet) -> tuple[Call, Visit] | None:
    """The call of a queue event and its visit, which is created if its beginning was not observed. None if the call cannot be determined."""
    call = call_of(pbx, packet)
    return None if call is None else (call, visit_of(pbx, call, packet["Queue"]))


def call_of(pbx: PbxState, packet: Packet) -> Call | None:
    """The call of a queue event; None if it cannot be determined."""
    if "Uniqueid" not in packet.headers:
        return _call_without_line(pbx, packet)
    call = pbx.call(pbx.line(packet))
    belongs_to(pbx, call, packet)
    return call


def visit_of(pbx: PbxState, call: Call, queue: str) -> Visit:
    """The call's visit of this queue, which is created if its beginning was not observed."""
    visit = call.visit
    if visit is None or visit.queue != queue:
        if not call.cut and not call.gone:
            pbx.contradict(call.sign if call.known else pbx.started)
            call.cut = True
        visit = Visit(queue, pbx.at)
        if not call.gone:
            call.visit = visit
            call.past_ivr = True
    pbx.cuts.shown(call.id)
    return visit


def _call_without_line(pbx: PbxState, packet: Packet) -> Call | None:
    """An event may come after the caller's channel, or both channels, ended: then it names none, and its durations show the call.

    Only a talk that was observed to begin with that agent, or a channel that was observed to end while it waited, is certain enough.
    """
    leg = packet.get("DestUniqueid")
    known = pbx.talks.get(leg) or pbx.ringing.get(leg, ("",))[0]
    if known in pbx.calls:
        return pbx.calls[known]
    # A consultation's leg is linked to the customer's call too, but the visit is not the customer's own.
    linked = pbx.calls.get(packet.get("DestLinkedid"))
    if linked is not None and linked.visit is not None and linked.visit.queue == packet["Queue"]:
        return linked
    answered = pbx.at - packet.whole("TalkTime") * SECOND
    offered = answered - packet.whole("HoldTime") * SECOND
    near = []
    for call in pbx.calls.values():
        visit = call.visit
        if visit is None or visit.queue != packet["Queue"]:
            continue
        if visit.answered:
            off = abs(visit.answered - answered) if visit.agent == packet.get("MemberName") else SAME_US + 1
        else:
            off = abs(visit.offered - offered) if call.gone and not call.cut else SAME_US + 1
        if off <= SAME_US:
            near.append((off, call.id))
    return pbx.calls[min(near)[1]] if near else None
