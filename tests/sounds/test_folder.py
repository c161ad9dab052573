"""The folder of what IVRs play: written once, found again, readable by an Asterisk of another user."""

from __future__ import annotations

import stat
from pathlib import Path
from uuid import UUID

import pytest

from domain.ivr_settings import SILENCE, Message
from sounds.conversion import NotAudio
from sounds.folder import NotUploaded, Sounds
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
