"""Which texts name a person: telephone numbers and CPFs. The one place that recognises them, and that knows when two numbers are the same.

Numbers are read as in Brazil, unless they begin with a country's code. `docs/privacy.md` states what is done with the texts that these rules find.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

import phonenumbers
from phonenumbers import Leniency, PhoneNumber, PhoneNumberMatcher

from domain.base import NOBODY, Personal

REGION = "BR"
SHORTEST_NUMBER = 8
"""Digits: shorter numbers are extensions and service numbers, not people."""

LONGEST_OPTION = 4
"""Keys of an option of a dialplan's menu; a longer input is data (a CPF, a card)."""

OTHER_INPUT = "?"
"""What stands for keys that are no option of the menu, where options are shown: the keys themselves are personal."""

_COUNTRY = 55
_WITH_AREA_CODE = (10, 11)
_MOBILE = "6789"
_KEYS = frozenset("0123456789*#ABCD")
_NUMBER = re.compile(r"[\s+().\-/\d]+")
_WRITTEN = re.compile(r"\d(?:[ .()/+-]{0,2}\d){7,}")
_DAY = re.compile(r"(?:19|20)\d\d[.-]?(?:0[1-9]|1[0-2])[.-]?(?:0[1-9]|[12]\d|3[01])(?:[ .-]?(?:[01]\d|2[0-3])(?:[.-]?[0-5]\d){0,2})?")
"""A day, with or without a time of the day, as the names of rotated logs have it."""
_DIGIT = re.compile(r"\d")
_LETTER = re.compile(r"[^\W\d_]")
_SHOWN = 40
_NO_NUMBER = re.compile(r"(?<![^\W_])(?:[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}|(?<!\.)1\d{9}\.\d{1,9}(?!\.))(?![^\W_])")
"""A UUID, and an Asterisk's Uniqueid: its seconds since 1970, a point, the number of the channel."""

_STRETCH = re.compile(r"(?<![^\W_])\d(?:[\W_]*\d)*(?![^\W_])")
"""Digits with whatever is no letter between them, and no letter beside them."""

_RUN = re.compile(r"\d+")
_CPF_DIGITS, _LONGEST_NUMBER = 11, 15


def normalised_phone(phone: str) -> str:
    """The one form of a telephone number, by which its contact is found, whatever its spelling.

    A Brazilian number: 55, area code, number, mobile numbers with their ninth digit. Any other country's: `+` and all digits. A local number, an
    extension, or a name: its letters and digits.
    """
    number = _number(phone)
    if number is not None:
        digits = phonenumbers.national_significant_number(number)
        if number.country_code == _COUNTRY and len(digits) in _WITH_AREA_CODE and "0" not in digits[:2]:
            ninth = "9" if len(digits) == _WITH_AREA_CODE[0] and digits[2] in _MOBILE else ""
            return f"{_COUNTRY}{digits[:2]}{ninth}{digits[2:]}"
        if number.country_code != _COUNTRY and phonenumbers.is_valid_number(number):
            return f"+{number.country_code}{digits}"
    return "".join(character for character in phone if character.isalnum()) or phone.strip()


def may_name_a_person(text: str) -> bool:
    """Whether a text that should be an identifier (of a call, of a correlation) is or contains a telephone number or a CPF.

    Digits are one number whatever stands between them, but letters: `123.456.789-09`, `123 456 789 09` and `12345678909` are the same. A CPF is
    one by its check digits. Eight digits or more are a telephone number wherever one is possible, if nothing stands between them or if the text has
    no letters; within a text with letters those with something between them are one if such a number is given out. What a letter touches
    (`c11987654321`), a UUID, and an Asterisk's Uniqueid (`1772470800.12`) name nobody.
    """
    if not has_number_of_person(text) or not has_number_of_person(text := _NO_NUMBER.sub("x", text)):
        return False
    has_letters = any(character.isalpha() for character in text)
    return any(_names_a_person(found.group(), text[: found.start()], has_letters) for found in _STRETCH.finditer(text)) or any(
        PhoneNumberMatcher(text, REGION, leniency=Leniency.VALID)
    )


