"""What an AMI stream has shown of the PBX so far: its lines, its calls, its queues' members.

Everything here comes from packets alone, in the order in which they came: no clock, no I/O. What a call tells is
collected in `told` and taken away after each packet.
"""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass, field
from typing import Literal

from commands.observations import MatchMember, ObserveAgent, ObserveCall, ObserveTimeline
from domain.base import SECOND
from domain.voice.facts import CallKind, Fact, FactKind, PresenceKind
from telephony_adapter.ami.gap_estimation import CallAtCut, Cut
from telephony_adapter.ami.gap_numbers import second_of
from telephony_adapter.ami.gaps import Cuts
from telephony_adapter.ami.packets import Packet

Told = ObserveCall | ObserveAgent | MatchMember | ObserveTimeline

Origin = Literal["outside", "phone", "inside"]
"""Where a line comes from: the carrier, an agent's telephone, or the PBX itself (a leg, a Local half)."""

_DEVICE = re.compile(r"-[0-9A-Fa-f]{6,}(;[12])?$")


@dataclass(frozen=True)
class Dialplan:
    """What the names in a dialplan mean, where no event says it. The defaults are what Brazilian PBXs use.

    ivr: contexts that are IVRs even when no application waits for keys. closed: contexts that tell the caller that it
    is closed now; closed_events: UserEvents that do. refused: contexts for callers of the blacklist.
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
    """A line of the PBX. `linked`: the call to which it belongs (Linkedid).

    reading: the variable into which Read puts what is keyed. awaiting: the context in which an extension is awaited.
    """

    id: str
    linked: str
    device: str
    origin: Origin
    born: int
    context: str = ""
    exten: str = ""
    context_since: int = 0
    asked_to_hang_up: bool = False
    dialplan_hung_up: int = 0
    rang: bool = False
    queue: str = ""
    reading: str = ""
    keyed: str = ""
    awaiting: str = ""
    spying: str = ""


@dataclass(slots=True)
class Visit:
    """A call's present visit to a queue, from joining until the talk is over.

    left: when it left the queue, before anybody knows how. abandon_told: QueueCallerAbandon came, which a time-out sends too;
    asked: the caller had hung up by then.
    """

    queue: str
    offered: int
    answered: int = 0
    agent: str = ""
    left: int = 0
    abandon_told: bool = False
    asked: bool = False
    wait_ms: int | None = None
    held: bool = False


@dataclass(slots=True)
class Attempt:
    """An outbound attempt in the making.

    agent_leg, customer_leg: the lines of the two ends. caller_id: what an Originate shows to its first leg.
    given_up: its time for an answer was up. failure: when the customer's line ended without an answer, and why.
    """

    style: str
    agent: str = ""
    number: str = ""
    told: bool = False
    agent_leg: str = ""
    customer_leg: str = ""
    caller_id: str = ""
    answered: bool = False
    given_up: bool = False
    failure: tuple[int, str] | None = None


@dataclass(slots=True)
class Call:
    """A call: the line of a customer, or of whoever visits a queue. `sign`: the last event on it.

    known: something was told of it. cut: a cut fell into its life. past_ivr: it has been in a queue, or was handed on.
    left_by_key: the queue that it left in a way which the queue does not count. listed: when a list last showed it waiting.
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
    part_told: bool = False
    left_by_key: str = ""
    ivr: str = ""
    out_of_hours: bool = False
    transfer_to: str = ""
    attempt: Attempt | None = None
    gone: int = 0
    listed: int = 0

    @property
    def surely_waits(self) -> bool:
        """In a queue now, as far as everything was seen."""
        visit = self.visit
        return visit is not None and not (visit.answered or visit.left or self.cut or self.gone)


@dataclass(slots=True)
class Member:
    """A queue's member under the name that the queue log calls its agent."""

    name: str
    paused: bool = False
    reason: str = ""
    last_pause: int = 0
    changed: int = 0


def _few() -> deque[tuple[int, int]]:
    return deque(maxlen=64)


