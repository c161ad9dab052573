"""The figures of a process manager for operators."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

from store.process_progress import Failure, Timer


@dataclass
class ProcessFigures:
    """ProcessFigures of one process manager for operators.

    position: all events up to here are processed. active: whether it runs in this process. sent: commands. failures: attempts that failed.
    set_aside: events and timers that were given up. retried: of those, and of earlier ones, done later. behind_since: the instant (us) since which it
    is behind the log; None = it is not. timers: those that wait, by company and key. failed: those given up and not done yet, by cause.
    stopped: why it stopped; "" while it runs.
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
