"""Audio in telephone quality: any .mp3 or .wav becomes a .wav of 8 kHz, 16 bits, one channel, which every Asterisk plays."""

from __future__ import annotations

import io
import wave
from contextlib import closing

import miniaudio

RATE_HZ = 8_000
LARGEST_UPLOAD = 5 << 20
"""Bytes of an uploaded file."""
LONGEST_S = 300
_CHUNK = 4_096


class NotAudio(Exception):
    """The bytes are no .mp3 or .wav, hold no sound, or last too long. The message says which."""


def in_telephone_quality(data: bytes) -> bytes:
    """The same sound as .wav for a telephone. Raises NotAudio."""
    samples = bytearray()
    try:
        for chunk in miniaudio.stream_memory(data, nchannels=1, sample_rate=RATE_HZ, frames_to_read=_CHUNK):
            samples += chunk.tobytes()
            if len(samples) > 2 * RATE_HZ * LONGEST_S:
                raise NotAudio(f"a message lasts at most {LONGEST_S} seconds")
    except miniaudio.MiniaudioError as error:
        raise NotAudio("this is no .mp3 or .wav file") from error
    if not samples:
        raise NotAudio("the file holds no sound")
    written = io.BytesIO()
    with closing(wave.open(written, "wb")) as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(RATE_HZ)
        sound.writeframes(bytes(samples))
    return written.getvalue()
