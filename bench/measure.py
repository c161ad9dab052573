"""How a figure is taken: ours and the raw reference in turns, several times, so that both meet the same noise."""

from __future__ import annotations

import cProfile
import pstats
from collections.abc import Callable, Sequence
from statistics import median
from typing import Any

TOP = 15


def spread(values: Sequence[float]) -> dict[str, float]:
    """Median, least and greatest of several runs."""
    return {"median": _short(median(values)), "min": _short(min(values)), "max": _short(max(values))}


def in_turns(rounds: int, *sides: Callable[[], float]) -> list[list[float]]:
    """Run each side once a round; the values of each side, round by round."""
    taken = [[side() for side in sides] for _ in range(rounds)]
    return [list(values) for values in zip(*taken, strict=True)]


def compared(unit: str, ours: Sequence[float], raw: Sequence[float], aim: float, *, more_is_better: bool = True) -> dict[str, Any]:
    """A figure beside its raw reference; the aim is for the median of the rounds' own ratios."""
    ratios = [mine / reference for mine, reference in zip(ours, raw, strict=True)]
    reached = median(ratios) >= aim if more_is_better else median(ratios) <= aim
    return {
        "unit": unit,
        "ours": spread(ours),
        "raw": spread(raw),
        "ratio": spread(ratios),
        "aim": f"{'>=' if more_is_better else '<='} {aim:g} x raw",
        "reached": reached,
    }


def absolute(unit: str, values: Sequence[float], aim: float, *, more_is_better: bool = True) -> dict[str, Any]:
    """A figure whose aim is a number; the median counts."""
    reached = median(values) >= aim if more_is_better else median(values) <= aim
    return {"unit": unit, "ours": spread(values), "aim": f"{'>=' if more_is_better else '<='} {aim:g}", "reached": reached}


def profiled(work: Callable[[], object]) -> list[dict[str, Any]]:
    """Where the time of `work` goes: the functions in which most is spent, with their own and their whole share of it."""
    profile = cProfile.Profile()
    profile.enable()
    work()
    profile.disable()
    stats = pstats.Stats(profile)
    total: float = getattr(stats, "total_tt", 0.0) or 1.0
    rows: dict[tuple[str, int, str], tuple[int, int, float, float, Any]] = getattr(stats, "stats", {})
    busiest = sorted(rows.items(), key=lambda row: row[1][2], reverse=True)[:TOP]
    return [
        {
            "function": f"{'/'.join(location[0].split('/')[-2:])}:{location[1]} {location[2]}",
            "calls": calls,
            "own_percent": _short(100 * own / total),
            "with_callees_percent": _short(100 * whole / total),
        }
        for location, (_, calls, own, whole, _callers) in busiest
    ]


def _short(value: float) -> float:
    """Four figures are more than the noise leaves."""
    return float(f"{value:.4g}")
