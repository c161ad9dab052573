"""Audio in telephone quality: any .mp3 or .wav becomes a .wav of 8 kHz, 16 bits, one channel, which every Asterisk plays."""

from __future__ import annotations

import subprocess
import sys

from sounds import decoding
from sounds.children import Children

LARGEST_UPLOAD = 5 << 20
"""Bytes of an uploaded file."""
LONGEST_S = 300
LARGEST_SOUND = LONGEST_S * decoding.RATE_HZ * decoding.BYTES_A_SAMPLE
"""Bytes of what it becomes, about."""
WITHIN_S = 60.0
"""So long a file may take to be decoded on a busy machine. A message of five minutes takes less than a second."""

_DECODER = (sys.executable, "-I", decoding.__file__)
_SAYS = {
    decoding.IS_NO_AUDIO: "this is no .mp3 or .wav file",
    decoding.IS_EMPTY: "the file holds no sound",
    decoding.IS_TOO_LONG: f"a message lasts at most {LONGEST_S} seconds",
}


class NotAudio(Exception):
    """The bytes are no .mp3 or .wav, hold no sound, or last too long. The message says which."""


def in_telephone_quality(data: bytes, children: Children) -> bytes:
    """The same sound as .wav for a telephone, decoded in a process of its own. Raises NotAudio, Stopping."""
    try:
        # The file is its standard input, never an argument.
        decoder = children.run([*_DECODER, str(LONGEST_S)], data, WITHIN_S, {})
    except subprocess.TimeoutExpired as error:
        raise NotAudio("the file takes too long to be decoded") from error
    if decoder.returncode != 0:
        raise NotAudio(_SAYS.get(decoder.returncode, "the file cannot be decoded"))
    return decoder.stdout
