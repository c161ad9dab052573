"""The caller's number, as every telephony source states it."""

from __future__ import annotations

from domain.base import NOBODY, Personal

_NOBODYS_NUMBER = frozenset({"", "none", "unknown", "<unknown>", "anonymous", "restricted", "private", "unavailable", "withheld"})


def personal(text: str) -> Personal | None:
    """A number or text that may identify a person, not assigned to a contact yet; None for the placeholders of withheld numbers."""
    return Personal(NOBODY, text) if text.lower() not in _NOBODYS_NUMBER else None
