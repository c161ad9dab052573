"""The voice quality of a call, by bands of jitter (ms) and packet loss (%), half-open."""

from __future__ import annotations

from typing import Literal

Band = Literal["Alta", "Média", "Baixa"]


def jitter_band(jitter_ms: float) -> Band:
    """Alta below 70 ms, Média from 70 to below 151, Baixa from 151 on."""
    return "Alta" if jitter_ms < 70 else "Média" if jitter_ms < 151 else "Baixa"


def loss_band(loss_percent: float) -> Band:
    """Alta to 1 %, Média above 1 to 5 %, Baixa above 5 %."""
    return "Alta" if loss_percent <= 1 else "Média" if loss_percent <= 5 else "Baixa"


def voice_quality(jitter_ms: float | None, loss_percent: float | None) -> Band | None:
    """The call's band: Baixa if either is Baixa or both are Média, Média if exactly one is, else Alta.

    A value that was not measured is ignored; None if neither was.
    """
    bands = [] if jitter_ms is None else [jitter_band(jitter_ms)]
    bands += [] if loss_percent is None else [loss_band(loss_percent)]
    if not bands:
        return None
    if "Baixa" in bands or bands.count("Média") == 2:
        return "Baixa"
    return "Média" if "Média" in bands else "Alta"
