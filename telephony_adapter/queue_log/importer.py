"""Imports a center's past from its queue logs.

Lines are gathered into observations, some thousand lines at a time, and sent through the command bus. Only the observations
of the latest lines are kept, so memory stays flat. An import that was interrupted is just repeated.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import tzinfo
from pathlib import Path
from typing import Protocol

from commands.handler_context import Caller, Command, Receipt
from commands.observations import MatchMember, ObserveAgent, ObserveCall, ObserveTimeline
from domain.base import SECOND
from domain.errors import DomainError
from domain.ids import agent_id
from domain.voice.timeline import CoverageSpan
from telephony_adapter.queue_log.chunks import Gathering
from telephony_adapter.queue_log.earlier import Earlier
from telephony_adapter.queue_log.files import LogFile, log_files
from telephony_adapter.queue_log.lines import Lines, TextLines
from telephony_adapter.queue_log.members import members_of
from telephony_adapter.queue_log.reading_limits import HELD_AT_ONCE, MOST_OF_A_SECOND, Look, nothing
from telephony_adapter.queue_log.result import ImportResult
from telephony_adapter.queue_log.tables import TableLines
from telephony_adapter.units import Units

LINES_AT_ONCE = 20_000
COMMANDS_AT_ONCE = 500
"""The most commands in one transaction."""

AHEAD_US = 86_400 * SECOND
"""A line this long after the import is from a wrong clock."""

Progress = Callable[[int, int, int], None]
"""Called from time to time with the bytes processed, all bytes, and the lines read."""


class ExecutesCommands(Protocol):
    """The part of the command bus that an import needs."""

    def execute_all(self, requests: Sequence[tuple[Command, Caller]]) -> list[Receipt | DomainError]:
        """Execute all commands in one transaction."""

    def has_kept_waiting(self) -> bool:
        """Whether a live command has had to wait, for these commands or for others, since this was asked last."""


def import_queue_log(
    bus: ExecutesCommands,
    caller: Caller,
    files: Sequence[tuple[Path, str]],
    *,
    timezone: tzinfo,
    members: Path | None = None,
    progress: Progress | None = None,
    now_us: int | None = None,
    earlier: Earlier | None = None,
    result: ImportResult | None = None,
    look: Look = nothing,
    scratch: Path | None = None,
) -> ImportResult:
    """Import queue logs or table exports, parts in any order, overlapping or not.

    files: the path of each and its name for people. timezone: of table instants that are text without a zone. members: a
    file of lines interface;name. now_us: the time of the import; lines more than a day later are set aside, None = none.
    earlier: observations of earlier imports. result: filled while the import runs; a new one by default. look: called while files are read and sorted.
    scratch: the folder on whose disk tables are sorted, by default the system's temporary one.
    Raises NotAQueueLog or NotAMemberList before any command is sent; ReadsTooMuch.
    """
    started = time.perf_counter()
    others: list[str] = []
    looked = [file for path, name in files for file in log_files(path, name, others, look)]
    pairs = members_of(members, look=look) if members is not None else []
    importing = _Import(bus, caller, looked, timezone, scratch, progress=progress, now_us=now_us, earlier=earlier, result=result)
    importing.result.lacks += others
    importing.observe([MatchMember(interface=interface, member=member) for interface, member in pairs])
    for file in sorted(looked, key=lambda file: (file.first_us is None, file.first_us or 0)):
        importing.read(file)
    importing.close()
    importing.result.seconds = time.perf_counter() - started
    return importing.result


class _Import:
    """One running import."""

    def __init__(
        self,
        bus: ExecutesCommands,
        caller: Caller,
        files: Sequence[LogFile],
        zone: tzinfo,
        scratch: Path | None,
        *,
        progress: Progress | None,
        now_us: int | None,
        earlier: Earlier | None,
        result: ImportResult | None,
    ) -> None:
        self.result = result or ImportResult()
        self.result.files = [file.name for file in files]
        self._bus = bus
        self._caller = caller
        self._zone = zone
        self._scratch = scratch
        self._progress = progress
        self._gathering = Gathering(earlier)
        self._bytes = sum(file.size for file in files)
        self._bytes_before = 0
        self._lines: Lines | None = None
        self._matched: set[str] = set()
        self._units = Units(COMMANDS_AT_ONCE, bus.has_kept_waiting)
        self._latest_us = None if now_us is None else now_us + AHEAD_US

    def read(self, file: LogFile) -> None:
        """Import one more file."""
        self._lines = lines = TextLines(file) if file.columns is None and not file.dump else TableLines(file, self._zone, self._scratch)
        result, gathering = self.result, self._gathering

        def broken(number: int, why: str) -> None:
            result.broke(file.name, number, why)

        gathering.begin(file.name, broken)
        first = last = latest = None
        gathered = held = 0
        for line in lines.read(broken):
            # All lines of one second stay together, because of their order.
            if (gathered >= LINES_AT_ONCE or held >= HELD_AT_ONCE) and line.at != latest:
                self.observe(gathering.observations())
                gathered = held = 0
            if gathered >= LINES_AT_ONCE + MOST_OF_A_SECOND or held >= 3 * HELD_AT_ONCE:
                raise file.reading.too_many_of_a_second()
            if self._latest_us is not None and line.at > self._latest_us:
                result.put_aside(file.name, line.number, line.at)
                continue
            if gathering.take(line):
                result.lines += 1
                latest = line.at
                if first is None or latest < first:
                    first = latest
                if last is None or latest > last:
                    last = latest
            gathered += 1
            held += line.size
        self.observe(gathering.observations())
        result.read_through(file.name, first is not None, lines.ambiguous, lines.lacking)
        if first is not None and last is not None:
            self._cover(CoverageSpan("queue_log", file.name, first, last))
        self._bytes_before += file.size
        self._lines = None

    def close(self) -> None:
        """Send the observations that were kept back, and complete the result."""
        self.observe(self._gathering.observations(last=True))
        result = self.result
        if result.first_us is not None and result.last_us is not None:
            self._gathering.look_back(result.first_us, result.last_us)
            self.observe(self._gathering.observations(last=True))
        result.unknown_verbs = self._gathering.unknown
        result.used = result.lines - result.repeated - result.broken - result.set_aside
        result.interfaces_not_matched = sorted(self._gathering.interfaces - self._gathering.persons - self._matched)
        self._report()

    def observe(self, commands: list[Command]) -> None:
        """Execute the commands, up to some hundred per transaction."""
        for batch in self._units.of(commands):
            for command, receipt in zip(batch, self._execute(batch), strict=True):
                self._count(command, receipt)
            self._report()

    def _execute(self, batch: Sequence[Command]) -> list[Receipt]:
        receipts: list[Receipt] = []
        for answer in self._bus.execute_all([(command, self._caller) for command in batch]):
            # An observation is never refused for its content; an error is a conflict with another writer.
            # A repeated import continues after the lines that are known.
            if isinstance(answer, DomainError):
                raise answer
            receipts.append(answer)
        return receipts

    def _count(self, command: Command, receipt: Receipt) -> None:
        """Add the outcome of one command to the result."""
        result, outcome = self.result, receipt.result
        result.position = max(result.position, receipt.position)
        match command:
            case ObserveCall():
                result.repeated += outcome["repeated"]
                result.calls += 1 if outcome["new"] and receipt.version == 1 else 0
                result.add_visits(outcome["visits"])
                result.implied += outcome["implied"]
                result.disagree(list(outcome["conflicts"]))
            case ObserveAgent(agent=agent):
                result.repeated += outcome["repeated"]
                result.implied += outcome["implied"]
                if outcome["person"] or receipt.id != agent_id(self._caller.tenant, agent):
                    self._matched.add(agent)
            case ObserveTimeline(restart_at=int()):
                result.repeated += 0 if outcome["restarted"] else 1
            case ObserveTimeline(note=note) if note is not None:
                result.repeated += 0 if outcome["noted"] else 1
            case _:
                pass

    def _cover(self, span: CoverageSpan) -> None:
        """Observe that the file covers the time from its first line to its last."""
        (receipt,) = self._execute([ObserveTimeline(span=span)])
        self.result.position = max(self.result.position, receipt.position)
        if not receipt.result["covered"]:
            # The same file was imported before, so its uneventful lines are repeated too.
            self.result.repeated += self._gathering.uneventful
        self._gathering.uneventful = 0
        self.result.first_us = min(span.from_us, span.from_us if self.result.first_us is None else self.result.first_us)
        self.result.last_us = max(span.until_us, span.until_us if self.result.last_us is None else self.result.last_us)

    def _report(self) -> None:
        if self._progress is not None:
            self._progress(self._bytes_before + (self._lines.done() if self._lines else 0), self._bytes, self.result.lines)
