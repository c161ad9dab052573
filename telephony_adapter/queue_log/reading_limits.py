"""How much is read of a file that somebody else made: a small one may unpack to more than any disk holds.

A file is read a piece at a time, and is not unpacked onto the disk. A table alone is: its rows are sorted there, by a scratch table that may become as
large as the file unpacked, on the disk of the data directory, whose reserve it leaves. These limits bound the time for which a file keeps a process busy,
the scratch table, and what is held in memory: a row, a statement of a dump, the lines of one second, a list of members.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from typing import IO, cast

MOST_UNPACKED = 16 << 30
"""Bytes of one file, unpacked: ten years of a large center."""

MOST_TIMES = 200
"""How many times its size a file may unpack to: logs pack to a tenth, the most uniform ones to a fiftieth."""

ALWAYS_UNPACKED = 64 << 20
"""Bytes that every file may unpack to: they are read in a second."""

MOST_LAYERS = 3
"""A log that was packed, packed again and put into a zip. A file may be made to contain itself."""

MOST_MEMBERS = 500
"""Files in a zip: a year of daily logs and more."""

LARGEST_DIRECTORY = 1 << 20
"""Bytes of the list of files in a zip, which is read whole. A million empty files need 50 MiB."""

LONGEST_ROW = 1 << 20
"""Characters of a row of a table, on however many lines: it is held whole. A line of a log that is too long is left out."""

LONGEST_TUPLE = 1 << 14
"""Characters of a row of an SQL dump, and of a list of columns in it: a row that Asterisk writes has some hundred. The library that reads them keeps every
other thread of the process waiting meanwhile, four microseconds for each character. What is longer is left out.
"""

LONGEST_STATEMENT = 1 << 26
"""Bytes of a statement of an SQL dump, which holds many rows: what a MySQL server accepts by default. Of a longer one the rest is not read."""

MOST_TABLES = 100
"""Tables of a dump that are named like a queue_log, whose columns are kept for their rows: a dump has one, or one of each month."""

MOST_COLUMNS = 200
"""Columns of such a table that are kept. A queue_log has about ten."""

MOST_OF_A_SECOND = 100_000
"""Lines of one instant, which are held together because of their order. The busiest centers write some hundred in a second."""

HELD_AT_ONCE = 16 << 20
"""Characters of the lines that are held before they are sent: 20,000 usual lines have 2 MiB. Those of one second may have twice as many more."""

LARGEST_LIST = 8 << 20
"""Bytes of a list of members, which is held whole."""

MOST_TELEPHONES = 20_000
"""Lines of a list of members. The largest centers have some thousand telephones, and all of a list are taken in by one step, without progress."""

Look = Callable[[], None]
"""Called again and again while a file is read; what it raises ends the reading."""


def nothing() -> None:
    """Nobody looks."""


class ReadsTooMuch(ValueError):
    """A file is beyond a limit. The message names the file and the limit."""


class FileReading:
    """The reading of one file. name: of the file, for people. size: of the file as it is, bytes; None if it is not known."""

    def __init__(self, name: str, size: int | None = None, look: Look = nothing) -> None:
        self.name = name
        self.look = look
        self._most = MOST_UNPACKED if size is None else min(MOST_UNPACKED, max(ALWAYS_UNPACKED, MOST_TIMES * size))
        self._unpacked = 0

    def unpacked(self, count: int) -> None:
        """So many more bytes came out of a packed file. Raises ReadsTooMuch."""
        self.look()
        self._unpacked += count
        if self._unpacked > self._most:
            raise self.too_much(f"it unpacks to more than {self._most:,} bytes, which no log does")

    def too_many_of_a_second(self) -> ReadsTooMuch:
        """The refusal to hold all that is of one instant."""
        return self.too_much(f"more than {MOST_OF_A_SECOND:,} lines are of one instant, or they are too long")

    def too_much(self, why: str) -> ReadsTooMuch:
        """The refusal to read on."""
        return ReadsTooMuch(f"{self.name}: {why}")


class BoundedReads:
    """A file of which only a little is read at once: `zipfile` reads the list of files by one read, of the size that the zip states."""

    def __init__(self, raw: IO[bytes], reading: FileReading) -> None:
        self._raw = raw
        self._reading = reading

    def read(self, size: int = -1) -> bytes:
        """The next bytes. Raises ReadsTooMuch."""
        data = self._raw.read(min(size, LARGEST_DIRECTORY + 1) if size >= 0 else LARGEST_DIRECTORY + 1)
        if len(data) > LARGEST_DIRECTORY:
            raise self._reading.too_much(f"its list of files has more than {LARGEST_DIRECTORY:,} bytes")
        return data

    def seek(self, offset: int, whence: int = 0) -> int:
        """As of any file."""
        return self._raw.seek(offset, whence)

    def tell(self) -> int:
        """As of any file."""
        return self._raw.tell()

    def seekable(self) -> bool:
        """As of any file."""
        return True

    def close(self) -> None:
        """As of any file."""
        self._raw.close()


def opened_zip(raw: IO[bytes], reading: FileReading) -> zipfile.ZipFile:
    """A zip whose list of files was read. Raises ReadsTooMuch, and what `zipfile` raises."""
    archive = zipfile.ZipFile(cast("IO[bytes]", BoundedReads(raw, reading)))
    if len(archive.filelist) > MOST_MEMBERS:
        archive.close()
        raise reading.too_much(f"{len(archive.filelist):,} files are in it, and of a zip at most {MOST_MEMBERS:,} are read")
    return archive
