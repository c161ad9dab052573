"""Outbound attempts, in whichever order the two ends are rung.

Styles (Attempt.style): `agent_first` (the agent's telephone, then the customer), `customer_first` (the customer through
the trunk, then the dialplan), `dialler` (the customer behind a Local channel, then a queue), `phone` (an agent dials).

A number dialled through a trunk (`number@trunk`, `trunk/number`) makes an attempt. The OriginateResponse tells little:
the result is read from how the customer's line ended, its Cause and TechCause, and whether it had rung.
"""

from __future__ import annotations

import re

from telephony_adapter.ami.packets import Packet
from telephony_adapter.ami.pbx_state import Attempt, Call, Channel, PbxState
from telephony_adapter.callers import personal

_NUMBER = re.compile(r"^\+?[0-9*#]{3,}$")
_OUTSIDE_NUMBER = re.compile(r"^\+?[0-9]{8,}$")

_BY_ANSWER = {
    "486": "busy", "600": "busy",
    "404": "bad_number", "484": "bad_number", "604": "bad_number", "410": "bad_number",
    "500": "congestion", "502": "congestion", "503": "congestion", "504": "congestion",
    "403": "rejected", "603": "rejected", "401": "rejected", "607": "rejected",
}  # fmt: skip
_BY_CAUSE = {
    "17": "busy",
    "1": "bad_number", "2": "bad_number", "3": "bad_number", "22": "bad_number", "28": "bad_number",
    "34": "congestion", "38": "congestion", "41": "congestion", "42": "congestion", "44": "congestion", "58": "congestion",
    "21": "rejected", "55": "rejected", "57": "rejected",
    "20": "unavailable", "27": "unavailable",
}  # fmt: skip
_NOBODY = frozenset({"18", "19"})
_GIVEN_UP = "3"
"""OriginateResponse's Reason when the time for an answer was up."""


def dial_began(board: PbxState, packet: Packet) -> None:
    """DialBegin. Without a line that dials it is an Originate, whose first leg is rung."""
    leg = packet["DestUniqueid"]
    channel = board.channels.get(leg)
    dialled = packet.get("DialString")
    number = number_in(dialled)
    if channel is None:
        return
    source = packet.get("Uniqueid")
    if source:
        board.behind.setdefault(leg, source)
        _dialled_on(board, board.channels.get(source), channel, number)
        return
    caller_id = packet.get("DestCallerIDNum")
    if packet["DestChannel"].startswith("Local/"):
        _begin(board, channel, "dialler", caller_id)
    elif number:
        call = _begin(board, channel, "customer_first", caller_id)
        _dial(board, call, channel, number)
    else:
        board.phones.add(channel.device)
        call = _begin(board, channel, "agent_first", caller_id)
        assert call.attempt is not None
        call.attempt.agent_leg = leg
        call.attempt.agent = board.interfaces.get(channel.device, channel.device)


def _begin(board: PbxState, channel: Channel, style: str, caller_id: str = "") -> Call:
    call = board.call(channel)
    call.attempt = call.attempt or Attempt(style, caller_id=caller_id)
    return call


def _dialled_on(board: PbxState, source: Channel | None, leg: Channel, number: str) -> None:
    """A line dials on: the customer for an agent, or an agent's telephone for a customer."""
    if source is None:
        return
    call = board.calls.get(source.linked)
    if call is None and source.origin == "phone" and source.id == source.linked and number:
        call = _begin(board, source, "phone")
        assert call.attempt is not None
        call.attempt.agent = board.interfaces.get(source.device, source.device)
    if call is None or call.attempt is None:
        return
    if number:
        _dial(board, call, leg, number)
    elif call.attempt.customer_leg and not call.past_ivr:
        call.attempt.agent_leg = leg.id


def _dial(board: PbxState, call: Call, leg: Channel, number: str) -> None:
    """The customer's number is dialled; a second trunk tried for the same customer is the same attempt."""
    attempt = call.attempt
    assert attempt is not None
    attempt.customer_leg = leg.id
    attempt.failure = None
    if not attempt.told:
        _tell_dialled(board, call, attempt, number)


def _tell_dialled(board: PbxState, call: Call, attempt: Attempt, number: str) -> None:
    attempt.told = True
    attempt.number = call.number = number
    first = board.channels.get(call.id)
    board.observe(call, "dialled", first.born if first else 0, agent=attempt.agent, by=attempt.style, private=personal(number))


