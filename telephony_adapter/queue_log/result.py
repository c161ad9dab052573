"""The result of an import of queue logs."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple

from domain.base import MS

SHOWN = 1000
"""The number of broken lines and conflicts that are listed; all are counted."""


class BrokenLine(NamedTuple):
    """A line that could not be used, and the reason."""

    file: str
    line: int
    why: str


@dataclass
class ImportResult:
    """Lines and their effect. If a file is imported again, all its lines are `repeated` and the other figures are 0.

    lines: read, each of them used, repeated, broken or set aside. unknown_verbs: lines kept in the audit, by verb. calls: new
    ones. visits: the change of their number by end (a corrected end counts -1 and +1). implied: events that another line
    proved. conflicts: differences of over 2 s between two observations, or between a line and its own durations.
    interfaces_not_matched: members known only by their interface. first_us, last_us: instants of the first and last line.
    set_aside: lines more than a day after the import, by a wrong clock; the first ones are listed. ambiguous: lines of a
    local time that occurs twice, without evidence which it is; they get the first instant. lacks: the information that the
    files lack, and what that costs, a sentence each. unreadable: files without a readable line, and the reason.
    position: of the log; projections that have reached it cover the import.
    """

    files: list[str] = field(default_factory=list)
    lines: int = 0
    used: int = 0
    repeated: int = 0
    broken: int = 0
    broken_lines: list[BrokenLine] = field(default_factory=list)
    set_aside: int = 0
    set_aside_lines: list[BrokenLine] = field(default_factory=list)
    ambiguous: int = 0
    lacks: list[str] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)
    unknown_verbs: dict[str, int] = field(default_factory=dict)
    calls: int = 0
    visits: dict[str, int] = field(default_factory=dict)
    implied: int = 0
    conflicts: int = 0
    conflicts_named: list[str] = field(default_factory=list)
    interfaces_not_matched: list[str] = field(default_factory=list)
    first_us: int | None = None
    last_us: int | None = None
    seconds: float = 0.0
    position: int = 0

    def broke(self, file: str, line: int, why: str) -> None:
        """Add a line that cannot be used."""
        self.lines += 1
        self.broken += 1
        if len(self.broken_lines) < SHOWN:
            self.broken_lines.append(BrokenLine(file, line, why))

    def put_aside(self, file: str, line: int, at: int) -> None:
        """Add a line with an instant after the import."""
        self.lines += 1
        self.set_aside += 1
        if len(self.set_aside_lines) < SHOWN:
            self.set_aside_lines.append(BrokenLine(file, line, f"more than a day after the import: {iso(at)}"))

    def read_through(self, file: str, any_line: bool, ambiguous: int, lacking: list[str]) -> None:
        """A file was read to its end: whether it had a usable line, its ambiguous lines, the columns that it lacks."""
        self.ambiguous += ambiguous
        if lacking:
            costs = "their values (waits, talks, numbers, reasons) are known only where other lines have them"
            self.lacks.append(f"{file}: no column {', '.join(lacking)}: {costs}")
        if not any_line:
            why = next((line for line in (*self.broken_lines, *self.set_aside_lines) if line.file == file), None)
            self.unreadable.append(f"{file}: no line can be read" + (f"; the first (line {why.line}): {why.why}" if why else ""))

    def disagree(self, sentences: list[str]) -> None:
        """Add conflicts, each a sentence that names its line."""
        self.conflicts += len(sentences)
        self.conflicts_named += sentences[: SHOWN - len(self.conflicts_named)]

    def add_visits(self, changes: dict[str, int]) -> None:
        """Add changes of the number of visits by end."""
        for end, change in changes.items():
            self.visits[end] = self.visits.get(end, 0) + change

    def to_json(self) -> dict[str, Any]:
        """The result as a JSON document; instants as ISO 8601 in UTC."""
        return {
            "files": self.files,
            "lines": self.lines,
            "used": self.used,
            "repeated": self.repeated,
            "broken": self.broken,
            "broken_lines": [line._asdict() for line in self.broken_lines],
            "set_aside": self.set_aside,
            "set_aside_lines": [line._asdict() for line in self.set_aside_lines],
            "ambiguous": self.ambiguous,
            "lacks": self.lacks,
            "unknown_verbs": dict(sorted(self.unknown_verbs.items())),
            "calls": self.calls,
            "visits": {end: count for end, count in sorted(self.visits.items()) if count},
            "implied": self.implied,
            "conflicts": self.conflicts,
            "conflicts_named": self.conflicts_named,
            "interfaces_not_matched": self.interfaces_not_matched,
            "first": iso(self.first_us),
            "last": iso(self.last_us),
            "seconds": round(self.seconds, 3),
            "position": self.position,
        }

    def rows(self) -> list[tuple[str, str]]:
        """The result as a table: names as in `to_json`, one row for each listed item."""
        values = self.to_json()
        rows = [(name, str(values[name])) for name in ("lines", "used", "repeated", "broken")]
        rows += [("broken", f"{line.file}:{line.line} {line.why}") for line in self.broken_lines]
        rows += [("set_aside", str(self.set_aside))] if self.set_aside else []
        rows += [("set_aside", f"{line.file}:{line.line} {line.why}") for line in self.set_aside_lines]
        rows += [("ambiguous", f"{self.ambiguous} lines of a repeated hour, read as its first occurrence")] if self.ambiguous else []
        rows += [("lacks", sentence) for sentence in self.lacks]
        rows += [(f"unknown_verbs.{verb}", str(count)) for verb, count in values["unknown_verbs"].items()]
        rows += [("calls", str(self.calls))]
        rows += [(f"visits.{end}", str(count)) for end, count in values["visits"].items()]
        rows += [("implied", str(self.implied)), ("conflicts", str(self.conflicts))]
        rows += [("conflicts", sentence) for sentence in self.conflicts_named]
        rows += [("interfaces_not_matched", name) for name in self.interfaces_not_matched]
        return rows + [(name, str(values[name])) for name in ("first", "last", "seconds") if values[name] is not None]


def iso(instant_us: int | None) -> str | None:
    """An instant as ISO 8601 in UTC, in its own resolution."""
    if instant_us is None:
        return None
    moment = datetime.fromtimestamp(instant_us // 1_000_000, UTC).replace(microsecond=instant_us % 1_000_000)
    return moment.isoformat(timespec="milliseconds" if instant_us % MS == 0 else "microseconds").replace("+00:00", "Z")
