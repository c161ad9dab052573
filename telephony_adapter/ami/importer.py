"""Imports a recorded AMI stream: reads and translates it, and sends some thousand facts at a time through the command bus.

Facts of one call go to the command bus together, as far as they are in the same batch. Nothing else is kept, so memory
stays flat. An import that was interrupted is just repeated.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from commands.handler_context import Caller, Command
from commands.observations import PROVED, ObserveAgent, ObserveCall, ObserveTimeline
from domain.errors import DomainError
from domain.voice.facts import Fact
from domain.voice.timeline import ALL_QUEUES, Gap
from telephony_adapter.ami.packets import BrokenPacket
from telephony_adapter.ami.pbx_state import Observation
from telephony_adapter.ami.recording import Recording
from telephony_adapter.ami.stream import Broken
from telephony_adapter.ami.translator import Translator
from telephony_adapter.queue_log.importer import AHEAD_US, ExecutesCommands, Progress
from telephony_adapter.queue_log.reading_limits import Look, nothing
from telephony_adapter.queue_log.result import iso
from telephony_adapter.units import Units

FACTS_AT_ONCE = 4_000
COMMANDS_AT_ONCE = 500
"""The most commands in one transaction."""

REPORTED_EVERY = 2_000
SHOWN = 1_000
"""The number of broken packets and conflicts that are listed; all are counted."""


@dataclass
class AmiImportResult:
    """The result of an import of an AMI stream. When a recording is imported again every fact is `repeated`.

    packets: read; used: those with an observation; broken: those that could not be read, by line (of a file of lines) or
    position in the stream. facts: sent; calls: new ones; visits: the change of their number by end. lacks: the missing
    classes of events and what each costs, a sentence each. gaps: of the stream; restarts: of the PBX. first_us, last_us:
    first and last sign of life. position: of the log; projections that have reached it cover the import.
    """

    file: str = ""
    packets: int = 0
    used: int = 0
    broken: int = 0
    broken_packets: list[Broken] = field(default_factory=list)
    facts: int = 0
    repeated: int = 0
    calls: int = 0
    visits: dict[str, int] = field(default_factory=dict)
    implied: int = 0
    conflicts: int = 0
    conflicts_named: list[str] = field(default_factory=list)
    lacks: list[str] = field(default_factory=list)
    gaps: dict[int, Gap] = field(default_factory=dict)
    restarts: list[int] = field(default_factory=list)
    first_us: int | None = None
    last_us: int | None = None
    seconds: float = 0.0
    position: int = 0

    @property
    def unreadable(self) -> list[str]:
        """A message about the file, if it has no observation and something could not be read: the first reason."""
        if self.used or not self.broken_packets:
            return []
        first = self.broken_packets[0]
        return [f"{self.file}: no packet can be read; the first ({first.number}): {first.why}"]

    def to_json(self) -> dict[str, Any]:
        """The result as a JSON document; instants as ISO 8601 in UTC."""
        return {
            "file": self.file,
            "packets": self.packets,
            "used": self.used,
            "broken": self.broken,
            "broken_packets": [{"number": broken.number, "why": broken.why} for broken in self.broken_packets],
            "facts": self.facts,
            "repeated": self.repeated,
            "calls": self.calls,
            "visits": {end: count for end, count in sorted(self.visits.items()) if count},
            "implied": self.implied,
            "conflicts": self.conflicts,
            "conflicts_named": self.conflicts_named,
            "lacks": self.lacks,
            "gaps": [_gap(gap) for _, gap in sorted(self.gaps.items())],
            "restarts": [iso(at) for at in self.restarts],
            "first": iso(self.first_us),
            "last": iso(self.last_us),
            "seconds": round(self.seconds, 3),
            "position": self.position,
        }

    def rows(self) -> list[tuple[str, str]]:
        """The result as a table: names as in `to_json`, one row for each listed item."""
        values = self.to_json()
        rows = [(name, str(values[name])) for name in ("packets", "used", "broken")]
        rows += [("broken", f"{broken.number} {broken.why}") for broken in self.broken_packets]
        rows += [(name, str(values[name])) for name in ("facts", "repeated", "calls")]
        rows += [(f"visits.{end}", str(count)) for end, count in values["visits"].items()]
        rows += [("implied", str(self.implied)), ("conflicts", str(self.conflicts))]
        rows += [("conflicts", sentence) for sentence in self.conflicts_named]
        rows += [("lacks", sentence) for sentence in self.lacks]
        rows += [("gaps", f"{gap['opened']} {gap['closed']}") for gap in values["gaps"]]
        rows += [("restarts", at) for at in values["restarts"]]
        return rows + [(name, str(values[name])) for name in ("first", "last", "seconds") if values[name] is not None]


def import_ami(
    bus: ExecutesCommands,
    caller: Caller,
    path: Path | str,
    name: str,
    progress: Progress | None = None,
    *,
    now_us: int | None = None,
    look: Look = nothing,
) -> AmiImportResult:
    """Import a recorded AMI stream, compressed or not; `-` is standard input. `name`: its name for people. now_us: the time of the import;
    packets more than a day later are set aside, None = none. look: called while the file is read.

    Raises NotAnAmiStream before any command is sent if the file is of another kind.
    """
    started = time.perf_counter()
    latest_us = None if now_us is None else now_us + AHEAD_US
    importing = _Import(bus, caller, path, name, progress=progress, latest_us=latest_us, look=look)
    importing.run()
    importing.result.seconds = time.perf_counter() - started
    return importing.result


class _Import:
    """One running import. `_waiting`: observations that are not sent yet."""

    def __init__(
        self,
        bus: ExecutesCommands,
        caller: Caller,
        path: Path | str,
        name: str,
        *,
        progress: Progress | None,
        latest_us: int | None,
        look: Look,
    ) -> None:
        self.result = AmiImportResult(file=name)
        self._bus = bus
        self._caller = caller
        self._progress = progress
        self._translator = Translator(name)
        self._recording = Recording(path, self._translator.interest, latest_us, look)
        self._waiting: list[Observation] = []
        self._units = Units(COMMANDS_AT_ONCE, bus.has_kept_waiting)

    def run(self) -> None:
        """Import all packets."""
        recording, translator, result = self._recording, self._translator, self.result
        for packet in recording:
            try:
                observations = translator.feed(packet)
            except BrokenPacket as broken:
                recording.broke(packet.number, str(broken))
                continue
            if observations:
                result.used += 1
                self._waiting += observations
                if len(self._waiting) >= FACTS_AT_ONCE:
                    self._waiting += translator.covered(recording.first, recording.last)
                    self._observe()
            if recording.read % REPORTED_EVERY == 0:
                self._report()
        self._waiting += translator.ended(recording.first, recording.last)
        self._observe()
        result.packets, result.broken = recording.read, recording.broken_count
        result.broken_packets = sorted(recording.broken, key=lambda broken: broken.number)[:SHOWN]
        result.lacks = lacking(recording.names)
        result.first_us, result.last_us = recording.first or None, recording.last or None
        self._report()

    def _observe(self) -> None:
        commands = gathered(self._waiting)
        self._waiting = []
        for batch in self._units.of(commands):
            answers = self._bus.execute_all([(command, self._caller) for command in batch])
            for command, answer in zip(batch, answers, strict=True):
                # An observation is never refused for its content; an error is a conflict with another writer.
                if isinstance(answer, DomainError):
                    raise answer
                self.result.position = max(self.result.position, answer.position)
                self._count(command, answer.result, first=answer.version == 1)
            self._report()

    def _count(self, command: Command, outcome: dict[str, Any], *, first: bool) -> None:
        """Add the outcome of one command to the result."""
        result = self.result
        match command:
            case ObserveCall(facts=facts):
                result.facts += len(facts)
                result.repeated += outcome["repeated"]
                result.calls += 1 if outcome["new"] and first else 0
                for end, change in outcome["visits"].items():
                    result.visits[end] = result.visits.get(end, 0) + change
                result.implied += outcome["implied"]
                result.conflicts += len(outcome["conflicts"])
                result.conflicts_named += list(outcome["conflicts"])[: SHOWN - len(result.conflicts_named)]
            case ObserveAgent(facts=facts):
                # A fact that a call's line proves about its agent is not counted again.
                result.facts += sum(1 for fact in facts if fact.kind not in PROVED)
                result.repeated += outcome["repeated"]
                result.implied += outcome["implied"]
            case ObserveTimeline(gap=Gap() as gap):
                result.gaps[gap.opened_us] = gap
            case ObserveTimeline(restart_at=int(at)):
                result.restarts.append(at)
            case _:
                pass

    def _report(self) -> None:
        if self._progress is not None:
            done = self._recording.consumed()
            self._progress(done, max(self._recording.size or 0, done), self._recording.read)


_CLASSES = {
    "agent": (
        {"QueueCallerJoin", "QueueCallerLeave", "AgentConnect", "QueueMemberStatus", "QueueMemberAdded"},
        "no visit to a queue is seen",
    ),
    "call": (
        {"Newchannel", "Newstate", "Hangup", "BridgeEnter", "DialBegin"},
        "arrivals, hang-ups, holds and outbound attempts are not seen, and who left a queue without an answer ended unknown",
    ),
    "dialplan": (
        {"Newexten", "VarSet"},
        "a time-out and an abandon look the same where the caller stays on the line: such ends are unknown; IVR steps are not seen",
    ),
}
"""Classes of events in the order of manager.conf: events that show that a class is sent, and what is not known without it."""


def lacking(names: set[str]) -> list[str]:
    """The classes of events that a stream with events of these names lacks, and what each costs."""
    if not any(names & shown for shown, _ in _CLASSES.values()):
        return []
    return [
        f"no event of the class {name} (`read` in manager.conf): {costs}" for name, (shown, costs) in _CLASSES.items() if not names & shown
    ]


def gathered(observations: Sequence[Observation]) -> list[Command]:
    """Merge observations: all facts about one call or one agent together; matches of members and the timeline first.

    Only the last estimation of a gap is kept.
    """
    calls: dict[str, list[Fact]] = {}
    agents: dict[str, list[Fact]] = {}
    gaps: dict[int, Command] = {}
    first: list[Command] = []
    for command in observations:
        match command:
            case ObserveCall(call=call, facts=facts):
                calls.setdefault(call, []).extend(facts)
            case ObserveAgent(agent=agent, facts=facts):
                agents.setdefault(agent, []).extend(facts)
            case ObserveTimeline(gap=Gap(opened_us=opened)):
                gaps[opened] = command
            case _:
                first.append(command)
    return [
        *first,
        *gaps.values(),
        *(ObserveAgent(agent=agent, facts=tuple(facts)) for agent, facts in agents.items()),
        *(ObserveCall(call=call, facts=tuple(facts)) for call, facts in calls.items()),
    ]


def _gap(gap: Gap) -> dict[str, Any]:
    return {
        "opened": iso(gap.opened_us),
        "closed": iso(gap.closed_us),
        "up": gap.up,
        "born": gap.born,
        "missed": {queue: most for queue, most in gap.missed.items() if queue != ALL_QUEUES},
    }