def dial_ended(board: PbxState, packet: Packet) -> None:
    """DialEnd: answered or not, of the customer's line or of the agent who joins an answered customer."""
    leg = board.channels.get(packet["DestUniqueid"])
    call = board.calls.get(leg.linked) if leg else None
    attempt = call.attempt if call else None
    if leg is None or call is None or attempt is None:
        return
    answered = packet["DialStatus"] == "ANSWER"
    if leg.id == attempt.customer_leg:
        if answered and not attempt.answered:
            attempt.answered = True
            board.observe(call, "dial_answered", agent=attempt.agent)
        elif not attempt.answered:
            attempt.failure = (board.at, packet["DialStatus"])
    elif leg.id == attempt.agent_leg and answered and attempt.answered and not attempt.agent:
        attempt.agent = board.interfaces.get(leg.device, leg.device)
        board.observe(call, "dial_answered", agent=attempt.agent)


def originate_response(board: PbxState, packet: Packet) -> None:
    """OriginateResponse: of a spy, whom to leave alone; of a failure, the number that was never dialled, and that time was up."""
    channel = board.channels.get(packet.get("Uniqueid"))
    if channel is not None:
        if packet.get("Application") == "ChanSpy":
            channel.spying = packet.get("Data").partition(",")[2] or "-"
            board.calls.pop(channel.id, None)
        return
    call = _failed_originate(board, packet.get("Channel"), packet.get("CallerIDNum"))
    if call is None or call.attempt is None:
        return
    call.attempt.given_up = packet.get("Reason") == _GIVEN_UP
    exten = packet.get("Exten")
    if not call.attempt.told and _OUTSIDE_NUMBER.match(exten) and call.attempt.style == "agent_first":
        _tell_dialled(board, call, call.attempt, exten)


def _failed_originate(board: PbxState, destination: str, caller_id: str) -> Call | None:
    """The oldest unanswered Originate to this destination with this caller id: a failure names no line."""
    for call in board.calls.values():
        first = board.channels.get(call.id)
        if call.attempt is None or call.attempt.answered or call.gone or call.attempt.given_up or first is None:
            continue
        if caller_id and call.attempt.caller_id and caller_id != call.attempt.caller_id:
            continue
        if first.device == destination or (call.attempt.number and call.attempt.number in destination):
            return call
    return None


def line_of_attempt_gone(board: PbxState, leg: Channel, packet: Packet) -> bool:
    """A line of an attempt is free. True when nothing more is to be told of a hang-up for this line."""
    call = board.calls.get(leg.linked)
    attempt = call.attempt if call else None
    if call is None or attempt is None or not attempt.told:
        return False
    customers = leg.id == attempt.customer_leg
    if not attempt.answered and (customers or (leg.id == call.id and not attempt.customer_leg)):
        at, status = attempt.failure or (board.at, "")
        agents_own = not attempt.customer_leg
        attempt.failure = (at, "agent_no_answer" if agents_own else _result(attempt, leg, packet, status))
    if customers or leg.id == call.id:
        _over(board, call, attempt, leg, packet)
    return True


def _over(board: PbxState, call: Call, attempt: Attempt, leg: Channel, packet: Packet) -> None:
    """Tell the end of the attempt: an answered one with the customer's line, a failed one when no other trunk can be tried."""
    customer = board.channels.get(attempt.customer_leg)
    first = board.calls.get(call.id)
    if attempt.answered:
        if leg.id == attempt.customer_leg:
            board.observe(call, "hung_up", text=packet.get("Cause"))
        return
    still_ringing = customer is not None and customer.id != leg.id
    trying_on = leg.id != call.id and first is not None and not first.gone
    if not still_ringing and not trying_on and attempt.failure is not None:
        at, result = attempt.failure
        board.observe(call, "dial_failed", at, text=result)
        board.observe(call, "hung_up", text=packet.get("Cause"))


def _result(attempt: Attempt, leg: Channel, packet: Packet, status: str) -> str:
    """Why the customer was not reached. Without an answer of the far end it was we who gave up."""
    cause, answer = packet.get("Cause"), packet.get("TechCause")
    if attempt.given_up or (not leg.asked_to_hang_up and status in ("NOANSWER", "CANCEL")):
        return "no_answer"
    result = _BY_ANSWER.get(answer) or _BY_CAUSE.get(cause)
    if result is None and (cause in _NOBODY or answer in ("480", "408", "487")):
        result = "no_answer" if leg.rang else "unavailable"
    return result or ("no_answer" if status == "NOANSWER" else "failed")


def number_in(dialled: str) -> str:
    """The number in a dial string that goes through a trunk; "" when it rings a telephone of the PBX."""
    for prefix in ("PJSIP/", "SIP/", "IAX2/", "DAHDI/"):
        dialled = dialled.removeprefix(prefix)
    if dialled.startswith("Local/"):
        return ""
    if "/sip:" in dialled:
        dialled = dialled.partition("/sip:")[2]
    user, at, _ = dialled.partition("@")
    if not at:
        trunk, slash, user = dialled.partition("/")
        if not slash or not trunk:
            return ""
    return user if _NUMBER.match(user) else ""
