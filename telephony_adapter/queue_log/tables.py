"""Reads the realtime table as CSV or an SQL dump. Rows in any order are sorted by time on disk, so that memory stays flat."""

from __future__ import annotations

import csv
import errno
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import tzinfo
from io import TextIOWrapper
from itertools import groupby, islice
from pathlib import Path

import msgspec

from telephony_adapter.queue_log.columns import Columns, Row
from telephony_adapter.queue_log.files import Broken, LogFile
from telephony_adapter.queue_log.instants import NoInstant, TableInstants
from telephony_adapter.queue_log.lines import TOO_LONG, Counting, Line, is_too_long, mark_of, readable
from telephony_adapter.queue_log.packing import DAMAGED, damage
from telephony_adapter.queue_log.reading_limits import HELD_AT_ONCE, LONGEST_ROW, MOST_OF_A_SECOND, FileReading, Look
from telephony_adapter.queue_log.repeated_hours import Doubtful, decided

_AT_ONCE = 5000
_BYTES_AT_ONCE = 4 << 20
"""Rows are inserted together until they are so many, or so long."""
_STEPS = 1_000_000
"""Instructions of SQLite between two looks whether the reading has to end: less than a tenth of a second."""
_READING_COSTS = 0.2
"""The share of the progress for reading and sorting all rows."""

_EMPTY = frozenset({"NULL", "\\N"})
"""How databases export a field without a value."""


_MOST_DOUBTFUL = 4 * HELD_AT_ONCE
"""Bytes of the rows of the hours that a clock repeats, and of their calls, which are held together: half a million. It is one hour of a year, at night."""


class TableLines:
    """The rows of a realtime table. `zone`: of instants that are text without a zone. scratch: the folder on whose disk they are sorted."""

    def __init__(self, file: LogFile, zone: tzinfo, scratch: Path | None = None) -> None:
        self.file = file
        self._scratch = scratch
        self.ambiguous = 0
        self.lacking: list[str] = []
        self._instants = TableInstants(zone)
        self._share = 0.0

    def done(self) -> int:
        return int(self.file.size * self._share)

    def read(self, broken: Broken) -> Iterator[Line]:
        # SQLite's temporary database: a file that is deleted while it is open, so that the personal data in it never outlives this process.
        with _room(), closing(sqlite3.connect("", isolation_level=None)) as db, _looking(db, self.file.reading.look):
            db.execute("PRAGMA journal_mode = OFF")
            _sorted_in(self._scratch, db)
            # again: the later instant of a local time that occurs twice. day: the date of such a row, as text.
            db.execute("CREATE TABLE row (at INTEGER, line BLOB, call TEXT, again INTEGER, day TEXT)")
            rows = self._fill(db, broken)
            self._decide(db)
            times = _times_each(db, self.file.reading)
            equal = Counting()
            for taken, line in enumerate(_sorted(db)):
                line.nth = equal.next(line.key) // times
                self._share = _READING_COSTS + (1 - _READING_COSTS) * taken / rows
                yield line
        self._share = 1.0

    def _fill(self, db: sqlite3.Connection, broken: Broken) -> int:
        """Insert every row into the temporary database. Returns their number."""
        pack = msgspec.msgpack.Encoder().encode
        rows: list[tuple[int, bytes, str, int | None, str]] = []
        total = size = 0
        db.execute("BEGIN")
        for line, again, day in self._parsed(broken):
            packed = pack(line)
            rows.append((line.at, packed, line.call, again, day))
            total += 1
            size += len(packed)
            if len(rows) >= _AT_ONCE or size >= _BYTES_AT_ONCE:
                db.executemany("INSERT INTO row VALUES (?, ?, ?, ?, ?)", rows)
                rows.clear()
                size = 0
                self._share = _READING_COSTS * self.file.done() / max(self.file.size, 1)
        db.executemany("INSERT INTO row VALUES (?, ?, ?, ?, ?)", rows)
        db.execute("COMMIT")
        return total

    def _parsed(self, broken: Broken) -> Iterator[tuple[Line, int | None, str]]:
        for number, columns, row in _rows_of(self.file, broken):
            self.lacking = columns.lacking
            try:
                line = self._line(number, columns, row)
                written = row[columns.time].strip()
                yield line, self._instants.again(written), written[:10]
            except NoInstant as error:
                broken(number, str(error))

    def _decide(self, db: sqlite3.Connection) -> None:
        """Give the rows of a repeated hour the instant with the better evidence."""
        decode = msgspec.msgpack.Decoder(Line).decode
        if db.execute("SELECT 1 FROM row WHERE again IS NOT NULL LIMIT 1").fetchone() is None:
            return
        db.execute("CREATE INDEX by_call ON row (call)")
        statement = "SELECT rowid, line, again, day FROM row WHERE again IS NOT NULL OR call IN (SELECT call FROM row WHERE again IS NOT NULL) ORDER BY rowid"
        doubtful: list[Doubtful] = []
        size = 0
        for place, line, again, day in db.execute(statement):
            size += len(line)
            if size > _MOST_DOUBTFUL:
                raise self.file.reading.too_much(f"the rows of repeated hours have more than {_MOST_DOUBTFUL:,} bytes")
            doubtful.append(Doubtful(place, decode(line), again, day))
        back = db.execute(
            "SELECT count(*) FROM (SELECT at < lag(at) OVER (ORDER BY rowid) AS back FROM row WHERE again IS NULL) WHERE back"
        )
        later, self.ambiguous = decided(doubtful, ordered=back.fetchone()[0] == 0)
        pack = msgspec.msgpack.Encoder().encode
        for row in later:
            assert row.again is not None
            row.line.at = row.again
            db.execute("UPDATE row SET at = ?, line = ? WHERE rowid = ?", (row.again, pack(row.line), row.place))

    def _line(self, number: int, columns: Columns, row: list[str]) -> Line:
        """The row as a line of the log, with the data columns as in the log. Raises NoInstant, also if another field is missing."""
        if len(row) < columns.least:
            raise NoInstant(f"{len(row)} columns where the header has more")
        at, clock = self._instants.read(row[columns.time])
        data_places = [place for place in columns.data if place < len(row)]
        if columns.single is not None and columns.single < len(row) and not any(row[place] for place in data_places):
            data_places = [columns.single]
        places = (columns.time, columns.callid, columns.queue, columns.agent, columns.event, *data_places)
        texts = [_readable(row[place]) for place in places]
        _, call, queue, agent, verb, *data = (text for text, _ in texts)
        if not verb:
            raise NoInstant("no verb")
        if is_too_long(call, queue, agent, verb):
            raise NoInstant(TOO_LONG)
        odd = tuple((place, escaped) for place, (_, escaped) in enumerate(texts) if escaped)
        # Asterisk writes everything beyond five columns into the last one, with its `|`.
        fields = "|".join(data).split("|") if data else []
        queue, agent = "" if queue == "NONE" else queue, "" if agent == "NONE" else agent
        return Line(number, at, clock, call, queue, agent, verb, fields, odd=odd, mark=mark_of(fields))


