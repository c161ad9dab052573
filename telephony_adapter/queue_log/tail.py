"""The end of the queue_log that an Asterisk is writing: what it recorded while nobody listened to its events."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from domain.base import SECOND

_BLOCK = 1 << 16
_LONGEST = 1 << 28
"""A tail of more bytes is cut: whoever was away that long imports the log as a whole."""


@dataclass(frozen=True)
class Tail:
    """The lines since an instant. path: a temporary file with them. since_us: from when on the log is complete; None if it has no line."""

    path: Path
    since_us: int | None


@contextmanager
def tail(log: Path, since_us: int) -> Iterator[Tail]:
    """The whole lines of `log` from `since_us` on, while the context lasts. Raises OSError if it cannot be read."""
    with log.open("rb") as file, tempfile.NamedTemporaryFile(prefix="atende-queue-log-") as copy:
        start, complete_since_us = _start(file, since_us)
        file.seek(start)
        lines = file.read(_LONGEST)
        copy.write(lines[: lines.rfind(b"\n") + 1])
        copy.flush()
        yield Tail(Path(copy.name), complete_since_us)


def _start(file: BinaryIO, since_us: int) -> tuple[int, int | None]:
    """Where the lines since then begin, and from when on the file has all of them: a log that was rotated since has only the later ones."""
    end = position = file.seek(0, 2)
    while position > 0 and end - position < _LONGEST:
        position = max(0, position - _BLOCK)
        file.seek(position)
        if position > 0:
            file.readline()  # the end of a line
        at, _ = _next(file)
        if at is not None and at < since_us:
            break
    return _first_since(file, position, since_us)


def _first_since(file: BinaryIO, position: int, since_us: int) -> tuple[int, int | None]:
    """The first line from `position` on that is not older, and whether an older one is before it."""
    file.seek(position)
    if position > 0:
        file.readline()
    complete, begins = None, file.tell()
    while True:
        at, ends = _next(file)
        if at is None:
            return begins, complete
        if at >= since_us:
            return begins, complete or at
        complete, begins = since_us, ends


def _next(file: BinaryIO) -> tuple[int | None, int]:
    """The instant of the next line that has one, and where that line ends; None at the end of the file."""
    while line := file.readline():
        at = _instant(line)
        if at is not None:
            return at, file.tell()
    return None, file.tell()


def _instant(line: bytes) -> int | None:
    seconds = line.partition(b"|")[0].partition(b".")[0]
    return int(seconds) * SECOND if seconds.isdigit() and len(seconds) <= 10 else None
