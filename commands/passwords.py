"""Passwords: their hashes (argon2id), and how hard they are to guess, estimated by zxcvbn: known passwords, names and words, keyboard patterns, dates, repeats and sequences."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from domain.passwords import check_composition, check_strength

HASHER = PasswordHasher()

_LOOKED_AT = 24
"""Characters that are looked at together: of 24 the estimate takes half a second at most, of 72 ten seconds."""

_LEAST_SCORE = 3
"""Of 0 to 4: some 10^8 guesses, which holds against guessing online."""

_SHORTEST_WORD = 3

_LEAST_BESIDE_OWN = 8
"""Characters that a password has beside the user's own words: a year and a mark behind a name are tried first."""


def hashed_password(password: str, own_words: Sequence[str] | None = None) -> str:
    """Hash a password for SetPassword. Raises InvalidField when it breaks the manual's rule or, with `own_words`, is easily guessed.

    Takes a tenth of a second on purpose: do not call it in an event loop.
    """
    if own_words is None:
        check_composition(password)
    else:
        check_strength(password, own_words, is_easily_guessed)
    return HASHER.hash(password)


def is_password(hashed: str | None, password: str) -> bool:
    """Whether this is the password that was hashed. Without a hash it is not, which takes as long: a stranger does not learn whom there is."""
    try:
        HASHER.verify(hashed or _nobodys(HASHER), password)
    except (VerificationError, InvalidHashError):
        return False
    return hashed is not None


@cache
def _nobodys(hasher: PasswordHasher) -> str:
    return hasher.hash("nobody's password")


def is_easily_guessed(password: str, own_words: Sequence[str]) -> bool:
    """Whether somebody who knows `own_words` of the user guesses the password soon. Takes some milliseconds: do not call it in an event loop."""
    # Its lists of words are a megabyte, which few deployments need.
    from zxcvbn import zxcvbn

    own = sorted({part for word in own_words for part in _parts(word)}, key=len, reverse=True)
    rest = password.lower()
    for part in own:
        rest = rest.replace(part, "")
    if len(rest) < min(len(password), _LEAST_BESIDE_OWN):
        return True
    pieces = (password[start : start + _LOOKED_AT] for start in range(0, len(password), _LOOKED_AT))
    return not any(zxcvbn(piece, user_inputs=own)["score"] >= _LEAST_SCORE for piece in pieces)


def _parts(word: str) -> list[str]:
    """A name or an address, whole and in parts, as people put it into passwords."""
    plain = word.lower()
    whole = (plain, plain.partition("@")[0])
    parts = (*whole, *(re.sub(r"[\W_]+", "", one) for one in whole), *re.split(r"[\W_]+", plain))
    return list(dict.fromkeys(part for part in parts if len(part) >= _SHORTEST_WORD))
