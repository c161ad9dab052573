"""Members of queues: who is in, who is paused and why, and which telephone is whose.

One QueueMemberPause comes for each queue in which the interface is. A reason with bytes that are no UTF-8 sends none
at all: the unpause that follows tells by LastPause that there was a pause. Lists (QueueStatus) tell how all stand at
their moment; what they tell anew happened while nobody saw.
"""

from __future__ import annotations

from commands.observations import MatchMember
from domain.base import SECOND
from telephony_adapter.ami.packets import Packet
from telephony_adapter.ami.pbx_state import Member, PbxState


def known_member(board: PbxState, interface: str, name: str) -> str:
    """The agent's name; the telephone and the name are joined the first time they are seen together."""
    if board.interfaces.get(interface) != name:
        board.interfaces[interface] = name
        if interface != name:
            board.told.append(MatchMember(interface=interface, member=name))
        if not interface.startswith("Local/"):
            board.phones.add(interface)
    return name


def seen(board: PbxState, queue: str, interface: str, agent: str) -> None:
    """Rung or answered in a queue: in it, if we did not know."""
    if (queue, interface) not in board.members:
        board.members[queue, interface] = Member(agent)
        board.observe_agent(agent, "seen", queue=queue)


def talked(board: PbxState, queue: str, interface: str, agent: str) -> None:
    """His talk ended: he had come in before, if we never heard of him."""
    if (queue, interface) not in board.members:
        board.observe_agent(agent, "talked", queue=queue)


def member_added(board: PbxState, packet: Packet) -> None:
    """QueueMemberAdded: in, perhaps paused from the start."""
    interface, queue = packet["Interface"], packet["Queue"]
    agent = known_member(board, interface, packet["MemberName"])
    if packet.get("StateInterface"):
        board.phones.add(packet["StateInterface"])
    member = board.members[queue, interface] = Member(agent)
    board.observe_agent(agent, "joined", queue=queue, by="member")
    if packet.get("Paused") == "1":
        _pause(board, queue, member, packet)


def member_removed(board: PbxState, packet: Packet) -> None:
    """QueueMemberRemoved: out of this queue."""
    interface, queue = packet["Interface"], packet["Queue"]
    agent = known_member(board, interface, packet["MemberName"])
    board.members.pop((queue, interface), None)
    board.observe_agent(agent, "left", queue=queue, by="member")


def member_paused(board: PbxState, packet: Packet) -> None:
    """QueueMemberPause: paused, another reason for the same pause, or back."""
    interface, queue = packet["Interface"], packet["Queue"]
    agent = known_member(board, interface, packet["MemberName"])
    member = board.members.setdefault((queue, interface), Member(agent))
    if packet["Paused"] == "1":
        _pause(board, queue, member, packet)
        return
    since = packet.whole("LastPause")
    if not member.paused and since > member.last_pause and since * SECOND >= board.started:
        began = max(since * SECOND, member.changed + 1)
        if began < board.at:
            board.observe_agent(agent, "paused", began, queue=queue)
    board.observe_agent(agent, "unpaused", queue=queue)
    member.paused, member.reason, member.changed = False, "", board.at
    member.last_pause = max(member.last_pause, since)


def _pause(board: PbxState, queue: str, member: Member, packet: Packet, at: int = 0) -> None:
    reason = packet.get("PausedReason")
    board.observe_agent(member.name, "paused", at, queue=queue, text=reason)
    member.paused, member.reason, member.changed = True, reason, at or board.at
    member.last_pause = packet.whole("LastPause")


def listed_member(board: PbxState, packet: Packet) -> None:
    """QueueMember, a row of QueueStatus: how a member stands now."""
    interface, queue = packet["Location"], packet["Queue"]
    agent = known_member(board, interface, packet["Name"])
    if packet.get("StateInterface"):
        board.phones.add(packet["StateInterface"])
    board.listed.setdefault(queue, set()).add(interface)
    member = board.members.get((queue, interface))
    if member is None:
        member = board.members[queue, interface] = Member(agent)
        since = packet.whole("LoginTime") * SECOND
        board.observe_agent(agent, "joined", since if 0 < since < board.at else board.at, queue=queue, by="member")
    paused = packet.get("Paused") == "1"
    if paused and not member.paused:
        since = packet.whole("LastPause") * SECOND
        _pause(board, queue, member, packet, since if member.changed < since < board.at else board.at)
    elif member.paused and not paused:
        board.observe_agent(agent, "unpaused", queue=queue, by="list")
        member.paused, member.changed = False, board.at


def listing_complete(board: PbxState) -> None:
    """QueueStatusComplete: a member of a listed queue who is not in the list has left it."""
    for queue, interfaces in board.listed.items():
        for key in [key for key in board.members if key[0] == queue and key[1] not in interfaces]:
            board.observe_agent(board.members.pop(key).name, "left", queue=queue, by="list")
    board.listed.clear()
