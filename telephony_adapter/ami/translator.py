"""Translates AMI events into observations: facts about calls, queues and agents of an Asterisk.

Pure and table-driven: `Translator.feed` takes one packet and returns its observations; the state follows from packets alone.
A recorded stream and the live socket use the same code. `gaps` has the cuts, the restarts and the estimation of what they hide.
"""

from __future__ import annotations

from collections.abc import Callable

from commands.observations import ObserveTimeline
from domain.voice.timeline import CoverageSpan, Gap
from telephony_adapter.ami import agents, connection_gaps, direct_calls, ivr, leg_quality, lines, outbound, queue_agents, queues
from telephony_adapter.ami.last_known import LastKnown, restore
from telephony_adapter.ami.packets import BANNER, CLOSED, CONNECTED, RESUMED, SILENCE, Interest, Packet
from telephony_adapter.ami.pbx_state import Dialplan, Observation, PbxState

Handler = Callable[[PbxState, Packet], None]


def _variable(pbx: PbxState, packet: Packet) -> None:
    name = packet["Variable"]
    if name == "QUEUESTATUS":
        queues.queue_status(pbx, packet)
    elif name == "RTPAUDIOQOS":
        lines.voice_quality(pbx, packet)
    else:
        ivr.variable_set(pbx, packet)


def _dial_ended(pbx: PbxState, packet: Packet) -> None:
    queue_agents.ringing_ended(pbx, packet)
    outbound.dial_ended(pbx, packet)


EVENTS: dict[str, Handler] = {
    "AgentCalled": queue_agents.agent_called,
    "AgentComplete": queue_agents.agent_completed,
    "AgentConnect": queue_agents.agent_connected,
    "AgentDump": queue_agents.agent_dumped,
    "AgentRingNoAnswer": queue_agents.ring_no_answer,
    "AttendedTransfer": lines.transferred_attended,
    "BlindTransfer": lines.transferred_blindly,
    "ChanSpyStart": lines.spied_on,
    "CoreShowChannel": connection_gaps.channel_listed,
    "CoreShowChannelsComplete": connection_gaps.channels_listed,
    "DialBegin": outbound.dial_began,
    "DialEnd": _dial_ended,
    "ExtensionStatus": agents.hint_listed,
    "FullyBooted": connection_gaps.fully_booted,
    "Hangup": lines.gone,
    "HangupRequest": lines.hangup_requested,
    "Hold": lines.held,
    "LocalBridge": lines.halves,
    "Newchannel": lines.born,
    "Newexten": ivr.stepped,
    "Newstate": lines.state_changed,
    "OriginateResponse": outbound.originate_response,
    "Pickup": direct_calls.picked_up,
    "QueueCallerAbandon": queues.caller_abandoned,
    "QueueCallerJoin": queues.caller_joined,
    "QueueCallerLeave": queues.caller_left,
    "QueueEntry": connection_gaps.entry_listed,
    "QueueMember": agents.listed_member,
    "QueueMemberAdded": agents.member_added,
    "QueueMemberPause": agents.member_paused,
    "QueueMemberRemoved": agents.member_removed,
    "QueueParams": connection_gaps.queue_counted,
    "QueueStatusComplete": connection_gaps.queues_listed,
    "RTCPSent": leg_quality.report_sent,
    "Shutdown": connection_gaps.shutting_down,
    "Unhold": lines.resumed,
    "UserEvent": ivr.user_event,
    "VarSet": _variable,
}
STREAM: dict[str, Handler] = {
    RESUMED: connection_gaps.resumed,
    BANNER: connection_gaps.disconnected,
    CLOSED: connection_gaps.disconnected,
    CONNECTED: connection_gaps.disconnected,
    SILENCE: connection_gaps.silent,
}
HANDLERS = EVENTS | STREAM
SENT = EVENTS.keys() - {"ExtensionStatus"}
"""Events that are worth being sent at any time: of a hint its place in a list is enough, and its state is nothing to Atende."""

_OF_LINES = frozenset({"Newchannel", "Newstate", "DialBegin", "Hangup", "CoreShowChannel"})
"""Events of the class `call`, and the list that only a client that reads that class requests."""

