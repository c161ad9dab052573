"""Speech by a program: its sound is converted, and whatever goes wrong is one error."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from settings import Settings
from sounds.speech import CommandSpeech, SpeechUnavailable
from tests.kit.agi import silence


def test_a_program_gets_the_text_and_the_voice_as_one_argument(tmp_path: Path) -> None:
    (tmp_path / "sound.wav").write_bytes(silence(0.1))
    program = tmp_path / "speak.py"
    program.write_text(
        "import pathlib, sys\n"
        f"pathlib.Path({str(tmp_path / 'said')!r}).write_text(repr((sys.argv[1:], sys.stdin.buffer.read().decode())))\n"
        f"sys.stdout.buffer.write(pathlib.Path({str(tmp_path / 'sound.wav')!r}).read_bytes())\n"
    )
    assert CommandSpeech(f"{sys.executable} {program} -v {{voice}}").speak("Olá; rm -rf", "a b").startswith(b"RIFF")
    assert (tmp_path / "said").read_text() == repr((["-v", "a b"], "Olá; rm -rf"))


@pytest.mark.parametrize(
    "command",
    ["no-such-program", f"{sys.executable} -c 'raise SystemExit(3)'", f"{sys.executable} -c 'print(1)'"],
    ids=["none", "fails", "no sound"],
)
def test_a_program_that_does_not_speak_is_unavailable(command: str) -> None:
    with pytest.raises(SpeechUnavailable):
        CommandSpeech(command).speak("Olá", "")


def test_a_program_that_hangs_is_ended() -> None:
    with pytest.raises(SpeechUnavailable):
        CommandSpeech(f"{sys.executable} -c 'input(); import threading; threading.Event().wait()'", within_s=0.5).speak("Olá\n", "")


@pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed")
def test_the_usual_engine_speaks_portuguese() -> None:
    assert len(CommandSpeech(Settings.speech).speak("Bem-vindo à Central.", "")) > 8_000
