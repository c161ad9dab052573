"""Opening what is called a queue_log: compressed or not, the file or a table export, or something else altogether."""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Callable, Iterator
from io import BufferedReader
from pathlib import Path
from typing import IO, cast

from telephony_adapter.queue_log.columns import Columns, columns_of

LONGEST_LINE = 1 << 16
_BLOCK = 1 << 20
_GZIP = b"\x1f\x8b"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_LINE = re.compile(rb"\d+(?:\.\d+)?\|[^|\r\n]*\|[^|\r\n]*\|[^|\r\n]*\|[^|\r\n]+")
EXPECTED = (
    "expected an Asterisk queue_log (lines like 1700000000|1700000000.1|sales|NONE|ENTERQUEUE||...) "
    "or its realtime table as CSV with a header (time,callid,queuename,agent,event,data1..data5), plain or gz"
)

Stream = gzip.GzipFile | BufferedReader
Broken = Callable[[int, str], None]
"""Told the number of a line that cannot be used, and why."""


class NotAQueueLog(ValueError):
    """The file is of another kind; `str()` says what it seems to be and what was expected."""


class LogFile:
    """One file, looked into but not read yet. `name`: what people call it. `columns`: of a table; None for the log itself.

    `first_us` orders the parts of a rotated log; None where only reading it all can tell.
    """

    def __init__(self, path: Path, name: str) -> None:
        self.path = path
        self.name = name
        self.size = path.stat().st_size
        self._raw: IO[bytes] | None = None
        with path.open("rb") as raw:
            self.compressed = raw.read(2) == _GZIP
        self.columns, self.first_us = self._look()

    def done(self) -> int:
        """How many of the file's bytes (compressed, if so) have been read."""
        return self.size if self._raw is None or self._raw.closed else self._raw.tell()

    def open(self) -> Stream:
        """The uncompressed bytes from the start."""
        if self.compressed:
            stream = gzip.GzipFile(self.path)
            self._raw = cast("IO[bytes]", stream.fileobj)
            return stream
        self._raw = plain = self.path.open("rb")
        return plain

    def _look(self) -> tuple[Columns | None, int | None]:
        start = b""
        with self.open() as stream:
            while len(start) < _BLOCK:
                more, _ = _next_block(stream)
                if not more:
                    break
                start += more
        if not start.strip():
            raise NotAQueueLog(f"{self.name}: nothing in it: {EXPECTED}")
        columns = columns_of(start)
        if columns is not None:
            return columns, None
        for line in start.splitlines():
            if _LINE.match(line):
                return None, int(line.split(b"|", 1)[0].split(b".")[0]) * 1_000_000
        raise NotAQueueLog(f"{self.name}: {_kind(start)}: {EXPECTED}")


def _kind(start: bytes) -> str:
    """What another file seems to be, as people call it."""
    if b"Asterisk Call Manager" in start or re.search(rb'(?m)^(\{.*"raw": ?"?)?Event: ', start):
        return "this is an AMI capture"
    if b"\0" in start:
        return "this is a binary file"
    return "no line of a queue_log in it"


def lines_of(file: LogFile, broken: Broken) -> Iterator[tuple[int, bytes]]:
    """The lines with their numbers, without their ends; memory stays flat whatever the file holds."""
    number = 0
    rest = b""
    skipping = False
    with file.open() as stream:
        while True:
            block, why = _next_block(stream)
            if not number:
                block = block.removeprefix(_BYTE_ORDER_MARK)
            lines = (rest + block).split(b"\n")
            rest = lines.pop()
            for line in lines:
                number += 1
                if skipping:
                    skipping = False
                    continue
                yield number, line
            if len(rest) > LONGEST_LINE:
                if not skipping:
                    broken(number + 1, "too long for a line")
                skipping, rest = True, b""
            if not block:
                break
    if why:
        # What stands before the damage may be half a line that looks like a whole one.
        broken(number + 1, why)
    elif rest and not skipping:
        yield number + 1, rest


def _next_block(stream: Stream) -> tuple[bytes, str]:
    """Some more bytes, and why there are no more if the file is damaged: what came before the damage is not lost."""
    try:
        return stream.read1(_BLOCK), ""
    except EOFError:
        return b"", "the compressed file ends too early"
    except (gzip.BadGzipFile, zlib.error) as error:
        return b"", f"the compressed file is damaged: {error}"
