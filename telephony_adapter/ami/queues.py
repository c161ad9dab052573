"""Queue events: joining, ringing, answer, talk, and every way to leave.

QueueCallerAbandon is sent for a time-out too, and QueueCallerLeave before an answer: neither is an end by itself. What
follows decides: the variable QUEUESTATUS, a hang-up, the answer, or the next step in the dialplan.
"""

from __future__ import annotations

from domain.base import MS, SECOND
from domain.voice.facts import CallKind
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
"""The line of a caller who gives up is free within so much of leaving the queue; after a time-out it lives on."""

_UNCOUNTED = frozenset({"left_by_key", "withdrawn"})


def caller_joined(board: PbxState, packet: Packet) -> None:
    """QueueCallerJoin: a visit opens. A consultation joins on a leg of its own, whose caller is not the customer."""
    channel = board.line(packet)
    call = board.call(channel)
    queue = packet["Queue"]
    if call.visit is not None and not call.cut:
        board.contradict(call.sign)
    _must_have_left(board, queue, packet.whole("Count") - 1)
    board.cuts.shown(call.id)
    if call.left_by_key:
        board.cuts.came_again(call.left_by_key)
    _belongs_to(board, call, packet)
    call.visit = Visit(queue, board.at)
    call.past_ivr = True
    board.observe(call, "offered", queue=queue, private=personal(_customer(board, call, packet)))


def _must_have_left(board: PbxState, queue: str, others: int) -> None:
    """The queue says how many others wait in it: when we know of more, one has left unseen."""
    waiting = [call.sign for call in board.calls.values() if call.visit and call.visit.queue == queue and call.surely_waits]
    if len(waiting) > others >= 0:
        board.contradict(min(waiting))


def _belongs_to(board: PbxState, call: Call, packet: Packet) -> None:
    """A line that visits a queue for another call (a consultation before a transfer): its visit is that call's."""
    linked = packet["Linkedid"]
    if linked != call.id and not call.inbound and not call.part_told:
        call.linked, call.part_told = linked, True
        board.observe(call, "part_of", text=linked)


def _customer(board: PbxState, call: Call, packet: Packet) -> str:
    """The customer's number. A consultation shows another one, the number that was dialled."""
    if call.linked == call.id:
        return packet.get("CallerIDNum")
    origin = board.calls.get(call.linked)
    return origin.number if origin else ""


def _visit(board: PbxState, packet: Packet) -> tuple[Call, Visit] | None:
    """The call of a queue event and its visit; one that nobody saw begin is made up. None when nobody can tell whose it is."""
    queue = packet["Queue"]
    if "Uniqueid" in packet.headers:
        call = board.call(board.line(packet))
        _belongs_to(board, call, packet)
    else:
        found = _call_without_line(board, packet)
        if found is None:
            return None
        call = found
    visit = call.visit
    if visit is None or visit.queue != queue:
        if not call.cut and not call.gone:
            board.contradict(call.sign if call.known else board.started)
            call.cut = True
        visit = Visit(queue, board.at)
        if not call.gone:
            call.visit = visit
            call.past_ivr = True
    board.cuts.shown(call.id)
    return call, visit


def _call_without_line(board: PbxState, packet: Packet) -> Call | None:
    """An event may come when the caller's line, or both, are gone: then it names none, and its durations tell whose it is.

    Only a talk seen to begin with that agent, or a line seen to go while it waited, is certain enough.
    """
    leg = packet.get("DestUniqueid")
    known = board.talks.get(leg) or board.ringing.get(leg, ("",))[0]
    if known in board.calls:
        return board.calls[known]
    # A consultation's leg is linked to the customer's call too, but the visit is not the customer's own.
    linked = board.calls.get(packet.get("DestLinkedid"))
    if linked is not None and linked.visit is not None and linked.visit.queue == packet["Queue"]:
        return linked
    answered = board.at - packet.whole("TalkTime") * SECOND
    offered = answered - packet.whole("HoldTime") * SECOND
    near = []
    for call in board.calls.values():
        visit = call.visit
        if visit is None or visit.queue != packet["Queue"]:
            continue
        if visit.answered:
            off = abs(visit.answered - answered) if visit.agent == packet.get("MemberName") else SAME_US + 1
        else:
            off = abs(visit.offered - offered) if call.gone and not call.cut else SAME_US + 1
        if off <= SAME_US:
            near.append((off, call.id))
    return board.calls[min(near)[1]] if near else None


