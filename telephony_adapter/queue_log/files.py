"""Opening what is called a queue_log: packed or not, in whatever character set, the file or a table export, or something else altogether."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from io import BufferedReader
from pathlib import Path
from typing import IO, cast

from telephony_adapter.queue_log.columns import Columns, columns_of
from telephony_adapter.queue_log.dumps import is_dump
from telephony_adapter.queue_log.instants import NoInstant, from_epoch
from telephony_adapter.queue_log.packing import DAMAGED, damage, is_packed, is_zip, members_in, plain_bytes

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
"""Told the number of a line that cannot be used, and why."""


class NotAQueueLog(ValueError):
    """The file is of another kind; `str()` says what it seems to be and what was expected."""


class LogFile:
    """One file, looked into but not read yet. `name`: what people call it. `columns`: of a table; None for the log itself.

    member: its name in a zip. dump: whether it is an SQL dump. first_us orders the parts of a rotated log; None where only
    reading it all can tell.
    """

    def __init__(self, path: Path, name: str, member: str = "") -> None:
        self.path = path
        self.name = f"{name}/{member}" if member else name
        self.member = member
        self._raw: IO[bytes] | None = None
        try:
            self.size, self.compressed = self._sizes()
            self.dump = False
            self.columns, self.first_us = self._look()
        except (zipfile.BadZipFile, RuntimeError, NotImplementedError) as error:
            # Damaged, or packed in a way (with a password) that cannot be read.
            raise NotAQueueLog(f"{self.name}: {damage(error)}: {EXPECTED}") from error

    def _sizes(self) -> tuple[int, bool]:
        """Bytes as they lie there, and whether they are packed."""
        if self.member:
            with zipfile.ZipFile(self.path) as packed:
                return packed.getinfo(self.member).compress_size, True
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
            if self.member:
                raw = stack.enter_context(stack.enter_context(zipfile.ZipFile(raw)).open(self.member))
            return plain_bytes(raw, stack.pop_all())

    def _look(self) -> tuple[Columns | None, int | None]:
        start = b""
        why = ""
        with self.open() as stream:
            while len(start) < _BLOCK:
                more, why = _next_block(stream)
                if not more:
                    break
                start += more
        told = start.replace(b"\0", b"")
        if not told.strip():
            raise NotAQueueLog(f"{self.name}: nothing in it{why and ': '}{why}: {EXPECTED}")
        if is_dump(told):
            self.dump = True
            return None, None
        columns = columns_of(told)
        if columns is not None:
            return columns, None
        lines = told.splitlines()
        for line in lines:
            try:
                if _LINE.match(line):
                    return None, from_epoch(line.split(b"|", 1)[0].decode("ascii"))[0]
            except NoInstant:
                continue
        if any(_SHAPE.match(line) for line in lines):
            return None, None  # What is wrong with its lines is told line by line.
        raise NotAQueueLog(f"{self.name}: {_kind(start)}: {EXPECTED}")


def log_files(path: Path, name: str, others: list[str] | None = None) -> list[LogFile]:
    """The logs in a file: itself, or the members of a zip. Raises NotAQueueLog.

    others: takes a sentence for each member of a zip that is no log beside others that are.
    """
    if not is_zip(path):
        return [LogFile(path, name)]
    try:
        members = members_in(path)
    except DAMAGED as error:
        raise NotAQueueLog(f"{name}: {damage(error)}: {EXPECTED}") from error
    if not members:
        raise NotAQueueLog(f"{name}: nothing in it: {EXPECTED}")
    logs: list[LogFile] = []
    refused: list[NotAQueueLog] = []
    for member in members:
        try:
            logs.append(LogFile(path, name, member))
        except NotAQueueLog as error:
            refused.append(error)
    if not logs:
        raise refused[0]
    if others is not None:
        others += [f"left out: {error}" for error in refused]
    return logs


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
    elif rest.strip(b"\0") and not skipping:
        yield number + 1, rest


def _next_block(stream: BufferedReader) -> tuple[bytes, str]:
    """Some more bytes, and why there are no more if the file is damaged: what came before the damage is not lost."""
    try:
        return stream.read1(_BLOCK), ""
    except DAMAGED as error:
        return b"", damage(error)
