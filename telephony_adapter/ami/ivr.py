"""The path through an IVR (URA), derived from the dialplan's steps.

No event states which contexts are IVRs and what they mean. The rules:

- a customer's call that runs an application which waits for keys (Read, BackGround, WaitExten, ...), or enters a
  context with the name of one (`ura...`, `ivr...`), has entered an IVR named by that context. Other contexts that
  follow belong to the same IVR, until the call visits a queue or leaves;
- contexts (`fora-horario`, `after-hours`, ...) and UserEvents named as in `Dialplan` announce that the company is closed;
- an option is the value that Read put into its variable ("" if nothing was keyed in time), or the extension chosen after
  BackGround or WaitExten, also an invalid one;
- an IVR that hangs up itself, or hands the call to a telephone, a mailbox or a conference, has ended; one whose caller
  hangs up is abandoned.
"""

from __future__ import annotations

import re

from domain.personal_data import keyed_option
from telephony_adapter.ami.packets import Packet
from telephony_adapter.ami.pbx_state import Call, Channel, PbxState
from telephony_adapter.ami.queues import dialplan_goes_on

WAITS_FOR_KEYS = frozenset(
    {"read", "readexten", "background", "backgrounddetect", "waitexten", "externalivr", "speechbackground", "directory"}
)
HANDS_ON = frozenset({"dial", "voicemail", "voicemailmain", "confbridge", "meetme", "followme", "page", "park", "disa"})
AWAITS_EXTENSION = frozenset({"background", "backgrounddetect", "waitexten"})

VARIABLES = frozenset({"READSTATUS", "INVALID_EXTEN"})

_KEYED = re.compile(r"^[0-9*#A-D]+$")


def stepped(pbx: PbxState, packet: Packet) -> None:
    """Newexten: a step in the dialplan."""
    channel = pbx.line(packet)
    application = packet["Application"].lower()
    context, exten = packet.get("Context"), packet.get("Extension") or packet.get("Exten")
    call = pbx.calls.get(channel.id)
    if call is not None:
        call.sign = pbx.at
        dialplan_goes_on(pbx, call, exten, channel.hangup_requested)
    moved = context != channel.context
    if moved:
        channel.context, channel.context_since = context, pbx.at
    if _in_an_ivr(call, channel):
        call = call or pbx.call(channel, inbound=True)
        _in_context(pbx, call, channel, moved, application)
        _chosen(pbx, call, channel, exten)
    channel.exten = exten
    _running(pbx, channel, application, packet.get("AppData"))


def _in_an_ivr(call: Call | None, channel: Channel) -> bool:
    """Whether the call can be in an IVR: a customer's call, before any queue."""
    if call is None:
        return channel.origin == "outside" and channel.context != ""
    return call.inbound and not call.past_ivr and not call.gone


def _in_context(pbx: PbxState, call: Call, channel: Channel, moved: bool, application: str) -> None:
    """The call enters the IVR, hears that the company is closed, or leaves the IVR for something other than a queue."""
    if moved and pbx.dialplan.closed.search(channel.context):
        closed(pbx, call, channel)
    elif moved and pbx.dialplan.refused.search(channel.context):
        pbx.observe(call, "ivr_blacklisted", channel.context_since, text=call.ivr or channel.context)
    if not call.ivr and (application in WAITS_FOR_KEYS or pbx.dialplan.ivr.match(channel.context)):
        call.ivr = channel.context
        pbx.observe(call, "ivr_entered", channel.context_since, text=call.ivr)
    if call.ivr:
        pbx.cuts.shown(call.id)
        if application in HANDS_ON:
            pbx.observe(call, "ivr_left", text=application)
            call.past_ivr = True


def closed(pbx: PbxState, call: Call, channel: Channel) -> None:
    """The IVR announces that the company is closed."""
    if not call.out_of_hours:
        call.out_of_hours = True
        pbx.observe(call, "ivr_out_of_hours", text=call.ivr or channel.context)


def _chosen(pbx: PbxState, call: Call, channel: Channel, exten: str) -> None:
    """After BackGround and WaitExten the next extension is the keyed option; `i`: an invalid one, `t`: none."""
    if channel.awaiting != channel.context or exten == channel.exten or not call.ivr:
        return
    if exten == "i":
        _keyed(pbx, call, channel.keyed)
    elif exten == "t":
        pbx.observe(call, "ivr_option", text="")
    elif _KEYED.match(exten):
        _keyed(pbx, call, exten)
    channel.awaiting = channel.keyed = ""


def _running(pbx: PbxState, channel: Channel, application: str, data: str) -> None:
    """Keep what the running application means for the next steps."""
    channel.reading = ""
    if application == "read":
        channel.reading = data.split(",", 1)[0]
        pbx.variables.add(channel.reading)
    elif application in AWAITS_EXTENSION:
        channel.awaiting = channel.context
    elif application == "queue":
        channel.queue = data.split(",", 1)[0]
    elif application == "hangup":
        channel.dialplan_hung_up = pbx.at
    elif application == "chanspy":
        channel.spying = data.partition(",")[2] or "-"


def variable_set(pbx: PbxState, packet: Packet) -> None:
    """A variable that Read or an invalid extension sets."""
    channel = pbx.channels.get(packet["Uniqueid"])
    if channel is None:
        return
    name, value = packet["Variable"], packet["Value"]
    if name == "INVALID_EXTEN" or (name == channel.reading and channel.reading):
        channel.keyed = value
    elif name == "READSTATUS" and channel.reading and value in ("OK", "TIMEOUT"):
        call = pbx.calls.get(channel.id)
        if call is not None and call.ivr and not call.past_ivr:
            pbx.cuts.shown(call.id)
            _keyed(pbx, call, channel.keyed)
        channel.keyed = ""


def _keyed(pbx: PbxState, call: Call, keyed: str) -> None:
    """The caller keyed an option, or something longer (a CPF, a card), which may identify a person."""
    text, private = keyed_option(keyed)
    pbx.observe(call, "ivr_option", text=text, private=private)


def user_event(pbx: PbxState, packet: Packet) -> None:
    """A UserEvent with which the dialplan states that the company is closed."""
    if "Uniqueid" not in packet.headers or packet.get("UserEvent").lower() not in pbx.dialplan.closed_events:
        return
    channel = pbx.line(packet)
    call = pbx.calls.get(channel.id)
    if call is not None and call.inbound and not call.past_ivr:
        closed(pbx, call, channel)


def left_by_itself(pbx: PbxState, call: Call, channel: Channel) -> None:
    """The channel ended and the caller did not hang up: the IVR ended the call."""
    if (
        call.ivr
        and not call.past_ivr
        and not call.out_of_hours
        and not channel.hangup_requested
        and (channel.dialplan_hung_up or not call.cut)
    ):
        pbx.observe(call, "ivr_left", channel.dialplan_hung_up, text="hangup")
