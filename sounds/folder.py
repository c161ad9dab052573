"""The folder of an installation with everything that IVRs play. Its processes and its Asterisks share it.

A file is named by what it holds, so it is written once and never changes: `uploaded/<SHA-256>.wav` and `spoken/<SHA-256 of engine, voice, text>.wav`.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from tempfile import NamedTemporaryFile
from uuid import UUID

from domain.ivr_settings import SILENCE, Message
from sounds.conversion import in_telephone_quality
from sounds.speech import Speech

_MEDIA = re.compile(r"[0-9a-f]{64}")
_READABLE = 0o644
_ENTERED = 0o755


class NotUploaded(Exception):
    """A message names a file that was not uploaded, or is no longer in the folder."""


class Sounds:
    """The files of IVRs.

    seen_at: the same folder as the Asterisk names it, if that differs (another machine, a container). Thread-safe.
    """

    def __init__(self, folder: Path, speech: Speech, seen_at: Path | None = None) -> None:
        self.folder = folder.absolute()
        self.seen_at = seen_at or self.folder
        self._speech = speech

    def keep(self, tenant: UUID, uploaded: bytes) -> str:
        """Keep an uploaded .mp3 or .wav of a company; returns what `Message.media` holds. Raises NotAudio."""
        sound = in_telephone_quality(uploaded)
        media = sha256(sound).hexdigest()
        self._write(self._uploaded(tenant, media), sound)
        return media

    def file(self, tenant: UUID, message: Message) -> Path | None:
        """The .wav of a message, spoken now if it was not yet; None for silence. Raises NotUploaded, SpeechUnavailable."""
        path = self._path(tenant, message)
        if path is not None and not path.exists():
            self._write(path, self._speech.speak(message.text, message.voice))
        return path

    def heard(self, tenant: UUID, message: Message) -> bytes | None:
        """The .wav of a message for people who edit it; None for silence. What is spoken for them alone is not kept. Raises as `file`."""
        path = self._path(tenant, message)
        if path is None:
            return None
        return path.read_bytes() if path.exists() else self._speech.speak(message.text, message.voice)

    def _path(self, tenant: UUID, message: Message) -> Path | None:
        """Where the .wav of a message is, or will be once it is spoken; None for silence. Raises NotUploaded."""
        if message == SILENCE:
            return None
        if not message.file:
            return self.folder / "spoken" / f"{_digest(self._speech.name, message.voice, message.text)}.wav"
        path = self._uploaded(tenant, message.media) if _MEDIA.fullmatch(message.media) else None
        if path is None or not path.exists():
            raise NotUploaded(f"{message.file} is not there: upload it again")
        return path

    def name_for_asterisk(self, path: Path) -> str:
        """The file as an Asterisk plays it: its path there, without the ending."""
        return str(self.seen_at / path.relative_to(self.folder).with_suffix(""))

    def _uploaded(self, tenant: UUID, media: str) -> Path:
        return self.folder / "uploaded" / str(tenant) / f"{media}.wav"

    def _write(self, path: Path, sound: bytes) -> None:
        """Write it whole or not at all: another process may read it meanwhile."""
        if path.exists():
            return
        for folder in (self.folder, *(self.folder / part for part in reversed(path.relative_to(self.folder).parents[:-1]))):
            if not folder.exists():
                folder.mkdir(parents=True, exist_ok=True)
                folder.chmod(_ENTERED)
        with NamedTemporaryFile(dir=path.parent, delete=False) as written:
            try:
                written.write(sound)
                written.flush()
                # Asterisk runs as another user.
                os.fchmod(written.fileno(), _READABLE)
                os.replace(written.name, path)
            except BaseException:
                with suppress(OSError):
                    os.unlink(written.name)
                raise


def _digest(*parts: str) -> str:
    return sha256("\0".join(parts).encode()).hexdigest()
