"""The way through an IVR (URA), as the dialplan's steps show it.

Which contexts are IVRs, and what they mean, no event tells. The rules:

- a customer's call that runs an application which waits for keys (Read, BackGround, WaitExten, ...), or comes into a
  context named like one (`ura...`, `ivr...`), has entered an IVR named by that context. What follows in other contexts
  is the same IVR's way on, until the call visits a queue or leaves;
- contexts (`fora-horario`, `after-hours`, ...) and UserEvents named as in `Dialplan` tell the caller that it is closed;
- an option is what Read put into its variable ("" when nothing was keyed in time), or the extension chosen after
  BackGround or WaitExten, invalid ones too;
- an IVR that hangs up itself, or hands the call to a telephone, a mailbox, a conference, has ended; one whose caller
  hangs up is abandoned.
"""

from __future__ import annotations

import re

from telephony_adapter.ami.packets import Packet
from telephony_adapter.ami.pbx_state import Call, Channel, PbxState
from telephony_adapter.ami.queues import dialplan_goes_on

WAITS_FOR_KEYS = frozenset(
    {"read", "readexten", "background", "backgrounddetect", "waitexten", "externalivr", "speechbackground", "directory"}
)
HANDS_ON = frozenset({"dial", "voicemail", "voicemailmain", "confbridge", "meetme", "followme", "page", "park", "disa"})
AWAITS_EXTENSION = frozenset({"background", "backgrounddetect", "waitexten"})

LONGEST_OPTION = 4
"""Digits of a menu's option; what is longer is data."""

VARIABLES = frozenset({"READSTATUS", "INVALID_EXTEN"})

_KEYED = re.compile(r"^[0-9*#A-D]+$")


def stepped(board: PbxState, packet: Packet) -> None:
    """Newexten: a step in the dialplan."""
    channel = board.line(packet)
    application = packet["Application"].lower()
    context, exten = packet.get("Context"), packet.get("Extension") or packet.get("Exten")
    call = board.calls.get(channel.id)
    if call is not None:
        call.sign = board.at
        dialplan_goes_on(board, call, exten, channel.asked_to_hang_up)
    moved = context != channel.context
    if moved:
        channel.context, channel.context_since = context, board.at
    if _in_an_ivr(call, channel):
        call = call or board.call(channel, inbound=True)
        _in_context(board, call, channel, moved, application)
        _chosen(board, call, channel, exten)
    channel.exten = exten
    _running(board, channel, application, packet.get("AppData"))


def _in_an_ivr(call: Call | None, channel: Channel) -> bool:
    """Whether an IVR can have this call: a customer's, before any queue."""
    if call is None:
        return channel.origin == "outside" and channel.context != ""
    return call.inbound and not call.past_ivr and not call.gone


def _in_context(board: PbxState, call: Call, channel: Channel, moved: bool, application: str) -> None:
    """Enter the IVR, or hear that it is closed, or leave it for somebody who is no queue."""
    if moved and board.dialplan.closed.search(channel.context):
        closed(board, call, channel)
    elif moved and board.dialplan.refused.search(channel.context):
        board.observe(call, "ivr_blacklisted", channel.context_since, text=call.ivr or channel.context)
    if not call.ivr and (application in WAITS_FOR_KEYS or board.dialplan.ivr.match(channel.context)):
        call.ivr = channel.context
        board.observe(call, "ivr_entered", channel.context_since, text=call.ivr)
    if call.ivr:
        board.cuts.shown(call.id)
        if application in HANDS_ON:
            board.observe(call, "ivr_left", text=application)
            call.past_ivr = True


def closed(board: PbxState, call: Call, channel: Channel) -> None:
    """The caller is told that it is closed now."""
    if not call.out_of_hours:
        call.out_of_hours = True
        board.observe(call, "ivr_out_of_hours", text=call.ivr or channel.context)


def _chosen(board: PbxState, call: Call, channel: Channel, exten: str) -> None:
    """After BackGround and WaitExten the next extension is what was keyed; `i`: something invalid, `t`: nothing."""
    if channel.awaiting != channel.context or exten == channel.exten or not call.ivr:
        return
    if exten == "i":
        board.observe(call, "ivr_option", text=_option(channel.keyed))
    elif exten == "t":
        board.observe(call, "ivr_option", text="")
    elif _KEYED.match(exten):
        board.observe(call, "ivr_option", text=_option(exten))
    channel.awaiting = channel.keyed = ""


def _running(board: PbxState, channel: Channel, application: str, data: str) -> None:
    """Remember what the application that now runs will mean for what comes next."""
    channel.reading = ""
    if application == "read":
        channel.reading = data.split(",", 1)[0]
        board.variables.add(channel.reading)
    elif application in AWAITS_EXTENSION:
        channel.awaiting = channel.context
    elif application == "queue":
        channel.queue = data.split(",", 1)[0]
    elif application == "hangup":
        channel.dialplan_hung_up = board.at
    elif application == "chanspy":
        channel.spying = data.partition(",")[2] or "-"


def variable_set(board: PbxState, packet: Packet) -> None:
    """A variable that Read or an invalid extension sets."""
    channel = board.channels.get(packet["Uniqueid"])
    if channel is None:
        return
    name, value = packet["Variable"], packet["Value"]
    if name == "INVALID_EXTEN" or (name == channel.reading and channel.reading):
        channel.keyed = value
    elif name == "READSTATUS" and channel.reading and value in ("OK", "TIMEOUT"):
        call = board.calls.get(channel.id)
        if call is not None and call.ivr and not call.past_ivr:
            board.cuts.shown(call.id)
            board.observe(call, "ivr_option", text=_option(channel.keyed))
        channel.keyed = ""


def _option(keyed: str) -> str:
    """What was keyed; of a longer input (a CPF, a card) only that it was one, for it may name a person."""
    return keyed if len(keyed) <= LONGEST_OPTION else "*" * len(keyed)


def user_event(board: PbxState, packet: Packet) -> None:
    """A UserEvent by which the dialplan itself says that it is closed."""
    if "Uniqueid" not in packet.headers or packet.get("UserEvent").lower() not in board.dialplan.closed_events:
        return
    channel = board.line(packet)
    call = board.calls.get(channel.id)
    if call is not None and call.inbound and not call.past_ivr:
        closed(board, call, channel)


def left_by_itself(board: PbxState, call: Call, channel: Channel) -> None:
    """The line is gone, and it was not the caller who hung up: the IVR ended the call."""
    if (
        call.ivr
        and not call.past_ivr
        and not call.out_of_hours
        and not channel.asked_to_hang_up
        and (channel.dialplan_hung_up or not call.cut)
    ):
        board.observe(call, "ivr_left", channel.dialplan_hung_up, text="hangup")
