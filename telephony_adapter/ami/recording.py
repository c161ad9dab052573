r"""A recorded AMI stream, packet by packet, whatever the recorder: lines of JSON with arrival times, or the bytes themselves.

Two kinds of recording are read, each also compressed, with lines that end in CR LF, in LF or in CR, from a file or from
standard input:

- lines of `{"t": arrival, "raw": "Event: ...\r\n\r\n"}`, with notes `{"t", "raw": null, "note": "tcp-closed"}` where the
  connection broke and came back (`.timed.jsonl`);
- the bytes as they came from the socket, of a PBX with `timestampevents = yes`; the banner `Asterisk Call Manager/`
  inside them marks a new connection.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from io import BufferedReader
from pathlib import Path
from typing import IO, cast

import msgspec

from domain.personal_data import shape
from telephony_adapter.ami.packets import BANNER, CLOSED, CONNECTED, Interest, Packet
from telephony_adapter.ami.stream import UNDATED, PacketStream, event_name
from telephony_adapter.queue_log.packing import DAMAGED, damage, is_zip, member_bytes, members_in, plain_bytes
from telephony_adapter.queue_log.reading_limits import FileReading, Look, nothing

EXPECTED = (
    'a recorded AMI stream: lines of {"t": ..., "raw": "Event: ..."} (ami.timed.jsonl), or the bytes of the connection '
    "with Timestamp headers (ami.raw), either compressed or not"
)

_BANNER = BANNER.encode()
_CHUNK = 1 << 20
_LONGEST = 1 << 22
_LATEST_S = 10**11


class NotAnAmiStream(ValueError):
    """The file is of another kind; the message has the expected and the found one."""


class _Line(msgspec.Struct):
    t: float
    raw: str | None = None
    note: str | None = None


class Recording(PacketStream):
    """Iterates over the packets of interest, in the order in which they were recorded; counts them all.

    size: of the file in bytes, None if it has none.
    """

    def __init__(self, path: str | Path, interest: Interest, latest_us: int | None = None, look: Look = nothing) -> None:
        """look: called while the file is read, whatever is in it."""
        super().__init__(interest, latest_us)
        self.path = path
        self._look = look
        self.size: int | None = None
        self._file: BufferedReader | None = None

    def consumed(self) -> int:
        """Bytes read from the file so far; 0 for one without a size."""
        if self._file is None or self._file.closed:
            return self.size or 0
        return self._file.tell()

    def must_be_one(self) -> None:
        """Look at the beginning of the file alone. Raises NotAnAmiStream, ReadsTooMuch."""
        with ExitStack() as stack:
            self._begun(stack)

    def __iter__(self) -> Iterator[Packet]:
        with ExitStack() as stack:
            stream, kind = self._begun(stack)
            packets = self._lines(stream) if kind == "lines" else self._blocks(stream)
            try:
                yield from packets
            except DAMAGED as problem:
                self.broke(self.read + 1, f"the compressed file ends badly: {problem}")
            for raw, number in self._undated:
                self.broke(number, f"{event_name(raw)} {UNDATED}")

    def _begun(self, stack: ExitStack) -> tuple[BufferedReader, str]:
        """The stream from its beginning, and its kind."""
        try:
            stream = self._open(stack)
            head = stream.peek(4096)
        except DAMAGED as problem:
            raise NotAnAmiStream(f"{self.path}: expected {EXPECTED}; {damage(problem)}") from problem
        return stream, _kind(head, str(self.path))

    def _open(self, stack: ExitStack) -> BufferedReader:
        if str(self.path) == "-":
            return plain_bytes(sys.stdin.buffer, ExitStack(), FileReading("-", None, self._look))
        path = Path(self.path)
        plain: IO[bytes] = stack.enter_context(path.open("rb"))
        self.size, self._file = path.stat().st_size, cast("BufferedReader", plain)
        reading = FileReading(str(self.path), self.size, self._look)
        if is_zip(path):
            members = members_in(path, reading)
            if len(members) != 1:
                raise NotAnAmiStream(f"{self.path}: expected {EXPECTED}; it is a zip of {len(members)} files")
            return stack.enter_context(member_bytes(plain, members[0], ExitStack(), reading))
        return stack.enter_context(plain_bytes(plain, ExitStack(), reading))

    # lines of JSON

    def _lines(self, stream: BufferedReader) -> Iterator[Packet]:
        decode = msgspec.json.Decoder(_Line).decode
        for number, text in _texts(stream):
            if text.isspace():
                continue
            line: _Line | None
            try:
                line = decode(text)
            except (msgspec.DecodeError, UnicodeDecodeError):
                line = _lenient(text)
            if line is None or not 0 < line.t < _LATEST_S:
                self.broke(number, "no line of a recording: neither a packet nor a note")
                continue
            arrived = round(line.t * 1_000_000)
            if line.raw is not None:
                yield from self.packet(line.raw, arrived, number)
            elif line.note in (CONNECTED, CLOSED):
                yield self.note(line.note, arrived, number)

    # the bytes of the connection

    def _blocks(self, stream: BufferedReader) -> Iterator[Packet]:
        number = 0
        rest = b""
        while chunk := stream.read1(_CHUNK):
            *blocks, rest = _ended_by_cr_lf(rest + chunk).split(b"\r\n\r\n")
            for block in blocks:
                for piece, whole in _pieces(block):
                    number += 1
                    yield from self._piece(piece, whole, number)
            if len(rest) > _LONGEST:
                self.broke(number + 1, "a packet without end")
                rest = b""
        for piece, whole in _pieces(rest):
            number += 1
            yield from self._piece(piece, whole and piece.startswith(_BANNER), number)

    def _piece(self, piece: bytes, whole: bool, number: int) -> Iterator[Packet]:
        if whole:
            yield from self.packet(piece.decode("utf-8", "surrogateescape"), 0, number)
        else:
            self.broke(number, "cut off before its end")


_LONE_ENDS = re.compile(rb"(?<!\r)\r*\n")
"""It begins only where a row of CR begins: tried at each CR of a long row, it would take hours."""


def _ended_by_cr_lf(read: bytes) -> bytes:
    """The bytes with the line ends of a PBX (CR LF); tools that save streams may leave only LF."""
    if read.count(b"\n") == read.count(b"\r\n") and b"\r\r\n" not in read:
        return read
    return _LONE_ENDS.sub(b"\r\n", read)


def _texts(stream: BufferedReader) -> Iterator[tuple[int, bytes]]:
    """The lines of a file with their numbers; of an endless one only its beginning, which is no valid line."""
    number, whole = 0, True
    while text := stream.readline(_LONGEST):
        begins, whole = whole, text.endswith(b"\n")
        if begins:
            number += 1
            yield number, text


def _pieces(block: bytes) -> Iterator[tuple[bytes, bool]]:
    """Split the bytes between two packet ends at the banners in them; False for a part that a lost connection cut off."""
    begin = 0
    while (at := block.find(_BANNER, begin)) >= 0:
        if block[begin:at].strip():
            yield block[begin:at], False
        end = block.find(b"\r\n", at)
        yield block[at : end if end >= 0 else len(block)], True
        begin = end + 2 if end >= 0 else len(block)
    if block[begin:].strip():
        yield block[begin:], True


def _lenient(text: bytes) -> _Line | None:
    """A line whose text has bytes that are not UTF-8 (lone surrogates), which the fast decoder refuses."""
    try:
        return msgspec.convert(json.loads(text), _Line)
    except (ValueError, msgspec.ValidationError, RecursionError):
        return None


def _kind(head: bytes, path: str) -> str:
    """`lines` or `bytes`; NotAnAmiStream for anything else."""
    start = head.lstrip()
    if start.startswith(b"{") and b'"raw"' in start[:4096]:
        return "lines"
    if start.startswith((_BANNER, b"Event: ", b"Response: ")):
        return "bytes"
    found = f"it begins like {shape(start[:40].decode(errors='replace'))!r}" if start else "it is empty"
    raise NotAnAmiStream(f"{path}: expected {EXPECTED}; {found}")
