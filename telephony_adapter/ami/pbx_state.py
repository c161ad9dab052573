"""The state of the PBX according to an AMI stream: its channels, its calls, its queues' members.

The state follows from packets alone, in their order: no clock, no I/O. Observations are collected in `observations`
and taken after each packet.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Container
from dataclasses import dataclass, field
from typing import Literal

from commands.observations import MatchMember, ObserveAgent, ObserveCall, ObserveTimeline
from domain.base import SECOND
from domain.voice.facts import CallKind, Fact, FactKind, PresenceKind
from telephony_adapter.ami.gap_estimation import CallAtCut, Cut
from telephony_adapter.ami.gap_numbers import second_of
from telephony_adapter.ami.gaps import Cuts
from telephony_adapter.ami.heard import Heard
from telephony_adapter.ami.own_actions import OwnActions
from telephony_adapter.ami.packets import Packet

Observation = ObserveCall | ObserveAgent | MatchMember | ObserveTimeline

Origin = Literal["outside", "phone", "inside"]
"""The origin of a channel: the carrier, an agent's telephone, or the PBX itself (a leg, a Local half)."""

_DEVICE = re.compile(r"-[0-9A-Fa-f]{6,}(;[12])?$")


@dataclass(frozen=True)
class Dialplan:
    """The meaning of names in a dialplan, where no event states it. The defaults are the usual names of Brazilian PBXs.

    ivr: contexts that are IVRs even if no application waits for keys. closed: contexts that announce that the company
    is closed; closed_events: UserEvents that do. refused: contexts for callers of the blacklist.
    """

    ivr: re.Pattern[str] = re.compile(r"^(ura|ivr)([-_ 0-9].*)?$", re.IGNORECASE)
    closed: re.Pattern[str] = re.compile(
        r"^fora[-_ ]?(d[eo])?[-_ ]?(hor[aá]rio|expediente)|^(fechad[oa]|feriado|closed|holiday|after[-_ ]?hours|out[-_ ]?of[-_ ]?hours)",
        re.IGNORECASE,
    )
    refused: re.Pattern[str] = re.compile(r"^(lista[-_ ]?negra|blacklist|bloquead[oa]s?)", re.IGNORECASE)
    closed_events: frozenset[str] = frozenset({"forahorario", "foradehorario", "closed", "afterhours", "outofhours"})


@dataclass(slots=True)
class Channel:
    """A channel of the PBX. `linked`: the call to which it belongs (Linkedid).

    reading: the variable into which Read puts the keys. awaiting: the context in which an extension is awaited. talked: the last call to which it
    talked as an agent's leg, and the agent. heard: the reports of its voice quality. up: whether it was answered.
    """

    id: str
    linked: str
    device: str
    origin: Origin
    born: int
    context: str = ""
    exten: str = ""
    context_since: int = 0
    hangup_requested: bool = False
    dialplan_hung_up: int = 0
    rang: bool = False
    queue: str = ""
    reading: str = ""
    keyed: str = ""
    awaiting: str = ""
    spying: str = ""
    talked: tuple[str, str] | None = None
    heard: Heard | None = None
    up: bool = False


@dataclass(slots=True)
class Visit:
    """A call's present visit to a queue, from joining until the talk is over.

    left: when it left the queue, or the talk, while its end is not known. abandon_seen: QueueCallerAbandon was received, which a
    time-out sends too; hangup_requested: the caller had hung up by then. agent_gone: when the agent's channel ended, while no end of the talk was told.
    """

    queue: str
    offered: int
    answered: int = 0
    agent: str = ""
    left: int = 0
    abandon_seen: bool = False
    hangup_requested: bool = False
    wait_ms: int | None = None
    held: bool = False
    agent_gone: int = 0


@dataclass(slots=True)
class Attempt:
    """A running outbound attempt.

    agent_leg, customer_leg: the channels of the two ends. caller_id: the caller id that an Originate shows to its first
    leg. given_up: nobody answered in time. failure: when the customer's channel ended without an answer, and why. inside: the agent's telephone was
    called first, and then another of the PBX: it is none.
    """

    style: str
    agent: str = ""
    number: str = ""
    observed: bool = False
    agent_leg: str = ""
    customer_leg: str = ""
    caller_id: str = ""
    answered: bool = False
    given_up: bool = False
    failure: tuple[int, str] | None = None
    inside: bool = False


