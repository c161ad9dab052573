"""Waits until the figures cover what is saved."""

from __future__ import annotations

from bootstrap import Center
from cli.console import Console


def cover(center: Center, console: Console) -> None:
    """Wait until the rows cover all that is saved now, and show the progress on `console`."""
    center.cover(center.store.head(), lambda done, total: console.progress("figures", done, total, "events"))
