"""Free text: the one rule of notes and of what an IVR says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import InvalidField
from domain.texts import checked_text


@pytest.mark.parametrize("text", ["", " \n\t ", "a\0b", "a\x1b[31mb", "a\rb", "a\x7f", "a\u202eb", "a\u2066b", "12345678901"])
def test_a_blank_text_a_long_one_and_one_with_control_characters_are_refused(text: str) -> None:
    with pytest.raises(InvalidField) as refused:
        checked_text(text, "note", 10)
    assert (refused.value.field, refused.value.code) == ("note", "text-invalid")


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("  Oi \n", "Oi"),
        ("a\r\n\tb", "a\n\tb"),
        ("C\u0327a", "Ça"),
        ("👩\u200d🚀 ❤\ufe0f", "👩\u200d🚀 ❤\ufe0f"),
        ("1234567890 ", "1234567890"),
    ],
)
def test_a_text_is_kept_trimmed_in_one_form_with_its_lines_and_what_joins_letters(written: str, kept: str) -> None:
    assert checked_text(written, "note", 10) == kept


@given(st.text(max_size=30))
def test_what_is_kept_once_is_kept_as_it_is(text: str) -> None:
    try:
        kept = checked_text(text, "note", 20)
    except InvalidField:
        return
    assert checked_text(kept, "note", 20) == kept
