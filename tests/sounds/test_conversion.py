"""Uploaded audio becomes what a telephone plays, and whatever is uploaded is converted or refused."""

from __future__ import annotations

import sys
import wave
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sounds import conversion
from sounds.children import Children
from sounds.conversion import NotAudio, in_telephone_quality
from sounds.decoding import IS_EMPTY, IS_NO_AUDIO, IS_TOO_LONG, Undecodable, telephone_wav
from tests.kit.agi import silence


@pytest.mark.parametrize(("rate", "channels"), [(8_000, 1), (44_100, 2), (48_000, 1), (11_025, 2)])
def test_any_wav_becomes_8_khz_of_one_channel_and_lasts_as_long(rate: int, channels: int) -> None:
    with wave.open(BytesIO(in_telephone_quality(silence(0.5, rate, channels), Children()))) as sound:
        assert (sound.getframerate(), sound.getnchannels(), sound.getsampwidth()) == (8_000, 1, 2)
        assert abs(sound.getnframes() - 4_000) < 100


def test_a_message_that_lasts_too_long_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conversion, "LONGEST_S", 1)
    with pytest.raises(NotAudio):
        in_telephone_quality(silence(1.5), Children())


@pytest.mark.parametrize("data", [b"", b"RIFF", b"This is no sound.", silence(0)], ids=["nothing", "a beginning", "text", "no sample"])
def test_what_holds_no_sound_is_refused(data: bytes) -> None:
    with pytest.raises(NotAudio):
        in_telephone_quality(data, Children())


@pytest.mark.parametrize(
    "breaks",
    ["while True: pass", "bytearray(decoding.MEMORY)", "os.abort()", "threading.Event().wait()"],
    ids=["keeps the decoder busy", "takes all memory", "crashes the decoder", "waits for ever"],
)
def test_a_file_that_breaks_the_decoder_is_refused_and_nothing_else_is_harmed(monkeypatch: pytest.MonkeyPatch, breaks: str) -> None:
    code = f"""
import os, sys, threading
from sounds import decoding
def hostile(data, longest_s):
    {breaks}
    return b"RIFF"
decoding.telephone_wav, decoding.CPU_S = hostile, 1
sys.exit(decoding.main(sys.argv[1]))
"""
    monkeypatch.setattr(conversion, "_DECODER", (sys.executable, "-c", code))
    monkeypatch.setattr(conversion, "WITHIN_S", 3.0 if "wait" in breaks else conversion.WITHIN_S)
    with pytest.raises(NotAudio):
        in_telephone_quality(silence(0.1), Children())


def test_the_decoder_knows_nothing_of_the_servers_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ATENDE_MASTER_KEY", "secret")
    monkeypatch.setattr(conversion, "_DECODER", (sys.executable, "-c", "import os; print('ATENDE_MASTER_KEY' in os.environ)"))
    assert in_telephone_quality(b"", Children()) == b"False\n"


@given(st.binary(max_size=2_000), st.integers(0, 2_000))
def test_damaged_files_are_converted_or_refused(noise: bytes, place: int) -> None:
    whole = silence(0.1)
    for data in (
        noise,
        whole[:place] + noise + whole[place:],
        b"RIFF\x24\x00\x00\x00WAVE" + noise,
        b"ID3\x03" + noise,
        b"\xff\xfb\x90\x00" + noise,
    ):
        try:
            assert telephone_wav(data, conversion.LONGEST_S).startswith(b"RIFF")
        except Undecodable as why:
            assert why.status in (IS_NO_AUDIO, IS_EMPTY, IS_TOO_LONG)  # noqa: PT017 - each file may be converted too
