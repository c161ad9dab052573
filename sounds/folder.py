"""The folder of an installation with everything that IVRs play. Its processes and its Asterisks share it.

Links in it are not followed. A file is named by what it holds, so it is written once and never changes: `uploaded/<SHA-256>.wav` and `spoken/<SHA-256 of engine, voice, text>.wav`.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Collection, Iterator
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

from domain.ivr_settings import SILENCE, Message
from sounds.children import Children
from sounds.conversion import in_telephone_quality
from sounds.speech import Speech
from store.folders import NoPlainFile, folder_in, open_below, open_in, written_in

MOST_UPLOADS = 500
"""Uploaded files that the folder has of one company."""

MOST_UPLOADED = 500 << 20
"""Bytes of them."""

UNUSED_S = 24 * 3_600.0
"""So long an uploaded file stays that no message names any more, at least: a call may still play it, and a new one is not named at once."""

_MEDIA = re.compile(r"[0-9a-f]{64}")
_ENDING = ".wav"
_READABLE = 0o644
_ENTERED = 0o755


class NotUploaded(Exception):
    """A message names a file that was not uploaded, or is no longer in the folder."""


class TooManyUploads(Exception):
    """The folder has as many files of the company, or as many bytes, as it may have."""


class Sounds:
    """The files of IVRs.

    seen_at: the same folder as the Asterisk names it, if that differs (another machine, a container). children: the programs that decode uploads. Thread-safe.
    """

    def __init__(self, folder: Path, speech: Speech, seen_at: Path | None = None, children: Children | None = None) -> None:
        self.folder = folder.absolute()
        self.seen_at = seen_at or self.folder
        self._speech = speech
        self._children = children or Children()

    def keep(self, tenant: UUID, uploaded: bytes) -> str:
        """Keep an uploaded .mp3 or .wav of a company; returns what `Message.media` holds. Raises NotAudio, TooManyUploads, Stopping, OSError.

        Uploads at the same moment may exceed the limits by themselves.
        """
        sound = in_telephone_quality(uploaded, self._children)
        media = sha256(sound).hexdigest()
        names = _uploaded(tenant, media)
        if not self._has(names):
            sizes = [size for _, size, _ in self._uploads(tenant)]
            if len(sizes) >= MOST_UPLOADS or sum(sizes) + len(sound) > MOST_UPLOADED:
                raise TooManyUploads
            self._write(names, sound)
        return media

    def remove_unused(self, tenant: UUID, in_use: Collection[str]) -> None:
        """Remove the company's uploaded files that no message names: `in_use` are those of `Message.media`. Those of the last day stay."""
        names = _uploaded(tenant, "")[:-1]
        with suppress(FileNotFoundError), folder_in(self.folder, *names) as folder:
            for name, _, written_s in list(self._uploads(tenant)):
                if name.removesuffix(_ENDING) not in in_use and time.time() - written_s > UNUSED_S:
                    os.unlink(name, dir_fd=folder)

    def file(self, tenant: UUID, message: Message) -> Path | None:
        """The .wav of a message, spoken now if it was not yet; None for silence. Raises NotUploaded, SpeechUnavailable, Stopping."""
        names = self._names(tenant, message)
        if names is None:
            return None
        if not self._has(names):
            self._write(names, self._speech.speak(message.text, message.voice))
        return self.folder.joinpath(*names)

    def heard(self, tenant: UUID, message: Message) -> bytes | None:
        """The .wav of a message for people who edit it; None for silence. What is spoken for them alone is not kept. Raises as `file`."""
        names = self._names(tenant, message)
        if names is None:
            return None
        try:
            with self._open(names) as file:
                return file.read()
        except (FileNotFoundError, NoPlainFile):
            return self._speech.speak(message.text, message.voice)

    def _names(self, tenant: UUID, message: Message) -> tuple[str, ...] | None:
        """Where the .wav of a message is, or will be once it is spoken; None for silence. Raises NotUploaded."""
        if message == SILENCE:
            return None
        if not message.file:
            return "spoken", f"{_digest(self._speech.name, message.voice, message.text)}{_ENDING}"
        names = _uploaded(tenant, message.media) if _MEDIA.fullmatch(message.media) else None
        if names is None or not self._has(names):
            raise NotUploaded(f"{message.file} is not there: upload it again")
        return names

    def name_for_asterisk(self, path: Path) -> str:
        """The file as an Asterisk plays it: its path there, without the ending."""
        return str(self.seen_at / path.relative_to(self.folder).with_suffix(""))

    def _has(self, names: tuple[str, ...]) -> bool:
        try:
            self._open(names).close()
        except (FileNotFoundError, NoPlainFile):
            return False
        return True

    def _open(self, names: tuple[str, ...]) -> BinaryIO:
        return open_below(self.folder, *names)

    def _uploads(self, tenant: UUID) -> Iterator[tuple[str, int, float]]:
        """Name, bytes and the time of writing (seconds since 1970) of each uploaded file of a company."""
        with suppress(FileNotFoundError), folder_in(self.folder, *_uploaded(tenant, "")[:-1]) as folder:
            for name in os.listdir(folder):
                with suppress(FileNotFoundError, NoPlainFile), open_in(folder, name) as file:
                    about = os.fstat(file.fileno())
                    yield name, about.st_size, about.st_mtime

    def _write(self, names: tuple[str, ...], sound: bytes) -> None:
        """Write it whole or not at all, because another process may read it meanwhile; readable, because Asterisk runs as another user."""
        with folder_in(self.folder, *names[:-1], mode=_ENTERED) as folder, written_in(folder, names[-1], _READABLE) as file:
            file.write(sound)


def _uploaded(tenant: UUID, media: str) -> tuple[str, ...]:
    return "uploaded", str(tenant), f"{media}{_ENDING}"


def _digest(*parts: str) -> str:
    return sha256("\0".join(parts).encode()).hexdigest()
