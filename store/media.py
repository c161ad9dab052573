"""Media of interactions, as recordings of calls: large files outside of the log, each sealed by a content key of its own.

A `MediaStore` is a small port that keeps bytes under names: here a folder, later an object store. `SealedMedia` is what the rest of Atende uses. It
encrypts what it puts there in chunks, so that a range is read without the rest, and so that a changed byte, chunks in another order and a file that
was cut are seen. The content key is kept by whoever asked for it, sealed by the key of the person: once that is destroyed nobody reads the file again.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO, Protocol
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from store.folders import NoPlainFile, folder_in, open_below, written_in

CHUNK = 64 * 1024
"""Bytes of plain content in a chunk; the last one may have less."""

_TAG = 16
_SEALED_CHUNK = CHUNK + _TAG
_KEY = 32


class MediaError(Exception):
    """A file of the media store cannot be read."""


class MediaMissing(MediaError):
    """There is no file of this name."""


class MediaBroken(MediaError):
    """The file is not what was put there: it was changed, cut, or exchanged for another one."""


class MediaUnavailable(MediaError):
    """The media store does not answer: a folder that cannot be read, a disk that is full."""


class MediaStore(Protocol):
    """Keeps bytes under names. A name has a company and an id. Thread-safe; several processes may use the same one.

    Every method raises MediaUnavailable.
    """

    def put(self, tenant: UUID, id: UUID, parts: Iterable[bytes]) -> None:
        """Keep these bytes, durably and as a whole or not at all. What had the name before is replaced."""

    def open(self, tenant: UUID, id: UUID, start: int, length: int) -> BinaryIO:
        """A stream of `length` bytes from `start` on, less if there are not so many; the caller closes it. Raises MediaMissing, MediaBroken."""

    def size(self, tenant: UUID, id: UUID) -> int:
        """How many bytes there are. Raises MediaMissing, MediaBroken."""

    def delete(self, tenant: UUID, id: UUID) -> None:
        """Remove it. Nothing happens if it is missing."""

    def exists(self, tenant: UUID, id: UUID) -> bool:
        """Whether there is one."""


class MediaFolder:
    """A media store in a folder of this machine, or in one that machines share. Only the user of this process can read it; links in it are not followed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, tenant: UUID, id: UUID, parts: Iterable[bytes]) -> None:
        *folders, name = _names(tenant, id)
        try:
            with folder_in(self.folder, *folders, mode=0o700) as folder, written_in(folder, name, 0o600) as file:
                file.writelines(parts)
        except OSError as error:
            raise MediaUnavailable(str(error.strerror)) from error

    def open(self, tenant: UUID, id: UUID, start: int, length: int) -> BinaryIO:  # noqa: ARG002 - a file may be read further; nobody has to
        file = self._opened(tenant, id)
        file.seek(start)
        return file

    def size(self, tenant: UUID, id: UUID) -> int:
        with self._opened(tenant, id) as file:
            return os.fstat(file.fileno()).st_size

    def delete(self, tenant: UUID, id: UUID) -> None:
        *folders, name = _names(tenant, id)
        try:
            with folder_in(self.folder, *folders) as folder:
                os.unlink(name, dir_fd=folder)
        except FileNotFoundError:
            return
        except OSError as error:
            raise MediaUnavailable(str(error.strerror)) from error

    def exists(self, tenant: UUID, id: UUID) -> bool:
        try:
            self.size(tenant, id)
        except MediaMissing:
            return False
        return True

    def _opened(self, tenant: UUID, id: UUID) -> BinaryIO:
        try:
            return open_below(self.folder, *_names(tenant, id))
        except FileNotFoundError as error:
            raise MediaMissing(str(id)) from error
        except NoPlainFile as error:
            raise MediaBroken(str(id)) from error
        except OSError as error:
            raise MediaUnavailable(str(error.strerror)) from error


def _names(tenant: UUID, id: UUID) -> tuple[str, str, str]:
    """The folders and the name of a file. 256 folders of a company: ids begin with their time, and end at random."""
    return str(tenant), id.hex[-2:], str(id)


@dataclass(frozen=True)
class Sealed:
    """What was put: `key` (32 bytes) opens it again and is kept nowhere else. size, sha256 (hexadecimal): of the plain content, in bytes."""

    key: bytes
    size: int
    sha256: str


