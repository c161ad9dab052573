"""Names of queues, IVRs, agents, pause reasons, users and companies: how they are written and when two are the same.

A name is NFC text on one line, without blanks around it, with single blanks inside, and without characters that nobody sees. `VENDAS`
and `vendas ` name the same queue: names are compared without case. What a source observes is cleaned; a live command with an unseen
character is refused, because its sender means something else than a reader sees.
"""

from __future__ import annotations

import re
from functools import lru_cache
from unicodedata import combining, normalize

from domain.errors import InvalidField

UNSEEN = r"\x00-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb"
"""The inside of a character class: control, zero-width, filling and text-direction characters."""

_UNSEEN = re.compile(f"[{UNSEEN}]")
_UNSEEN_IN_A_WORD = re.compile(f"(?!\\s)[{UNSEEN}]")
LONGEST_NAME = 120
"""Characters of a name that a live command gives."""

NAMELESS = "?"
"""The name of something whose observed name has no visible character."""


@lru_cache(8_192)
def cleaned(name: str) -> str:
    """An observed name as it is kept; "" stays "" (no name)."""
    if not name:
        return name
    seen = " ".join(_UNSEEN_IN_A_WORD.sub("", name).split())
    return normalize("NFC", seen) or NAMELESS


@lru_cache(8_192)
def identity(name: str) -> str:
    """What is equal for all spellings of a name."""
    return normalize("NFC", cleaned(name).casefold())


def alphabetical(name: str) -> tuple[str, str]:
    """The place of a name in the order of the alphabet: without case, an accented letter beside its plain one."""
    return "".join(letter for letter in normalize("NFKD", identity(name)) if not combining(letter)), name


def checked_name(name: str, field: str, what: str, longest: int = LONGEST_NAME) -> str:
    """The name of a live command as it is kept. Raises InvalidField. what: whose name, as "a queue". longest: characters."""
    if _UNSEEN.search(name):
        raise InvalidField(field, f"the name of {what} has no control, zero-width or text-direction characters", "name-invalid")
    if not name.strip():
        raise InvalidField(field, f"{what} has a name", "name-invalid")
    kept = cleaned(name)
    if len(kept) > longest:
        raise InvalidField(field, f"the name of {what} has at most {longest} characters", "name-invalid")
    return kept