VARIABLES = frozenset({"QUEUESTATUS", "RTPAUDIOQOS"}) | ivr.VARIABLES
NOISE = frozenset({
    "ANSWEREDTIME", "ANSWEREDTIME_MS", "BRIDGEPEER", "BRIDGEPVTCALLID", "DIALEDPEERNAME", "DIALEDPEERNUMBER", "DIALEDTIME", "DIALEDTIME_MS",
    "MEMBERCALLS", "MEMBERDYNAMIC", "MEMBERINTERFACE", "MEMBERLASTCALL", "MEMBERNAME", "MEMBERPENALTY", "MEMBERREALTIME", "MIXMONITOR_FILENAME",
    "PROGRESSTIME", "PROGRESSTIME_MS", "QEHOLDTIME", "QEORIGINALPOS", "QUEUEABANDONED", "QUEUECALLS", "QUEUECOMPLETED", "QUEUEHOLDTIME",
    "QUEUEMAX", "QUEUENAME", "QUEUEPOSITION", "QUEUESRVLEVEL", "QUEUESRVLEVELPERF", "QUEUESTRATEGY", "QUEUETALKTIME", "QUEUEWAIT", "QUEUEWAIT_MS",
    "RINGTIME", "RINGTIME_MS", "RTPAUDIOQOSBRIDGED", "RTPAUDIOQOSJITTER", "RTPAUDIOQOSJITTERBRIDGED", "RTPAUDIOQOSLOSS",
    "RTPAUDIOQOSLOSSBRIDGED", "RTPAUDIOQOSMES", "RTPAUDIOQOSMESBRIDGED", "RTPAUDIOQOSRTT", "RTPAUDIOQOSRTTBRIDGED", "SIPCALLID", "SIPDOMAIN",
})  # fmt: skip
"""Variables that Asterisk itself sets with every call: two thirds of all events of a busy stream, and none of interest."""


class Translator:
    """Translates one stream of AMI packets. `name`: the stream's name for people, for its span on the timeline.

    interest: the packets that it needs; it grows with the dialplan (variables of Read).
    """

    def __init__(self, name: str, dialplan: Dialplan | None = None) -> None:
        self.name = name
        self.interest = Interest(frozenset(EVENTS), VARIABLES)
        self.pbx = PbxState(dialplan or Dialplan(), self.interest.variables)

    def restore(self, known: LastKnown) -> None:
        """Continue where an earlier process ended; before the first packet, which must be CLOSED."""
        restore(self.pbx, known)

    def interrupted(self) -> list[Observation]:
        """The connection is lost: observe the gap that begins, with the calls that were up, until it is known how long it lasts."""
        cuts = self.pbx.cuts
        if cuts.opened:
            up = sum(not at_cut.unbroken for at_cut in self.pbx.calls_up().values())
            self.pbx.observations.append(ObserveTimeline(gap=Gap(cuts.opened, up=up)))
        return self._taken()

    def feed(self, packet: Packet) -> list[Observation]:
        """The observations of this packet. Raises BrokenPacket if it lacks a required header."""
        pbx = self.pbx
        pbx.event, pbx.at = packet.name, packet.at
        pbx.started = pbx.started or packet.at
        pbx.dialplan_seen |= packet.name in ("Newexten", "VarSet")
        if packet.name in _OF_LINES and not pbx.lines_seen:
            pbx.lines_reported()
        connection_gaps.watch(pbx, packet)
        HANDLERS[packet.name](pbx, packet)
        connection_gaps.settle(pbx, packet.at)
        return self._taken()

    def covered(self, first: int, last: int) -> list[Observation]:
        """Observe that the stream covers `first` to `last`, with new estimations of its gaps. Called from time to time."""
        self._observe_gaps()
        if first:
            self.pbx.observations.append(ObserveTimeline(span=CoverageSpan("ami", self.name, first, last)))
        return self._taken()

    def ended(self, first: int, last: int) -> list[Observation]:
        """The recording ends here: for calls that have left their queue, the event that shows how will not come."""
        self.pbx.event, self.pbx.at = "end of the recording", last
        connection_gaps.settle(self.pbx, last + connection_gaps.LINGER_US)
        for call in list(self.pbx.calls.values()):
            if not self.pbx.lines_seen:
                queues.end_unknown(self.pbx, call)
            queues.cut_short(self.pbx, call)
        return self.covered(first, last)

    def _observe_gaps(self) -> None:
        self.pbx.observations.extend(ObserveTimeline(gap=gap) for gap in self.pbx.cuts.news())
        if self.pbx.undecided is not None:
            # Nothing is missing there, but how some waits ended was not observed.
            self.pbx.observations.append(ObserveTimeline(gap=Gap(*self.pbx.undecided, born=0)))

    def _taken(self) -> list[Observation]:
        observations = self.pbx.observations
        if observations:
            self.pbx.observations = []
        return observations
