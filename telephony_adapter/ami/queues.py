"""Queue events: joining, ringing, answer, talk, and every way to leave.

QueueCallerAbandon is sent for a time-out too, and QueueCallerLeave before an answer: neither is an end by itself. What
follows decides: the variable QUEUESTATUS, a hang-up, the answer, or the next step in the dialplan.
"""

from __future__ import annotations

from domain.base import MS, SECOND
from domain.voice.facts import CallKind
from telephony_adapter.ami import direct_calls
from telephony_adapter.ami.agents import known_member, seen, talked
from telephony_adapter.ami.gaps import SAME_US
from telephony_adapter.ami.packets import Packet
from telephony_adapter.ami.pbx_state import Call, PbxState, Visit
from telephony_adapter.callers import personal

_STATUS_ENDS: dict[str, CallKind] = {
    "TIMEOUT": "timed_out",
    "LEAVEEMPTY": "emptied",
    "LEAVEUNAVAIL": "emptied",
    "WITHDRAW": "withdrawn",
}
_TURNED_AWAY = {"FULL": "FULL", "JOINEMPTY": "JOINEMPTY", "JOINUNAVAIL": "JOINEMPTY"}
GONE_WITH_IT_US = 1 * SECOND
"""The channel of a caller who gives up ends within this time after leaving the queue; after a time-out it continues."""

_UNCOUNTED = frozenset({"left_by_key", "withdrawn"})

_TOLD_WITHIN_US = 5 * SECOND
"""So soon after the end of an agent's channel the queue tells that the talk is over."""


def caller_joined(pbx: PbxState, packet: Packet) -> None:
    """QueueCallerJoin: a visit opens. A consultation joins on a leg of its own, whose caller is not the customer."""
    channel = pbx.line(packet)
    call = pbx.call(channel)
    queue = packet["Queue"]
    if call.visit is not None and call.visit.answered:
        call.visit.left = pbx.at
        pbx.handed_on[call.id] = call.visit
    elif call.visit is not None and not call.cut:
        pbx.contradict(call.sign)
    _must_have_left(pbx, queue, packet.whole("Count") - 1)
    pbx.cuts.shown(call.id)
    if call.left_by_key:
        pbx.cuts.came_again(call.left_by_key)
    _belongs_to(pbx, call, packet)
    call.visit = Visit(queue, pbx.at)
    call.past_ivr = True
    pbx.observe(call, "offered", queue=queue, private=personal(_customer(pbx, call, packet)))


def _must_have_left(pbx: PbxState, queue: str, others: int) -> None:
    """The queue states how many others wait in it: if more are known, one has left unobserved."""
    waiting = [call.sign for call in pbx.calls.values() if call.visit and call.visit.queue == queue and call.surely_waits]
    if len(waiting) > others >= 0:
        pbx.contradict(min(waiting))


def _belongs_to(pbx: PbxState, call: Call, packet: Packet) -> None:
    """A channel that visits a queue for another call (a consultation before a transfer): its visit belongs to that call."""
    linked = packet["Linkedid"]
    if linked != call.id and not call.inbound and not call.part_known:
        call.linked, call.part_known = linked, True
        pbx.observe(call, "part_of", text=linked)


def _customer(pbx: PbxState, call: Call, packet: Packet) -> str:
    """The customer's number. A consultation has another one, the dialled number."""
    if call.linked == call.id:
        return packet.get("CallerIDNum")
    origin = pbx.calls.get(call.linked)
    return origin.number if origin else ""


def _visit(pbx: PbxState, packet: Packet) -> tuple[Call, Visit] | None:
    """The call of a queue event and its visit, which is created if its beginning was not observed. None if the call cannot be determined."""
    call = _call(pbx, packet)
    return None if call is None else (call, _visit_of(pbx, call, packet["Queue"]))


def _call(pbx: PbxState, packet: Packet) -> Call | None:
    if "Uniqueid" not in packet.headers:
        return _call_without_line(pbx, packet)
    call = pbx.call(pbx.line(packet))
    _belongs_to(pbx, call, packet)
    return call


def _visit_of(pbx: PbxState, call: Call, queue: str) -> Visit:
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


def agent_called(pbx: PbxState, packet: Packet) -> None:
    """AgentCalled: an offer to an agent; the agent's telephone begins to ring."""
    agent = known_member(pbx, packet["Interface"], packet["MemberName"])
    found = _visit(pbx, packet)
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
    found = _visit(pbx, packet)
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
    found = _visit(pbx, packet)
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
    call = _call(pbx, packet)
    if call is None:
        return
    handed_on = _handed_on(pbx, call, packet["Queue"], agent)
    visit = handed_on or _visit_of(pbx, call, packet["Queue"])
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
    found = _visit(pbx, packet)
    if found is None:
        return
    call, visit = found
    pbx.ringing.pop(packet.get("DestUniqueid"), None)
    visit.left = 0
    pbx.observe(call, "agent_dumped", queue=visit.queue, agent=agent)


