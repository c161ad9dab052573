"""A line of a queue_log, of any form: its fields as text, its instant, its number among equal lines."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from typing import Protocol

import msgspec

from domain.voice.facts import Clock
from telephony_adapter.queue_log.files import Broken, LogFile, lines_of
from telephony_adapter.queue_log.instants import NoInstant, from_epoch

LONGEST_NAME = 1_000
"""Characters of a call's id, of a queue, an agent or a verb: Asterisk has 150 at most. They are remembered over many lines."""
TOO_LONG = "a name that is too long"

_FIELDS = 5
"""Instant, call, queue, agent, verb: the required fields."""

_FIRST_SECOND = 1000
"""Added to `seq` in the first second of a part: the second may have been cut, and these lines follow those in another part."""

_REMEMBERED = 8192


class Line(msgspec.Struct):
    """One line. `queue`, `agent`: "" where the log has NONE. `data`: the fields after the verb.

    at: microseconds UTC, by `clock` (domain.voice.facts.Clock). seq: its number among the lines of that instant, 0 if not
    known. nth: how many equal lines came before it. mark: a checksum of its data without personal data. odd: fields that were not UTF-8 (their index and, escaped, their bytes).
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
    def size(self) -> int:
        """Its characters, about."""
        return len(self.call) + len(self.queue) + len(self.agent) + len(self.verb) + len(self.data) + sum(map(len, self.data))

    @property
    def key(self) -> tuple[object, ...]:
        """Lines with the same key are equal, except for personal data, which is not kept for the comparison."""
        return (self.at, self.call, self.queue, self.agent, self.verb, self.mark)


class Lines(Protocol):
    """A file that is being read."""

    file: LogFile

    def read(self, broken: Broken) -> Iterator[Line]:
        """Its lines in the order of time (a table) or of the file (the log)."""

    def done(self) -> int:
        """How much of the file's size has been processed."""

    @property
    def ambiguous(self) -> int:
        """How many lines had a local time that occurs twice, without evidence which of the two it is."""

    @property
    def lacking(self) -> list[str]:
        """The usual columns of a table that this one lacks."""


class Counting:
    """Counts how often each key occurred lately: a bounded memory of some thousand keys, which cover many seconds."""

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
    """A field as text, and its bytes escaped if they are not UTF-8: then it is read as Windows-1252."""
    try:
        return raw.decode(), ""
    except UnicodeDecodeError:
        escaped = raw.decode("ascii", "backslashreplace")
    try:
        return raw.decode("cp1252"), escaped
    except UnicodeDecodeError:
        return raw.decode("latin-1"), escaped


_NAMES_NOBODY = re.compile(r"[^|]{0,7}|[\w-]*\d{9,10}\.\d+", re.ASCII)
"""Data that identifies no person: fields that are too short for a telephone number, and the ids of channels."""


def mark_of(data: list[str]) -> int:
    """A small checksum that distinguishes lines with different data; telephone numbers and names are not part of it."""
    text = "|".join([field if len(field) < 8 or _NAMES_NOBODY.fullmatch(field) else "?" for field in data]).rstrip("|")
    return zlib.crc32(text.encode("utf-8", "surrogatepass")) & 0xFFFF if text else 0


def is_too_long(*names: str) -> bool:
    """Whether one of them is longer than any that Asterisk writes."""
    return max(map(len, names)) > LONGEST_NAME


class TextLines:
    """The file that Asterisk writes: `epoch|callid|queue|agent|verb|data...`, trailing fields missing or not.

    Where its instants go back, another part of the log may have been appended: lines that are equal to earlier ones are
    then counted as in a file of their own.
    """

    ambiguous = 0
    lacking: list[str] = []  # noqa: RUF012 - a text lacks no column

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
            if len(line) > LONGEST_NAME and is_too_long(call, queue, agent, verb):
                broken(number, TOO_LONG)
                continue
            if not verb:
                broken(number, "no verb")
                continue
            seq = places.next(at) + (_FIRST_SECOND if at == first else 0)
            queue = "" if queue == "NONE" else queue
            agent = "" if agent == "NONE" else agent
            data = fields[_FIELDS:]
            found = Line(number, at, clock, call, queue, agent, verb, data, seq, 0, odd, mark_of(data))
            found.nth = equal.next(found.key)
            yield found


def _behind_nuls(raw: bytes, number: int, broken: Broken) -> bytes:
    """The line after the remains of a power cut: NULs, and before them perhaps half a line. b"" if there is none."""
    lost, _, line = raw.rstrip(b"\r\0").rpartition(b"\0")
    if line.count(b"|") < _FIELDS - 1 or not line[:1].isdigit():
        broken(number, "control characters")
        return b""
    if lost.strip(b"\0"):
        broken(number, "half a line before a power cut")
    return line


def _readable_fields(line: bytes) -> tuple[list[str], tuple[tuple[int, str], ...]]:
    """Decode each field by itself: a name may be UTF-8 and a reason not."""
    texts = [readable(field) for field in line.split(b"|")]
    return [text for text, _ in texts], tuple((place, escaped) for place, (_, escaped) in enumerate(texts) if escaped)
