"""What is done about an error of the worker that writes the rows: nothing is swallowed, nothing is tried for ever."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

MOST_REFUSED = 20
"""More events than these in one process that cannot be made rows: not the events are wrong, the folds are."""

_PAUSES_S = (0.1, 0.5, 2.0, 10.0)

PAUSES_OF_SERVERS_S = (0.1, 0.5, 2.0, *(5.0,) * 24)
"""A server that was ended is started again within two minutes, or somebody has to look."""


@dataclass(frozen=True)
class RetryAfter:
    """The engine or the disk may be back in a moment."""

    seconds: float


@dataclass(frozen=True)
class Quarantine:
    """The event is set aside and named to the operator; the rest goes on."""


@dataclass(frozen=True)
class Stop:
    """Somebody has to look: the rows stay at their position."""


def about_outside(tries: int, pauses_s: Sequence[float] | None = None) -> RetryAfter | Stop:
    """The log could not be read or the rows not written, `tries` times in a row."""
    pauses = _PAUSES_S if pauses_s is None else pauses_s
    return RetryAfter(pauses[tries - 1]) if tries <= len(pauses) else Stop()


def about_event(refused: int) -> Quarantine | Stop:
    """An event could not be read or folded, the `refused`-th of this process."""
    return Quarantine() if refused <= MOST_REFUSED else Stop()