def caller_abandoned(pbx: PbxState, packet: Packet) -> None:
    """QueueCallerAbandon: the customer abandoned, or the queue timed out."""
    found = _visit(pbx, packet)
    if found is None:
        return
    call, visit = found
    visit.wait_ms = packet.whole("HoldTime") * 1000
    visit.abandon_seen = True
    line = pbx.channels.get(call.id)
    visit.hangup_requested = line is not None and line.hangup_requested
    visit.left = visit.left or pbx.at
    pbx.cuts.reaches(call.id, visit.queue, pbx.at - visit.wait_ms * MS)
    pbx.cuts.ended(call.id, visit.queue)
    if call.gone:
        end_wait(pbx, call, visit, "abandoned")


def caller_left(pbx: PbxState, packet: Packet) -> None:
    """QueueCallerLeave: the call left the queue, by any end; if its channel has ended the end is known already."""
    found = _visit(pbx, packet)
    if found is None:
        return
    call, visit = found
    if not visit.abandon_seen and not call.gone:
        visit.left = pbx.at
    elif visit.abandon_seen and not (pbx.lines_seen or pbx.dialplan_seen):
        end_unknown(pbx, call)


def end_wait(pbx: PbxState, call: Call, visit: Visit, kind: CallKind, text: str = "") -> None:
    """The wait ended as `kind`, at the moment when the call left the queue."""
    if kind in _UNCOUNTED:
        pbx.cuts.left_uncounted(visit.queue)
        call.left_by_key = visit.queue
    pbx.observe(call, kind, visit.left or pbx.at, queue=visit.queue, wait_ms=visit.wait_ms, text=text)
    call.visit = None


def queue_status(pbx: PbxState, packet: Packet) -> None:
    """QUEUESTATUS is set: the queue states how the wait ended, or that it refused the call."""
    status = packet["Value"]
    channel = pbx.line(packet)
    call = pbx.calls.get(channel.id)
    visit = call.visit if call else None
    if call is not None and visit is not None and not visit.answered:
        if status in _STATUS_ENDS:
            end_wait(pbx, call, visit, _STATUS_ENDS[status])
    elif status in _TURNED_AWAY and channel.queue:
        pbx.observe(pbx.call(channel), "turned_away", queue=channel.queue, text=_TURNED_AWAY[status])


def dialplan_goes_on(pbx: PbxState, call: Call, exten: str, hangup_requested: bool) -> None:
    """A call that had left its queue takes a step in the dialplan: it was not answered.

    Without QueueCallerAbandon it chose a key; with it an operator moved it, unless the step belongs to a hang-up.
    """
    visit = call.visit
    if visit is None or not visit.left or visit.answered:
        return
    if hangup_requested or exten == "h":
        if visit.abandon_seen:
            end_wait(pbx, call, visit, "abandoned")
    elif visit.abandon_seen:
        end_wait(pbx, call, visit, "withdrawn")
    else:
        end_wait(pbx, call, visit, "left_by_key", exten)


def line_gone(pbx: PbxState, call: Call) -> None:
    """The caller's channel ended: a reported abandonment is confirmed. Talks and waits that end later are awaited."""
    visit = call.visit
    if visit is None or not visit.left or visit.answered:
        return
    if visit.abandon_seen and not (pbx.dialplan_seen or visit.hangup_requested) and pbx.at - visit.left > GONE_WITH_IT_US:
        # Without variables a time-out looks the same: the caller stayed on the line.
        end_unknown(pbx, call)
        return
    end_wait(pbx, call, visit, "abandoned" if visit.abandon_seen else "unseen_end")


def end_unknown(pbx: PbxState, call: Call) -> None:
    """The call left its queue, and this stream's classes of events do not show how."""
    visit = call.visit
    if visit is None or not visit.left or visit.answered:
        return
    since = min(visit.left, pbx.undecided[0]) if pbx.undecided else visit.left
    pbx.undecided = (since, pbx.at)
    end_wait(pbx, call, visit, "unseen_end")


def cut_short(pbx: PbxState, call: Call) -> None:
    """The call left its queue, and the event that shows how was lost in a cut."""
    visit = call.visit
    if visit is not None and visit.left and not visit.answered:
        pbx.observe(call, "unseen_end", visit.left, queue=visit.queue)
        call.visit = None