@dataclass(slots=True)
class Call:
    """A call: the channel of a customer, or another one that visits a queue. `sign`: its last event.

    known: it has observations. cut: a cut was during the call. past_ivr: it has been in a queue, or was handed on.
    left_by_key: the queue that it left in a way that the queue does not count. listed: when a list last showed it waiting.
    pulled: a supervisor takes it over, by Atende.
    """

    id: str
    linked: str
    inbound: bool
    sign: int
    number: str = ""
    known: bool = False
    cut: bool = False
    visit: Visit | None = None
    past_ivr: bool = False
    part_known: bool = False
    left_by_key: str = ""
    ivr: str = ""
    out_of_hours: bool = False
    transfer_to: str = ""
    attempt: Attempt | None = None
    gone: int = 0
    listed: int = 0
    pulled: bool = False

    @property
    def surely_waits(self) -> bool:
        """Whether it waits in a queue now, without any doubt."""
        visit = self.visit
        return visit is not None and not (visit.answered or visit.left or self.cut or self.gone)


@dataclass(slots=True)
class Member:
    """A queue's member, by the name that its agent has in the queue log."""

    name: str
    paused: bool = False
    reason: str = ""
    last_pause: int = 0
    changed: int = 0


def _few() -> deque[tuple[int, int]]:
    return deque(maxlen=64)


