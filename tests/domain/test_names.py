"""Names: how they are written, and when two are the same."""

from __future__ import annotations

from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import InvalidField
from domain.ids import agent_id, company_id, ivr_id, queue_id
from domain.names import NAMELESS, alphabetical, checked_name, cleaned, identity
from tests.kit.facts import TENANT


@pytest.mark.parametrize("spelling", ["VENDAS", "vendas ", "\tVendas\n", "ven\u200bdas", "\ufeffvendas", "ve\u00adndas"])
def test_all_spellings_of_a_name_give_one_id(spelling: str) -> None:
    for id_of in (queue_id, agent_id, ivr_id):
        assert id_of(TENANT, spelling) == id_of(TENANT, "vendas")
    assert company_id(spelling) == company_id("vendas")


def test_names_that_read_differently_have_different_ids() -> None:
    assert len({queue_id(TENANT, name) for name in ("vendas", "vendas 2", "vendás", "ven das")}) == 4


def test_a_composed_and_a_decomposed_letter_are_the_same() -> None:
    assert cleaned("Ligac\u0327o\u0303es") == "Liga\u00e7\u00f5es"
    assert identity("LIGAC\u0327O\u0303ES") == identity("Liga\u00e7\u00f5es")


def test_an_observed_name_that_nobody_sees_gets_a_name_and_no_name_stays_none() -> None:
    assert (cleaned("\u200b \u202e"), cleaned("")) == (NAMELESS, "")


@given(st.text())
def test_cleaning_once_is_enough_and_keeps_the_identity(name: str) -> None:
    assert cleaned(cleaned(name)) == cleaned(name)
    assert identity(cleaned(name)) == identity(name) == identity(identity(name))
    assert normalize("NFC", cleaned(name)) == cleaned(name)


@pytest.mark.parametrize("name", ["", "  ", "a" * 121, "a\u0000b", "a\u2028b", "\u202eabc", "a\u200db"])
def test_a_live_name_that_is_blank_or_has_unseen_characters_is_refused(name: str) -> None:
    with pytest.raises(InvalidField) as refused:
        checked_name(name, "queue", "a queue")
    assert (refused.value.field, refused.value.code) == ("queue", "name-invalid")


def test_a_live_name_keeps_its_case_and_single_blanks() -> None:
    assert checked_name("  Suporte   T\u00e9cnico ", "name", "a queue") == "Suporte T\u00e9cnico"


def test_accented_letters_and_capitals_stand_beside_their_plain_ones_in_the_alphabet():
    assert sorted(["Zelo", "almoço", "Água", "ágio", "Banheiro"], key=alphabetical) == ["ágio", "Água", "almoço", "Banheiro", "Zelo"]
