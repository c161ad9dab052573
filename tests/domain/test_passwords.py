"""Which passwords a user may have."""

from __future__ import annotations

import pytest

from domain.errors import InvalidField
from domain.passwords import LONGEST, check_composition, check_strength


@pytest.mark.parametrize("password", ["Ab1$c", "Ab1$" + "cd" * 9, "ab1$cd", "AB1$CD", "Abc$de", "Ab1cde", "Aab1$cd", "Ab11$cd", "abcdef"])
def test_a_password_that_breaks_the_manuals_rule_is_refused(password: str) -> None:
    with pytest.raises(InvalidField):
        check_composition(password)


@pytest.mark.parametrize("password", ["Seja#Bem1", "aB3?" * 5, "1#Zyxw"])
def test_a_password_that_follows_the_manuals_rule_is_accepted(password: str) -> None:
    check_composition(password)


@pytest.mark.parametrize("length", [12, LONGEST])
def test_by_nist_any_characters_are_accepted(length: int) -> None:
    check_strength("ã" * length, (), lambda *_: False)


@pytest.mark.parametrize("length", [11, LONGEST + 1])
def test_by_nist_only_the_length_is_limited(length: int) -> None:
    with pytest.raises(InvalidField, match="12 to 128"):
        check_strength("ã" * length, (), lambda *_: False)


def test_by_nist_what_is_easily_guessed_is_refused() -> None:
    with pytest.raises(InvalidField, match="easily guessed") as refused:
        check_strength("a long password", ("Ana",), lambda password, words: (password, words) == ("a long password", ("Ana",)))
    assert refused.value.code == "password-weak"
