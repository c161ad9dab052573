"""Direct calls: calls of an agent's telephone that no queue gave it and that are no attempt. While they last the agent is not available.

However such a call came about (the telephone was called or calls, a call was transferred to it or picked up by it), a channel of the telephone is up.
It is one of a queue's call, or of an attempt, or of a direct call.
"""

from __future__ import annotations

from telephony_adapter.ami.packets import Packet
from telephony_adapter.ami.pbx_state import Call, Channel, PbxState, device

_UP = "Up"


def state_shown(pbx: PbxState, channel: Channel, packet: Packet) -> None:
    """Newstate, or a row of a list: the channel is up, or not yet."""
    if packet.get("ChannelStateDesc") == _UP:
        channel.up = True
        take_up(pbx, channel)


def take_up(pbx: PbxState, channel: Channel) -> None:
    """Observe the direct call of this channel, if it is one."""
    if channel.up and not _has_other_work(pbx, channel):
        _begin(pbx, channel.id, channel.device)


def picked_up(pbx: PbxState, packet: Packet) -> None:
    """Pickup: this channel has the call that rang at another telephone. The queue goes on to name the agent whom it rang."""
    _begin(pbx, packet["Uniqueid"], device(packet["Channel"]))


def _begin(pbx: PbxState, channel_id: str, telephone: str) -> None:
    agent = pbx.agent_of(telephone)
    if agent and channel_id not in pbx.direct:
        pbx.direct[channel_id] = agent, pbx.at
        pbx.observe_agent(agent, "direct_call_began", text=channel_id)


def _has_other_work(pbx: PbxState, channel: Channel) -> bool:
    """Whether the call is a queue's or an attempt, of which others tell when the agent talks."""
    if pbx.first_of(channel.id, pbx.ringing) or pbx.first_of(channel.id, pbx.talks):
        return True
    call = pbx.calls.get(channel.linked)
    attempt = call.attempt if call is not None else None
    return attempt is not None and not attempt.inside and channel.id in (attempt.agent_leg, channel.linked)


def are_of_queue(pbx: PbxState, call: Call, agent: str) -> None:
    """The queue says that the agent talks, or has talked, in this call: the telephone's channels in it were no direct call, a cut has hidden the ring or the answer."""
    for channel_id, (whose, began) in list(pbx.direct.items()):
        channel = pbx.channels.get(channel_id)
        if whose == agent and channel is not None and pbx.calls.get(channel.linked) is call:
            end(pbx, channel_id, began)


def end(pbx: PbxState, channel_id: str, at: int = 0, by: str = "") -> None:
    """The channel is gone: the direct call that it was is over."""
    agent, _ = pbx.direct.pop(channel_id, ("", 0))
    if agent:
        pbx.observe_agent(agent, "direct_call_ended", at, text=channel_id, by=by)
