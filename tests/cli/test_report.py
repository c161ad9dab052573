from __future__ import annotations

import re
from pathlib import Path
from typing import get_args
from zoneinfo import ZoneInfo

import pytest

from api.watch import OfWatch
from api.watch_questions import watchables
from cli import operator_commands
from cli.console import Mistake
from cli.mcp_tools import ROUTES
from cli.report import position_or_instant
from projections.figures import question
from projections.figures.instants import instant
from projections.figures.service_level import FORMULAS
from projections.queries import reports
from projections.query_bus import QUERIES

README = Path(__file__).parents[2] / "README.md"

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


def test_every_report_is_reached_by_the_api_the_watch_the_assistant_and_the_command_line() -> None:
    names = {function.__name__ for function in QUERIES if function.__module__ == reports.__name__}
    paths = {f"/v1/reports/{name}" for name in names}
    assert {path for path in watchables() if path.startswith("/v1/reports/")} == paths
    assert {path for path in ROUTES.values() if path.startswith("/v1/reports/")} == paths
    assert set(get_args(operator_commands.Subject)) == names | {"interactions"}
    said = OfWatch.model_fields["q"].description or ""
    assert set(re.findall(r"\w+", said.partition("/v1/reports/")[2].partition(";")[0])) == names
    (line,) = re.findall(r"^atende report (\S+)$", README.read_text(encoding="utf-8"), re.MULTILINE)
    assert set(line.split("|")) == set(get_args(operator_commands.Subject))
