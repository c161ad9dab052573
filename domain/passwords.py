"""Which passwords a user may have: by the manual's rule of composition, or by NIST SP 800-63B, which asks for length and for what is hard to guess."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Final

from domain.errors import InvalidField

SHORTEST, LONGEST = 6, 128
"""Characters of any password under any rule."""

LENGTHS: Final = {"composition": (SHORTEST, 20), "nist": (12, LONGEST)}
"""The fewest and the most characters of a password, by the rule: the manual's, or NIST's."""

_SPECIAL = "$*&@#?"


def check_composition(password: str) -> None:
    """Raises InvalidField for a password that breaks the manual's rule: 6 to 20 characters, an upper and a lower case letter, a number, one of $ * & @ # ?, no character twice in a row."""
    _check_length(password, *LENGTHS["composition"])
    for has, what in ((str.isupper, "an upper case letter"), (str.islower, "a lower case letter"), (str.isdigit, "a number")):
        if not any(map(has, password)):
            raise InvalidField("password", f"a password has {what}", "password-weak")
    if not any(character in _SPECIAL for character in password):
        raise InvalidField("password", "a password has one of $ * & @ # ?", "password-weak")
    plain = password.lower()
    if any(one == other for one, other in pairwise(plain)):
        raise InvalidField("password", "a password has no character twice in a row", "password-weak")


def check_strength(password: str, own_words: Sequence[str], is_easily_guessed: Callable[[str, Sequence[str]], bool]) -> None:
    """Raises InvalidField for a password of fewer than 12 or more than 128 characters, or one that is easily guessed.

    own_words: what an attacker knows of the user, such as the e-mail address and the company's name. is_easily_guessed: knows the
    passwords that attackers try first, and is given these words too.
    """
    _check_length(password, *LENGTHS["nist"])
    if is_easily_guessed(password, own_words):
        detail = "this password is easily guessed: it is a known one, a pattern, or made of your own name or company's"
        raise InvalidField("password", detail, "password-weak")


def _check_length(password: str, shortest: int, longest: int) -> None:
    if not shortest <= len(password) <= longest:
        raise InvalidField("password", f"a password has {shortest} to {longest} characters", "password-weak")
