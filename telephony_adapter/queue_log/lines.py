"""A line of a queue_log, whatever form it had: its fields as text, its instant, its place among equal ones."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from typing import Protocol

import msgspec

from domain.voice.facts import Clock
from telephony_adapter.queue_log.files import Broken, LogFile, lines_of
from telephony_adapter.queue_log.instants import NoInstant, from_epoch

_FIELDS = 5
"""Instant, call, queue, agent, verb: what no line can be without."""

_FIRST_SECOND = 1000
"""Where a part may have been cut in the middle of a second, its lines come after those that another part holds of it."""

_REMEMBERED = 8192


class Line(msgspec.Struct):
    """One line. `queue`, `agent`: "" where the log has NONE. `data`: the fields after the verb.

    at: microseconds UTC, told by `clock` (domain.voice.facts.Clock). seq: its place among the lines of that instant, 0 where
    nobody knows. nth: how many equal lines came before it. mark: of what its data say beyond what names a person. odd: fields that were not UTF-8 (their place and, escaped, their bytes).
    """

    number: int
    at: int
    clock: Clock
    call: str
    queue: str
    agent: str
    verb: str
    data: list[str]
    seq: int = 0
    nth: int = 0
    odd: tuple[tuple[int, str], ...] = ()
    mark: int = 0

    @property
    def key(self) -> tuple[object, ...]:
        """Two lines with the same key say the same, as far as may be kept for comparison."""
        return (self.at, self.call, self.queue, self.agent, self.verb, self.mark)


class Lines(Protocol):
    """A file that is being read."""

    file: LogFile

    def read(self, broken: Broken) -> Iterator[Line]:
        """Its lines in the order of time (a table) or as they stand (the log)."""

    def done(self) -> int:
        """How much of the file's size has been worked off."""

    @property
    def ambiguous(self) -> int:
        """How many lines had a local time that comes twice, and nothing that tells which of the two it is."""

    @property
    def lacking(self) -> list[str]:
        """The columns that a table usually has and this one has not."""


class Counting:
    """How often each key came lately: a bounded memory of the last thousands, which hold many seconds."""

    def __init__(self) -> None:
        self._now: dict[object, int] = {}
        self._before: dict[object, int] = {}

    def next(self, key: object) -> int:
        """0 for the first time, then 1, 2, ..."""
        count = self._now.get(key)
        if count is None:
            count = self._before.get(key, -1)
            if len(self._now) >= _REMEMBERED:
                self._before, self._now = self._now, {}
        self._now[key] = count + 1
        return count + 1


def readable(raw: bytes) -> tuple[str, str]:
    """A field as text, and its bytes escaped when they are not UTF-8: then it is read as Windows-1252."""
    try:
        return raw.decode(), ""
    except UnicodeDecodeError:
        escaped = raw.decode("ascii", "backslashreplace")
    try:
        return raw.decode("cp1252"), escaped
    except UnicodeDecodeError:
        return raw.decode("latin-1"), escaped


_NAMES_NOBODY = re.compile(r"[^|]{0,7}|[\w-]*\d{9,10}\.\d+", re.ASCII)
"""Data that no person can be known by: what is too short for a telephone number, and the ids of channels."""


def mark_of(data: list[str]) -> int:
    """A small number that tells apart lines whose data differ; numbers of telephones, and names, are no part of it."""
    told = "|".join(field if len(field) < 8 or _NAMES_NOBODY.fullmatch(field) else "?" for field in data).rstrip("|")
    return zlib.crc32(told.encode("utf-8", "surrogatepass")) & 0xFFFF if told else 0


class TextLines:
    """The file that Asterisk writes: `epoch|callid|queue|agent|verb|data...`, trailing fields missing or not.

    Where its instants go back, another part of the log may begin that somebody has put behind this one: lines that are equal
    to those of before are counted as in a file of their own.
    """

    ambiguous = 0
    lacking: list[str] = []  # noqa: RUF012 - of a text nothing is lacking, ever

    def __init__(self, file: LogFile) -> None:
        self.file = file

    def done(self) -> int:
        return self.file.done()

    def read(self, broken: Broken) -> Iterator[Line]:
        equal, places = Counting(), Counting()
        clock: Clock = "log"
        metadata, at, first, latest = "", 0, -1, 0
        for number, raw in lines_of(self.file, broken):
            line = raw.rstrip(b"\r") if b"\0" not in raw else _behind_nuls(raw, number, broken)
            if not line:
                continue
            odd: tuple[tuple[int, str], ...] = ()
            try:
                fields = line.decode().split("|")
            except UnicodeDecodeError:
                fields, odd = _readable_fields(line)
            if len(fields) < _FIELDS:
                broken(number, f"{len(fields)} fields where a line has at least {_FIELDS}")
                continue
            if fields[0] != metadata:
                try:
                    at, clock = from_epoch(fields[0])
                except NoInstant as error:
                    broken(number, str(error))
                    continue
                metadata = fields[0]
                if at < latest:
                    equal, places, first = Counting(), Counting(), at
                latest = at
                first = at if first < 0 else first
            _, call, queue, agent, verb = fields[:_FIELDS]
            if not verb:
                broken(number, "no verb")
                continue
            seq = places.next(at) + (_FIRST_SECOND if at == first else 0)
            queue = "" if queue == "NONE" else queue
            agent = "" if agent == "NONE" else agent
            data = fields[_FIELDS:]
            told = Line(number, at, clock, call, queue, agent, verb, data, seq, 0, odd, mark_of(data))
            told.nth = equal.next(told.key)
            yield told


def _behind_nuls(raw: bytes, number: int, broken: Broken) -> bytes:
    """The line that stands behind what a power cut left in the file: NULs, and before them perhaps half a line. b"" if none does."""
    lost, _, line = raw.rstrip(b"\r\0").rpartition(b"\0")
    if line.count(b"|") < _FIELDS - 1 or not line[:1].isdigit():
        broken(number, "control characters")
        return b""
    if lost.strip(b"\0"):
        broken(number, "half a line before a power cut")
    return line


def _readable_fields(line: bytes) -> tuple[list[str], tuple[tuple[int, str], ...]]:
    """Each field by itself: a name may be UTF-8 beside a reason that is not."""
    told = [readable(field) for field in line.split(b"|")]
    return [text for text, _ in told], tuple((place, escaped) for place, (_, escaped) in enumerate(told) if escaped)
