"""The plain sound files that a PBX writes while it records, until they are kept sealed."""

from __future__ import annotations

import struct
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

FOLDER = "atende"
"""In Asterisk's monitor directory: files of the PBX's own recordings are not touched."""

TYPE = "audio/wav"

_HEADER = struct.Struct("<4sI4s4sIHHIIHH4sI")
_BYTES_A_SAMPLE = 2
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
    """A wav of 16 bits and one channel, as Asterisk writes it. size: in bytes, with its header."""

    path: Path
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
        with self.path.open("rb") as file:
            file.seek(_HEADER.size)
            while sound > 0:
                part = file.read(min(_PART, sound))
                if not part:
                    raise OSError(f"{self.path.name} became shorter")
                sound -= len(part)
                yield part


class SoundFolder:
    """The folder in which this process sees them. `name_of` is the name by which Asterisk writes one."""

    def __init__(self, monitored: Path) -> None:
        self._folder = monitored / FOLDER

    @staticmethod
    def name_of(recording: UUID) -> str:
        """Relative to Asterisk's monitor directory."""
        return f"{FOLDER}/{recording}.wav"

    def left(self) -> list[UUID]:
        """The recordings that have a file."""
        found = []
        for path in sorted(self._folder.glob("*.wav")):
            try:
                found.append(UUID(path.stem))
            except ValueError:
                continue
        return found

    def has(self, recording: UUID) -> bool:
        """Whether there is a file of it."""
        return self._path(recording).exists()

    def finished(self, recording: UUID) -> SoundFile:
        """The file of a recording to which nothing is added any more. Waits until Asterisk has closed it. Raises NoSound, OSError."""
        path = self._path(recording)
        _wait(path.exists, _APPEARS_WITHIN_S)
        if not path.exists():
            raise NoSound(is_empty=False)
        # Asterisk writes the length into the header when it closes the file; one that was killed never does, and nothing is added either.
        _wait(lambda: _is_closed(path), _CLOSES_WITHIN_S - (time.time() - path.stat().st_mtime))
        size = path.stat().st_size
        with path.open("rb") as file:
            header = file.read(_HEADER.size)
        if len(header) < _HEADER.size or size == _HEADER.size:
            raise NoSound(is_empty=True)
        return SoundFile(path, size, _HEADER.unpack(header)[7] or 8000)

    def remove(self, recording: UUID) -> None:
        """Remove its file. Nothing happens if there is none. Raises OSError."""
        self._path(recording).unlink(missing_ok=True)

    def _path(self, recording: UUID) -> Path:
        return self._folder / f"{recording}.wav"


def _is_closed(path: Path) -> bool:
    with path.open("rb") as file:
        header = file.read(_HEADER.size)
    size = path.stat().st_size
    return len(header) == _HEADER.size and size > _HEADER.size and _HEADER.unpack(header)[12] == size - _HEADER.size


def _wait(is_so: Callable[[], bool], seconds: float) -> None:
    until = time.monotonic() + seconds
    while not is_so() and time.monotonic() < until:
        threading.Event().wait(_LOOKS_EVERY_S)
