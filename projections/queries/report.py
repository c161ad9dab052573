"""A report: rows, the definitions and the log position behind them; written as a table for people, CSV for spreadsheets, JSON for programs.

The same report gives the same bytes: nothing in it depends on when it was written.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Literal

import msgspec

from projections.figures.definitions import VERSION

Format = Literal["table", "csv", "json"]
_BEGIN_FORMULAS = ("=", "+", "-", "@", "\t", "\r")

NOTHING = "\N{EN DASH}"
_CENT = Decimal("0.01")
BYTE_ORDER_MARK = "\ufeff"


@dataclass(frozen=True)
class Column:
    """One column: the row's key, its title in pt-BR, how a value is shown to a person, and what is shown where there is none."""

    key: str
    title: str
    shown: Callable[[Any], str] = str
    number: bool = False
    nothing: str = NOTHING


@dataclass(frozen=True)
class Report:
    """Rows as dictionaries with the same keys, in the order of `keys`.

    as_of: the log position that they cover; the same query at it returns the same rows. definition: of the figures in them.
    columns: what tables and CSV show of a row. next: where the following page begins, None after the last; previous: where the page before ends,
    None before the first. notes: names of the question that nobody has.
    """

    rows: list[dict[str, Any]]
    as_of: int
    timezone: str
    columns: tuple[Column, ...]
    definition: str = VERSION
    next: tuple[int, str] | None = None
    previous: tuple[int, str] | None = None
    notes: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """The rows, the version of the definitions, the log position, the time zone and the notes."""
        return {"items": self.rows, "definition": self.definition, "as_of": self.as_of, "timezone": self.timezone, "notes": self.notes}


def written(report: Report, format: Format) -> str:
    """The report as text in one of the formats."""
    return {"table": table, "csv": comma_separated, "json": json}[format](report)


def json(report: Report) -> str:
    """One object: `items`, `definition`, `as_of`, `timezone`, `notes`."""
    return msgspec.json.format(msgspec.json.encode(report.as_dict()), indent=2).decode() + "\n"


def comma_separated(report: Report, *, begins: bool = True) -> str:
    """Semicolons, a byte order mark, titles in pt-BR. A spreadsheet takes every text for text. begins: False for a page of a report that is not its first."""
    head = BYTE_ORDER_MARK + _separated([[column.title for column in report.columns]]) if begins else ""
    return head + _separated(
        [[_harmless(cell, column) for cell, column in zip(row, report.columns, strict=True)] for row in _cells(report)]
    )


def _harmless(cell: str, column: Column) -> str:
    """A text that a spreadsheet would take for a formula is marked as text by an apostrophe: names and caller ids come from anybody."""
    return f"'{cell}" if not column.number and cell.startswith(_BEGIN_FORMULAS) else cell


def _separated(lines: Iterable[Sequence[str]]) -> str:
    text = io.StringIO()
    csv.writer(text, delimiter=";", lineterminator="\r\n").writerows(lines)
    return text.getvalue()


def table(report: Report) -> str:
    """Aligned columns with titles in pt-BR."""
    rows = [[column.title for column in report.columns], *([printable(cell) for cell in row] for row in _cells(report))]
    widths = [max(len(row[index]) for row in rows) for index in range(len(report.columns))]
    lines = []
    for row in rows:
        cells = [
            cell.rjust(width) if column.number else cell.ljust(width)
            for cell, width, column in zip(row, widths, report.columns, strict=True)
        ]
        lines.append("  ".join(cells).rstrip())
    return "\n".join([*lines, "", lineage(report)]) + "\n"


def printable(text: str, but: str = "") -> str:
    """A text as a terminal shows it safely: control characters are escaped, for it obeys them; those of `but` stay."""
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() or one in but else one.encode("unicode_escape").decode() for one in text)


def _cells(report: Report) -> list[list[str]]:
    return [
        [column.nothing if row[column.key] is None else column.shown(row[column.key]) for column in report.columns] for row in report.rows
    ]


def lineage(report: Report) -> str:
    """One line that says by which definition, up to which position and in which time zone the figures were calculated."""
    return f"Definição  {report.definition}  Posição  {report.as_of}  Fuso  {report.timezone}"


def clock_ms(ms: int) -> str:
    """A duration as hh:mm:ss:ms."""
    return f"{clock(ms)}:{ms % 1000:03}"


def clock(ms: int) -> str:
    """A duration as hh:mm:ss, begun seconds cut."""
    seconds = ms // 1000
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def date(instant: str) -> str:
    """The date of an instant (ISO 8601), in its own offset."""
    return datetime.fromisoformat(instant).date().isoformat()


def time_of_day(instant: str) -> str:
    """The time of an instant (ISO 8601), in its own offset, as hh:mm:ss:ms."""
    at = datetime.fromisoformat(instant)
    return f"{at:%H:%M:%S}:{at.microsecond // 1000:03}"


def comma(value: float) -> str:
    """A number with a decimal comma and two decimals, half up."""
    return f"{Decimal(repr(value)).quantize(_CENT, ROUND_HALF_UP)}".replace(".", ",")


def listed(values: Sequence[str]) -> str:
    """Several names in one cell."""
    return ", ".join(values)


def limits(bounds: dict[str, Any]) -> str:
    """A row's bounds for people: how many visits may be missing, and the limits of the service level."""
    low, high = bounds["sla_percent"]
    between = NOTHING if low is None else f"{comma(low)} a {comma(high)}"
    return f"faltam até {bounds['missing_at_most']}; NS {between}"


def talk_limits(bounds: dict[str, Any]) -> str:
    """The limits of an agent's talk time, for people."""
    low, high = bounds["talk_ms"]
    return f"conversa {clock_ms(low)} a {clock_ms(high)}"
