"""The decoder of uploaded audio, a program of its own: it reads a .mp3 or .wav from its standard input and writes a .wav in telephone quality.

What it decodes comes from strangers, and the library that decodes is written in C: a file may be made to crash it, to keep it busy, or to take all
memory. So it runs apart from the server, with little time and memory, and without the server's environment. It imports nothing of Atende.
"""

from __future__ import annotations

import io
import resource
import sys
import wave
from contextlib import closing, suppress

RATE_HZ = 8_000
BYTES_A_SAMPLE = 2

CPU_S = 20
MEMORY = 512 << 20
"""Bytes of address space: Python and the library need a quarter of it, the sound some megabytes."""

IS_NO_AUDIO, IS_EMPTY, IS_TOO_LONG = 64, 65, 66
"""Its exit statuses, besides 0. Anything else is a decoder that broke."""

_CHUNK = 4_096


class Undecodable(Exception):
    """There is no sound to return. status: the exit status that says why."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


def telephone_wav(data: bytes, longest_s: float) -> bytes:
    """The same sound as .wav of 8 kHz, 16 bits, one channel. Raises Undecodable."""
    import miniaudio

    samples = bytearray()
    try:
        for chunk in miniaudio.stream_memory(data, nchannels=1, sample_rate=RATE_HZ, frames_to_read=_CHUNK):
            samples += chunk.tobytes()
            if len(samples) > BYTES_A_SAMPLE * RATE_HZ * longest_s:
                raise Undecodable(IS_TOO_LONG)
    except miniaudio.MiniaudioError as error:
        raise Undecodable(IS_NO_AUDIO) from error
    if not samples:
        raise Undecodable(IS_EMPTY)
    written = io.BytesIO()
    with closing(wave.open(written, "wb")) as sound:
        sound.setnchannels(1)
        sound.setsampwidth(BYTES_A_SAMPLE)
        sound.setframerate(RATE_HZ)
        sound.writeframes(bytes(samples))
    return written.getvalue()


def main(longest_s: str) -> int:
    """Decode standard input within the limits; returns the exit status."""
    for what, most in ((resource.RLIMIT_CPU, CPU_S), (resource.RLIMIT_AS, MEMORY), (resource.RLIMIT_CORE, 0)):
        _limit(what, most)
    try:
        sound = telephone_wav(sys.stdin.buffer.read(), float(longest_s))
    except Undecodable as why:
        return why.status
    sys.stdout.buffer.write(sound)
    return 0


def _limit(what: int, most: int) -> None:
    """Limit a resource of this process, unless it is limited further already."""
    _, hard = resource.getrlimit(what)
    most = most if hard == resource.RLIM_INFINITY else min(most, hard)
    # macOS does not limit address space.
    with suppress(ValueError, OSError):
        resource.setrlimit(what, (most, most))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
