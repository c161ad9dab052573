"""AMI events to commands: what an Asterisk says about its calls, queues and agents, told as facts.

Pure and table-driven: `Translator.feed` takes one packet and returns what it tells; the state comes from packets alone.
A recorded stream and the live socket go the same way. Cuts, restarts and what they hide are reckoned in `gaps`.
"""

from __future__ import annotations

from collections.abc import Callable

from commands.observations import ObserveTimeline
from domain.voice.timeline import CoverageSpan, Gap
from telephony_adapter.ami import agents, ivr, lines, outbound, queues
from telephony_adapter.ami import connection_gaps as seams
from telephony_adapter.ami.packets import BANNER, CLOSED, CONNECTED, RESUMED, SILENCE, Interest, Packet
from telephony_adapter.ami.pbx_state import Dialplan, PbxState, Told

Handler = Callable[[PbxState, Packet], None]


def _variable(board: PbxState, packet: Packet) -> None:
    name = packet["Variable"]
    if name == "QUEUESTATUS":
        queues.queue_status(board, packet)
    elif name == "RTPAUDIOQOS":
        lines.voice_quality(board, packet)
    else:
        ivr.variable_set(board, packet)


def _dial_ended(board: PbxState, packet: Packet) -> None:
    queues.ringing_ended(board, packet)
    outbound.dial_ended(board, packet)


EVENTS: dict[str, Handler] = {
    "AgentCalled": queues.agent_called,
    "AgentComplete": queues.agent_completed,
    "AgentConnect": queues.agent_connected,
    "AgentDump": queues.agent_dumped,
    "AgentRingNoAnswer": queues.rang_in_vain,
    "AttendedTransfer": lines.transferred_attended,
    "BlindTransfer": lines.transferred_blindly,
    "ChanSpyStart": lines.spied_on,
    "CoreShowChannel": seams.channel_listed,
    "CoreShowChannelsComplete": seams.channels_listed,
    "DialBegin": outbound.dial_began,
    "DialEnd": _dial_ended,
    "FullyBooted": seams.fully_booted,
    "Hangup": lines.gone,
    "HangupRequest": lines.asked_to_hang_up,
    "Hold": lines.held,
    "LocalBridge": lines.halves,
    "Newchannel": lines.born,
    "Newexten": ivr.stepped,
    "Newstate": lines.rings,
    "OriginateResponse": outbound.originate_response,
    "QueueCallerAbandon": queues.caller_abandoned,
    "QueueCallerJoin": queues.caller_joined,
    "QueueCallerLeave": queues.caller_left,
    "QueueEntry": seams.entry_listed,
    "QueueMember": agents.listed_member,
    "QueueMemberAdded": agents.member_added,
    "QueueMemberPause": agents.member_paused,
    "QueueMemberRemoved": agents.member_removed,
    "QueueParams": seams.queue_counted,
    "QueueStatusComplete": seams.queues_listed,
    "Shutdown": seams.shutting_down,
    "Unhold": lines.resumed,
    "UserEvent": ivr.user_event,
    "VarSet": _variable,
}
STREAM: dict[str, Handler] = {
    RESUMED: seams.resumed,
    BANNER: seams.disconnected,
    CLOSED: seams.disconnected,
    CONNECTED: seams.disconnected,
    SILENCE: seams.silent,
}
HANDLERS = EVENTS | STREAM
_OF_LINES = frozenset({"Newchannel", "Newstate", "DialBegin", "Hangup", "CoreShowChannel"})
"""Events of the class `call`, and the list that only who reads that class asks for."""

VARIABLES = frozenset({"QUEUESTATUS", "RTPAUDIOQOS"}) | ivr.VARIABLES


class Translator:
    """Tells what one stream of AMI packets says. `name`: what people call the stream, for its span on the timeline.

    interest: which packets it wants to see; it grows with the dialplan (variables of Read).
    """

    def __init__(self, name: str, dialplan: Dialplan | None = None) -> None:
        self.name = name
        self.interest = Interest(frozenset(EVENTS), VARIABLES)
        self.board = PbxState(dialplan or Dialplan(), self.interest.variables)

    def feed(self, packet: Packet) -> list[Told]:
        """What this packet tells. Raises BrokenPacket when it lacks what its kind always has."""
        board = self.board
        board.event, board.at = packet.name, packet.at
        board.started = board.started or packet.at
        board.dialplan_told |= packet.name in ("Newexten", "VarSet")
        if packet.name in _OF_LINES and not board.lines_told:
            board.hear_of_lines()
        seams.watch(board, packet)
        HANDLERS[packet.name](board, packet)
        seams.settle(board, packet.at)
        return self._taken()

    def covered(self, first: int, last: int) -> list[Told]:
        """The stream has shown signs of life from `first` until `last`: told now and then, with what is known anew of its gaps."""
        self._tell_gaps()
        if first:
            self.board.told.append(ObserveTimeline(span=CoverageSpan("ami", self.name, first, last)))
        return self._taken()

    def ended(self, first: int, last: int) -> list[Told]:
        """The recording ends here: what would have said how a call left its queue will not come any more."""
        self.board.event, self.board.at = "end of the recording", last
        seams.settle(self.board, last + seams.LINGER_US)
        for call in list(self.board.calls.values()):
            if not self.board.lines_told:
                queues.never_told(self.board, call)
            queues.cut_short(self.board, call)
        return self.covered(first, last)

    def _tell_gaps(self) -> None:
        self.board.told.extend(ObserveTimeline(gap=gap) for gap in self.board.cuts.news())
        if self.board.undecided is not None:
            # Nothing is missing there, but how some waits ended was not seen.
            self.board.told.append(ObserveTimeline(gap=Gap(*self.board.undecided, born=0)))

    def _taken(self) -> list[Told]:
        told = self.board.told
        if told:
            self.board.told = []
        return told
