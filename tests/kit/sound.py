"""Sound: tones as microphones hear them, and which tones are in what somebody has heard."""

from __future__ import annotations

import math
import struct
import wave
from contextlib import closing
from pathlib import Path

from tests.kit.tones import heard

TONES = {440: "caller", 600: "telephone", 850: "outside", 1000: "agent", 1230: "colleague"}
"""Who sounds which tone (Hz)."""


def write_tone(path: Path, hz: int, seconds: int = 10, rate: int = 48_000) -> Path:
    """A file that sounds one tone; it can be repeated without a click."""
    period = rate // math.gcd(rate, hz)
    wave_once = b"".join(struct.pack("<h", round(12_000 * math.sin(2 * math.pi * hz * at / rate))) for at in range(period))
    with closing(wave.open(str(path), "wb")) as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(rate)
        sound.writeframes(wave_once * (seconds * rate // period))
    return path


def heard_at_end(recording: Path) -> set[str]:
    """Who is heard at the end of a recording that Asterisk writes."""
    return {TONES[hz] for hz in heard(recording, TONES)}


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