@dataclass(slots=True)
class PbxState:
    """The present state.

    variables: those whose changes are of interest.
    talks: an agent's channel -> the call that it talks to. handed_on: a call that has joined its next queue -> the talk before, whose end is not told yet. ringing: an agent's ringing channel -> (call, queue, agent, since).
    behind: a leg -> the previous leg, for agents who are reached through a Local channel. telephones: the telephones of such agents, by which the queue knows whether they are busy.
    hints: an extension with a hint (`1001@ramais`) -> the telephones behind it. hinted: the agents whom queues know by such a hint.
    direct: a telephone's channel in a direct call -> the agent, and since when (us); 0 for one that an earlier process has observed.
    dialplan_seen, lines_seen: events of the class `dialplan`, of the class `call` are received. unborn_since: the spans in which channels must have been
    created unobserved if that class is received at all. undecided: the span in which ends of waits could not be distinguished without these classes.
    own: what Atende itself does with members. noted: the recorder notes when a connection is made or lost. alive: the channels of the list that is being received. absent: calls that were missing in a list -> when.
    """

    dialplan: Dialplan
    variables: set[str]
    at: int = 0
    event: str = ""
    started: int = 0
    observations: list[Observation] = field(default_factory=list)
    cuts: Cuts = field(default_factory=Cuts)
    channels: dict[str, Channel] = field(default_factory=dict)
    calls: dict[str, Call] = field(default_factory=dict)
    ending: dict[str, Call] = field(default_factory=dict)
    ringing: dict[str, tuple[str, str, str, int]] = field(default_factory=dict)
    talks: dict[str, str] = field(default_factory=dict)
    handed_on: dict[str, Visit] = field(default_factory=dict)
    behind: dict[str, str] = field(default_factory=dict)
    members: dict[tuple[str, str], Member] = field(default_factory=dict)
    listed: dict[str, set[str]] = field(default_factory=dict)
    interfaces: dict[str, str] = field(default_factory=dict)
    telephones: dict[str, str] = field(default_factory=dict)
    hints: dict[str, tuple[str, ...]] = field(default_factory=dict)
    hinted: dict[str, str] = field(default_factory=dict)
    direct: dict[str, tuple[str, int]] = field(default_factory=dict)
    phones: set[str] = field(default_factory=set)
    counted: dict[str, int] = field(default_factory=dict)
    alive: set[str] = field(default_factory=set)
    absent: dict[str, int] = field(default_factory=dict)
    booted: int = 0
    stopped: int = 0
    noted: bool = False
    dialplan_seen: bool = False
    lines_seen: bool = False
    unborn_since: deque[tuple[int, int]] = field(default_factory=_few)
    undecided: tuple[int, int] | None = None
    own: OwnActions = field(default_factory=OwnActions)

    # observations

    def fact(self, kind: FactKind, at: int = 0, **fields: object) -> Fact:
        """A fact of this packet, at its instant unless `at` is given."""
        return Fact(kind, at or self.at, "ami", ref=f"ami:{self.event}", **fields)  # type: ignore[arg-type]

    def observe(self, call: Call, kind: CallKind, at: int = 0, **fields: object) -> None:
        """Observe a fact about a call. A fact after a list that shows the call waiting is later than the list, even if its own instant is some ms before."""
        call.known = True
        self.observations.append(ObserveCall(call=call.id, facts=(self.fact(kind, max(at or self.at, call.listed), **fields),)))

    def observe_agent(self, agent: str, kind: PresenceKind, at: int = 0, **fields: object) -> None:
        """Observe a fact about an agent."""
        self.observations.append(ObserveAgent(agent=agent, facts=(self.fact(kind, at, agent=agent, **fields),)))

    # channels and calls

    def line(self, packet: Packet) -> Channel:
        """The channel of a packet; one whose creation was not observed is created from the packet."""
        id = packet["Uniqueid"]
        channel = self.channels.get(id)
        if channel is None:
            channel = self.add_line(packet, "inside" if packet.get("Linkedid") not in ("", id) else self.origin(packet["Channel"]))
            self.unborn(channel)
        return channel

    def add_line(self, packet: Packet, origin: Origin) -> Channel:
        """Add a new channel."""
        channel = Channel(packet["Uniqueid"], packet.get("Linkedid") or packet["Uniqueid"], device(packet["Channel"]), origin, self.at)
        self.channels[channel.id] = channel
        if channel.device.startswith("Local/"):
            self.cuts.met_inner(channel.id)
        return channel

    def origin(self, name: str) -> Origin:
        """The origin of a channel with this name, as far as the name shows it."""
        if name.startswith("Local/"):
            return "inside"
        return "phone" if device(name) in self.phones else "outside"

    def agent_of(self, telephone: str) -> str:
        """The agent whose telephone it is; "" if it is nobody's."""
        return self.interfaces.get(telephone) or self.telephones.get(telephone, "")

    def unborn(self, channel: Channel) -> None:
        """A channel whose creation was not observed: it began before the stream, in a gap, or in a gap without any other mark."""
        born = born_at(channel.id)
        if channel.id != channel.linked:
            self.cuts.met_leg(channel.id)
        if born > self.started + SECOND and not self.cuts.covers(born, born + SECOND):
            if self.lines_seen:
                self.contradict(born - SECOND)
            else:
                self.unborn_since.append((born - SECOND, self.at))

    def lines_reported(self) -> None:
        """An event of the class `call` was received: creations of channels are reported, so the unreported ones were missed."""
        self.lines_seen = True
        while self.unborn_since:
            self.contradict(*self.unborn_since.popleft())

    def contradict(self, since: int, until: int = 0) -> None:
        """The current event is possible only if something was missed between `since` and `until` (now)."""
        cut = self.cuts.contradict(since, until or self.at, self.calls_up())
        if cut is not None:
            self.cut_off(cut)

    def cut_off(self, cut: Cut) -> None:
        """Every call that was up was unobserved in the cut: its next event may follow from something that was missed."""
        for call_id, at_cut in cut.up.items():
            call = self.calls.get(call_id)
            if call is not None:
                call.cut = True
            if at_cut.known:
                unseen = Fact("unseen", cut.opened, "ami", until=cut.closed, ref=f"ami:{self.event}")
                self.observations.append(ObserveCall(call=call_id, facts=(unseen,)))

    def call(self, channel: Channel, inbound: bool = False) -> Call:
        """The call of this channel, created if it is missing."""
        call = self.calls.get(channel.id)
        if call is None:
            call = Call(
                channel.id, channel.linked, inbound, self.at, cut=channel.born == self.at and self.cuts.latest > born_at(channel.id)
            )
            self.calls[call.id] = call
        call.sign = self.at
        return call

    def talk_of(self, channel_id: str) -> Call | None:
        """The call that an agent's channel talks to, also through a Local channel."""
        leg = self.first_of(channel_id, self.talks)
        return self.calls.get(self.talks[leg]) if leg else None

    def first_of(self, channel_id: str, known: Container[str]) -> str:
        """The channel, or the first one behind it, that is one of those known; "" if none is."""
        for _ in range(4):
            if channel_id in known:
                return channel_id
            channel_id = self.behind.get(channel_id, "")
        return ""

    def calls_up(self) -> dict[str, CallAtCut]:
        """Every call that is up, in a queue, talking or elsewhere; and ended ones whose end in a queue is awaited."""
        up: dict[str, CallAtCut] = {}
        for channel in self.channels.values():
            call = self.calls.get(channel.id)
            if (channel.id != channel.linked and call is None) or channel.spying:
                continue
            if call is None:
                up[channel.id] = CallAtCut()
                continue
            visit, gone = call.visit, call.gone > 0
            if visit is not None and not visit.abandon_seen:
                up[channel.id] = CallAtCut(visit.queue, visit.offered, visit.answered, known=call.known, unbroken=gone, gone=gone)
            elif not gone:
                with_agent = call.attempt is not None and call.attempt.agent != ""
                up[channel.id] = CallAtCut(with_agent=with_agent, known=call.known)
        return up


def device(channel: str) -> str:
    """The telephone or trunk of a channel: `PJSIP/1001` of `PJSIP/1001-0000002a`."""
    return _DEVICE.sub("", channel)


def by_name(agent: str) -> str:
    """The key of a member whose interface is not known yet."""
    return f"name:{agent}"


def born_at(channel_id: str) -> int:
    """The second in which a channel was created, in microseconds; 0 if its Uniqueid does not have it."""
    return second_of(channel_id) * SECOND
