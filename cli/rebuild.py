"""`rebuild`: fold every projection again from the log."""

from __future__ import annotations

from bootstrap import Center
from cli.company import known
from cli.console import Console
from cli.operator_commands import Rebuild
from projections.engine.progress import ProjectionsStopped


def rebuild(command: Rebuild, center: Center, console: Console) -> int:
    """Fold every projection again from the log, for all companies."""
    if command.company:
        known(center, command.company)
    try:
        position = center.rebuild(lambda done, total: console.progress("rebuild", done, total, "events"))
    except ProjectionsStopped as stopped:
        console.warn(f"not rebuilt: {stopped}")
        return 1
    console.out(f"rebuilt up to position {position}\n")
    return 0
