"""The plain sound files that a PBX writes while it records, until they are kept sealed."""

from __future__ import annotations

import os
import struct
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

from store.folders import NoPlainFile, folder_in, open_below

FOLDER = "atende"
"""In Asterisk's monitor directory: files of the PBX's own recordings are not touched."""

TYPE = "audio/wav"

_HEADER = struct.Struct("<4sI4s4sIHHIIHH4sI")
_BYTES_A_SAMPLE = 2
_ENDING = "wav"
_PART = 1 << 20
_CLOSES_WITHIN_S = 5.0
_APPEARS_WITHIN_S = 2.0
_LOOKS_EVERY_S = 0.1


class NoSound(Exception):
    """There is no file, or an empty one."""

    def __init__(self, *, is_empty: bool) -> None:
        super().__init__()
        self.is_empty = is_empty


@dataclass(frozen=True)
class SoundFile:
    """A wav of 16 bits and one channel, as Asterisk writes it. opened: opens it. size: in bytes, with its header."""

    opened: Callable[[], BinaryIO]
    size: int
    rate: int

    @property
    def duration_ms(self) -> int:
        """How long it is."""
        return (self.size - _HEADER.size) // _BYTES_A_SAMPLE * 1000 // self.rate

    def parts(self) -> Iterator[bytes]:
        """Its bytes, with a header that is right even if Asterisk had no time to write one. Raises OSError."""
        sound = self.size - _HEADER.size
        second = self.rate * _BYTES_A_SAMPLE
        yield _HEADER.pack(
            b"RIFF", 36 + sound, b"WAVE", b"fmt ", 16, 1, 1, self.rate, second, _BYTES_A_SAMPLE, 8 * _BYTES_A_SAMPLE, b"data", sound
        )
        with self.opened() as file:
            file.seek(_HEADER.size)
            while sound > 0:
                part = file.read(min(_PART, sound))
                if not part:
                    raise OSError("the file became shorter")
                sound -= len(part)
                yield part


class SoundFolder:
    """The folder in which this process sees them; links in it are not followed. `name_of` is the name by which Asterisk writes one."""

    def __init__(self, monitored: Path) -> None:
        self._monitored = monitored

    @staticmethod
    def name_of(recording: UUID) -> str:
        """Relative to Asterisk's monitor directory."""
        return f"{FOLDER}/{_file(recording)}"

    def left(self) -> list[UUID]:
        """The recordings that have a file."""
        try:
            with folder_in(self._monitored, FOLDER) as folder:
                names = sorted(os.listdir(folder))
        except FileNotFoundError:
            return []
        found = []
        for name in names:
            stem, dot, ending = name.rpartition(".")
            try:
                found.append(UUID(stem if dot and ending == _ENDING else ""))
            except ValueError:
                continue
        return found

    def has(self, recording: UUID) -> bool:
        """Whether there is a file of it."""
        try:
            self._open(recording).close()
        except (FileNotFoundError, NoPlainFile):
            return False
        return True

    def finished(self, recording: UUID) -> SoundFile:
        """The file of a recording to which nothing is added any more. Waits until Asterisk has closed it. Raises NoSound, OSError."""
        _wait(lambda: self.has(recording), _APPEARS_WITHIN_S)
        try:
            file = self._open(recording)
        except (FileNotFoundError, NoPlainFile):
            raise NoSound(is_empty=False) from None
        with file:
            # Asterisk writes the length into the header when it closes the file; one that was killed never does, and nothing is added either.
            _wait(lambda: _is_closed(file), _CLOSES_WITHIN_S - (time.time() - os.fstat(file.fileno()).st_mtime))
            size, header = _measured(file)
        if len(header) < _HEADER.size or size == _HEADER.size:
            raise NoSound(is_empty=True)
        return SoundFile(lambda: self._open(recording), size, _HEADER.unpack(header)[7] or 8000)

    def remove(self, recording: UUID) -> None:
        """Remove its file. Nothing happens if there is none. Raises OSError."""
        try:
            with folder_in(self._monitored, FOLDER) as folder:
                os.unlink(_file(recording), dir_fd=folder)
        except FileNotFoundError:
            return

    def _open(self, recording: UUID) -> BinaryIO:
        return open_below(self._monitored, FOLDER, _file(recording))


def _file(recording: UUID) -> str:
    return f"{recording}.{_ENDING}"


def _measured(file: BinaryIO) -> tuple[int, bytes]:
    """The bytes that a file has now, and its header now: a buffer would keep the earlier one."""
    return os.fstat(file.fileno()).st_size, os.pread(file.fileno(), _HEADER.size, 0)


def _is_closed(file: BinaryIO) -> bool:
    size, header = _measured(file)
    return len(header) == _HEADER.size and size > _HEADER.size and _HEADER.unpack(header)[12] == size - _HEADER.size


def _wait(is_so: Callable[[], bool], seconds: float) -> None:
    until = time.monotonic() + seconds
    while not is_so() and time.monotonic() < until:
        threading.Event().wait(_LOOKS_EVERY_S)
