"""Hand-made streams of AMI: packets as text, recordings as files, and what a translator tells of them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from commands.observations import ObserveAgent, ObserveCall, ObserveTimeline
from domain.voice.facts import Fact
from domain.voice.timeline import Gap
from telephony_adapter.ami.pbx_state import Told
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
    told, at = [], start
    for packet in packets:
        _, found, rest = packet.partition("\nTimestamp: ")
        at = float(rest.split("\r", 1)[0]) if found else at + step
        told.append(json.dumps({"t": at, "raw": packet}))
    return "".join(f"{line}\n" for line in told)


def note(kind: str, second: float) -> str:
    """The recorder's note that the connection was made or lost."""
    return json.dumps({"t": T0 + second, "raw": None, "note": kind}) + "\n"


class Story:
    """What a translator makes of a stream. `broken`: what could not be read."""

    def __init__(self, path: Path) -> None:
        self.translator = Translator("story")
        self.recording = Recording(path, self.translator.interest)
        self.told: list[Told] = []
        for packet in self.recording:
            self.told += self.translator.feed(packet)
        self.told += self.translator.ended(self.recording.first, self.recording.last)
        self.broken = [(broken.number, broken.why) for broken in self.recording.broken]

    def of(self, call: str) -> list[Fact]:
        """The facts told of a call."""
        return [fact for told in self.told if isinstance(told, ObserveCall) and told.call == call for fact in told.facts]

    def kinds(self, call: str, *only: str) -> list[str]:
        """Their kinds, all or those asked for."""
        return [fact.kind for fact in self.of(call) if not only or fact.kind in only]

    def agent(self, name: str) -> list[Fact]:
        """The facts told of an agent."""
        return [fact for told in self.told if isinstance(told, ObserveAgent) and told.agent == name for fact in told.facts]

    @property
    def calls(self) -> set[str]:
        """Every call of which something was told."""
        return {told.call for told in self.told if isinstance(told, ObserveCall)}

    @property
    def gaps(self) -> list[Gap]:
        """The gaps, as they were reckoned last."""
        told = {told.gap.opened_us: told.gap for told in self.told if isinstance(told, ObserveTimeline) and told.gap is not None}
        return [gap for _, gap in sorted(told.items())]

    @property
    def restarts(self) -> list[int]:
        """When the PBX started anew."""
        return [told.restart_at for told in self.told if isinstance(told, ObserveTimeline) and told.restart_at is not None]


def story(directory: Path, packets: Sequence[str]) -> Story:
    """What is told by these packets of one connection."""
    path = directory / "stream.jsonl"
    path.write_text(as_lines(packets))
    return Story(path)