class SealedMedia:
    """Puts files into a media store sealed, and opens ranges of them.

    On disk: the chunks one after the other, each AES-256-GCM with a tag of 16 bytes and no header. The nonce is the chunk's number, because a key seals
    one file only; authenticated with it are the company, the id, and whether the chunk is the last one.
    """

    def __init__(self, store: MediaStore) -> None:
        self.store = store

    def put(self, tenant: UUID, id: UUID, parts: Iterable[bytes]) -> Sealed:
        """Seal the content by a new key and keep it. Raises MediaUnavailable; errors of `parts` pass through, and nothing is kept."""
        key, digest, size = os.urandom(_KEY), sha256(), 0

        def sealed() -> Iterator[bytes]:
            nonlocal size
            cipher = AESGCM(key)
            for number, (chunk, is_last) in enumerate(_chunks(parts)):
                digest.update(chunk)
                size += len(chunk)
                yield cipher.encrypt(_nonce(number), chunk, _about(tenant, id, is_last=is_last))

        self.store.put(tenant, id, sealed())
        return Sealed(key, size, digest.hexdigest())

    def read(self, tenant: UUID, id: UUID, key: bytes, size: int, wanted: range | None = None) -> Iterator[bytes]:
        """The plain content, or the `wanted` bytes of it, in parts. size: of the whole, as `put` returned it.

        What comes was proved to be what was put there. Raises MediaMissing, MediaUnavailable at once; MediaBroken also later, instead of a part.
        """
        start, end = (wanted.start, min(wanted.stop, size)) if wanted is not None else (0, size)
        self.must_be_whole(tenant, id, size)
        first, until = start // CHUNK, max(1, -(-end // CHUNK))
        stream = self.store.open(tenant, id, first * _SEALED_CHUNK, (until - first) * _SEALED_CHUNK)
        return self._opened(stream, AESGCM(key), (tenant, id), range(first, until), (start, end, size))

    def _opened(
        self, stream: BinaryIO, cipher: AESGCM, name: tuple[UUID, UUID], numbers: range, wanted: tuple[int, int, int]
    ) -> Iterator[bytes]:
        start, end, size = wanted
        last = max(1, -(-size // CHUNK)) - 1
        with stream:
            for number in numbers:
                try:
                    chunk = cipher.decrypt(_nonce(number), _exactly(stream, number, size), _about(*name, is_last=number == last))
                except InvalidTag as error:
                    raise MediaBroken(str(name[1])) from error
                except OSError as error:
                    raise MediaUnavailable(str(error.strerror)) from error
                begins = number * CHUNK
                part = chunk[max(0, start - begins) : end - begins]
                if part:
                    yield part

    def must_be_whole(self, tenant: UUID, id: UUID, size: int) -> None:
        """Raise MediaMissing, or MediaBroken for a file of another length than that of a content of `size` bytes. Its content is not read."""
        if self.store.size(tenant, id) != size + _TAG * max(1, -(-size // CHUNK)):
            raise MediaBroken(str(id))

    def delete(self, tenant: UUID, id: UUID) -> None:
        """Remove it. Nothing happens if it is missing."""
        self.store.delete(tenant, id)


def _exactly(stream: BinaryIO, number: int, size: int) -> bytes:
    """The next sealed chunk. One that is too short is found by its tag."""
    return stream.read(min(_SEALED_CHUNK, max(0, size - number * CHUNK) + _TAG))


def _chunks(parts: Iterable[bytes]) -> Iterator[tuple[bytes, bool]]:
    """The content in chunks, and whether each is the last one; an empty content has one empty chunk."""
    waiting = bytearray()
    for part in parts:
        waiting += part
        # The last chunk must be known as such: one is kept back.
        while len(waiting) > CHUNK:
            yield bytes(waiting[:CHUNK]), False
            del waiting[:CHUNK]
    yield bytes(waiting), True


def _nonce(number: int) -> bytes:
    return number.to_bytes(12, "big")


def _about(tenant: UUID, id: UUID, *, is_last: bool) -> bytes:
    return tenant.bytes + id.bytes + bytes((is_last,))
