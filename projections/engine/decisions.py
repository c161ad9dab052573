"""Decide about an error while rows are written: retry, quarantine or stop. No error is swallowed, nothing is retried for ever."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

MOST_REFUSED = 20
"""If no rows can be made of more events than this in one process, the folds are wrong rather than the events."""

_PAUSES_S = (0.1, 0.5, 2.0, 10.0)

PAUSES_OF_SERVERS_S = (0.1, 0.5, 2.0, *(5.0,) * 24)
"""A server that was stopped is expected back within two minutes; after that an operator has to act."""


@dataclass(frozen=True)
class RetryAfter:
    """The engine or the disk may be back in a moment."""

    seconds: float


@dataclass(frozen=True)
class Quarantine:
    """The event is set aside and reported to the operator; the other events go on."""


@dataclass(frozen=True)
class Stop:
    """An operator has to act: the rows stay at their position."""


def about_outside(tries: int, pauses_s: Sequence[float] | None = None) -> RetryAfter | Stop:
    """The log could not be read or the rows not written, `tries` times in a row."""
    pauses = _PAUSES_S if pauses_s is None else pauses_s
    return RetryAfter(pauses[tries - 1]) if tries <= len(pauses) else Stop()


def about_event(refused: int) -> Quarantine | Stop:
    """An event could not be read or folded, the `refused`-th of this process."""
    return Quarantine() if refused <= MOST_REFUSED else Stop()
