"""The voice quality of an agent's leg, uplink: what the PBX hears of the agent's telephone, by the RTCP reports that it sends.

Asterisk passes gaps in the sequence numbers on to the other leg. So the two legs of a call are never added up: each has figures of its own, and
those of the call are those of its worst leg.
"""

from __future__ import annotations

from commands.observations import ObserveCall
from telephony_adapter.ami.heard import Heard
from telephony_adapter.ami.packets import Packet
from telephony_adapter.ami.pbx_state import Channel, PbxState

UPLINK = "uplink"

_CYCLE = 1 << 16


def report_sent(pbx: PbxState, packet: Packet) -> None:
    """RTCPSent: what the PBX tells the far end of the packets that it got from there. Reports without figures, and of channels that are gone, say nothing."""
    channel = pbx.channels.get(packet.get("Uniqueid"))
    lost, highest = packet.get("Report0CumulativeLost"), packet.get("Report0HighestSequence")
    if channel is None or not (lost.isdecimal() and highest.isdecimal()):
        return
    now = (
        packet.whole("Report0CumulativeLost"),
        packet.whole("Report0HighestSequence") + _CYCLE * packet.whole("Report0SequenceNumberCycles"),
    )
    heard = channel.heard
    if heard is None or now[1] < heard.last[1]:
        # The first report, or another telephone on the same channel: a new stream begins.
        heard = channel.heard = Heard(now, now, packet.whole("Report0FractionLost"))
    heard.last = now
    heard.reports += 1
    heard.jitter += packet.whole("Report0IAJitter")
    instant = _instant(packet.get("SentNTP"))
    if instant and packet.get("SentRTP").isdecimal():
        heard.sent = instant, packet.whole("SentRTP")
        heard.began = heard.began or heard.sent


def leg_gone(pbx: PbxState, channel: Channel) -> None:
    """Hangup of an agent's leg: observe what was heard of it."""
    heard = channel.heard
    if heard is None or not channel.talked:
        return
    call, agent = channel.talked
    text = f"{round(heard.jitter_ms, 3):g};{round(heard.loss_percent, 3):g}"
    pbx.observations.append(ObserveCall(call=call, facts=(pbx.fact("quality", agent=agent, by=UPLINK, text=text),)))


def _instant(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0
