"""The voice quality of a call, by bands of jitter (ms) and packet loss (%), half-open."""

from __future__ import annotations

from typing import Literal

Band = Literal["high", "medium", "low"]
"""*Alta*, *Média*, *Baixa*."""


def jitter_band(jitter_ms: float) -> Band:
    """High below 70 ms, medium from 70 to below 151, low from 151 on."""
    return "high" if jitter_ms < 70 else "medium" if jitter_ms < 151 else "low"


def loss_band(loss_percent: float) -> Band:
    """High to 1 %, medium above 1 to 5 %, low above 5 %."""
    return "high" if loss_percent <= 1 else "medium" if loss_percent <= 5 else "low"


def voice_quality(jitter_ms: float | None, loss_percent: float | None) -> Band | None:
    """The call's band: low if either is low or both are medium, medium if exactly one is, else high.

    A value that was not measured is ignored; None if neither was.
    """
    bands = [] if jitter_ms is None else [jitter_band(jitter_ms)]
    bands += [] if loss_percent is None else [loss_band(loss_percent)]
    if not bands:
        return None
    if "low" in bands or bands.count("medium") == 2:
        return "low"
    return "medium" if "medium" in bands else "high"
