"""Outbound attempts, whichever of the two ends is called first.

Styles (Attempt.style): `agent_first` (the agent's telephone, then the customer), `customer_first` (the customer through
the trunk, then the dialplan), `dialler` (the customer behind a Local channel, then a queue), `phone` (an agent dials).

A number dialled through a trunk (`number@trunk`, `trunk/number`) makes an attempt. The OriginateResponse has few details:
the result follows from the end of the customer's channel, its Cause and TechCause, and whether it had rung.
"""

from __future__ import annotations

import re

from domain.ids import LEG, PLACED, PULL
from telephony_adapter.ami import direct_calls
from telephony_adapter.ami.packets import Packet
from telephony_adapter.ami.pbx_state import Attempt, Call, Channel, PbxState
from telephony_adapter.callers import personal

_NUMBER = re.compile(r"^\+?[0-9*#]{3,}$")
_OUTSIDE_NUMBER = re.compile(r"^\+?[0-9]{8,}$")

_BY_ANSWER = {
    "486": "busy", "600": "busy",
    "404": "bad-number", "484": "bad-number", "604": "bad-number", "410": "bad-number",
    "500": "congestion", "502": "congestion", "503": "congestion", "504": "congestion",
    "403": "rejected", "603": "rejected", "401": "rejected", "607": "rejected",
}  # fmt: skip
_BY_CAUSE = {
    "17": "busy",
    "1": "bad-number", "2": "bad-number", "3": "bad-number", "22": "bad-number", "28": "bad-number",
    "34": "congestion", "38": "congestion", "41": "congestion", "42": "congestion", "44": "congestion", "58": "congestion",
    "21": "rejected", "55": "rejected", "57": "rejected",
    "20": "unavailable", "27": "unavailable",
}  # fmt: skip
_NOBODY = frozenset({"18", "19"})
_GIVEN_UP = "3"
"""OriginateResponse's Reason if nobody answered in time."""


def dial_began(pbx: PbxState, packet: Packet) -> None:
    """DialBegin. Without a channel that dials it is an Originate, whose first leg is called."""
    leg = packet["DestUniqueid"]
    channel = pbx.channels.get(leg)
    dialled = packet.get("DialString")
    number = number_in(dialled)
    if channel is None:
        return
    source = packet.get("Uniqueid")
    if source:
        pbx.behind.setdefault(leg, source)
        _dialled_on(pbx, pbx.channels.get(source), channel, number)
        return
    caller_id = packet.get("DestCallerIDNum")
    if packet["DestChannel"].startswith("Local/"):
        _begin(pbx, channel, "dialler", caller_id)
    elif number:
        call = _begin(pbx, channel, "customer_first", caller_id)
        _dial(pbx, call, channel, number)
    elif leg.startswith((LEG, PULL)):
        pbx.phones.add(channel.device)
        channel.spying = "-"
        pulled = pbx.calls.get(leg.removeprefix(PULL))
        if pulled is not None:
            pulled.pulled = True
    else:
        pbx.phones.add(channel.device)
        call = _begin(pbx, channel, "agent_first", caller_id)
        assert call.attempt is not None
        call.attempt.agent_leg = leg
        call.attempt.agent = pbx.agent_of(channel.device) or channel.device
        if leg.startswith(PLACED):
            # Whoever has placed it has recorded the number and the beginning.
            call.attempt.observed = call.known = True


def _begin(pbx: PbxState, channel: Channel, style: str, caller_id: str = "") -> Call:
    call = pbx.call(channel)
    call.attempt = call.attempt or Attempt(style, caller_id=caller_id)
    return call


def _dialled_on(pbx: PbxState, source: Channel | None, leg: Channel, number: str) -> None:
    """A channel dials another: the customer for an agent, or an agent's telephone for a customer."""
    if source is None:
        return
    call = pbx.calls.get(source.linked)
    if call is None and source.origin == "phone" and source.id == source.linked and number:
        call = _begin(pbx, source, "phone")
        assert call.attempt is not None
        call.attempt.agent = pbx.agent_of(source.device) or source.device
    if call is None or call.attempt is None:
        return
    if number:
        _dial(pbx, call, leg, number)
    elif call.attempt.customer_leg and not call.past_ivr:
        call.attempt.agent_leg = leg.id
    elif source.id == call.attempt.agent_leg and leg.device in pbx.phones:
        call.attempt.inside = True
        direct_calls.take_up(pbx, source)


def _dial(pbx: PbxState, call: Call, leg: Channel, number: str) -> None:
    """The customer's number is dialled; a second trunk for the same customer is the same attempt."""
    attempt = call.attempt
    assert attempt is not None
    attempt.customer_leg = leg.id
    attempt.failure = None
    if not attempt.observed:
        _observe_dialled(pbx, call, attempt, number)


def _observe_dialled(pbx: PbxState, call: Call, attempt: Attempt, number: str) -> None:
    attempt.observed = True
    attempt.number = call.number = number
    first = pbx.channels.get(call.id)
    pbx.observe(call, "dialled", first.born if first else 0, agent=attempt.agent, by=attempt.style, private=personal(number))


