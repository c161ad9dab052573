"""Channels from creation to hang-up; hold, transfers, supervision, and the final figures of the voice quality."""

from __future__ import annotations

from domain.ids import LEG
from telephony_adapter.ami import direct_calls
from telephony_adapter.ami.ivr import left_by_itself
from telephony_adapter.ami.leg_quality import leg_gone
from telephony_adapter.ami.outbound import line_of_attempt_gone
from telephony_adapter.ami.packets import Packet
from telephony_adapter.ami.pbx_state import Call, Channel, PbxState
from telephony_adapter.ami.queues import line_gone
from telephony_adapter.callers import personal

_DOWN = "0"
_NO_NUMBER = ("", "s", "i", "t", "h")


def born(pbx: PbxState, packet: Packet) -> None:
    """Newchannel. A channel from outside that belongs to no other call is a customer who calls."""
    id, name = packet["Uniqueid"], packet["Channel"]
    pbx.cuts.born(id, name, pbx.at)
    inner = id != packet["Linkedid"]
    exten = packet.get("Exten")
    comes_in = packet.get("ChannelState") != _DOWN or exten not in _NO_NUMBER
    origin = "inside" if inner or not comes_in else pbx.origin(name)
    channel = pbx.add_line(packet, origin)
    if origin == "outside":
        call = pbx.call(channel, inbound=True)
        call.number = packet.get("CallerIDNum")
        pbx.observe(call, "arrived", private=personal(call.number), text=exten)


def state_changed(pbx: PbxState, packet: Packet) -> None:
    """Newstate: the channel is up; or the far end's telephone rings, which distinguishes no answer from a failure of the network."""
    channel = pbx.channels.get(packet["Uniqueid"])
    if channel is not None:
        channel.rang |= packet.get("ChannelStateDesc") == "Ringing"
        direct_calls.state_shown(pbx, channel, packet)


def hangup_requested(pbx: PbxState, packet: Packet) -> None:
    """HangupRequest: the far end hung up."""
    channel = pbx.line(packet)
    channel.hangup_requested = True


def gone(pbx: PbxState, packet: Packet) -> None:
    """Hangup: the channel has ended."""
    channel = pbx.line(packet)
    pbx.ringing.pop(channel.id, None)
    pbx.behind.pop(channel.id, None)
    leg_gone(pbx, channel)
    direct_calls.end(pbx, channel.id)
    attempted = line_of_attempt_gone(pbx, channel, packet)
    call = pbx.calls.get(channel.id)
    if call is None:
        pbx.channels.pop(channel.id, None)
        talked = pbx.calls.get(pbx.talks.pop(channel.id, ""))
        visit = pbx.handed_on.get(talked.id, talked.visit) if talked is not None else None
        if visit is not None:
            visit.agent_gone = pbx.at
        pbx.cuts.gone(channel.id)
    elif not call.gone:
        _call_gone(pbx, call, channel, packet, attempted)


def _call_gone(pbx: PbxState, call: Call, channel: Channel, packet: Packet, attempted: bool) -> None:
    call.sign = call.gone = pbx.at
    pbx.ending[call.id] = call
    pbx.cuts.gone(call.id)
    line_gone(pbx, call)
    left_by_itself(pbx, call, channel)
    if call.known and not attempted:
        pbx.observe(call, "hung_up", text=packet.get("Cause"))


def held(pbx: PbxState, packet: Packet) -> None:
    """Hold: an agent puts the customer on hold."""
    call = pbx.talk_of(packet["Uniqueid"])
    if call is not None and call.visit is not None and not call.visit.held:
        call.visit.held = True
        pbx.observe(call, "held", queue=call.visit.queue, agent=call.visit.agent)


def resumed(pbx: PbxState, packet: Packet) -> None:
    """Unhold: it is also sent at a transfer of a call that was not on hold."""
    call = pbx.talk_of(packet["Uniqueid"])
    if call is not None and call.visit is not None and call.visit.held:
        call.visit.held = False
        pbx.observe(call, "resumed", queue=call.visit.queue, agent=call.visit.agent)


def transferred_blindly(pbx: PbxState, packet: Packet) -> None:
    """BlindTransfer: keep the target for the end of the talk that follows."""
    if packet.get("Result") != "Success":
        # One that came before the two were joined names no transferee.
        return
    call = pbx.calls.get(packet["TransfereeUniqueid"])
    if call is not None:
        call.transfer_to = packet.get("Extension")


def transferred_attended(pbx: PbxState, packet: Packet) -> None:
    """AttendedTransfer: the agent's consultation, a call of its own, becomes part of the customer's call."""
    if packet.get("Result") != "Success":
        return
    call = pbx.calls.get(packet.get("TransfereeUniqueid"))
    if call is not None:
        call.transfer_to = packet.get("TransferTargetExten")
    customers = packet.get("OrigTransfererLinkedid")
    second = pbx.calls.get(packet.get("SecondTransfererUniqueid"))
    if second is not None and second.past_ivr and customers and second.linked != customers:
        second.linked = customers
        pbx.observe(second, "part_of", text=customers)


def halves(pbx: PbxState, packet: Packet) -> None:
    """LocalBridge: the two halves of a Local channel."""
    pbx.behind[packet["LocalTwoUniqueid"]] = packet["LocalOneUniqueid"]


def spied_on(pbx: PbxState, packet: Packet) -> None:
    """ChanSpyStart: a supervisor listens, whispers to the agent, or barges in."""
    spyee = packet["SpyeeUniqueid"]
    call = pbx.talk_of(spyee) or pbx.calls.get(spyee)
    if call is None or packet["SpyerUniqueid"].startswith(LEG):
        # Whoever has placed it records who it was.
        return
    spy = pbx.channels.get(packet["SpyerUniqueid"])
    options = spy.spying if spy else ""
    how = "barge" if "B" in options else "whisper" if "w" in options.lower() else "listen"
    visit = call.visit
    pbx.observe(
        call, "supervised", by=spy.device if spy else "", queue=visit.queue if visit else "", agent=visit.agent if visit else "", text=how
    )


def voice_quality(pbx: PbxState, packet: Packet) -> None:
    """RTPAUDIOQOS, sent just before the channel ends: jitter and loss of the worse direction, for the customer's channel."""
    channel = pbx.channels.get(packet["Uniqueid"])
    if channel is None:
        return
    call = pbx.calls.get(channel.id) or pbx.calls.get(channel.linked)
    if call is None or not _is_the_customers(call, channel):
        return
    figures = dict(part.split("=", 1) for part in packet["Value"].split(";") if "=" in part)
    try:
        values = {name: float(value) for name, value in figures.items()}
    except ValueError:
        return
    received, sent = values.get("rxcount", 0.0), values.get("txcount", 0.0)
    if received <= 0 and sent <= 0:
        return
    jitter_ms = max(values.get("rxjitter", 0.0), values.get("txjitter", 0.0)) * 1000
    lost, lost_there = max(0.0, values.get("lp", 0.0)), max(0.0, values.get("rlp", 0.0))
    loss = max(lost / (received + lost) if received + lost else 0.0, lost_there / sent if sent else 0.0) * 100
    pbx.observe(call, "quality", text=f"{round(jitter_ms, 3):g};{round(min(loss, 100.0), 3):g}")


def _is_the_customers(call: Call, channel: Channel) -> bool:
    if call.attempt is not None:
        return channel.id == call.attempt.customer_leg
    return channel.id == call.id and channel.origin == "outside"
