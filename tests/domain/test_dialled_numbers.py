"""Which numbers are dialled."""

from __future__ import annotations

import pytest

from domain.dialled_numbers import dialable
from domain.errors import InvalidField


@pytest.mark.parametrize("number", ["*72900", "1234#", "**8", "+*5511", "0*9", "12", "1" * 21, "11 9x", "+", "#31#5511987654321"])
def test_no_feature_code_of_a_pbx_is_dialled(number):
    with pytest.raises(InvalidField) as refused:
        dialable(number, "to_number")
    assert refused.value.field == "to_number"


@pytest.mark.parametrize(
    ("written", "dialled"), [(" (11) 98765-4321", "11987654321"), ("+55 11 98765.4321", "+5511987654321"), ("190", "190")]
)
def test_what_people_write_between_digits_is_dropped(written, dialled):
    assert dialable(written, "number") == dialled
