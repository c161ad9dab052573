"""What attackers guess first is known as such."""

from __future__ import annotations

import time

import pytest

from commands.passwords import is_easily_guessed

OWN = ("Ana Beatriz Moreira", "anabea.moreira@contactocerto.example", "Contacto Certo")


@pytest.mark.parametrize(
    "password",
    [
        "password1234",
        "P@ssw0rd1234",
        "qwertyuiop12",
        "123456789012",
        "aaaaaaaaaaaa",
        "abcabcabcabc",
        "abcdefghijkl",
        "iloveyou2026",
        "anabea.moreira",
        "Moreira2026!",
        "contactocerto",
        "ContactoCerto1",
        "a" * 128,
    ],
)
def test_known_passwords_patterns_and_the_users_own_words_are_easily_guessed(password: str) -> None:
    assert is_easily_guessed(password, OWN)


@pytest.mark.parametrize(
    "password", ["quatro cavalos azuis nadam", "correct horse battery staple", "vQ8-zr1p-LmT0", "çãoéüñ ßþðæø", "a" * 24 + "vQ8-zr1p-LmT0"]
)
def test_long_phrases_and_random_ones_are_not(password: str) -> None:
    assert not is_easily_guessed(password, OWN)


def test_the_longest_password_is_judged_soon() -> None:
    is_easily_guessed("warm up the lists", OWN)
    began = time.perf_counter()
    for password in ("4@8({[<3€69!1|l0$5+7%2z" * 6, "aA1!" * 32, "qwerty" * 21):
        is_easily_guessed(password[:128], OWN)
    assert time.perf_counter() - began < 5
