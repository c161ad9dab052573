"""The plain files that a PBX writes: taken when they are whole, repaired when it was killed, and never taken for a sound when there is none."""

from __future__ import annotations

import io
import os
import struct
import wave
from pathlib import Path
from uuid import uuid4

import pytest

from telephony_adapter.control.sounds import FOLDER, NoSound, SoundFolder

RATE = 8000
LONG_AGO = 1_700_000_000


def wav(samples: int, *, is_closed: bool = True) -> bytes:
    """As Asterisk writes it: the length comes into the header when the file is closed."""
    with wave.open(file := io.BytesIO(), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(RATE)
        sound.writeframes(struct.pack(f"<{samples}h", *range(samples)))
    raw = file.getvalue()
    return raw if is_closed else raw[:40] + bytes(4) + raw[44:]


@pytest.fixture
def folder(tmp_path: Path) -> SoundFolder:
    (tmp_path / FOLDER).mkdir()
    return SoundFolder(tmp_path)


@pytest.mark.parametrize("is_closed", [True, False])
def test_a_sound_is_whole_with_a_right_header_even_if_asterisk_was_killed(folder: SoundFolder, tmp_path: Path, is_closed: bool) -> None:
    id = uuid4()
    path = tmp_path / SoundFolder.name_of(id)
    path.write_bytes(wav(4_000, is_closed=is_closed))
    os.utime(path, (LONG_AGO, LONG_AGO))
    assert folder.left() == [id]
    sound = folder.finished(id)
    assert sound.duration_ms == 500
    assert b"".join(sound.parts()) == wav(4_000)
    assert sound.size == len(wav(4_000))


@pytest.mark.parametrize(("content", "is_empty"), [(None, False), (b"", True), (wav(0), True), (b"RIFF", True)])
def test_no_file_and_an_empty_one_hold_no_sound(folder: SoundFolder, tmp_path: Path, content: bytes | None, is_empty: bool) -> None:
    id = uuid4()
    path = tmp_path / SoundFolder.name_of(id)
    if content is not None:
        path.write_bytes(content)
        os.utime(path, (LONG_AGO, LONG_AGO))
    with pytest.raises(NoSound) as none:
        folder.finished(id)
    assert none.value.is_empty == is_empty
    folder.remove(id)
    assert not folder.has(id)


def test_other_files_of_the_folder_are_not_taken_for_recordings(folder: SoundFolder, tmp_path: Path) -> None:
    (tmp_path / FOLDER / "of-the-dialplan.wav").write_bytes(wav(10))
    assert folder.left() == []


@pytest.mark.parametrize("of", ["file", "folder"])
def test_a_link_that_somebody_sets_in_the_pbxs_folder_is_not_taken_in(folder: SoundFolder, tmp_path: Path, of: str) -> None:
    id = uuid4()
    secret = tmp_path / "elsewhere" / f"{id}.wav"
    secret.parent.mkdir()
    secret.write_bytes(wav(4_000))
    if of == "file":
        (tmp_path / SoundFolder.name_of(id)).symlink_to(secret)
        with pytest.raises(NoSound):
            folder.finished(id)
        folder.remove(id)
        assert folder.left() == []
    else:
        (tmp_path / FOLDER).rmdir()
        (tmp_path / FOLDER).symlink_to(secret.parent)
        with pytest.raises(OSError, match=r"Not a directory|Too many levels"):
            folder.finished(id)
        with pytest.raises(OSError, match=r"Not a directory|Too many levels"):
            folder.remove(id)
    assert secret.read_bytes() == wav(4_000)
