r"""A recorded AMI stream, packet by packet, whatever the recorder: lines of JSON with arrival times, or the bytes themselves.

Two kinds of recording are read, each also gzipped, from a file or from standard input:

- lines of `{"t": arrival, "raw": "Event: ...\r\n\r\n"}`, with notes `{"t", "raw": null, "note": "tcp-closed"}` where the
  connection broke and came back (`.timed.jsonl`);
- the bytes as they came from the socket, of a PBX with `timestampevents = yes`; the banner `Asterisk Call Manager/`
  inside them marks a new connection.
"""

from __future__ import annotations

import gzip
import json
import sys
import zlib
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from io import BufferedReader, RawIOBase
from pathlib import Path
from typing import cast

import msgspec

from telephony_adapter.packets import BANNER, CLOSED, CONNECTED, RESUMED, SILENCE, Interest, Packet, microseconds, parse, timestamp

QUIET_US = 1_500_000
"""A stream that says nothing for so long is told to be silent, in case a cut turns out to have left no other mark."""

EXPECTED = (
    'a recorded AMI stream: lines of {"t": ..., "raw": "Event: ..."} (ami.timed.jsonl), or the bytes of the connection '
    "with Timestamp headers (ami.raw), either gzipped or not"
)

_BANNER = BANNER.encode()
_CHUNK = 1 << 20
_LONGEST = 1 << 22


class NotAnAmiStream(ValueError):
    """The file is of another kind; says what was expected and what it looks like."""


@dataclass(frozen=True, slots=True)
class Broken:
    """What could not be read. `number`: the line of a file of lines, else which packet of the stream."""

    number: int
    why: str


class _Line(msgspec.Struct):
    t: float
    raw: str | None = None
    note: str | None = None


