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
    first: int | None = None
    while position > 0 and end - position < _LONGEST:
        position = max(0, position - _BLOCK)
        file.seek(position)
        block = file.read(_BLOCK)
        begins = 0 if position == 0 else block.find(b"\n") + 1
        for line in block[begins:].splitlines():
            at = _instant(line)
            if at is not None:
                if at < since_us:
                    return position + begins, since_us
                first = at
                break
    return position, first


def _instant(line: bytes) -> int | None:
    seconds = line.partition(b"|")[0].partition(b".")[0]
    return int(seconds) * SECOND if seconds.isdigit() and len(seconds) <= 10 else None
