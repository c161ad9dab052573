"""Lines: born, asked to hang up, gone; hold, transfers, supervision, and the final figures of the voice quality."""

from __future__ import annotations

from telephony_adapter.ami.ivr import left_by_itself
from telephony_adapter.ami.outbound import line_of_attempt_gone
from telephony_adapter.ami.packets import Packet
from telephony_adapter.ami.pbx_state import Call, Channel, PbxState
from telephony_adapter.ami.queues import line_gone
from telephony_adapter.callers import personal

_DOWN = "0"
_NO_NUMBER = ("", "s", "i", "t", "h")


def born(board: PbxState, packet: Packet) -> None:
    """Newchannel. One that rings the PBX from outside, and belongs to no other call, is a customer calling."""
    id, name = packet["Uniqueid"], packet["Channel"]
    board.cuts.born(id, name, board.at)
    inner = id != packet["Linkedid"]
    exten = packet.get("Exten")
    comes_in = packet.get("ChannelState") != _DOWN or exten not in _NO_NUMBER
    origin = "inside" if inner or not comes_in else board.origin(name)
    channel = board.add_line(packet, origin)
    if origin == "outside":
        call = board.call(channel, inbound=True)
        call.number = packet.get("CallerIDNum")
        board.observe(call, "arrived", private=personal(call.number), text=exten)


def rings(board: PbxState, packet: Packet) -> None:
    """Newstate: whether the far end's telephone rang tells a busy network from nobody at home."""
    channel = board.channels.get(packet["Uniqueid"])
    if channel is not None and packet.get("ChannelStateDesc") == "Ringing":
        channel.rang = True


def asked_to_hang_up(board: PbxState, packet: Packet) -> None:
    """HangupRequest: the far end hung up."""
    channel = board.line(packet)
    channel.asked_to_hang_up = True


def gone(board: PbxState, packet: Packet) -> None:
    """Hangup: the line is free."""
    channel = board.line(packet)
    board.ringing.pop(channel.id, None)
    board.behind.pop(channel.id, None)
    attempted = line_of_attempt_gone(board, channel, packet)
    call = board.calls.get(channel.id)
    if call is None:
        board.channels.pop(channel.id, None)
        board.talks.pop(channel.id, None)
        board.cuts.gone(channel.id)
    elif not call.gone:
        _call_gone(board, call, channel, packet, attempted)


def _call_gone(board: PbxState, call: Call, channel: Channel, packet: Packet, attempted: bool) -> None:
    call.sign = call.gone = board.at
    board.ending[call.id] = call
    board.cuts.gone(call.id)
    line_gone(board, call)
    left_by_itself(board, call, channel)
    if call.known and not attempted:
        board.observe(call, "hung_up", text=packet.get("Cause"))


def held(board: PbxState, packet: Packet) -> None:
    """Hold: an agent puts the customer on hold."""
    call = board.talk_of(packet["Uniqueid"])
    if call is not None and call.visit is not None and not call.visit.held:
        call.visit.held = True
        board.observe(call, "held", queue=call.visit.queue, agent=call.visit.agent)


def resumed(board: PbxState, packet: Packet) -> None:
    """Unhold: one also comes at a transfer of a call that was not on hold."""
    call = board.talk_of(packet["Uniqueid"])
    if call is not None and call.visit is not None and call.visit.held:
        call.visit.held = False
        board.observe(call, "resumed", queue=call.visit.queue, agent=call.visit.agent)


def transferred_blindly(board: PbxState, packet: Packet) -> None:
    """BlindTransfer: remember where to, for the end of the talk that follows."""
    call = board.calls.get(packet["TransfereeUniqueid"])
    if call is not None and packet.get("Result") == "Success":
        call.transfer_to = packet.get("Extension")


def transferred_attended(board: PbxState, packet: Packet) -> None:
    """AttendedTransfer: a consultation that the agent made as a call of its own becomes part of the customer's."""
    if packet.get("Result") != "Success":
        return
    call = board.calls.get(packet.get("TransfereeUniqueid"))
    if call is not None:
        call.transfer_to = packet.get("TransferTargetExten")
    customers = packet.get("OrigTransfererLinkedid")
    second = board.calls.get(packet.get("SecondTransfererUniqueid"))
    if second is not None and second.past_ivr and customers and second.linked != customers:
        second.linked = customers
        board.observe(second, "part_of", text=customers)


def halves(board: PbxState, packet: Packet) -> None:
    """LocalBridge: the two halves of a Local channel."""
    board.behind[packet["LocalTwoUniqueid"]] = packet["LocalOneUniqueid"]


def spied_on(board: PbxState, packet: Packet) -> None:
    """ChanSpyStart: a supervisor listens, whispers to the agent, or barges in."""
    spyee = packet["SpyeeUniqueid"]
    call = board.talk_of(spyee) or board.calls.get(spyee)
    if call is None:
        return
    spy = board.channels.get(packet["SpyerUniqueid"])
    options = spy.spying if spy else ""
    how = "barge" if "B" in options else "whisper" if "w" in options.lower() else "listen"
    visit = call.visit
    board.observe(
        call, "supervised", by=spy.device if spy else "", queue=visit.queue if visit else "", agent=visit.agent if visit else "", text=how
    )


def voice_quality(board: PbxState, packet: Packet) -> None:
    """RTPAUDIOQOS, told just before the line is gone: jitter and loss of the worse direction, for the customer's line."""
    channel = board.channels.get(packet["Uniqueid"])
    if channel is None:
        return
    call = board.calls.get(channel.id) or board.calls.get(channel.linked)
    if call is None or not _is_the_customers(call, channel):
        return
    figures = dict(part.split("=", 1) for part in packet["Value"].split(";") if "=" in part)
    try:
        told = {name: float(value) for name, value in figures.items()}
    except ValueError:
        return
    received, sent = told.get("rxcount", 0.0), told.get("txcount", 0.0)
    if received <= 0 and sent <= 0:
        return
    jitter_ms = max(told.get("rxjitter", 0.0), told.get("txjitter", 0.0)) * 1000
    lost, lost_there = max(0.0, told.get("lp", 0.0)), max(0.0, told.get("rlp", 0.0))
    loss = max(lost / (received + lost) if received + lost else 0.0, lost_there / sent if sent else 0.0) * 100
    board.observe(call, "quality", text=f"{round(jitter_ms, 3):g};{round(min(loss, 100.0), 3):g}")


def _is_the_customers(call: Call, channel: Channel) -> bool:
    if call.attempt is not None:
        return channel.id == call.attempt.customer_leg
    return channel.id == call.id and channel.origin == "outside"
