"""The voice quality of agents' legs, by the RTCP reports of a real Asterisk whose RTP was lost and delayed."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import pytest

from telephony_adapter.ami.importer import import_ami
from tests.kit.captures import capture, written
from tests.kit.recording_bus import CALLER, RecordingBus

NAME = "run-b"


def figures(bus: RecordingBus) -> dict[tuple[str, str], tuple[float, float]]:
    """Jitter (ms) and loss (percent) of each agent's leg, by call and agent."""
    found = {}
    for call, facts in bus.calls.items():
        for fact in facts:
            if fact.kind == "quality" and fact.by == "uplink":
                jitter, loss = fact.text.split(";")
                found[call, fact.agent] = float(jitter), float(loss)
    return found


def imported(path: Path) -> RecordingBus:
    bus = RecordingBus()
    import_ami(bus, CALLER, path, "ami")
    return bus


def true_losses() -> dict[tuple[str, str], tuple[float, float]]:
    """What the PBX itself counted in the end, by call and agent: packets it should have got from the agent's telephone, and percent lost."""
    answered: dict[str, tuple[str, str]] = {}
    losses = {}
    for line in capture(NAME).lines:
        if line.name == "AgentConnect":
            answered[line.get("DestUniqueid")] = line.get("Uniqueid"), line.get("MemberName")
        if line.name == "VarSet" and line.get("Variable") == "RTPAUDIOQOS" and line.get("Uniqueid") in answered:
            counts = dict(part.split("=") for part in line.get("Value").split(";") if "=" in part)
            lost, got = float(counts["lp"]), float(counts["rxcount"])
            losses[answered[line.get("Uniqueid")]] = lost + got, 100 * lost / (lost + got) if lost + got else 0.0
    return losses


def test_the_loss_of_an_agents_leg_is_what_the_pbx_counted_in_the_end() -> None:
    found, counted = figures(imported(capture(NAME).timed)), true_losses()
    long_talks = [key for key in found if key in counted and counted[key][0] > 400]
    assert len(long_talks) > 5
    for key in long_talks:
        assert abs(found[key][1] - counted[key][1]) < 2.5, key
        assert 0 < found[key][0] < 20


@pytest.mark.parametrize("lost_of_100", [3, 10])
def test_loss_that_is_injected_into_the_reports_is_reported(tmp_path: Path, lost_of_100: int) -> None:
    seen: defaultdict[str, list[int]] = defaultdict(list)

    def worse(raw: str) -> str:
        fields = dict(re.findall(r"^(\w+): (.*?)\r?$", raw, re.MULTILINE))
        if fields.get("Event") != "RTCPSent" or "Report0HighestSequence" not in fields:
            return raw
        highest = int(fields["Report0HighestSequence"]) + 65_536 * int(fields["Report0SequenceNumberCycles"])
        seen[fields.get("Uniqueid", "")].append(highest)
        lost = (highest - seen[fields.get("Uniqueid", "")][0]) * lost_of_100 // 100
        raw = re.sub(r"(Report0FractionLost: )\d+", rf"\g<1>{lost_of_100 * 256 // 100}", raw)
        return re.sub(r"(Report0CumulativeLost: )\d+", rf"\g<1>{lost}", raw)

    lines = [replace(line, raw=worse(line.raw)) for line in capture(NAME).lines]
    found = figures(imported(written(lines, tmp_path / "ami")))
    assert len(found) > 10
    assert [loss for _, loss in found.values() if abs(loss - lost_of_100) > 1.1] == []
