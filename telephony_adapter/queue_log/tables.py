"""The realtime table as CSV or an SQL dump, its rows in any order: sorted by time on disk, so that memory stays flat."""

from __future__ import annotations

import csv
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import tzinfo
from io import TextIOWrapper
from itertools import groupby

import msgspec

from telephony_adapter.queue_log.columns import Columns
from telephony_adapter.queue_log.dumps import Row, dump_rows
from telephony_adapter.queue_log.files import Broken, LogFile
from telephony_adapter.queue_log.instants import NoInstant, TableInstants
from telephony_adapter.queue_log.lines import Counting, Line, mark_of, readable
from telephony_adapter.queue_log.packing import DAMAGED, damage
from telephony_adapter.queue_log.repeated_hours import Doubtful, decided

_AT_ONCE = 5000
_READING_COSTS = 0.2
"""The share of the work that is done when all rows are read and sorted."""

_EMPTY = frozenset({"NULL", "\\N"})
"""How databases export a field without a value."""


class TableLines:
    """The rows of a realtime table. `zone`: of instants that are text and name none."""

    def __init__(self, file: LogFile, zone: tzinfo) -> None:
        self.file = file
        self.ambiguous = 0
        self.lacking: list[str] = []
        self._instants = TableInstants(zone)
        self._share = 0.0

    def done(self) -> int:
        return int(self.file.size * self._share)

    def read(self, broken: Broken) -> Iterator[Line]:
        # SQLite's own temporary database: in the system's directory for such things, and already without a name there,
        # so that the personal data in it never outlives this process.
        with closing(sqlite3.connect("", isolation_level=None)) as shelf:
            shelf.execute("PRAGMA journal_mode = OFF")
            # again: the later instant of a local time that comes twice. day: of such a row, as it is written.
            shelf.execute("CREATE TABLE row (at INTEGER, line BLOB, call TEXT, again INTEGER, day TEXT)")
            rows = self._fill(shelf, broken)
            self._decide(shelf)
            times = _times_each(shelf)
            equal = Counting()
            for taken, line in enumerate(_sorted(shelf)):
                line.nth = equal.next(line.key) // times
                self._share = _READING_COSTS + (1 - _READING_COSTS) * taken / rows
                yield line
        self._share = 1.0

    def _fill(self, shelf: sqlite3.Connection, broken: Broken) -> int:
        """Put every row on the shelf; returns how many."""
        pack = msgspec.msgpack.Encoder().encode
        rows: list[tuple[int, bytes, str, int | None, str]] = []
        total = 0
        shelf.execute("BEGIN")
        for line, again, day in self._parsed(broken):
            rows.append((line.at, pack(line), line.call, again, day))
            total += 1
            if len(rows) >= _AT_ONCE:
                shelf.executemany("INSERT INTO row VALUES (?, ?, ?, ?, ?)", rows)
                rows.clear()
                self._share = _READING_COSTS * self.file.done() / max(self.file.size, 1)
        shelf.executemany("INSERT INTO row VALUES (?, ?, ?, ?, ?)", rows)
        shelf.execute("COMMIT")
        return total

    def _parsed(self, broken: Broken) -> Iterator[tuple[Line, int | None, str]]:
        for number, columns, row in dump_rows(self.file, broken) if self.file.dump else _csv_rows(self.file, broken):
            self.lacking = columns.lacking
            try:
                line = self._line(number, columns, row)
                written = row[columns.time].strip()
                yield line, self._instants.again(written), written[:10]
            except NoInstant as error:
                broken(number, str(error))

    def _decide(self, shelf: sqlite3.Connection) -> None:
        """Give the rows of a repeated hour the instant that the evidence is for."""
        decode = msgspec.msgpack.Decoder(Line).decode
        if shelf.execute("SELECT 1 FROM row WHERE again IS NOT NULL LIMIT 1").fetchone() is None:
            return
        shelf.execute("CREATE INDEX by_call ON row (call)")
        asked = "SELECT rowid, line, again, day FROM row WHERE again IS NOT NULL OR call IN (SELECT call FROM row WHERE again IS NOT NULL) ORDER BY rowid"
        doubtful = [Doubtful(place, decode(line), again, day) for place, line, again, day in shelf.execute(asked)]
        back = shelf.execute(
            "SELECT count(*) FROM (SELECT at < lag(at) OVER (ORDER BY rowid) AS back FROM row WHERE again IS NULL) WHERE back"
        )
        later, self.ambiguous = decided(doubtful, ordered=back.fetchone()[0] == 0)
        pack = msgspec.msgpack.Encoder().encode
        for row in later:
            assert row.again is not None
            row.line.at = row.again
            shelf.execute("UPDATE row SET at = ?, line = ? WHERE rowid = ?", (row.again, pack(row.line), row.place))

    def _line(self, number: int, columns: Columns, row: list[str]) -> Line:
        """The row as a line of the log; the data columns as if they had been written there. Raises NoInstant (or what else lacks)."""
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
        # Asterisk leaves what does not fit into five columns in the last one, `|` and all.
        fields = "|".join(data).split("|") if data else []
        queue, agent = "" if queue == "NONE" else queue, "" if agent == "NONE" else agent
        return Line(number, at, clock, call, queue, agent, verb, fields, odd=odd, mark=mark_of(fields))


def _csv_rows(file: LogFile, broken: Broken) -> Iterator[Row]:
    """The rows below the header."""
    columns = file.columns
    assert columns is not None
    with TextIOWrapper(file.open(), "utf-8-sig", errors="surrogateescape", newline="") as text:
        reader = csv.reader(text, delimiter=columns.delimiter)
        header = True
        while True:
            try:
                row = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                broken(reader.line_num, str(error))
                continue
            except DAMAGED as error:
                broken(reader.line_num + 1, damage(error))
                return
            empty = not any(field.strip("\0") for field in row)
            if header or empty:
                header = header and empty
                continue
            yield reader.line_num, columns, row


def _sorted(shelf: sqlite3.Connection) -> Iterator[Line]:
    decode = msgspec.msgpack.Decoder(Line).decode
    for (packed,) in shelf.execute("SELECT line FROM row ORDER BY at, rowid"):
        yield decode(packed)


def _times_each(shelf: sqlite3.Connection) -> int:
    """How often every row stands there: more than once in a table that was exported twice into one file."""
    least = 0
    for _, together in groupby(_sorted(shelf), key=lambda line: line.at):
        fewest = min(Counter(line.key for line in together).values())
        least = min(least, fewest) if least else fewest
        if least == 1:
            break
    return max(least, 1)


def _readable(field: str) -> tuple[str, str]:
    if field in _EMPTY:
        return "", ""
    field = field.replace("\0", "")
    return (field, "") if field.isascii() else readable(field.encode("utf-8", "surrogateescape"))
