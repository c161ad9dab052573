"""Recordings of a real Asterisk: their streams, line by line, and the true figures of their calls."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

_CAPTURES = Path(__file__).parent.parent / "data" / "captures"
NAMES = ("run-a", "run-b")

COUNTS = {
    "offered": "offered",
    "answered": "answered",
    "answered_within_sla": "answered_within_sla",
    "abandoned": "abandoned",
    "timed_out": "timed_out",
    "left_by_key": "exit_with_key",
}
"""Counts of a report's row, and their names in metrics.json."""


@dataclass(frozen=True)
class Line:
    """A line of a recording: a packet (`raw`), or a note about the connection (`raw` empty)."""

    t: float
    raw: str
    note: str = ""

    @property
    def name(self) -> str:
        """The name of an event, "" for other packets."""
        return self.raw[7 : self.raw.find("\r")] if self.raw.startswith("Event: ") else ""

    def get(self, header: str) -> str:
        """The value of a header, "" when the packet has none."""
        _, found, rest = self.raw.partition(f"\n{header}: ")
        return rest[: rest.find("\r")] if found else ""

    @cached_property
    def json(self) -> str:
        """The line as the recorder writes it."""
        return json.dumps({"t": self.t, "raw": self.raw} if self.raw else {"t": self.t, "raw": None, "note": self.note})


@dataclass(frozen=True)
class Capture:
    """One recording. `metrics`: figures by queue and agent; `truth`: the outcome of each call."""

    name: str
    lines: tuple[Line, ...]
    metrics: dict[str, Any]
    truth: tuple[dict[str, Any], ...]

    @property
    def timed(self) -> Path:
        """The stream as lines of JSON with arrival times."""
        return _CAPTURES / self.name / "ami.timed.jsonl.gz"

    @property
    def raw(self) -> Path:
        """The stream as the bytes of the connection."""
        return _CAPTURES / self.name / "ami.raw.gz"

    @property
    def queue_log(self) -> Path:
        """The log that the PBX wrote at the same time."""
        return _CAPTURES / self.name / "queue_log"

    def queues(self) -> dict[str, dict[str, int]]:
        """The true counts by queue, under the names of a report's row."""
        return {queue: {name: counts[key] for name, key in COUNTS.items()} for queue, counts in self.metrics["queues"].items()}

    def agents(self) -> dict[str, dict[str, int]]:
        """The true counts by agent."""
        return {
            agent: {"answered": counts["calls"], "ring_no_answer": counts["ring_no_answer"]}
            for agent, counts in self.metrics["agents"].items()
        }


@cache
def capture(name: str) -> Capture:
    """The recording `name`."""
    directory = _CAPTURES / name
    with gzip.open(directory / "ami.timed.jsonl.gz", "rt", encoding="utf-8") as file:
        documents = [json.loads(text) for text in file]
    lines = tuple(Line(line["t"], line["raw"] or "", line.get("note") or "") for line in documents)
    truth = tuple(json.loads(text) for text in (directory / "truth.jsonl").read_text().splitlines())
    return Capture(name, lines, json.loads((directory / "metrics.json").read_text()), truth)


def written(lines: Iterable[Line], path: Path) -> Path:
    """These lines as a file of their own."""
    path.write_text("".join(f"{line.json}\n" for line in lines), encoding="ascii")
    return path


def written_raw(lines: Iterable[Line], path: Path) -> Path:
    """These lines as the bytes of the connection: without notes and times of arrival."""
    path.write_bytes("".join(line.raw for line in lines).encode("utf-8", "surrogateescape"))
    return path
