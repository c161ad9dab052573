"""Which numbers an agent dials: telephone numbers, and none of a PBX's own codes."""

from __future__ import annotations

from domain.errors import InvalidField

SHORTEST_DIALLED, LONGEST_DIALLED = 3, 20
"""Digits."""

_KEPT = frozenset("0123456789")
_DROPPED = frozenset(" ()-./")


def dialable(number: str, field: str) -> str:
    """The number as a PBX dials it: digits, after a + that is kept.

    Raises InvalidField that names `field`, also for * and #, with which a PBX's feature codes begin.
    """
    written = "".join(character for character in number.strip() if character not in _DROPPED)
    digits = written.removeprefix("+")
    if not SHORTEST_DIALLED <= len(digits) <= LONGEST_DIALLED or not set(digits) <= _KEPT:
        raise InvalidField(field, f"this is no telephone number: {SHORTEST_DIALLED} to {LONGEST_DIALLED} digits, after a + if need be")
    return written
