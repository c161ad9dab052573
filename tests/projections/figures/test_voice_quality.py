"""The bands of voice quality, at their edges."""

from __future__ import annotations

import pytest

from projections.figures.voice_quality import jitter_band, loss_band, voice_quality


@pytest.mark.parametrize(
    ("jitter", "band"),
    [(0.0, "high"), (69.999, "high"), (70.0, "medium"), (70.5, "medium"), (150.999, "medium"), (151.0, "low"), (900.0, "low")],
)
def test_jitter(jitter: float, band: str) -> None:
    assert jitter_band(jitter) == band


@pytest.mark.parametrize(
    ("loss", "band"), [(0.0, "high"), (1.0, "high"), (1.001, "medium"), (5.0, "medium"), (5.001, "low"), (100.0, "low")]
)
def test_loss(loss: float, band: str) -> None:
    assert loss_band(loss) == band


@pytest.mark.parametrize(
    ("jitter", "loss", "quality"),
    [
        (69.9, 1.0, "high"),
        (70.0, 1.0, "medium"),
        (69.9, 1.1, "medium"),
        (69.9, 5.0, "medium"),
        (70.0, 1.1, "low"),
        (150.9, 5.0, "low"),
        (151.0, 0.0, "low"),
        (0.0, 5.1, "low"),
        (None, 5.0, "medium"),
        (70.0, None, "medium"),
        (None, None, None),
    ],
)
def test_the_call(jitter: float | None, loss: float | None, quality: str | None) -> None:
    assert voice_quality(jitter, loss) == quality
