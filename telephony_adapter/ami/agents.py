"""Members of queues: logged in, paused with a reason, and the telephone of each agent.

The PBX sends one QueueMemberPause for each queue of the interface. For a reason with bytes that are not UTF-8 it sends
none: the unpause that follows shows by LastPause that there was a pause. Lists (QueueStatus) have the present state of
all members; a change that only the list shows happened unobserved.
"""

from __future__ import annotations

from commands.observations import MatchMember
from domain.base import SECOND
from domain.voice.facts import ECHO
from telephony_adapter.ami.hints import hint_of, telephones_in
from telephony_adapter.ami.own_actions import Kind
from telephony_adapter.ami.packets import Packet
from telephony_adapter.ami.pbx_state import Member, PbxState, by_name

_MARKS: dict[Kind | None, int] = {None: 0, "echo": ECHO, "renewal": 0}


def known_member(pbx: PbxState, interface: str, name: str) -> str:
    """The agent's name. The first time a telephone and a name occur together they are matched."""
    if pbx.interfaces.get(interface) != name:
        pbx.interfaces[interface] = name
        if interface != name:
            pbx.observations.append(MatchMember(interface=interface, member=name))
        if not interface.startswith("Local/"):
            pbx.phones.add(interface)
        for queue, key in [found for found in pbx.members if found[1] == by_name(name)]:
            pbx.members[queue, interface] = pbx.members.pop((queue, key))
    return name


def _know_telephone(pbx: PbxState, packet: Packet, agent: str) -> None:
    """The telephone by which the queue knows whether the member is busy: of one who is reached through the dialplan, the own one."""
    watched = packet.get("StateInterface")
    hint = hint_of(watched)
    if hint:
        pbx.hinted[hint] = agent
    for telephone in pbx.hints.get(hint, ()) if hint else (watched,):
        if telephone:
            _is_of(pbx, telephone, agent)


def hint_listed(pbx: PbxState, packet: Packet) -> None:
    """ExtensionStatus, a row of ExtensionStateList: the telephones behind an extension with a hint, as FreePBX names those of members."""
    hint = f"{packet['Exten']}@{packet['Context']}"
    pbx.hints[hint] = telephones_in(packet.get("Hint"))
    for telephone in pbx.hints[hint]:
        if hint in pbx.hinted:
            _is_of(pbx, telephone, pbx.hinted[hint])


def _is_of(pbx: PbxState, telephone: str, agent: str) -> None:
    pbx.phones.add(telephone)
    pbx.telephones[telephone] = agent


def seen(pbx: PbxState, queue: str, interface: str, agent: str) -> None:
    """An agent rang or answered in a queue: a member of it, even if that was not known."""
    if (queue, interface) not in pbx.members:
        pbx.members[queue, interface] = Member(agent)
        pbx.observe_agent(agent, "seen", queue=queue)


def talked(pbx: PbxState, queue: str, interface: str, agent: str) -> None:
    """An agent's talk ended: a member of the queue since before, even if that was not known."""
    if (queue, interface) not in pbx.members:
        pbx.observe_agent(agent, "talked", queue=queue)


def member_added(pbx: PbxState, packet: Packet) -> None:
    """QueueMemberAdded: the agent joins the queue, possibly paused."""
    interface, queue = packet["Interface"], packet["Queue"]
    agent = known_member(pbx, interface, packet["MemberName"])
    _know_telephone(pbx, packet, agent)
    own = pbx.own.met("QueueAdd", queue, interface)
    member = pbx.members[queue, interface] = Member(agent)
    if own == "renewal":
        _note_pause(pbx, member, packet)
        return
    pbx.observe_agent(agent, "logged_in", queue=queue, by="member", mark=_MARKS[own])
    if packet.get("Paused") == "1":
        _pause(pbx, queue, member, packet, mark=_MARKS[own])


def member_removed(pbx: PbxState, packet: Packet) -> None:
    """QueueMemberRemoved: the agent leaves this queue."""
    interface, queue = packet["Interface"], packet["Queue"]
    agent = known_member(pbx, interface, packet["MemberName"])
    own = pbx.own.met("QueueRemove", queue, interface)
    pbx.members.pop((queue, interface), None)
    if own != "renewal":
        pbx.observe_agent(agent, "logged_out", queue=queue, by="member", mark=_MARKS[own])


def member_paused(pbx: PbxState, packet: Packet) -> None:
    """QueueMemberPause: the agent is paused, changes the reason, or is unpaused."""
    interface, queue = packet["Interface"], packet["Queue"]
    agent = known_member(pbx, interface, packet["MemberName"])
    member = pbx.members.setdefault((queue, interface), Member(agent))
    mark = _MARKS[pbx.own.met("QueuePause", queue, interface)]
    if packet["Paused"] == "1":
        _pause(pbx, queue, member, packet, mark=mark)
        return
    since = packet.whole("LastPause")
    if not member.paused and since > member.last_pause and since * SECOND >= pbx.started:
        began = max(since * SECOND, member.changed + 1)
        if began < pbx.at:
            pbx.observe_agent(agent, "paused", began, queue=queue)
    pbx.observe_agent(agent, "resumed", queue=queue, mark=mark)
    member.paused, member.reason, member.changed = False, "", pbx.at
    member.last_pause = max(member.last_pause, since)


def _pause(pbx: PbxState, queue: str, member: Member, packet: Packet, at: int = 0, *, mark: int = 0) -> None:
    pbx.observe_agent(member.name, "paused", at, queue=queue, text=packet.get("PausedReason"), mark=mark)
    _note_pause(pbx, member, packet, at)


def _note_pause(pbx: PbxState, member: Member, packet: Packet, at: int = 0) -> None:
    """Keep whether the packet says that the member is paused, and why."""
    paused = packet.get("Paused") == "1"
    member.paused, member.reason, member.changed = paused, packet.get("PausedReason") if paused else "", at or pbx.at
    member.last_pause = packet.whole("LastPause")


def listed_member(pbx: PbxState, packet: Packet) -> None:
    """QueueMember, a row of QueueStatus: the present state of a member."""
    interface, queue = packet["Location"], packet["Queue"]
    agent = known_member(pbx, interface, packet["Name"])
    _know_telephone(pbx, packet, agent)
    pbx.listed.setdefault(queue, set()).add(interface)
    member = pbx.members.get((queue, interface))
    if member is None:
        member = pbx.members[queue, interface] = Member(agent)
        since = packet.whole("LoginTime") * SECOND
        pbx.observe_agent(agent, "logged_in", since if 0 < since < pbx.at else pbx.at, queue=queue, by="member")
    paused = packet.get("Paused") == "1"
    if paused and not member.paused:
        since = packet.whole("LastPause") * SECOND
        _pause(pbx, queue, member, packet, since if member.changed < since < pbx.at else pbx.at)
    elif member.paused and not paused:
        pbx.observe_agent(agent, "resumed", queue=queue, by="list")
        member.paused, member.changed = False, pbx.at


def listing_complete(pbx: PbxState) -> None:
    """QueueStatusComplete: a member of a listed queue who is not in the list has left it."""
    for queue, interfaces in pbx.listed.items():
        for key in [key for key in pbx.members if key[0] == queue and key[1] not in interfaces]:
            pbx.observe_agent(pbx.members.pop(key).name, "logged_out", queue=queue, by="list")
    pbx.listed.clear()
