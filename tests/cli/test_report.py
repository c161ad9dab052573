from __future__ import annotations

import re
from typing import get_args
from zoneinfo import ZoneInfo

import pytest

from cli import operator_commands
from cli.console import Mistake
from cli.report import position_or_instant
from projections.figures import question
from projections.figures.instants import instant
from projections.figures.service_level import FORMULAS

SAO_PAULO = ZoneInfo("America/Sao_Paulo")


def test_digits_are_a_position_and_all_else_an_instant() -> None:
    assert position_or_instant("812", SAO_PAULO) == (812, None)
    assert position_or_instant("0", SAO_PAULO) == (0, None)
    assert position_or_instant("2026-11-23", SAO_PAULO) == (None, instant("as_of", "2026-11-23", SAO_PAULO))


@pytest.mark.parametrize("text", ["", "yesterday", "2026-13-01", "1" * 16])
def test_what_is_no_instant_is_a_mistake(text: str) -> None:
    with pytest.raises(Mistake, match="neither a date nor an instant"):
        position_or_instant(text, SAO_PAULO)


def test_the_options_offer_what_the_figures_know():
    assert get_args(operator_commands.Grouping) == get_args(question.Grouping)
    assert get_args(operator_commands.Attribution) == get_args(question.Attribution)
    assert re.split(", | or ", operator_commands.SLA_PROFILES) == list(FORMULAS)
