"""Hand-made streams of AMI: packets as text, recordings as files, and the observations that a translator makes of them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from commands.observations import ObserveAgent, ObserveCall, ObserveTimeline
from domain.voice.facts import Fact
from domain.voice.timeline import Gap
from telephony_adapter.ami.pbx_state import Observation
from telephony_adapter.ami.recording import Recording
from telephony_adapter.ami.translator import Translator

T0 = 1_795_409_000
BANNER = "Asterisk Call Manager/11.0.0\r\n"


def event(name: str, second: float, **headers: object) -> str:
    """An event `second` seconds into the story, with `Timestamp`; headers are named with `_` for `-`."""
    lines = [f"Event: {name}", "Privilege: call,all", f"Timestamp: {T0 + second:.6f}"]
    lines += [f"{header.replace('_', '-')}: {value}" for header, value in headers.items()]
    return "\r\n".join(lines) + "\r\n\r\n"


def undated(first: str, **headers: object) -> str:
    """A packet without `Timestamp`, as responses and list events are."""
    return "\r\n".join([first, *(f"{header}: {value}" for header, value in headers.items())]) + "\r\n\r\n"


def as_lines(packets: Iterable[str], start: float = T0, step: float = 0.01) -> str:
    """The packets as a recorder writes them with arrival times: those of their `Timestamp`, else just after the one before."""
    lines, at = [], start
    for packet in packets:
        _, found, rest = packet.partition("\nTimestamp: ")
        at = float(rest.split("\r", 1)[0]) if found else at + step
        lines.append(json.dumps({"t": at, "raw": packet}))
    return "".join(f"{line}\n" for line in lines)


def note(kind: str, second: float) -> str:
    """The recorder's note that the connection was made or lost."""
    return json.dumps({"t": T0 + second, "raw": None, "note": kind}) + "\n"


class Story:
    """The observations that a translator makes of a stream. `broken`: lines that could not be read."""

    def __init__(self, path: Path) -> None:
        self.translator = Translator("story")
        self.recording = Recording(path, self.translator.interest)
        self.observations: list[Observation] = []
        for packet in self.recording:
            self.observations += self.translator.feed(packet)
        self.observations += self.translator.ended(self.recording.first, self.recording.last)
        self.broken = [(broken.number, broken.why) for broken in self.recording.broken]

    def of(self, call: str) -> list[Fact]:
        """The facts about a call."""
        return [
            fact
            for observation in self.observations
            if isinstance(observation, ObserveCall) and observation.call == call
            for fact in observation.facts
        ]

    def kinds(self, call: str, *only: str) -> list[str]:
        """Their kinds, all or only these."""
        return [fact.kind for fact in self.of(call) if not only or fact.kind in only]

    def agent(self, name: str) -> list[Fact]:
        """The facts about an agent."""
        return [
            fact
            for observation in self.observations
            if isinstance(observation, ObserveAgent) and observation.agent == name
            for fact in observation.facts
        ]

    @property
    def calls(self) -> set[str]:
        """Every call with an observation."""
        return {observation.call for observation in self.observations if isinstance(observation, ObserveCall)}

    @property
    def gaps(self) -> list[Gap]:
        """The gaps, by their latest estimation."""
        gaps = {
            observation.gap.opened_us: observation.gap
            for observation in self.observations
            if isinstance(observation, ObserveTimeline) and observation.gap is not None
        }
        return [gap for _, gap in sorted(gaps.items())]

    @property
    def restarts(self) -> list[int]:
        """When the PBX restarted."""
        return [
            observation.restart_at
            for observation in self.observations
            if isinstance(observation, ObserveTimeline) and observation.restart_at is not None
        ]


def story(directory: Path, packets: Sequence[str]) -> Story:
    """The observations of these packets of one connection."""
    path = directory / "stream.jsonl"
    path.write_text(as_lines(packets))
    return Story(path)
