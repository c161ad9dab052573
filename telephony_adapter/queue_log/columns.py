"""The header of a realtime table's export: the meaning of its columns."""

from __future__ import annotations

import csv
from typing import NamedTuple

_NAMES = {
    "time": ("time", "time_id", "timestamp"),
    "callid": ("callid", "call_id"),
    "queue": ("queuename", "queue"),
    "agent": ("agent",),
    "event": ("event", "verb"),
}
"""Asterisk's own names, and those of QueueMetrics' table."""

ASTERISKS = ("time", "callid", "queuename", "agent", "event", "data1", "data2", "data3", "data4", "data5")
"""The columns of Asterisk's own table, in their order."""

_DELIMITERS = ",;\t"


class Columns(NamedTuple):
    """The indexes of a line's fields in a row. `data`: data1 to data5; `single`: the single old column with `|` inside."""

    delimiter: str
    time: int
    callid: int
    queue: int
    agent: int
    event: int
    data: tuple[int, ...]
    single: int | None

    @property
    def lacking(self) -> list[str]:
        """The usual columns that this table lacks."""
        return [] if self.single is not None else [f"data{n}" for n in range(len(self.data) + 1, 6)]

    @property
    def least(self) -> int:
        """The least number of fields in a row with all required ones."""
        return max(self.time, self.callid, self.queue, self.agent, self.event) + 1


def columns_of(start: bytes) -> Columns | None:
    """The columns that the first line with content names; None if it is no such header."""
    first = next((line for line in start.removeprefix(b"\xef\xbb\xbf").splitlines() if line.strip()), b"")
    if len(first) > csv.field_size_limit():
        return None
    header = first.decode("latin-1")
    for delimiter in _DELIMITERS:
        found = columns_among(next(csv.reader([header], delimiter=delimiter), []), delimiter)
        if found is not None:
            return found
    return None


def columns_among(header: list[str], delimiter: str) -> Columns | None:
    """The indexes of a line's fields among columns with these names; None if a required one is missing."""
    names = [name.strip().strip('`"').lower() for name in header]
    places = {what: next((names.index(name) for name in spelt if name in names), None) for what, spelt in _NAMES.items()}
    found = {what: place for what, place in places.items() if place is not None}
    if len(found) < len(_NAMES):
        return None
    numbered = [names.index(f"data{n}") for n in range(1, 6) if f"data{n}" in names]
    single = names.index("data") if "data" in names else None
    return Columns(delimiter, **found, data=tuple(numbered), single=single)


Row = tuple[int, Columns, list[str]]
"""The number of a line, the columns of its table, and a row in it."""
