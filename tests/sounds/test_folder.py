"""The folder of what IVRs play: written once, found again, readable by an Asterisk of another user."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from uuid import UUID

import pytest

from domain.ivr_settings import SILENCE, Message
from sounds import folder
from sounds.conversion import NotAudio
from sounds.folder import UNUSED_S, NotUploaded, Sounds, TooManyUploads
from tests.kit.agi import SpokenAsWritten, silence

COMPANY, OTHER = UUID(int=1), UUID(int=2)


def test_what_is_spoken_for_an_editor_alone_is_not_kept(tmp_path: Path) -> None:
    speech = SpokenAsWritten()
    sounds = Sounds(tmp_path / "sounds", speech)
    message = Message(text="Olá")
    assert sounds.heard(COMPANY, SILENCE) is None
    assert sounds.heard(COMPANY, message) == sounds.heard(COMPANY, message)
    assert not (tmp_path / "sounds").exists()
    kept = sounds.file(COMPANY, message)
    assert kept is not None
    assert sounds.heard(COMPANY, message) == kept.read_bytes()
    assert speech.spoken == ["Olá", "Olá", "Olá"]


def test_a_text_is_spoken_once_for_each_voice(tmp_path: Path) -> None:
    speech = SpokenAsWritten()
    sounds = Sounds(tmp_path / "sounds", speech)
    files = {sounds.file(COMPANY, Message(text="Olá", voice=voice)) for voice in ("", "a", "a", "")}
    assert (len(files), speech.spoken) == (2, ["Olá", "Olá"])
    assert sounds.file(COMPANY, SILENCE) is None


def test_an_upload_is_found_by_its_company_alone(tmp_path: Path) -> None:
    sounds = Sounds(tmp_path / "sounds", SpokenAsWritten())
    message = Message(file="oi.wav", media=sounds.keep(COMPANY, silence(0.2)))
    assert sounds.file(COMPANY, message) is not None
    for company, wrong in ((OTHER, message), (COMPANY, Message(file="oi.wav")), (COMPANY, Message(file="oi.wav", media="../../x"))):
        with pytest.raises(NotUploaded):
            sounds.file(company, wrong)
    with pytest.raises(NotAudio):
        sounds.keep(COMPANY, b"no sound")


def test_files_are_readable_by_others_and_named_as_the_asterisk_sees_them(tmp_path: Path) -> None:
    sounds = Sounds(tmp_path / "sounds", SpokenAsWritten(), Path("/mnt/atende"))
    file = sounds.file(COMPANY, Message(text="Olá"))
    assert file is not None
    assert stat.S_IMODE(file.stat().st_mode) == 0o644
    assert sounds.name_for_asterisk(file) == f"/mnt/atende/spoken/{file.stem}"
    assert [path.suffix for path in (tmp_path / "sounds" / "spoken").iterdir()] == [".wav"]


def keep(sounds: Sounds, length_s: float, company: UUID = COMPANY) -> str:
    return sounds.keep(company, silence(length_s))


@pytest.mark.parametrize(("limit", "value"), [("MOST_UPLOADS", 2), ("MOST_UPLOADED", 8_000)])
def test_a_company_has_so_many_uploads_of_so_many_bytes_and_what_nothing_plays_makes_room_after_a_day(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, value: int
) -> None:
    monkeypatch.setattr(folder, limit, value)
    sounds = Sounds(tmp_path / "sounds", SpokenAsWritten())
    played, unused = keep(sounds, 0.1), keep(sounds, 0.2)
    with pytest.raises(TooManyUploads):
        keep(sounds, 0.3)
    assert keep(sounds, 0.1) == played
    assert keep(sounds, 0.3, OTHER)
    sounds.remove_unused(COMPANY, {played})
    with pytest.raises(TooManyUploads):
        keep(sounds, 0.3)
    for file in (tmp_path / "sounds" / "uploaded" / str(COMPANY)).iterdir():
        os.utime(file, (file.stat().st_mtime - UNUSED_S - 1,) * 2)
    sounds.remove_unused(COMPANY, {played})
    assert keep(sounds, 0.3)
    assert sounds.file(COMPANY, Message(file="oi.wav", media=played)) is not None
    with pytest.raises(NotUploaded):
        sounds.file(COMPANY, Message(file="oi.wav", media=unused))


def test_a_link_in_the_folder_is_never_followed(tmp_path: Path) -> None:
    sounds = Sounds(tmp_path / "sounds", SpokenAsWritten())
    message = Message(file="oi.wav", media=keep(sounds, 0.1))
    file = sounds.file(COMPANY, message)
    spoken = sounds.file(COMPANY, Message(text="Olá"))
    assert file is not None
    assert spoken is not None
    (tmp_path / "secret").write_bytes(b"secret")
    for link in (file, spoken):
        link.unlink()
        link.symlink_to(tmp_path / "secret")
    with pytest.raises(NotUploaded):
        sounds.heard(COMPANY, message)
    assert sounds.heard(COMPANY, Message(text="Olá")) == silence(0.1)
    assert sounds.file(COMPANY, Message(text="Olá")) == spoken
    assert not spoken.is_symlink()
    (tmp_path / "elsewhere").mkdir()
    file.unlink()
    file.parent.rmdir()
    file.parent.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match=r"Not a directory|Too many levels"):
        keep(sounds, 0.1)
    assert list((tmp_path / "elsewhere").iterdir()) == []
    assert (tmp_path / "secret").read_bytes() == b"secret"