class Recording:
    """Iterates over the packets of interest, in the order in which they were recorded; counts them all.

    read: packets seen so far. broken: those that could not be read. first, last: instants of the first and the last
    sign of life. size: of the file in bytes, None when it has none.
    """

    def __init__(self, path: str | Path, interest: Interest) -> None:
        self.path = path
        self.interest = interest
        self.read = 0
        self.broken: list[Broken] = []
        self.first = 0
        self.last = 0
        self.size: int | None = None
        self._broken_off = False
        self._file: BufferedReader | None = None

    def consumed(self) -> int:
        """Bytes taken from the file so far; 0 of one that has no size."""
        if self._file is None or self._file.closed:
            return self.size or 0
        return self._file.tell()

    def __iter__(self) -> Iterator[Packet]:
        with ExitStack() as stack:
            stream = self._open(stack)
            head = stream.peek(4096)
            packets = self._lines(stream) if _kind(head, str(self.path)) == "lines" else self._blocks(stream)
            try:
                yield from packets
            except (EOFError, gzip.BadGzipFile, zlib.error) as problem:
                self.broken.append(Broken(self.read + 1, f"the compressed file ends badly: {problem}"))

    def _open(self, stack: ExitStack) -> BufferedReader:
        if str(self.path) == "-":
            plain = cast("BufferedReader", sys.stdin.buffer)
        else:
            plain = stack.enter_context(Path(self.path).open("rb"))  # noqa: SIM115 (the stack closes it)
            self.size = Path(self.path).stat().st_size
            self._file = plain
        if plain.peek(2)[:2] != b"\x1f\x8b":
            return plain
        unpacked = stack.enter_context(gzip.GzipFile(fileobj=plain))
        return stack.enter_context(BufferedReader(cast("RawIOBase", unpacked), _CHUNK))

    # lines of JSON

    def _lines(self, stream: BufferedReader) -> Iterator[Packet]:
        decode = msgspec.json.Decoder(_Line).decode
        for number, text in enumerate(stream, 1):
            if text.isspace():
                continue
            try:
                line = decode(text)
            except (msgspec.DecodeError, UnicodeDecodeError):
                found = _lenient(text)
                if found is None:
                    self.broken.append(Broken(number, "no line of a recording: neither a packet nor a note"))
                    continue
                line = found
            arrived = round(line.t * 1_000_000)
            if line.raw is None:
                if line.note in (CONNECTED, CLOSED):
                    self._broken_off = True
                    yield Packet(line.note, arrived, self.last, {}, number)
                continue
            yield from self._packet(line.raw, arrived, number)

    # the bytes of the connection

    def _blocks(self, stream: BufferedReader) -> Iterator[Packet]:
        number = 0
        rest = b""
        while chunk := stream.read(_CHUNK):
            *blocks, rest = (rest + chunk).split(b"\r\n\r\n")
            for block in blocks:
                for piece, whole in _pieces(block):
                    number += 1
                    yield from self._piece(piece, whole, number)
            if len(rest) > _LONGEST:
                self.broken.append(Broken(number + 1, "a packet without end"))
                rest = b""
        for piece, whole in _pieces(rest):
            number += 1
            yield from self._piece(piece, whole and piece.startswith(_BANNER), number)

    def _piece(self, piece: bytes, whole: bool, number: int) -> Iterator[Packet]:
        if whole:
            yield from self._packet(piece.decode("utf-8", "surrogateescape"), 0, number)
        else:
            self.broken.append(Broken(number, "cut off before its end"))

    # either

    def _packet(self, raw: str, arrived: int, number: int) -> Iterator[Packet]:
        self.read += 1
        before = self.last
        raw = raw.removeprefix("\r\n")
        if raw.startswith(BANNER):
            self._broken_off = True
            yield Packet(BANNER, arrived or before, before, {}, number)
            self._alive(arrived)
            return
        event = raw.startswith("Event: ")
        if not event and not raw.startswith("Response: "):
            self.broken.append(Broken(number, f"neither event nor response: {raw[:40]!r}"))
            return
        instant = arrived or timestamp(raw) or before
        if self._broken_off:
            if event:
                self._broken_off = False
                yield Packet(RESUMED, instant, before, {}, number)
        elif before and instant - before > QUIET_US:
            yield Packet(SILENCE, instant, before, {}, number)
        self._alive(instant)
        name = raw[7 : raw.find("\r")] if "\r" in raw else raw[7:]
        if event and self.interest.wants(name, raw):
            yield from self._parsed(name, raw, instant, before, number)

    def _alive(self, instant: int) -> None:
        if instant:
            self.first = self.first or instant
            self.last = max(self.last, instant)

    def _parsed(self, name: str, raw: str, instant: int, before: int, number: int) -> Iterator[Packet]:
        headers, repeated, stray = parse(raw)
        if stray:
            self.broken.append(Broken(number, f"{name}: a line without a colon: {stray[:40]!r}"))
        elif not instant:
            self.broken.append(Broken(number, f"{name} without an instant (timestampevents = yes gives one)"))
        else:
            yield Packet(name, microseconds(headers.get("Timestamp", "")) or instant, before, headers, number, repeated)


def _pieces(block: bytes) -> Iterator[tuple[bytes, bool]]:
    """What stands between two packet ends, apart at the banners in it; False for what a lost connection cut off."""
    rest = block
    while (at := rest.find(_BANNER)) >= 0:
        if rest[:at].strip():
            yield rest[:at], False
        end = rest.find(b"\r\n", at)
        yield rest[at : end if end >= 0 else len(rest)], True
        rest = rest[end + 2 :] if end >= 0 else b""
    if rest.strip():
        yield rest, True


def _lenient(text: bytes) -> _Line | None:
    """A line whose text has bytes that are not UTF-8 (lone surrogates), which the fast decoder refuses."""
    try:
        found = json.loads(text)
        return _Line(float(found["t"]), found["raw"], found.get("note"))
    except (ValueError, KeyError, TypeError):
        return None


def _kind(head: bytes, path: str) -> str:
    """`lines` or `bytes`; NotAnAmiStream for anything else."""
    start = head.lstrip()
    if start.startswith(b"{") and b'"raw"' in start[:4096]:
        return "lines"
    if start.startswith((_BANNER, b"Event: ", b"Response: ")):
        return "bytes"
    found = f"it begins with {start[:40]!r}" if start else "it is empty"
    raise NotAnAmiStream(f"{path}: expected {EXPECTED}; {found}")
