"""Sound: tones as microphones hear them, and which tones are in what somebody has heard."""

from __future__ import annotations

import math
import struct
import wave
from array import array
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

TONES = {440: "caller", 600: "telephone", 850: "outside", 1000: "agent", 1230: "colleague"}
"""Who sounds which tone (Hz)."""

_RATE = 8_000
_HEADER = 44
_SILENT = 0.002
"""Of full scale: what is softer is nobody."""
_BESIDE = 0.1
"""A tone that is softer than this part of the loudest one is noise."""


def write_tone(path: Path, hz: int, seconds: int = 10, rate: int = 48_000) -> Path:
    """A file that sounds one tone; it can be repeated without a click."""
    samples = (round(12_000 * math.sin(2 * math.pi * hz * at / rate)) for at in range(seconds * rate))
    with closing(wave.open(str(path), "wb")) as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(rate)
        sound.writeframes(b"".join(struct.pack("<h", one) for one in samples))
    return path


def tones_at_end(path: Path, seconds: float = 1.0) -> set[str]:
    """Who is heard at the end of a recording that Asterisk writes: the length in its header is not known before it ends."""
    with path.open("rb") as file:
        file.seek(0, 2)
        size = file.tell()
        take = min(max(0, size - _HEADER), int(seconds * _RATE) * 2)
        file.seek(size - take - (size - _HEADER) % 2)
        samples = array("h", file.read(take))
    if len(samples) < seconds * _RATE:
        return set()
    strengths = {hz: _strength(samples, hz) for hz in TONES}
    loudest = max(strengths.values())
    return {TONES[hz] for hz, strength in strengths.items() if strength > max(_SILENT, _BESIDE * loudest)}


def _strength(samples: Iterable[int], hz: int) -> float:
    """The amplitude of one tone, of full scale (Goertzel)."""
    turn = 2 * math.cos(2 * math.pi * hz / _RATE)
    before = last = 0.0
    count = 0
    for sample in samples:
        before, last = last, sample + turn * last - before
        count += 1
    power = before * before + last * last - turn * before * last
    return 2 * math.sqrt(max(power, 0.0)) / count / 32_768


HEARD = """() => {
  const tones = %s;
  const ears = (window.ears ??= new Map());
  const context = (window.earContext ??= new AudioContext());
  const heard = new Set();
  for (const { srcObject } of document.querySelectorAll("audio[data-phone]")) {
    if (!ears.has(srcObject)) {
      const ear = context.createAnalyser();
      ear.fftSize = 16384;
      ear.smoothingTimeConstant = 0;
      context.createMediaStreamSource(srcObject).connect(ear);
      ears.set(srcObject, ear);
    }
    const ear = ears.get(srcObject);
    const levels = new Float32Array(ear.frequencyBinCount);
    ear.getFloatFrequencyData(levels);
    const at = (hz) => Math.max(...[-2, -1, 0, 1, 2].map((by) => levels[Math.round((hz * ear.fftSize) / context.sampleRate) + by]));
    const loudest = Math.max(...Object.keys(tones).map((hz) => at(Number(hz))));
    for (const hz of Object.keys(tones)) if (at(Number(hz)) > Math.max(-60, loudest - 20)) heard.add(tones[hz]);
  }
  return [...heard].sort();
}"""  # fmt: skip
"""In a page: who is heard by its phone now."""


def heard_in_page() -> str:
    """The expression that returns who is heard by a page's phone now."""
    return HEARD % str({str(hz): who for hz, who in TONES.items()})
