"""Which texts name a person, and which spellings are one number."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.personal_data import is_cpf, is_option, may_name_a_person, normalised_phone, shape, without_numbers

MOBILE = "5531977916159"


@pytest.mark.parametrize(
    "spelling",
    [
        "(31) 97791-6159", "031977916159", "+55 31 97791-6159", "5531977916159", "31977916159", "31 97791 6159", "0 31 31 97791-6159",
        "005531977916159", "+5531977916159", "(31) 7791-6159", "3177916159", "+55 31 7791-6159", "553177916159", "(031) 97791.6159",
    ],
)  # fmt: skip
def test_every_spelling_of_a_mobile_number_is_one_number_with_and_without_the_ninth_digit(spelling: str) -> None:
    assert normalised_phone(spelling) == MOBILE


def test_a_landline_gets_no_ninth_digit_and_another_country_keeps_its_code() -> None:
    assert {normalised_phone(spelling) for spelling in ("(31) 3234-5678", "+55 31 3234 5678", "553132345678")} == {"553132345678"}
    assert {normalised_phone(spelling) for spelling in ("+1 (212) 555-0123", "0012125550123")} == {"+12125550123"}
    assert normalised_phone("+44 20 7946 0958") == "+442079460958"


@pytest.mark.parametrize("written", ["4000", "SIP/ana", "97791-6159", "anonymous", "", "190"])
def test_extensions_names_and_local_numbers_stay_as_they_are(written: str) -> None:
    assert normalised_phone(written) == "".join(character for character in written if character.isalnum())


@given(st.from_regex(r"(\+55 ?|55|0|0 ?21)?(\([1-9][1-9]\)|[1-9][1-9]) ?(9[6-9]|[2-9])[0-9]{3}-?[0-9]{4}", fullmatch=True))
def test_the_form_of_a_number_is_its_own_form(phone: str) -> None:
    once = normalised_phone(phone)
    assert normalised_phone(once) == once


@pytest.mark.parametrize(
    "text",
    [
        "5531977916159", "(31) 97791-6159", "crm-5531977916159", "lead/31977916159/2", "52998224725", "529.982.247-25", "cpf:52998224725",
        "3132345678", "+1 212 555 0123", "97791-6159", "123.456.789-09", "123 456 789 09", "123-456-789-09", "cpf 529_982_247_25",
        "12-529.982.247-25", "11.98765.4321", "+55 11 98765-4321", "+55.11.98765.4321", "11,98765,4321", "call:11:98765:4321",
        "pedido 7 (11) 98765-4321", "crm +1.212.555.0123", "3017.0509",
    ],
)  # fmt: skip
def test_numbers_and_cpfs_are_found_within_identifiers_too(text: str) -> None:
    assert may_name_a_person(text)


@pytest.mark.parametrize(
    "text",
    [
        "1772470800.12", "1772470800.1", "asterisk-1772470800.12", "crm-4711", "key.3", "", "12345678-1234-4234-9234-123456789012",
        "k-1", "0f8fad5bd9cb469fa16570867728950e", "pedido 2026", "atende-call-1772470800.123", "crm-2026-11-30", "2026-11-30-170509", "INV-2026-000123",
        "c11987654321", "11987654321x", "call-0f8fad5b-d9cb-469f-a165-708677289500", "192.168.100.200:5060",
    ],
)  # fmt: skip
def test_a_uniqueid_a_uuid_dates_digits_beside_letters_and_short_numbers_name_nobody(text: str) -> None:
    assert not may_name_a_person(text)


def test_a_cpf_is_known_by_its_check_digits() -> None:
    assert all(is_cpf(cpf) for cpf in ("52998224725", "11144477735", "39053344705", "12345678909", "00000000191", "98765432100"))
    assert not any(is_cpf(cpf) for cpf in ("52998224726", "11111111111", "5299822472", "529982247250", "5299822472A"))


def test_keys_are_an_option_if_the_menu_has_them_or_if_they_are_short_where_no_menu_is_known() -> None:
    assert [is_option(keyed, ("1", "2")) for keyed in ("1", "2", "", "3", "52998224725")] == [True, True, True, False, False]
    assert [is_option(keyed) for keyed in ("1", "*1#A", "", "12345", "52998224725", "ana")] == [True, True, True, False, False, False]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("ligações de 5531977916159.log", "ligações de #############.log"),
        ("(31) 97791-6159.zip/queue_log", "(##) #####-####.zip/queue_log"),
        ("cpf 529.982.247-25 em 2026-03-01.csv", "cpf ###.###.###-## em 2026-03-01.csv"),
        ("977916159_20260301.gz", "#########_20260301.gz"),
    ],
)
def test_the_name_of_a_file_is_shown_without_the_digits_of_a_number(name: str, shown: str) -> None:
    assert without_numbers(name) == shown


@pytest.mark.parametrize(
    "name", ["queue_log", "queue_log.1", "queue_log-20260301.gz", "fila 2026-03-01 23-59.log", "20260301-235959.csv", "run-b/ami.jsonl.gz"]
)
def test_the_day_and_the_number_of_a_rotated_log_stay_in_its_name(name: str) -> None:
    assert without_numbers(name) == name


def test_the_shape_of_a_text_says_how_it_is_written_and_nothing_of_what_it_says() -> None:
    assert shape("5/3/26 9h às Zulmira") == "9/9/99 9a aa aaaaaaa"
    assert len(shape("x" * 1_000)) == 40