def agent_called(board: PbxState, packet: Packet) -> None:
    """AgentCalled: an agent's telephone begins to ring."""
    agent = known_member(board, packet["Interface"], packet["MemberName"])
    found = _visit(board, packet)
    if found is None:
        return
    call, visit = found
    leg = packet.get("DestUniqueid")
    board.ringing[leg] = (call.id, visit.queue, agent, board.at)
    board.observe(call, "rang", queue=visit.queue, agent=agent)
    seen(board, visit.queue, packet["Interface"], agent)


def rang_in_vain(board: PbxState, packet: Packet) -> None:
    """AgentRingNoAnswer: RingTime is in milliseconds here, and 0 when the telephone was busy."""
    agent = known_member(board, packet["Interface"], packet["MemberName"])
    found = _visit(board, packet)
    if found is None:
        return
    call, visit = found
    board.ringing.pop(packet.get("DestUniqueid"), None)
    board.observe(call, "ring_no_answer", queue=visit.queue, agent=agent, ring_ms=packet.whole("RingTime"))


def ringing_ended(board: PbxState, packet: Packet) -> None:
    """DialEnd of an agent's telephone: given up because the caller left or another agent answered."""
    ringing = board.ringing.get(packet["DestUniqueid"])
    if ringing is None or packet["DialStatus"] != "CANCEL":
        return
    del board.ringing[packet["DestUniqueid"]]
    call_id, queue, agent, since = ringing
    call = board.calls.get(call_id)
    if call is not None:
        board.observe(call, "ring_canceled", queue=queue, agent=agent, ring_ms=(board.at - since) // MS)


def agent_connected(board: PbxState, packet: Packet) -> None:
    """AgentConnect: answered. HoldTime and RingTime are in seconds."""
    agent = known_member(board, packet["Interface"], packet["MemberName"])
    found = _visit(board, packet)
    if found is None:
        return
    call, visit = found
    wait_ms = packet.whole("HoldTime") * 1000
    board.cuts.reaches(call.id, visit.queue, board.at - wait_ms * MS)
    leg = packet.get("DestUniqueid")
    board.ringing.pop(leg, None)
    board.talks[leg] = call.id
    visit.answered, visit.agent, visit.left, visit.abandon_told = board.at, agent, 0, False
    board.observe(call, "answered", queue=visit.queue, agent=agent, wait_ms=wait_ms, ring_ms=packet.whole("RingTime") * 1000)
    seen(board, visit.queue, packet["Interface"], agent)


def agent_completed(board: PbxState, packet: Packet) -> None:
    """AgentComplete: the talk is over; Reason says by whom, or that the call was transferred and goes on."""
    agent = known_member(board, packet["Interface"], packet["MemberName"])
    found = _visit(board, packet)
    if found is None:
        return
    call, visit = found
    if not visit.answered and not call.cut and not call.gone:
        board.contradict(call.sign)
    wait, talk = packet.whole("HoldTime"), packet.whole("TalkTime")
    answered = board.at - talk * SECOND
    board.cuts.reaches(call.id, visit.queue, answered - wait * SECOND, answered)
    board.cuts.ended(call.id, visit.queue)
    board.talks.pop(packet.get("DestUniqueid"), None)
    talked(board, visit.queue, packet["Interface"], agent)
    transferred = packet["Reason"] == "transfer"
    board.observe(
        call,
        "released",
        queue=visit.queue,
        agent=agent,
        by=packet["Reason"],
        wait_ms=wait * 1000,
        talk_ms=talk * 1000,
        private=personal(call.transfer_to) if transferred else None,
    )
    call.visit = None


def agent_dumped(board: PbxState, packet: Packet) -> None:
    """AgentDump: the agent hung up during the announcement; the caller goes on waiting."""
    agent = known_member(board, packet["Interface"], packet["MemberName"])
    found = _visit(board, packet)
    if found is None:
        return
    call, visit = found
    board.ringing.pop(packet.get("DestUniqueid"), None)
    visit.left = 0
    board.observe(call, "agent_dumped", queue=visit.queue, agent=agent)


def caller_abandoned(board: PbxState, packet: Packet) -> None:
    """QueueCallerAbandon: the customer left, or the queue's time was up."""
    found = _visit(board, packet)
    if found is None:
        return
    call, visit = found
    visit.wait_ms = packet.whole("HoldTime") * 1000
    visit.abandon_told = True
    line = board.channels.get(call.id)
    visit.asked = line is not None and line.asked_to_hang_up
    visit.left = visit.left or board.at
    board.cuts.reaches(call.id, visit.queue, board.at - visit.wait_ms * MS)
    board.cuts.ended(call.id, visit.queue)
    if call.gone:
        end_wait(board, call, visit, "abandoned")


def caller_left(board: PbxState, packet: Packet) -> None:
    """QueueCallerLeave: out of the queue, by whatever end; of a call whose line is gone the end is known by now."""
    found = _visit(board, packet)
    if found is None:
        return
    call, visit = found
    if not visit.abandon_told and not call.gone:
        visit.left = board.at
    elif visit.abandon_told and not (board.lines_told or board.dialplan_told):
        never_told(board, call)


def end_wait(board: PbxState, call: Call, visit: Visit, kind: CallKind, text: str = "") -> None:
    """The wait ended as `kind`, at the moment when the call left the queue."""
    if kind in _UNCOUNTED:
        board.cuts.left_uncounted(visit.queue)
        call.left_by_key = visit.queue
    board.observe(call, kind, visit.left or board.at, queue=visit.queue, wait_ms=visit.wait_ms, text=text)
    call.visit = None


def queue_status(board: PbxState, packet: Packet) -> None:
    """QUEUESTATUS is set: the queue itself says how it ended, or that it took nobody in."""
    status = packet["Value"]
    channel = board.line(packet)
    call = board.calls.get(channel.id)
    visit = call.visit if call else None
    if call is not None and visit is not None and not visit.answered:
        if status in _STATUS_ENDS:
            end_wait(board, call, visit, _STATUS_ENDS[status])
    elif status in _TURNED_AWAY and channel.queue:
        board.observe(board.call(channel), "turned_away", queue=channel.queue, text=_TURNED_AWAY[status])


def dialplan_goes_on(board: PbxState, call: Call, exten: str, asked_to_hang_up: bool) -> None:
    """A call that had left its queue takes a step in the dialplan: it was not answered.

    Without QueueCallerAbandon it chose a key; with it an operator moved it, unless the step belongs to a hang-up.
    """
    visit = call.visit
    if visit is None or not visit.left or visit.answered:
        return
    if asked_to_hang_up or exten == "h":
        if visit.abandon_told:
            end_wait(board, call, visit, "abandoned")
    elif visit.abandon_told:
        end_wait(board, call, visit, "withdrawn")
    else:
        end_wait(board, call, visit, "left_by_key", exten)


def line_gone(board: PbxState, call: Call) -> None:
    """The caller's line is free: an abandonment that was told is one. Talks and waits that end after it are awaited."""
    visit = call.visit
    if visit is None or not visit.left or visit.answered:
        return
    if visit.abandon_told and not (board.dialplan_told or visit.asked) and board.at - visit.left > GONE_WITH_IT_US:
        # A time-out looks the same where no variable tells: the caller stayed on the line.
        never_told(board, call)
        return
    end_wait(board, call, visit, "abandoned" if visit.abandon_told else "unseen_end")


def never_told(board: PbxState, call: Call) -> None:
    """The call left its queue, and how is nothing that this stream's classes of events tell."""
    visit = call.visit
    if visit is None or not visit.left or visit.answered:
        return
    since = min(visit.left, board.undecided[0]) if board.undecided else visit.left
    board.undecided = (since, board.at)
    end_wait(board, call, visit, "unseen_end")


def cut_short(board: PbxState, call: Call) -> None:
    """What would have said how the call left its queue was cut off."""
    visit = call.visit
    if visit is not None and visit.left and not visit.answered:
        board.observe(call, "unseen_end", visit.left, queue=visit.queue)
        call.visit = None