def _rows_of(file: LogFile, broken: Broken) -> Iterator[Row]:
    if not file.dump:
        return _csv_rows(file, broken)
    from telephony_adapter.queue_log.dumps import dump_rows

    return dump_rows(file, broken)


def _csv_rows(file: LogFile, broken: Broken) -> Iterator[Row]:
    """The rows below the header."""
    columns = file.columns
    assert columns is not None
    with TextIOWrapper(file.open(), "utf-8-sig", errors="surrogateescape", newline="") as text:
        lines = _RowAtATime(text, file.reading)
        reader = csv.reader(lines, delimiter=columns.delimiter)
        header = True
        while True:
            lines.begin()
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


class _RowAtATime:
    """The lines of a table, for a reader that takes as many as a row has. Raises ReadsTooMuch for what is no row."""

    def __init__(self, text: TextIOWrapper, reading: FileReading) -> None:
        self._text = text
        self._reading = reading
        self._size = 0

    def begin(self) -> None:
        """The next line begins a row."""
        self._size = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._text.readline(LONGEST_ROW)
        self._size += len(line)
        if self._size >= LONGEST_ROW:
            raise self._reading.too_much(f"a row of the table has {LONGEST_ROW:,} characters or more")
        if not line:
            raise StopIteration
        return line


def _sorted_in(scratch: Path | None, db: sqlite3.Connection) -> None:
    """Let SQLite keep its temporary files in the folder: the system's is in memory on some machines, and has no reserve for calls."""
    if scratch is not None:
        quoted = str(scratch).replace("'", "''")
        # A folder into which nobody may write is refused: SQLite takes the system's then.
        with suppress(sqlite3.OperationalError):
            db.execute(f"PRAGMA temp_store_directory = '{quoted}'")


def _sorted(db: sqlite3.Connection) -> Iterator[Line]:
    decode = msgspec.msgpack.Decoder(Line).decode
    for (packed,) in db.execute("SELECT line FROM row ORDER BY at, rowid"):
        yield decode(packed)


def _times_each(db: sqlite3.Connection, reading: FileReading) -> int:
    """How often every row occurs: more than once in a table that was exported twice into one file."""
    least = 0
    for _, together in groupby(_sorted(db), key=lambda line: line.at):
        times = Counter(line.key for line in islice(together, MOST_OF_A_SECOND))
        if next(together, None) is not None:
            raise reading.too_many_of_a_second()
        fewest = min(times.values())
        least = min(least, fewest) if least else fewest
        if least == 1:
            break
    return max(least, 1)


def _readable(field: str) -> tuple[str, str]:
    if field in _EMPTY:
        return "", ""
    field = field.replace("\0", "")
    return (field, "") if field.isascii() else readable(field.encode("utf-8", "surrogateescape"))


@contextmanager
def _room() -> Iterator[None]:
    """Raises OSError (ENOSPC) where the disk has no room for the scratch table."""
    try:
        yield
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF not in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR):
            raise
        raise OSError(errno.ENOSPC, "no room for the scratch table of the import") from error


@contextmanager
def _looking(db: sqlite3.Connection, look: Look) -> Iterator[None]:
    """During the block a long statement ends when `look` raises, by what it raised: SQLite itself says only that it was interrupted."""
    raised: list[BaseException] = []

    def interrupts() -> None:
        try:
            look()
        except BaseException as error:
            raised.append(error)
            raise

    db.set_progress_handler(interrupts, _STEPS)
    try:
        yield
    except sqlite3.OperationalError:
        if raised:
            raise raised[0] from None
        raise