def dial_ended(pbx: PbxState, packet: Packet) -> None:
    """DialEnd, answered or not: of the customer's channel, or of the agent who joins an answered customer."""
    leg = pbx.channels.get(packet["DestUniqueid"])
    call = pbx.calls.get(leg.linked) if leg else None
    attempt = call.attempt if call else None
    if leg is None or call is None or attempt is None:
        return
    answered = packet["DialStatus"] == "ANSWER"
    if leg.id == attempt.customer_leg:
        if answered and not attempt.answered:
            attempt.answered = True
            pbx.observe(call, "dial_answered", agent=attempt.agent)
        elif not attempt.answered:
            attempt.failure = (pbx.at, packet["DialStatus"])
    elif leg.id == attempt.agent_leg and answered and attempt.answered and not attempt.agent:
        attempt.agent = pbx.agent_of(leg.device) or leg.device
        pbx.observe(call, "dial_answered", agent=attempt.agent)


def originate_response(pbx: PbxState, packet: Packet) -> None:
    """OriginateResponse: marks a spy's channel, which is no call; after a failure it has the number that was never dialled, and whether the time was up."""
    channel = pbx.channels.get(packet.get("Uniqueid"))
    if channel is not None:
        if packet.get("Application") == "ChanSpy":
            channel.spying = packet.get("Data").partition(",")[2] or "-"
            pbx.calls.pop(channel.id, None)
        return
    call = _failed_originate(pbx, packet.get("Channel"), packet.get("CallerIDNum"))
    if call is None or call.attempt is None:
        return
    call.attempt.given_up = packet.get("Reason") == _GIVEN_UP
    exten = packet.get("Exten")
    if not call.attempt.observed and _OUTSIDE_NUMBER.match(exten) and call.attempt.style == "agent_first":
        _observe_dialled(pbx, call, call.attempt, exten)


def _failed_originate(pbx: PbxState, destination: str, caller_id: str) -> Call | None:
    """The oldest unanswered Originate to this destination with this caller id: a failure names no channel."""
    for call in pbx.calls.values():
        first = pbx.channels.get(call.id)
        if call.attempt is None or call.attempt.answered or call.gone or call.attempt.given_up or first is None:
            continue
        if caller_id and call.attempt.caller_id and caller_id != call.attempt.caller_id:
            continue
        if first.device == destination or (call.attempt.number and call.attempt.number in destination):
            return call
    return None


def line_of_attempt_gone(pbx: PbxState, leg: Channel, packet: Packet) -> bool:
    """A channel of an attempt has ended. True if no other hang-up is to be observed for this channel."""
    call = pbx.calls.get(leg.linked)
    attempt = call.attempt if call else None
    if call is None or attempt is None or not attempt.observed:
        return False
    customers = leg.id == attempt.customer_leg
    if not attempt.answered and (customers or (leg.id == call.id and not attempt.customer_leg)):
        at, status = attempt.failure or (pbx.at, "")
        agents_own = not attempt.customer_leg
        attempt.failure = (at, "agent-no-answer" if agents_own else _result(attempt, leg, packet, status))
    if customers or leg.id == call.id:
        _over(pbx, call, attempt, leg, packet)
    return True


def _over(pbx: PbxState, call: Call, attempt: Attempt, leg: Channel, packet: Packet) -> None:
    """Observe the end of the attempt: an answered one ends with the customer's channel, a failed one if no other trunk can be tried."""
    customer = pbx.channels.get(attempt.customer_leg)
    first = pbx.calls.get(call.id)
    if attempt.answered:
        if leg.id == attempt.customer_leg:
            pbx.observe(call, "hung_up", text=packet.get("Cause"))
        return
    still_ringing = customer is not None and customer.id != leg.id
    trying_on = leg.id != call.id and first is not None and not first.gone
    if not still_ringing and not trying_on and attempt.failure is not None:
        at, result = attempt.failure
        pbx.observe(call, "dial_failed", at, text=result)
        pbx.observe(call, "hung_up", text=packet.get("Cause"))


def _result(attempt: Attempt, leg: Channel, packet: Packet, status: str) -> str:
    """Why the customer was not reached. Without a response of the far end the PBX gave up."""
    cause, answer = packet.get("Cause"), packet.get("TechCause")
    if attempt.given_up or (not leg.hangup_requested and status in ("NOANSWER", "CANCEL")):
        return "no-answer"
    result = _BY_ANSWER.get(answer) or _BY_CAUSE.get(cause)
    if result is None and (cause in _NOBODY or answer in ("480", "408", "487")):
        result = "no-answer" if leg.rang else "unavailable"
    return result or ("no-answer" if status == "NOANSWER" else "failed")


def number_in(dialled: str) -> str:
    """The number in a dial string that uses a trunk; "" if it calls a telephone of the PBX."""
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
