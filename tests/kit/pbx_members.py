"""The members of a PBX's queues, which the actions of a test change: and what the PBX tells of it, to be passed on when the test says so."""

from __future__ import annotations

from commands.observations import ObserveAgent
from telephony_adapter.ami.packets import Packet
from telephony_adapter.ami.stream import PacketStream
from telephony_adapter.ami.translator import Translator
from tests.kit.packets import event

REASON_BYTES = 79
"""It keeps so much of a pause's reason."""


class PbxMembers:
    """Answers the actions about members as a PBX does. told: the events that it has still to send.

    refusals: the messages with which it refuses the next actions of a name, the last one first; "" for one that is not refused.
    """

    def __init__(self, *queues: str) -> None:
        self.queues = queues
        self.members: dict[tuple[str, str], dict[str, str]] = {}
        self.told: list[tuple[str, dict[str, str]]] = []
        self.refusals: dict[str, list[str]] = {}
        self.done: list[str] = []

    def answer(self, action: dict[str, str]) -> str:
        """What it answers to an action."""
        name, id = action["Action"], action.get("ActionID", "")
        self.done.append(name)
        if name == "QueueStatus":
            return self._listed(id)
        refusals = self.refusals.get(name)
        message = (refusals.pop() if refusals else "") or (self._refused(action) if name.startswith("Queue") else "")
        booted = "Event: FullyBooted\r\n\r\n" if name == "Login" else ""
        return f"Response: {'Error' if message else 'Success'}\r\nActionID: {id}\r\nMessage: {message}\r\n\r\n{booted}"

    def _listed(self, id: str) -> str:
        rows: list[dict[str, str]] = [{"Event": "QueueParams", "Queue": queue} for queue in self.queues]
        rows += [{"Event": "QueueMember", "Membership": "dynamic", **row} for row in self.members.values()]
        rows.append({"Event": "QueueStatusComplete", "EventList": "Complete"})
        packets = [{"Response": "Success", "EventList": "start"}, *rows]
        return "".join("".join(f"{key}: {value}\r\n" for key, value in {**packet, "ActionID": id}.items()) + "\r\n" for packet in packets)

    def _refused(self, action: dict[str, str]) -> str:
        """Do it, unless the PBX refuses it: then why."""
        name, key = action["Action"], (action["Queue"], action["Interface"])
        if (name == "QueueAdd") == (key in self.members):
            return "Unable to add interface: Already there" if name == "QueueAdd" else "Unable to remove interface: Not there"
        if name == "QueueAdd":
            row = {"Queue": key[0], "Location": key[1], "Name": action["MemberName"], "LastCall": "0", "InCall": "0"}
            row |= {name: action[name] for name in ("Penalty", "StateInterface") if name in action}
            self.members[key] = row | _paused(action)
        elif name == "QueuePause":
            self.members[key] |= _paused(action)
        self._tells(name, self.members[key])
        if name == "QueueRemove":
            del self.members[key]
        return ""

    def _tells(self, action: str, row: dict[str, str]) -> None:
        if any(map(_is_cut, row["PausedReason"])):
            return
        name = {"QueueAdd": "QueueMemberAdded", "QueueRemove": "QueueMemberRemoved", "QueuePause": "QueueMemberPause"}[action]
        headers = {"Queue": row["Queue"], "Interface": row["Location"], "MemberName": row["Name"]}
        self.told.append((name, headers | {"Paused": row["Paused"], "PausedReason": row["PausedReason"]}))


def _paused(action: dict[str, str]) -> dict[str, str]:
    reason = action.get("Reason", "").encode("utf-8", "surrogateescape")[:REASON_BYTES].decode("utf-8", "surrogateescape")
    return {"Paused": "1" if action["Paused"] == "true" else "0", "PausedReason": reason}


def _is_cut(character: str) -> bool:
    """Whether it is a byte of a character whose other bytes are missing: the PBX makes no event of that."""
    return "\ud800" <= character <= "\udfff"


class Telling:
    """A translator of what such a PBX tells."""

    def __init__(self) -> None:
        self.translator = Translator("ami:test")
        self._stream = PacketStream(self.translator.interest)
        self._read = 0

    def tell(self, members: PbxMembers, at: float) -> list[ObserveAgent]:
        """Let the PBX send what it has still to tell, a millisecond apart from `at` on (a second of the story); what that says about agents."""
        told, members.told = members.told, []
        packets: list[Packet] = []
        for number, (name, headers) in enumerate(told):
            self._read += 1
            packets += self._stream.packet(event(name, at + number / 1_000, **headers), 0, self._read)
        return [each for packet in packets for each in self.translator.feed(packet) if isinstance(each, ObserveAgent)]
