"""Measure Atende and a raw reference in alternation, several times, so that both have the same noise."""

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
    """Run each side once per round. Returns the values of each side, round by round."""
    taken = [[side() for side in sides] for _ in range(rounds)]
    return [list(values) for values in zip(*taken, strict=True)]


def compared(unit: str, ours: Sequence[float], raw: Sequence[float], aim: float, *, more_is_better: bool = True) -> dict[str, Any]:
    """A figure beside its raw reference. The aim applies to the median ratio of the rounds."""
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
    """A figure with an absolute aim, which applies to the median."""
    reached = median(values) >= aim if more_is_better else median(values) <= aim
    return {"unit": unit, "ours": spread(values), "aim": f"{'>=' if more_is_better else '<='} {aim:g}", "reached": reached}


def profiled(work: Callable[[], object]) -> list[dict[str, Any]]:
    """Profile `work`. Returns the functions with the most own time, in percent of the total."""
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
            "function": f"{'/'.join(path.split('/')[-2:])}:{line} {name}",
            "calls": calls,
            "own_percent": _short(100 * own / total),
            "with_callees_percent": _short(100 * whole / total),
        }
        for (path, line, name), (_, calls, own, whole, _callers) in busiest
    ]


def _short(value: float) -> float:
    """Round to four significant digits: the noise is larger."""
    return float(f"{value:.4g}")
