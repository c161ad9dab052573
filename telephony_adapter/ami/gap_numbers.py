"""The numbers that a PBX gives to its lines: what they jump over was born unseen.

Uniqueid ends in a sequence since the PBX started. It also counts what is no line (a number is taken to write a call's
detail record), so it tells at most how many lines were born. Channel names (`PJSIP/trunk-0000002a`) have a sequence
of their own, per technology, without holes.
"""

from __future__ import annotations

import re

from domain.base import SECOND

OUT_OF_ORDER_US = 2 * SECOND
"""Two lines that begin together may be told in either order."""

_NAMED = re.compile(r"^([A-Za-z0-9]+)/.*-([0-9a-f]{8})(;[12])?$")
_LONGEST_JUMP = 64
_DIGITS = 10


class Numbers:
    """The highest numbers so far. `sequence`: None until one was seen, or the PBX was seen to start (`from_start`).

    second: that in which the line with the highest one was born.
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
        """The PBX has just started: all numbers begin anew."""
        self.sequence, self.second, self.from_start = -1, 0, True
        self.named.clear()
        self._skipped.clear()
        self._born_last.clear()

    def born(self, channel_id: str, name: str, at: int) -> None:
        """A line was seen to begin."""
        sequence = sequence_of(channel_id)
        if self.sequence is None or sequence > self.sequence:
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

    def begin_anew(self, channel_id: str) -> bool:
        """Whether this line has a lower number than one that was born before it: the PBX has started since."""
        sequence = sequence_of(channel_id)
        return (
            self.sequence is not None and 0 <= sequence < self.sequence and second_of(channel_id) > self.second + OUT_OF_ORDER_US // SECOND
        )

    def overdue(self, at: int) -> tuple[int, int] | None:
        """The time in which a line must have been born unseen: its number never came."""
        key = next(iter(self._skipped), None)
        if key is None or at - self._skipped[key][1] <= OUT_OF_ORDER_US:
            return None
        return self._skipped.pop(key)


def sequence_of(channel_id: str) -> int:
    """The place of a line in the PBX's sequence; -1 when its Uniqueid has none."""
    sequence = channel_id.rpartition(".")[2]
    return int(sequence) if sequence.isdecimal() and len(sequence) <= _DIGITS else -1


def second_of(channel_id: str) -> int:
    """The second in which a line was born, told by its Uniqueid (`[systemname-]epoch.sequence`); 0 when that cannot tell."""
    epoch = channel_id.rpartition("-")[2].partition(".")[0]
    return int(epoch) if epoch.isdecimal() and len(epoch) <= _DIGITS else 0


def named(name: str) -> tuple[str, int]:
    """A channel's technology and its number there; -1 for a technology that numbers otherwise."""
    found = _NAMED.match(name)
    return (found[1], int(found[2], 16)) if found else (name.partition("/")[0], -1)
