"""What a queue tells of its agents: whose telephone rings for a caller, who answers, and how the talk ends."""

from __future__ import annotations

from domain.base import MS, SECOND
from telephony_adapter.ami import direct_calls
from telephony_adapter.ami.agents import known_member, seen, talked
from telephony_adapter.ami.packets import Packet
from telephony_adapter.ami.pbx_state import Call, PbxState, Visit
from telephony_adapter.ami.queue_visits import call_and_visit, call_of, visit_of
from telephony_adapter.callers import personal

_TOLD_WITHIN_US = 5 * SECOND
"""So soon after the end of an agent's channel the queue tells that the talk is over."""


def agent_called(pbx: PbxState, packet: Packet) -> None:
    """AgentCalled: an offer to an agent; the agent's telephone begins to ring."""
    agent = known_member(pbx, packet["Interface"], packet["MemberName"])
    found = call_and_visit(pbx, packet)
    if found is None:
        return
    call, visit = found
    leg = packet.get("DestUniqueid")
    pbx.ringing[leg] = (call.id, visit.queue, agent, pbx.at)
    pbx.observe(call, "rang", queue=visit.queue, agent=agent)
    seen(pbx, visit.queue, packet["Interface"], agent)


def ring_no_answer(pbx: PbxState, packet: Packet) -> None:
    """AgentRingNoAnswer: nobody answered (RONA). RingTime is in milliseconds here, and 0 if the telephone was busy."""
    agent = known_member(pbx, packet["Interface"], packet["MemberName"])
    found = call_and_visit(pbx, packet)
    if found is None:
        return
    call, visit = found
    pbx.ringing.pop(packet.get("DestUniqueid"), None)
    pbx.observe(call, "ring_no_answer", queue=visit.queue, agent=agent, ring_ms=packet.whole("RingTime"))


def ringing_ended(pbx: PbxState, packet: Packet) -> None:
    """DialEnd of an agent's telephone: canceled because the caller left or another agent answered."""
    ringing = pbx.ringing.get(packet["DestUniqueid"])
    if ringing is None or packet["DialStatus"] != "CANCEL":
        return
    del pbx.ringing[packet["DestUniqueid"]]
    call_id, queue, agent, since = ringing
    call = pbx.calls.get(call_id)
    if call is not None:
        pbx.observe(call, "ring_canceled", queue=queue, agent=agent, ring_ms=(pbx.at - since) // MS)


def agent_connected(pbx: PbxState, packet: Packet) -> None:
    """AgentConnect: answered. HoldTime and RingTime are in seconds."""
    agent = known_member(pbx, packet["Interface"], packet["MemberName"])
    found = call_and_visit(pbx, packet)
    if found is None:
        return
    call, visit = found
    wait_ms = packet.whole("HoldTime") * 1000
    pbx.cuts.reaches(call.id, visit.queue, pbx.at - wait_ms * MS)
    leg = packet.get("DestUniqueid")
    pbx.ringing.pop(leg, None)
    pbx.talks[leg] = call.id
    direct_calls.are_of_queue(pbx, call, agent)
    if leg in pbx.channels:
        pbx.channels[leg].talked = call.id, agent
    visit.answered, visit.agent, visit.left, visit.abandon_seen = pbx.at, agent, 0, False
    pbx.observe(call, "answered", queue=visit.queue, agent=agent, wait_ms=wait_ms, ring_ms=packet.whole("RingTime") * 1000)
    seen(pbx, visit.queue, packet["Interface"], agent)


def agent_completed(pbx: PbxState, packet: Packet) -> None:
    """AgentComplete: the talk is over. Reason: who ended it, or that the call was transferred.

    The PBX tells of a transfer in another thread than that in which the call goes on: the call may have joined its next queue before.
    """
    agent = known_member(pbx, packet["Interface"], packet["MemberName"])
    call = call_of(pbx, packet)
    if call is None:
        return
    handed_on = _handed_on(pbx, call, packet["Queue"], agent)
    visit = handed_on or visit_of(pbx, call, packet["Queue"])
    if not visit.answered and not call.cut and not call.gone:
        pbx.contradict(call.sign)
    wait, talk = packet.whole("HoldTime"), packet.whole("TalkTime")
    answered, by, at = pbx.at - talk * SECOND, packet["Reason"], pbx.at
    if call.pulled and visit.answered and visit.agent_gone and pbx.at - visit.agent_gone > _TOLD_WITHIN_US:
        # A supervisor has taken the customer out of the agent's bridge: the queue tells of it only when the customer hangs up.
        at, by = visit.agent_gone, "transfer"
        talk = max(0, round((at - visit.answered) / SECOND))
    if handed_on is not None:
        at = min(at, handed_on.left)
    pbx.cuts.reaches(call.id, visit.queue, answered - wait * SECOND, answered)
    pbx.cuts.ended(call.id, visit.queue)
    pbx.talks.pop(packet.get("DestUniqueid"), None)
    direct_calls.are_of_queue(pbx, call, agent)
    talked(pbx, visit.queue, packet["Interface"], agent)
    transferred = by == "transfer"
    pbx.observe(
        call,
        "released",
        at,
        queue=visit.queue,
        agent=agent,
        by=by,
        wait_ms=wait * 1000,
        talk_ms=talk * 1000,
        private=personal(call.transfer_to) if transferred else None,
    )
    if handed_on is None:
        call.visit = None


def _handed_on(pbx: PbxState, call: Call, queue: str, agent: str) -> Visit | None:
    """The talk in `queue` from which the call has gone on to its next queue already; its end is told now."""
    visit = pbx.handed_on.get(call.id)
    if visit is None or (visit.queue, visit.agent) != (queue, agent):
        return None
    return pbx.handed_on.pop(call.id)


def agent_dumped(pbx: PbxState, packet: Packet) -> None:
    """AgentDump: the agent hung up during the announcement; the caller keeps waiting."""
    agent = known_member(pbx, packet["Interface"], packet["MemberName"])
    found = call_and_visit(pbx, packet)
    if found is None:
        return
    call, visit = found
    pbx.ringing.pop(packet.get("DestUniqueid"), None)
    visit.left = 0
    pbx.observe(call, "agent_dumped", queue=visit.queue, agent=agent)
