"""What a caller does in a queue: joining it, and every way to leave it without an answer.

QueueCallerAbandon is sent for a time-out too, and QueueCallerLeave before an answer: neither is an end by itself. What
follows decides: the variable QUEUESTATUS, a hang-up, the answer, or the next step in the dialplan.
"""

from __future__ import annotations

from domain.base import MS, SECOND
from domain.voice.facts import CallKind
from telephony_adapter.ami.packets import Packet
from telephony_adapter.ami.pbx_state import Call, PbxState, Visit
from telephony_adapter.ami.queue_visits import belongs_to, call_and_visit
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
    belongs_to(pbx, call, packet)
    call.visit = Visit(queue, pbx.at)
    call.past_ivr = True
    pbx.observe(call, "offered", queue=queue, private=personal(_customer(pbx, call, packet)))


def _must_have_left(pbx: PbxState, queue: str, others: int) -> None:
    """The queue states how many others wait in it: if more are known, one has left unobserved."""
    waiting = [call.sign for call in pbx.calls.values() if call.visit and call.visit.queue == queue and call.surely_waits]
    if len(waiting) > others >= 0:
        pbx.contradict(min(waiting))


def _customer(pbx: PbxState, call: Call, packet: Packet) -> str:
    """The customer's number. A consultation has another one, the dialled number."""
    if call.linked == call.id:
        return packet.get("CallerIDNum")
    origin = pbx.calls.get(call.linked)
    return origin.number if origin else ""


def caller_abandoned(pbx: PbxState, packet: Packet) -> None:
    """QueueCallerAbandon: the customer abandoned, or the queue timed out."""
    found = call_and_visit(pbx, packet)
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
    found = call_and_visit(pbx, packet)
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
