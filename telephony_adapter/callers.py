"""What every telephony source says of a caller, and how."""

from __future__ import annotations

from domain.base import NOBODY, Personal

_NOBODYS_NUMBER = frozenset({"", "none", "unknown", "<unknown>", "anonymous", "restricted", "private", "unavailable", "withheld"})


def personal(text: str) -> Personal | None:
    """What may name a person, of whom nobody knows yet who it is; None for what stands where a number is withheld."""
    return Personal(NOBODY, text) if text.lower() not in _NOBODYS_NUMBER else None
