"""Write instants in the API's format. They are parsed in projections/figures/instants.py."""

from __future__ import annotations

from datetime import UTC, datetime


def iso(ms: int) -> str:
    """An instant (ms since 1970) as ISO 8601 in UTC with milliseconds, "2026-01-02T03:04:05.678Z"."""
    return datetime.fromtimestamp(ms / 1_000, UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"
