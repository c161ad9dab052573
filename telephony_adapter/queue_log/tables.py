"""The realtime table as CSV, its rows in any order: sorted by time on disk, so that memory stays flat."""

from __future__ import annotations

import csv
import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import closing
from datetime import tzinfo
from io import TextIOWrapper

import msgspec

from telephony_adapter.queue_log.columns import Columns
from telephony_adapter.queue_log.files import Broken, LogFile
from telephony_adapter.queue_log.instants import NoInstant, TableInstants
from telephony_adapter.queue_log.lines import Counting, Line, readable

_AT_ONCE = 5000
_READING_COSTS = 0.2
"""The share of the work that is done when all rows are read and sorted."""

_EMPTY = frozenset({"NULL", "\\N"})
"""How databases export a field without a value."""

_Row = tuple[int, bytes]


class TableLines:
    """The rows of a realtime table. `zone`: of instants that are text and name none."""

    def __init__(self, file: LogFile, columns: Columns, zone: tzinfo) -> None:
        self.file = file
        self._columns = columns
        self._instants = TableInstants(zone)
        self._share = 0.0

    def done(self) -> int:
        return int(self.file.size * self._share)

    def read(self, broken: Broken) -> Iterator[Line]:
        # SQLite's own temporary database: in the system's directory for such things, and already without a name there,
        # so that the personal data in it never outlives this process.
        with closing(sqlite3.connect("", isolation_level=None)) as shelf:
            shelf.execute("PRAGMA journal_mode = OFF")
            shelf.execute("CREATE TABLE row (at INTEGER, line BLOB)")
            rows = self._fill(shelf, broken)
            equal = Counting()
            decode = msgspec.msgpack.Decoder(Line).decode
            for taken, (packed,) in enumerate(shelf.execute("SELECT line FROM row ORDER BY at, rowid")):
                line = decode(packed)
                line.nth = equal.next((line.at, line.call, line.queue, line.agent, line.verb, *line.data))
                self._share = _READING_COSTS + (1 - _READING_COSTS) * taken / rows
                yield line
        self._share = 1.0

    def _fill(self, shelf: sqlite3.Connection, broken: Broken) -> int:
        """Put every row on the shelf; returns how many."""
        pack = msgspec.msgpack.Encoder().encode
        rows: list[_Row] = []
        total = 0
        shelf.execute("BEGIN")
        for line in self._parsed(broken):
            rows.append((line.at, pack(line)))
            total += 1
            if len(rows) >= _AT_ONCE:
                shelf.executemany("INSERT INTO row VALUES (?, ?)", rows)
                rows.clear()
                self._share = _READING_COSTS * self.file.done() / max(self.file.size, 1)
        shelf.executemany("INSERT INTO row VALUES (?, ?)", rows)
        shelf.execute("COMMIT")
        return total

    def _parsed(self, broken: Broken) -> Iterator[Line]:
        with TextIOWrapper(self.file.open(), "utf-8-sig", errors="surrogateescape", newline="") as text:
            reader = csv.reader(text, delimiter=self._columns.delimiter)
            header = True
            while True:
                try:
                    row = next(reader)
                except StopIteration:
                    return
                except csv.Error as error:
                    broken(reader.line_num, str(error))
                    continue
                except (EOFError, OSError, zlib.error) as error:
                    broken(reader.line_num + 1, f"the compressed file is damaged: {error}")
                    return
                if header or not any(row):
                    header = header and not any(row)
                    continue
                try:
                    yield self._line(reader.line_num, row)
                except NoInstant as error:
                    broken(reader.line_num, str(error))

    def _line(self, number: int, row: list[str]) -> Line:
        """The row as a line of the log; the data columns as if they had been written there. Raises NoInstant (or what else lacks)."""
        columns = self._columns
        if len(row) < columns.least:
            raise NoInstant(f"{len(row)} columns where the header has more")
        at, clock = self._instants.read(row[columns.time])
        data_places = [place for place in columns.data if place < len(row)]
        if columns.single is not None and columns.single < len(row) and not any(row[place] for place in data_places):
            data_places = [columns.single]
        places = (columns.time, columns.callid, columns.queue, columns.agent, columns.event, *data_places)
        told = [_readable(row[place]) for place in places]
        _, call, queue, agent, verb, *data = (text for text, _ in told)
        if not verb:
            raise NoInstant("no verb")
        odd = tuple((place, escaped) for place, (_, escaped) in enumerate(told) if escaped)
        return Line(
            number,
            at,
            clock,
            call,
            "" if queue == "NONE" else queue,
            "" if agent == "NONE" else agent,
            verb,
            # Asterisk leaves what does not fit into five columns in the last one, `|` and all.
            "|".join(data).split("|") if data else [],
            odd=odd,
        )


def _readable(field: str) -> tuple[str, str]:
    if field in _EMPTY:
        return "", ""
    return (field, "") if field.isascii() else readable(field.encode("utf-8", "surrogateescape"))
