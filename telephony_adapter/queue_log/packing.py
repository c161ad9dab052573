"""Reads packed files, in any format and character set, as plain bytes."""

from __future__ import annotations

import bz2
import codecs
import gzip
import lzma
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from io import BufferedReader, RawIOBase
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast

from domain.personal_data import without_numbers
from telephony_adapter.queue_log.reading_limits import MOST_LAYERS, FileReading, opened_zip

if TYPE_CHECKING:
    from typing_extensions import Buffer

_BLOCK = 1 << 18
_ZIP = b"PK\x03\x04"
_Unpacked = gzip.GzipFile | lzma.LZMAFile | bz2.BZ2File | zipfile.ZipExtFile
_PACKERS: dict[bytes, Callable[[BufferedReader], _Unpacked]] = {
    b"\x1f\x8b": lambda packed: gzip.GzipFile(fileobj=packed),
    b"\xfd7zXZ\x00": lzma.LZMAFile,
    b"BZh": bz2.BZ2File,
}
_MARKS = ((codecs.BOM_UTF8, ""), (codecs.BOM_UTF32_LE, "utf-32-le"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
"""Byte order marks and their character sets; "" = read as it is."""

_UNMARKED = 20
"""This many bytes of a file without a mark show whether it is UTF-16: an instant has ten digits."""

_NULS = re.compile(rb"\0+")

DAMAGED = (EOFError, gzip.BadGzipFile, zlib.error, lzma.LZMAError, zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError)
"""Errors of reading a packed file that is damaged, ends too early, or needs a password."""


def damage(error: BaseException) -> str:
    """The damage of a packed file, in words."""
    if isinstance(error, EOFError):
        return "the compressed file ends too early"
    return f"the compressed file is damaged: {without_numbers(str(error))}"


def is_packed(start: bytes) -> bool:
    """Whether a file with this beginning is compressed."""
    return start.startswith((*_PACKERS, _ZIP))


def is_zip(path: Path) -> bool:
    """Whether the file is a zip."""
    with path.open("rb") as raw:
        return raw.read(4) == _ZIP


def members_in(path: Path, reading: FileReading) -> list[zipfile.ZipInfo]:
    """The files in a zip, without those that an archiver adds. Raises ReadsTooMuch."""
    with path.open("rb") as raw, opened_zip(raw, reading) as packed:
        files = [member for member in packed.filelist if not member.is_dir() and member.file_size]
    return [member for member in files if not member.filename.startswith(("__MACOSX/", ".")) and "/." not in member.filename]


def member_bytes(raw: IO[bytes], member: zipfile.ZipInfo, stack: ExitStack, reading: FileReading) -> BufferedReader:
    """The bytes of a file in a zip, as `plain_bytes` gives them."""
    with _closed_on_error(stack):
        archive = stack.enter_context(opened_zip(raw, reading))
        packed = cast("zipfile.ZipExtFile", stack.enter_context(archive.open(member)))
    return plain_bytes(BufferedReader(_Unpacking(packed, reading), _BLOCK), stack, reading, layers=1)


@contextmanager
def _closed_on_error(stack: ExitStack) -> Iterator[None]:
    with ExitStack() as failing:
        failing.callback(stack.close)
        yield
        failing.pop_all()


def plain_bytes(raw: IO[bytes], stack: ExitStack, reading: FileReading, *, layers: int = 0) -> BufferedReader:
    """The bytes of `raw` unpacked, also if they are packed twice. Text in another character set becomes UTF-8, a row of NULs
    one NUL, and line ends of CR alone become LF. Closing it closes `stack`, as an error does. layers: how many were taken off already.
    """
    with _closed_on_error(stack):
        return BufferedReader(_Plain(_unpacked(raw, stack, reading, layers), stack, reading), _BLOCK)


def _unpacked(raw: IO[bytes], stack: ExitStack, reading: FileReading, layers: int) -> BufferedReader:
    stream = cast("BufferedReader", raw if hasattr(raw, "peek") else BufferedReader(cast("RawIOBase", raw)))
    for layer in range(layers, MOST_LAYERS + 1):
        try:
            head = stream.peek(6)
        except DAMAGED:
            head = b""  # The next read raises the error.
        packer = next((packer for magic, packer in _PACKERS.items() if head.startswith(magic)), None)
        if packer is None:
            return stream
        if layer == MOST_LAYERS:
            break
        packed = packer(stream)
        stack.enter_context(packed)
        stream = BufferedReader(_Unpacking(packed, reading), _BLOCK)
    raise reading.too_much(f"it is packed more than {MOST_LAYERS} times")


class _Unpacking(RawIOBase):
    """Unpacks a little at a time, so that of a damaged file everything before the damage is read."""

    def __init__(self, packed: _Unpacked, reading: FileReading) -> None:
        self._packed = packed
        self._reading = reading

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer, /) -> int:
        view = memoryview(buffer)
        data = self._packed.read1(len(view))
        self._reading.unpacked(len(data))
        view[: len(data)] = data
        return len(data)


class _Plain(RawIOBase):
    """The text of a log as plain bytes. A file whose lines end in CR alone is read as if they ended in LF."""

    def __init__(self, stream: BufferedReader, stack: ExitStack, reading: FileReading) -> None:
        self._stream = stream
        self._reading = reading
        self._stack = stack
        self._decoder: codecs.IncrementalDecoder | None = None
        self._begun = False
        self._cr_alone: bool | None = None
        self._ready = b""

    def readable(self) -> bool:
        return True

    def close(self) -> None:
        if not self.closed:
            self._stack.close()
        super().close()

    def readinto(self, buffer: Buffer, /) -> int:
        view = memoryview(buffer)
        while not self._ready:
            self._reading.look()
            block = self._stream.read1(_BLOCK)
            if not block:
                break
            self._ready = self._plain(block)
        data, self._ready = self._ready[: len(view)], self._ready[len(view) :]
        view[: len(data)] = data
        return len(data)

    def _plain(self, block: bytes) -> bytes:
        if not self._begun:
            self._begun = True
            block = self._after_the_mark(block)
        if self._decoder is not None:
            block = self._decoder.decode(block).encode("utf-8", "surrogatepass")
        if b"\0" in block:
            # A power cut leaves any number of NULs before the next line; one is enough.
            block = _NULS.sub(b"\0", block)
        if self._cr_alone is None and (b"\n" in block or b"\r" in block[:-1]):
            self._cr_alone = b"\n" not in block
        return block.replace(b"\r", b"\n") if self._cr_alone else block

    def _after_the_mark(self, block: bytes) -> bytes:
        for mark, charset in _MARKS:
            if block.startswith(mark):
                if charset:
                    self._decoder = codecs.getincrementaldecoder(charset)("replace")
                return block[len(mark) :]
        start = block[:_UNMARKED]
        for charset, empty in (("utf-16-le", start[1::2]), ("utf-16-be", start[::2])):
            # In UTF-16 every other byte of ASCII text is NUL; a power cut leaves NULs in a row.
            if len(start) == _UNMARKED and empty.count(0) == len(empty) and start.count(0) == len(empty):
                self._decoder = codecs.getincrementaldecoder(charset)("replace")
        return block
