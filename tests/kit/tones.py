"""Which tones are in the end of a recording that is still being written."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterable
from pathlib import Path

RATE = 8000
_HEADER = 44
_LASTS_S = 0.5
_HEARD = 0.02
"""The share of full scale from which on a tone is heard."""


def heard(file: Path, tones: Iterable[int]) -> set[int]:
    """Those of these tones (Hz) that are heard in the last half second."""
    size = round(RATE * _LASTS_S)
    data = file.read_bytes()[_HEADER:] if file.exists() else b""
    # A recording has whole samples of two bytes, but its end may be half written.
    data = data[: len(data) // 2 * 2][-2 * size :]
    samples = struct.unpack(f"<{len(data) // 2}h", data)
    return {tone for tone in tones if len(samples) == size and amplitude(samples, tone) > _HEARD}


def amplitude(samples: tuple[int, ...], tone: int) -> float:
    """By the algorithm of Goertzel."""
    factor = 2 * math.cos(2 * math.pi * tone / RATE)
    before = last = 0.0
    for sample in samples:
        before, last = last, sample / 32_768 + factor * last - before
    power = last * last + before * before - factor * last * before
    return 2 * math.sqrt(max(power, 0.0)) / len(samples)
