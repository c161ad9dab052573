"""Free text that people write: notes, what an IVR says. The one rule for it.

A text is NFC, without blanks around it, not blank, and limited in length. Line breaks and tabs are its only control characters, and it does not turn the
direction in which other text is read. What joins letters or emojis may be in it, because it is read and not compared as names are.
"""

from __future__ import annotations

import re
from unicodedata import normalize

from domain.errors import InvalidField

LONGEST_NOTE = 4_000
LONGEST_SAID = 2_000
"""Characters."""

_UNWANTED = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufff9-\ufffb\ud800-\udfff]")


def checked_text(text: str, field: str, longest: int) -> str:
    """The text as it is kept. Raises InvalidField for one that is blank, longer than so many characters, or has control characters."""
    kept = normalize("NFC", text.replace("\r\n", "\n")).strip()
    if _UNWANTED.search(kept):
        raise InvalidField(
            field, "a text has no control characters but line breaks and tabs, and none that turn its direction", "text-invalid"
        )
    if not kept or len(kept) > longest:
        raise InvalidField(field, f"a text has 1 to {longest} characters, not counting blanks around it", "text-invalid")
    return kept
