"""The numbers that a PBX gives to its channels: a hole in them shows channels that were created unobserved.

Uniqueid ends in a sequence since the PBX started. It is also used for other things (a call's detail record takes a
number), so it gives an upper limit of the channels. Channel names (`PJSIP/trunk-0000002a`) have a sequence of their
own, per technology, without holes. A channel that Atende placed has a Uniqueid that Atende chose, and takes a number of
its technology alone.
"""

from __future__ import annotations

import re

from domain.base import SECOND
from domain.ids import is_placed

OUT_OF_ORDER_US = 2 * SECOND
"""Two channels that begin together may be reported in either order."""

_NAMED = re.compile(r"^([A-Za-z0-9]+)/.*-([0-9a-f]{8})(;[12])?$")
_LONGEST_JUMP = 64
_DIGITS = 10


class Numbers:
    """The highest numbers so far. `sequence`: None until one was observed, or the start of the PBX was (`from_start`).

    second: the second in which the channel with the highest number was created.
    """

    def __init__(self) -> None:
        self.sequence: int | None = None
        self.second = 0
        self.named: dict[str, int] = {}
        self.all_named = True
        self.from_start = False
        self._skipped: dict[tuple[str, int], tuple[int, int]] = {}
        self._born_last: dict[str, int] = {}

    def start(self) -> None:
        """The PBX has just started: all numbers begin at zero."""
        self.sequence, self.second, self.from_start = -1, 0, True
        self.named.clear()
        self._skipped.clear()
        self._born_last.clear()

    def born(self, channel_id: str, name: str, at: int) -> None:
        """A channel was observed to begin."""
        sequence = sequence_of(channel_id)
        if sequence >= 0 and (self.sequence is None or sequence > self.sequence):
            self.sequence, self.second = sequence, second_of(channel_id)
        technology, number = named(name)
        if number < 0:
            self.all_named = False
            return
        self._skipped.pop((technology, number), None)
        tail = self.named.get(technology, number)
        if 1 < number - tail <= _LONGEST_JUMP:
            since = self._born_last[technology]
            self._skipped.update({(technology, missing): (since, at) for missing in range(tail + 1, number)})
        self.named[technology] = max(tail, number)
        self._born_last[technology] = at

    def starts_again(self, channel_id: str) -> bool:
        """Whether this channel has a lower number than an older one: the PBX has restarted since."""
        sequence = sequence_of(channel_id)
        return (
            self.sequence is not None and 0 <= sequence < self.sequence and second_of(channel_id) > self.second + OUT_OF_ORDER_US // SECOND
        )

    def overdue(self, at: int) -> tuple[int, int] | None:
        """The time in which a channel must have been created unobserved: its number never occurred."""
        key = next(iter(self._skipped), None)
        if key is None or at - self._skipped[key][1] <= OUT_OF_ORDER_US:
            return None
        return self._skipped.pop(key)


def sequence_of(channel_id: str) -> int:
    """The position of a channel in the PBX's sequence; -1 if its Uniqueid has none."""
    sequence = channel_id.rpartition(".")[2]
    return int(sequence) if sequence.isdecimal() and len(sequence) <= _DIGITS and not is_placed(channel_id) else -1


def second_of(channel_id: str) -> int:
    """The second in which a channel was created, from its Uniqueid (`[systemname-]epoch.sequence`); 0 if that has none."""
    epoch = channel_id.rpartition("-")[2].partition(".")[0]
    return int(epoch) if epoch.isdecimal() and len(epoch) <= _DIGITS else 0


def named(name: str) -> tuple[str, int]:
    """A channel's technology and its number there; -1 for a technology with other numbers."""
    found = _NAMED.match(name)
    return (found[1], int(found[2], 16)) if found else (name.partition("/")[0], -1)