@dataclass(slots=True)
class PbxState:
    """All that is known now.

    variables: those whose setting is of interest.
    talks: an agent's line -> the call whose talk it carries. ringing: an agent's line that rings -> (call, queue, agent, since).
    behind: a leg -> the leg before it, for agents who are reached through a Local channel.
    dialplan_told, lines_told: events of the class `dialplan`, of the class `call` come. unborn_since: from when until when lines must have been born
    unseen if that class comes at all. undecided: from when until when ends of waits could not be told apart without them.
    noted: the recorder notes when a connection is made or lost. alive: the lines of a list that is being told. absent: calls that were missing in a list -> when.
    """

    dialplan: Dialplan
    variables: set[str]
    at: int = 0
    event: str = ""
    started: int = 0
    told: list[Told] = field(default_factory=list)
    cuts: Cuts = field(default_factory=Cuts)
    channels: dict[str, Channel] = field(default_factory=dict)
    calls: dict[str, Call] = field(default_factory=dict)
    ending: dict[str, Call] = field(default_factory=dict)
    ringing: dict[str, tuple[str, str, str, int]] = field(default_factory=dict)
    talks: dict[str, str] = field(default_factory=dict)
    behind: dict[str, str] = field(default_factory=dict)
    members: dict[tuple[str, str], Member] = field(default_factory=dict)
    listed: dict[str, set[str]] = field(default_factory=dict)
    interfaces: dict[str, str] = field(default_factory=dict)
    phones: set[str] = field(default_factory=set)
    counted: dict[str, int] = field(default_factory=dict)
    alive: set[str] = field(default_factory=set)
    absent: dict[str, int] = field(default_factory=dict)
    booted: int = 0
    stopped: int = 0
    noted: bool = False
    dialplan_told: bool = False
    lines_told: bool = False
    unborn_since: deque[tuple[int, int]] = field(default_factory=_few)
    undecided: tuple[int, int] | None = None

    # observations

    def fact(self, kind: FactKind, at: int = 0, **fields: object) -> Fact:
        """A fact of this packet; its instant unless told otherwise."""
        return Fact(kind, at or self.at, "ami", ref=f"ami:{self.event}", **fields)  # type: ignore[arg-type]

    def observe(self, call: Call, kind: CallKind, at: int = 0, **fields: object) -> None:
        """Say a fact about a call. What comes behind a list that shows it waiting came later, even if its own instant is some ms before."""
        call.known = True
        self.told.append(ObserveCall(call=call.id, facts=(self.fact(kind, max(at or self.at, call.listed), **fields),)))

    def observe_agent(self, agent: str, kind: PresenceKind, at: int = 0, **fields: object) -> None:
        """Say a fact about an agent."""
        self.told.append(ObserveAgent(agent=agent, facts=(self.fact(kind, at, agent=agent, **fields),)))

    # lines and calls

    def line(self, packet: Packet) -> Channel:
        """The line that a packet speaks of; one whose birth nobody saw is made up from what the packet tells."""
        id = packet["Uniqueid"]
        channel = self.channels.get(id)
        if channel is None:
            channel = self.add_line(packet, "inside" if packet.get("Linkedid") not in ("", id) else self.origin(packet["Channel"]))
            self.unborn(channel)
        return channel

    def add_line(self, packet: Packet, origin: Origin) -> Channel:
        """A line that is new to us."""
        channel = Channel(packet["Uniqueid"], packet.get("Linkedid") or packet["Uniqueid"], device(packet["Channel"]), origin, self.at)
        self.channels[channel.id] = channel
        if channel.device.startswith("Local/"):
            self.cuts.met_inner(channel.id)
        return channel

    def origin(self, name: str) -> Origin:
        """Where a line with the channel name `name` comes from, as far as the name tells."""
        if name.startswith("Local/"):
            return "inside"
        return "phone" if device(name) in self.phones else "outside"

    def unborn(self, channel: Channel) -> None:
        """A line that was never seen to begin: born before the stream, in a gap, or in one that left no other mark."""
        born = born_at(channel.id)
        if channel.id != channel.linked:
            self.cuts.met_leg(channel.id)
        if born > self.started + SECOND and not self.cuts.covers(born, born + SECOND):
            if self.lines_told:
                self.contradict(born - SECOND)
            else:
                self.unborn_since.append((born - SECOND, self.at))

    def hear_of_lines(self) -> None:
        """An event of the class `call` came: births of lines are told, and those that were not must have been missed."""
        self.lines_told = True
        while self.unborn_since:
            self.contradict(*self.unborn_since.popleft())

    def contradict(self, since: int, until: int = 0) -> None:
        """What was just told cannot be unless something was missed between `since` and `until` (now)."""
        cut = self.cuts.contradict(since, until or self.at, self.standings())
        if cut is not None:
            self.cut_off(cut)

    def cut_off(self, cut: Cut) -> None:
        """Every call that was up has lived through the cut unseen: what happens to it next may follow from what nobody saw."""
        for call_id, standing in cut.up.items():
            call = self.calls.get(call_id)
            if call is not None:
                call.cut = True
            if standing.known:
                unseen = Fact("unseen", cut.opened, "ami", until=cut.closed, ref=f"ami:{self.event}")
                self.told.append(ObserveCall(call=call_id, facts=(unseen,)))

    def call(self, channel: Channel, inbound: bool = False) -> Call:
        """The call of this line, from now on known."""
        call = self.calls.get(channel.id)
        if call is None:
            call = Call(
                channel.id, channel.linked, inbound, self.at, cut=channel.born == self.at and self.cuts.latest > born_at(channel.id)
            )
            self.calls[call.id] = call
        call.sign = self.at
        return call

    def talk_of(self, channel_id: str) -> Call | None:
        """The call whose talk runs over an agent's line, be it through a Local channel."""
        for _ in range(4):
            if channel_id in self.talks:
                return self.calls.get(self.talks[channel_id])
            channel_id = self.behind.get(channel_id, "")
        return None

    def standings(self) -> dict[str, CallAtCut]:
        """Every call that is up, in a queue, talking, or somewhere before or between; and those gone whose end in a queue is awaited."""
        up: dict[str, CallAtCut] = {}
        for channel in self.channels.values():
            call = self.calls.get(channel.id)
            if (channel.id != channel.linked and call is None) or channel.spying:
                continue
            if call is None:
                up[channel.id] = CallAtCut()
                continue
            visit, gone = call.visit, call.gone > 0
            if visit is not None and not visit.abandon_told:
                up[channel.id] = CallAtCut(visit.queue, visit.offered, visit.answered, known=call.known, unbroken=gone, gone=gone)
            elif not gone:
                with_agent = call.attempt is not None and call.attempt.agent != ""
                up[channel.id] = CallAtCut(with_agent=with_agent, known=call.known)
        return up


def device(channel: str) -> str:
    """The telephone or trunk of a channel: `PJSIP/1001` of `PJSIP/1001-0000002a`."""
    return _DEVICE.sub("", channel)


def born_at(channel_id: str) -> int:
    """The second in which a line was born, in microseconds; 0 when its Uniqueid cannot tell."""
    return second_of(channel_id) * SECOND
