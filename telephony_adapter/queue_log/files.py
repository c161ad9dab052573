"""Opens files that may be queue logs: packed or not, in any character set, the log itself, a table export, or a file of another kind."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from io import BufferedReader
from pathlib import Path
from typing import IO, cast

from domain.personal_data import without_numbers
from telephony_adapter.queue_log.columns import Columns, columns_of
from telephony_adapter.queue_log.dump_detection import is_dump
from telephony_adapter.queue_log.instants import NoInstant, from_epoch
from telephony_adapter.queue_log.packing import DAMAGED, damage, is_packed, is_zip, member_bytes, members_in, plain_bytes
from telephony_adapter.queue_log.reading_limits import FileReading, Look, nothing

LONGEST_LINE = 1 << 16
_BLOCK = 1 << 20
_LINE = re.compile(rb"\d+(?:\.\d+)?\|[^|\r\n]*\|[^|\r\n]*\|[^|\r\n]*\|[^|\r\n]+")
_SHAPE = re.compile(rb"[^|\r\n]*\|[^|\r\n]*\|[^|\r\n]*\|[^|\r\n]*\|[^|\r\n]+")
EXPECTED = (
    "expected an Asterisk queue_log (lines like 1700000000|1700000000.1|sales|NONE|ENTERQUEUE||...), "
    "its realtime table as CSV with a header (time,callid,queuename,agent,event,data1..data5) or an SQL dump of it "
    "(INSERT INTO queue_log ...), plain or gz, bz2, xz, zip"
)

Broken = Callable[[int, str], None]
"""Called with the number of a line that cannot be used, and the reason."""


class NotAQueueLog(ValueError):
    """The file is of another kind; the message has the detected kind and the expected ones."""


class LogFile:
    """One file whose beginning was read. `name`: its name for people. `columns`: of a table; None for the log itself.

    member: it, in a zip. reading: of the whole file. dump: whether it is an SQL dump. first_us orders the parts of a rotated log; None if it is
    not known before the whole file is read.
    """

    def __init__(self, path: Path, name: str, reading: FileReading, member: zipfile.ZipInfo | None = None) -> None:
        self.path = path
        self.name = without_numbers(f"{name}/{member.filename}" if member else name)
        self.member = member
        self.reading = reading
        self._raw: IO[bytes] | None = None
        try:
            self.size, self.compressed = self._sizes()
            self.dump = False
            self.columns, self.first_us = self._look()
        except (zipfile.BadZipFile, RuntimeError, NotImplementedError) as error:
            # Damaged, or packed in a way (with a password) that cannot be read.
            raise NotAQueueLog(f"{self.name}: {damage(error)}: {EXPECTED}") from error

    def _sizes(self) -> tuple[int, bool]:
        """The size on disk in bytes, and whether the file is packed."""
        if self.member is not None:
            return self.member.compress_size, True
        with self.path.open("rb") as raw:
            return self.path.stat().st_size, is_packed(raw.read(6))

    def done(self) -> int:
        """How many of the file's bytes (packed, if so) have been read."""
        if self._raw is None or self._raw.closed:
            return self.size
        return min(self._raw.tell(), self.size)

    def open(self) -> BufferedReader:
        """The plain bytes from the start: see `plain_bytes`."""
        with ExitStack() as stack:
            raw = cast("IO[bytes]", stack.enter_context(self.path.open("rb")))
            self._raw = raw
            if self.member is not None:
                return member_bytes(raw, self.member, stack.pop_all(), self.reading)
            return plain_bytes(raw, stack.pop_all(), self.reading)

    def _look(self) -> tuple[Columns | None, int | None]:
        start = b""
        why = ""
        with self.open() as stream:
            while len(start) < _BLOCK:
                more, why = _next_block(stream)
                if not more:
                    break
                start += more
        content = start.replace(b"\0", b"")
        if not content.strip():
            raise NotAQueueLog(f"{self.name}: nothing in it{why and ': '}{why}: {EXPECTED}")
        if is_dump(content):
            self.dump = True
            return None, None
        columns = columns_of(content)
        if columns is not None:
            return columns, None
        lines = content.splitlines()
        for line in lines:
            try:
                if _LINE.match(line):
                    return None, from_epoch(line.split(b"|", 1)[0].decode("ascii"))[0]
            except NoInstant:
                continue
        if any(_SHAPE.match(line) for line in lines):
            return None, None  # Errors are reported for each line.
        raise NotAQueueLog(f"{self.name}: {_kind(start)}: {EXPECTED}")


def log_files(path: Path, name: str, others: list[str] | None = None, look: Look = nothing) -> list[LogFile]:
    """The logs in a file: itself, or the members of a zip. Raises NotAQueueLog, ReadsTooMuch.

    others: a list to which a sentence is added for each member of a zip that is no log.
    """
    reading = FileReading(name, path.stat().st_size, look)
    if not is_zip(path):
        return [LogFile(path, name, reading)]
    try:
        members = members_in(path, reading)
    except DAMAGED as error:
        raise NotAQueueLog(f"{name}: {damage(error)}: {EXPECTED}") from error
    if not members:
        raise NotAQueueLog(f"{name}: nothing in it: {EXPECTED}")
    logs: list[LogFile] = []
    refused: list[NotAQueueLog] = []
    for member in members:
        try:
            logs.append(LogFile(path, name, reading, member))
        except NotAQueueLog as error:
            refused.append(error)
    if not logs:
        raise refused[0]
    if others is not None:
        others += [f"left out: {error}" for error in refused]
    return logs


def _kind(start: bytes) -> str:
    """The kind of another file, in words."""
    if b"Asterisk Call Manager" in start or re.search(rb'(?m)^(\{.*"raw": ?"?)?Event: ', start):
        return "this is an AMI capture"
    if b"\0" in start:
        return "this is a binary file"
    return "no line of a queue_log in it"


def lines_of(file: LogFile, broken: Broken) -> Iterator[tuple[int, bytes]]:
    """The lines with their numbers, without their ends; memory stays flat whatever the file contains."""
    number = 0
    rest = b""
    skipping = False
    with file.open() as stream:
        while True:
            block, why = _next_block(stream)
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
        # The text before the damage may be half a line that looks like a whole one.
        broken(number + 1, why)
    elif rest.strip(b"\0") and not skipping:
        yield number + 1, rest


def _next_block(stream: BufferedReader) -> tuple[bytes, str]:
    """The next bytes, and the reason if the file is damaged: the bytes before the damage are used."""
    try:
        return stream.read1(_BLOCK), ""
    except DAMAGED as error:
        return b"", damage(error)
