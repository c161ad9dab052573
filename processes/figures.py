"""What an operator watches of one process manager."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

from store.process_progress import Failure, Timer


@dataclass
class Figures:
    """What an operator watches of one process manager.

    position: all up to here is done. active: whether it is at work in this process. sent: commands. failures: attempts that failed.
    set_aside: events and timers that were given up. retried: of those, and of earlier ones, done later. behind_since: since when (us) it is not
    level with the log. timers: those that wait, by company and key. failed: what was given up and is not done yet, by cause.
    stopped: why it stands still.
    """

    position: int = 0
    active: bool = False
    sent: int = 0
    failures: int = 0
    set_aside: int = 0
    retried: int = 0
    behind_since: int | None = None
    timers: dict[tuple[UUID, str], Timer] = field(default_factory=dict)
    failed: dict[str, Failure] = field(default_factory=dict)
    stopped: str = ""
