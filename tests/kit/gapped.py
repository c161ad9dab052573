"""The same past with eight seconds cut out of its stream, at many moments: bounds before a log covers the gap, figures after.

`python -m tests.kit.gapped [STEP]` prints how wide the bounds are, a cut at each STEP-th event that makes a command (5).
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from telephony_adapter.ami.recording import Recording
from telephony_adapter.ami.translator import Translator
from tests.kit.captures import NAMES, Capture, Line, capture, written
from tests.kit.cuts import LOST_S, lacking, lost
from tests.kit.embedded import Company, EmbeddedCenter, Figures, embedded_center

Cutting = Callable[[Sequence[Line], float], list[Line]]
Writing = Callable[[Iterable[Line], Path], Path]
WAYS: dict[str, Cutting] = {"missing": lacking, "reconnected": lost}
PERCENTAGES = ("sla_percent", "abandoned_percent")
NEAR_MS = 2_000
"""A log's instants are whole seconds: a duration may differ by this much if only the log has its instants."""


@dataclass
class Widths:
    """How far apart the bounds are: of counts (cases), of percentages (points)."""

    counts: list[int] = field(default_factory=list)
    percentages: list[float] = field(default_factory=list)

    def summary(self) -> dict[str, dict[str, float]]:
        """Cases, the mean and the widest."""
        return {
            name: {"bounds": len(widths), "mean": round(sum(widths) / max(1, len(widths)), 3), "max": max(widths, default=0)}
            for name, widths in (("counts", self.counts), ("percentages", self.percentages))
        }


@dataclass
class Cut:
    """A company whose stream lacks `LOST_S` from `since` on."""

    since: float
    company: Company


def observation(recorded: Capture) -> list[int]:
    """The lines of a recording that make a command, by index."""
    translator = Translator("ami")
    return [packet.number - 1 for packet in Recording(recorded.timed, translator.interest) if translator.feed(packet)]


def cut_at(
    built: EmbeddedCenter, recorded: Capture, way: str, moments: Sequence[float], directory: Path, *, writing: Writing = written
) -> Iterator[Cut]:
    """A company for each of these moments, with a stream that has a gap there (the end of a recording is no gap)."""
    for since in moments:
        if since + LOST_S < recorded.lines[-1].t:
            cut = Cut(since, built.company())
            cut.company.ami(writing(WAYS[way](recorded.lines, since), directory / "cut.jsonl"))
            yield cut


def outside(recorded: Capture, whole: tuple[Figures, ...], cut: Cut, widths: Widths) -> list[tuple[Any, ...]]:
    """Every true figure outside of its bounds."""
    wrong: list[tuple[Any, ...]] = []
    queues = cut.company.queues()
    truth = recorded.queues()
    for queue, true in truth.items():
        expected: dict[str, Any] = true | {name: whole[0][queue][name] for name in PERCENTAGES}
        wrong += [(cut.since, queue, *what) for what in _outside(expected, queues[queue], widths)]
    all_of_them = {name: sum(true[name] for true in truth.values()) for name in next(iter(truth.values()))}
    (hour,) = cut.company.queues(by="hour").values()
    wrong += [(cut.since, "hour", *what) for what in _outside(all_of_them, hour, widths)]
    agents = cut.company.queues(by="agent")
    for agent, true in recorded.agents().items():
        if agent in agents:
            wrong += [(cut.since, agent, *what) for what in _outside({"answered": true["answered"]}, agents[agent], widths)]
    return wrong


def _outside(true: dict[str, Any], row: dict[str, Any], widths: Widths) -> Iterator[tuple[Any, ...]]:
    for name, value in true.items():
        low, high = (row[name], row[name]) if row["bounds"] is None else row["bounds"][name]
        if low is None or not low <= value <= high < 1_000:
            yield (name, value, (low, high))
        elif row["bounds"] is not None:
            (widths.percentages if name in PERCENTAGES else widths.counts).append(high - low)


def differing(whole: tuple[Figures, ...], found: tuple[Figures, ...], bounds: bool) -> list[tuple[Any, ...]]:
    """Every figure that the log did not correct; `bounds`: whether the bounds must be equal too."""
    wrong: list[tuple[Any, ...]] = []
    for before, after in zip(whole, found, strict=True):
        if before.keys() != after.keys():
            wrong.append((set(before) ^ set(after),))
            continue
        for name, row in before.items():
            wrong += [(name, *what) for what in _differing(row, after[name]) if bounds or what[0] != "bounds"]
    return wrong


def _differing(row: dict[str, Any], found: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
    for name, value in row.items():
        now = found[name]
        if name in ("outbound_answered", "outbound_ms", "direct_ms"):
            # A log has no calls that agents dialled.
            same = now <= value
        elif name == "paused_by_reason_ms":
            same = value.keys() == now.keys() and all(abs(now[reason] - ms) <= NEAR_MS for reason, ms in value.items())
        elif name == "talk_ms":
            # A log has no holds: a hold that only the stream had counts as talk.
            same = abs(value + row["hold_ms"] - now - found["hold_ms"]) <= NEAR_MS
        elif name.endswith("_ms") and name != "hold_ms":
            same = value == now or (value is not None and now is not None and abs(value - now) <= NEAR_MS)
        else:
            same = name == "hold_ms" or value == now
        if not same:
            yield (name, value, now)


def log_ends(recorded: Capture) -> float:
    """The last moment that the queue log covers."""
    return int(recorded.queue_log.read_bytes().splitlines()[-1].split(b"|")[0]) + 0.999


def main() -> None:
    """Print the width of the bounds, by capture and by way of cutting."""
    step = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    results = {}
    with tempfile.TemporaryDirectory() as directory, embedded_center(Path(directory)) as built:
        for name in NAMES:
            recorded = capture(name)
            uncut = built.company()
            uncut.ami(recorded.timed)
            whole = uncut.figures()
            for way in WAYS:
                widths = Widths()
                moments = [recorded.lines[index].t for index in observation(recorded)[::step]]
                cuts = list(cut_at(built, recorded, way, moments, Path(directory)))
                wrong = [what for cut in cuts for what in outside(recorded, whole, cut, widths)]
                results[f"{name} {way}"] = {"cuts": len(cuts), "outside": len(wrong)} | widths.summary()
    sys.stdout.write(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    main()
