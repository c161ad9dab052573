"""How people and programs write telephone numbers, and which of them an agent dials: none of a PBX's own codes."""

from __future__ import annotations

from domain.errors import InvalidField

SHORTEST_DIALLED, LONGEST_DIALLED = 3, 20
"""Digits."""

_KEPT = frozenset("0123456789")
_DROPPED = frozenset(" ()-./")


def unspaced(number: str) -> str:
    """A number as it is kept, without the blanks, brackets, points, dashes and slashes that make it readable."""
    return "".join(character for character in number if character not in _DROPPED)


def dialable(number: str, field: str) -> str:
    """The number as a PBX dials it: digits, after a + that is kept.

    Raises InvalidField that names `field`, also for * and #, with which a PBX's feature codes begin.
    """
    written = unspaced(number.strip())
    digits = written.removeprefix("+")
    if not SHORTEST_DIALLED <= len(digits) <= LONGEST_DIALLED or not set(digits) <= _KEPT:
        raise InvalidField(field, f"this is no telephone number: {SHORTEST_DIALLED} to {LONGEST_DIALLED} digits, after a + if need be")
    return written