def _names_a_person(stretch: str, before: str, has_letters: bool) -> bool:
    """Whether digits are a CPF or a telephone number. stretch: with what stands between them. before: what stands before them."""
    runs = _RUN.findall(stretch)
    if any(is_cpf(_eleven(runs[first:])) for first in range(len(runs))):
        return True
    plus = "+" if before.rstrip(" (").endswith("+") else ""
    if any(len(run) <= _LONGEST_NUMBER and _may_be_number(run) for run in runs):
        return True
    number = _number(plus + "".join(runs))
    return number is not None and (phonenumbers.is_valid_number(number) if has_letters else phonenumbers.is_possible_number(number))


def _eleven(runs: Sequence[str]) -> str:
    """The digits of the first runs that have eleven together, or more."""
    digits = ""
    for run in runs:
        digits += run
        if len(digits) >= _CPF_DIGITS:
            break
    return digits


def without_numbers(name: str) -> str:
    """The name of a file, with `#` for each digit of what may be a telephone number or a CPF. A day (`queue_log-20260301`) and an instant are none."""
    return _WRITTEN.sub(lambda found: found.group() if _DAY.fullmatch(found.group()) else _DIGIT.sub("#", found.group()), name)


def shape(text: str) -> str:
    """What a text looks like, without what it says: `9` for each digit, `a` for each letter, at most 40 characters. `5/3/26 9h` is `9/9/99 9a`."""
    return _LETTER.sub("a", _DIGIT.sub("9", text[:_SHOWN]))


def is_cpf(digits: str) -> bool:
    """Whether 11 digits are a CPF by their check digits. Eleven equal digits are none."""
    if len(digits) != _CPF_DIGITS or not digits.isdecimal() or len(set(digits)) == 1:
        return False
    numbers = [int(digit) for digit in digits]
    return all(
        sum(number * weight for number, weight in zip(numbers, range(length + 1, 1, -1), strict=False)) * 10 % 11 % 10 == numbers[length]
        for length in (9, 10)
    )


def is_option(keyed: str, menu: Collection[str] = ()) -> bool:
    """Whether what a caller keyed is an option, not data about a person: one of the menu, or at most four keys where the menu is the dialplan's own. Nothing keyed is an option too."""
    if menu:
        return keyed in menu or keyed == ""
    return len(keyed) <= LONGEST_OPTION and _KEYS.issuperset(keyed)


def keyed_option(keyed: str, menu: Collection[str] = ()) -> tuple[str, Personal | None]:
    """What a caller keyed, as a fact states it: the option, or OTHER_INPUT with the keys as a personal datum, not assigned to a contact yet."""
    return (keyed, None) if is_option(keyed, menu) else (OTHER_INPUT, Personal(NOBODY, keyed))


def has_number_of_person(text: str) -> bool:
    """Whether a telephone number has as many digits as that of a person: shorter ones are extensions and service numbers."""
    return sum(character.isdigit() for character in text) >= SHORTEST_NUMBER


def _may_be_number(text: str) -> bool:
    if not has_number_of_person(text):
        return False
    number = _number(text)
    return number is not None and phonenumbers.is_possible_number(number)


def _number(text: str) -> PhoneNumber | None:
    if not _NUMBER.fullmatch(text):
        return None
    # Two zeros are dialled before a country's code; the library would take the first for the one before an area code.
    written = text.strip()
    for candidate in ([f"+{written[2:]}"] if written.startswith("00") else []) + [written]:
        try:
            number = phonenumbers.parse(candidate, REGION)
        except phonenumbers.NumberParseException:
            continue
        if candidate == written or phonenumbers.is_valid_number(number):
            return number
    return None
