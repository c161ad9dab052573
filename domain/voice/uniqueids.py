"""What can be read from the id of a call."""

from __future__ import annotations

from domain.base import SECOND

_DIGITS = 10


def born_us(call: str) -> int:
    """When the call's channel was created (us, to the second), read from a Uniqueid (`[systemname-]epoch.sequence`); 0 for any other id."""
    epoch, dot, sequence = call.rpartition("-")[2].partition(".")
    return int(epoch) * SECOND if dot and epoch.isdecimal() and len(epoch) == _DIGITS and sequence.isdecimal() else 0
