"""Streams with a gap: packets are missing, or a connection was lost and made again.

What a reconnection would have shown (lines that are up, callers who wait, members, the queues' counters) is calculated from the
whole recording: the state of `Pbx` at that moment.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from tests.kit.captures import Line

LOST_S = 8.0
_STAMP = re.compile(r"^Timestamp: ([\d.]+)\r?$", re.MULTILINE)


@dataclass
class Pbx:
    """The state of the PBX at a moment: headers by line, waiting callers with their instants, members, ends counted by queue."""

    channels: dict[str, dict[str, str]] = field(default_factory=dict)
    waiting: dict[str, tuple[float, dict[str, str]]] = field(default_factory=dict)
    talking: dict[str, tuple[float, dict[str, str]]] = field(default_factory=dict)
    members: dict[tuple[str, str], dict[str, str]] = field(default_factory=dict)
    completed: dict[str, int] = field(default_factory=dict)
    abandoned: dict[str, int] = field(default_factory=dict)
    booted: float = 0.0

    def see(self, lines: Iterable[Line]) -> Pbx:
        """Apply these lines."""
        for line in lines:
            if line.name:
                self._take(line)
        return self

    def _take(self, line: Line) -> None:
        headers = dict(text.partition(": ")[::2] for text in line.raw.split("\r\n") if ": " in text)
        id, queue = headers.get("Uniqueid", ""), headers.get("Queue", "")
        match line.name:
            case "Newchannel":
                self.channels[id] = headers
            case "Hangup":
                self.channels.pop(id, None)
            case "QueueCallerJoin":
                self.waiting[id] = (line.t, headers)
            case "QueueCallerLeave":
                self.waiting.pop(id, None)
            case "QueueCallerAbandon":
                self.abandoned[queue] = self.abandoned.get(queue, 0) + 1
            case "AgentConnect":
                self.talking[id] = (line.t, headers)
            case "AgentComplete":
                self.talking.pop(id or self._talking_on(headers), None)
                self.completed[queue] = self.completed.get(queue, 0) + 1
            case "QueueParams":
                self.completed.setdefault(queue, 0)
                self.abandoned.setdefault(queue, 0)
            case "QueueMemberAdded" | "QueueMemberPause" | "QueueMemberStatus":
                self.members[queue, headers["Interface"]] = headers
            case "QueueMemberRemoved":
                self.members.pop((queue, headers["Interface"]), None)
            case "FullyBooted":
                self.booted = line.t - int(headers["Uptime"])

    def _talking_on(self, ended: dict[str, str]) -> str:
        """The call whose talk ended, if the caller's line ended before."""
        return next((id for id, (_, known) in self.talking.items() if known["MemberName"] == ended["MemberName"]), "")

    def restart(self, at: float) -> None:
        """Restart the PBX: members stay, everything else is gone."""
        self.channels, self.waiting, self.talking = {}, {}, {}
        self.completed = dict.fromkeys(self.completed, 0)
        self.abandoned = dict.fromkeys(self.abandoned, 0)
        self.members = {key: known | {"LoginTime": str(int(at))} for key, known in self.members.items()}
        self.booted = at

    def logged_in(self, at: float) -> list[Line]:
        """A new connection, accepted by a PBX that is up."""
        return [
            Line(at, "", "tcp-connected"),
            Line(at, "Asterisk Call Manager/11.0.0\r\n"),
            packet(at, "Response: Success", Message="Authentication accepted"),
            packet(at, "Event: FullyBooted", Privilege="system,all", Uptime=str(int(at - self.booted)), Status="Fully Booted"),
        ]

    def listed(self, at: float) -> list[Line]:
        """The answers to CoreShowChannels and QueueStatus."""
        lines = []
        for id, known in self.channels.items():
            shown = {name: known.get(name, "") for name in ("Channel", "CallerIDNum", "Context", "Exten")}
            lines.append(packet(at, "Event: CoreShowChannel", **shown, Uniqueid=id, Linkedid=known["Linkedid"]))
        lines.append(packet(at, "Event: CoreShowChannelsComplete", EventList="Complete", ListItems=str(len(self.channels))))
        for queue in self.completed:
            lines += self._queue(queue, at)
        return [*lines, packet(at, "Event: QueueStatusComplete", EventList="Complete", ListItems="1")]

    def _queue(self, queue: str, at: float) -> list[Line]:
        counted = {"Completed": str(self.completed[queue]), "Abandoned": str(self.abandoned[queue])}
        lines = [packet(at, "Event: QueueParams", Queue=queue, Max="0", **counted)]
        for (of, interface), known in self.members.items():
            if of == queue:
                shown = {name: known.get(name, "") for name in ("StateInterface", "LastPause", "LoginTime", "Paused", "PausedReason")}
                lines.append(packet(at, "Event: QueueMember", Queue=queue, Name=known["MemberName"], Location=interface, **shown))
        for id, (since, known) in self.waiting.items():
            if known["Queue"] == queue:
                caller = {name: known.get(name, "") for name in ("Channel", "CallerIDNum")}
                lines.append(packet(at, "Event: QueueEntry", Queue=queue, Uniqueid=id, Wait=str(int(at - since)), **caller))
        return lines


def packet(at: float, first: str, **headers: str) -> Line:
    """A packet that arrives at that moment; its first line and its headers."""
    return Line(at, "\r\n".join([first, *(f"{name}: {value}" for name, value in headers.items())]) + "\r\n\r\n")


def lacking(lines: Sequence[Line], since: float, seconds: float = LOST_S) -> list[Line]:
    """The stream without the packets of these seconds, with no mark in their place."""
    return [line for line in lines if not since <= line.t < since + seconds]


def lost(lines: Sequence[Line], since: float, seconds: float = LOST_S) -> list[Line]:
    """The stream of a connection that was lost for these seconds; the client requested all lists when it was back."""
    back = since + seconds
    # What had happened by then is in the lists and is not sent again, even if it took a few ms to arrive.
    pbx = Pbx().see(line for line in lines if _happened(line) < back)
    return [
        *(line for line in lines if line.t < since),
        Line(since, "", "tcp-closed"),
        *pbx.logged_in(back),
        *pbx.listed(back),
        *(line for line in lines if _happened(line) >= back),
    ]


def _happened(line: Line) -> float:
    """The line's timestamp; without one, its time of arrival."""
    found = _STAMP.search(line.raw)
    return float(found[1]) if found else line.t
