"""The bands of voice quality, at their edges."""

from __future__ import annotations

import pytest

from projections.figures.voice_quality import jitter_band, loss_band, voice_quality


@pytest.mark.parametrize(
    ("jitter", "band"),
    [(0.0, "Alta"), (69.999, "Alta"), (70.0, "Média"), (70.5, "Média"), (150.999, "Média"), (151.0, "Baixa"), (900.0, "Baixa")],
)
def test_jitter(jitter: float, band: str) -> None:
    assert jitter_band(jitter) == band


@pytest.mark.parametrize(
    ("loss", "band"), [(0.0, "Alta"), (1.0, "Alta"), (1.001, "Média"), (5.0, "Média"), (5.001, "Baixa"), (100.0, "Baixa")]
)
def test_loss(loss: float, band: str) -> None:
    assert loss_band(loss) == band


@pytest.mark.parametrize(
    ("jitter", "loss", "quality"),
    [
        (69.9, 1.0, "Alta"),
        (70.0, 1.0, "Média"),
        (69.9, 1.1, "Média"),
        (69.9, 5.0, "Média"),
        (70.0, 1.1, "Baixa"),
        (150.9, 5.0, "Baixa"),
        (151.0, 0.0, "Baixa"),
        (0.0, 5.1, "Baixa"),
        (None, 5.0, "Média"),
        (70.0, None, "Média"),
        (None, None, None),
    ],
)
def test_the_call(jitter: float | None, loss: float | None, quality: str | None) -> None:
    assert voice_quality(jitter, loss) == quality
