"""What the id of a call tells by itself."""

from __future__ import annotations

from domain.base import SECOND

_DIGITS = 10


def born_us(call: str) -> int:
    """When its channel came to be, to the second, as a Uniqueid (`[systemname-]epoch.sequence`) tells; 0 where it does not."""
    epoch, dot, sequence = call.rpartition("-")[2].partition(".")
    return int(epoch) * SECOND if dot and epoch.isdecimal() and len(epoch) == _DIGITS and sequence.isdecimal() else 0
