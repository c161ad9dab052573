"""Rows as a table for people, one line of titles above."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from rich.console import Console as Screen
from rich.table import Table

from projections.queries.report import printable


def listing(rows: Sequence[dict[str, Any]], width: int) -> str:
    """Rows of the same columns, at most `width` characters wide."""
    table = Table(*rows[0], box=None, pad_edge=False)
    for row in rows:
        table.add_row(*("" if value is None else printable(str(value)) for value in row.values()))
    screen = Screen(width=width, highlight=False)
    with screen.capture() as captured:
        screen.print(table, markup=False)
    return captured.get()


def utc(ms: int) -> str:
    """An instant (milliseconds) as ISO 8601."""
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds")
