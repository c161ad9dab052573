"""The made logs through the whole house: imported through the door, folded into rows, asked as reports ask."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bootstrap import Center, open_center
from cli.company import caller, known_or_new
from projections.agent_figures import agent_figures
from projections.metrics import ground, visit_figures
from projections.question import Question
from projections.view import View
from telephony_adapter.importing import import_queue_log
from telephony_adapter.log_result import ImportResult
from tests.kit.made_logs import NAMES, expected_of, log_of
from tests.kit.queue_logs import SAO_PAULO, as_csv, as_table


@pytest.fixture(scope="module")
def center(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Center]:
    with open_center(tmp_path_factory.mktemp("center")) as opened:
        yield opened


def bring(center: Center, company: str, directory: Path, *contents: str, members: str = "") -> ImportResult:
    """Import the contents as files, in one command, into the company of that name; the figures then answer for them."""
    files = []
    for number, content in enumerate(contents):
        path = directory / f"{company}-{number}"
        path.write_text(content)
        files.append((path, "queue_log"))
    listed = directory / "members"
    listed.write_text(members)
    known = known_or_new(center, company)
    result = import_queue_log(center.door, caller(known), files, timezone=SAO_PAULO, members=listed if members else None)
    center.cover(result.position, lambda done, total: None)
    return result


def reported(center: Center, company: str, by: str) -> dict[str, dict[str, Any]]:
    view = View(center.warehouse, known_or_new(center, company).id)
    question = Question(by=by)  # type: ignore[arg-type]
    rows = visit_figures(view, question) if by == "queue" else agent_figures(ground(view, question))
    return {row[by]: row for row in rows if row[by]}


def assert_reported(center: Center, company: str, expected: dict[str, Any], agents: str = "agents") -> None:
    for by, figures_of in (("queue", expected["queues"]), ("agent", expected[agents])):
        rows = reported(center, company, by)
        assert set(rows) == set(figures_of)
        for name, figures in figures_of.items():
            assert {figure: rows[name][figure] for figure in figures} == figures, name


@pytest.mark.parametrize("name", NAMES)
def test_the_reports_over_a_file(center: Center, tmp_path: Path, name: str) -> None:
    expected = expected_of(name)
    told = bring(center, name, tmp_path, log_of(name)).to_json()
    assert_reported(center, name, expected)
    assert (told["broken"], told["repeated"], told["used"]) == (0, 0, told["lines"])
    assert {figure: told[figure] for figure in expected["result"]} == expected["result"]
    again = bring(center, name, tmp_path, log_of(name))
    assert (again.used, again.repeated, again.calls, again.implied, again.conflicts) == (0, again.lines, 0, 0, 0)
    assert_reported(center, name, expected)


@pytest.mark.parametrize("name", NAMES)
def test_the_reports_over_a_table_in_two_overlapping_halves(center: Center, tmp_path: Path, name: str) -> None:
    rows = as_table(log_of(name))
    third = len(rows) // 3
    halves = [rows[third:], rows[: 2 * third]]
    for half in halves:
        random.Random(name).shuffle(half)
    told = bring(center, f"{name} halves", tmp_path, *(as_csv(half) for half in halves))
    assert_reported(center, f"{name} halves", expected_of(name))
    assert (told.used, told.repeated) == (len(rows), len(halves[0]) + len(halves[1]) - len(rows))


def test_a_list_of_members_gives_the_interfaces_their_agents(center: Center, tmp_path: Path) -> None:
    expected = expected_of("interfaces")
    told = bring(center, "with members", tmp_path, log_of("interfaces"), members=expected["members"])
    assert_reported(center, "with members", expected, "agents_with_members")
    assert told.interfaces_not_matched == ["Local/1002@agentes/n"]


def test_a_list_of_members_may_come_later(center: Center, tmp_path: Path) -> None:
    expected = expected_of("interfaces")
    bring(center, "members later", tmp_path, log_of("interfaces"))
    assert_reported(center, "members later", expected)
    bring(center, "members later", tmp_path, log_of("interfaces"), members=expected["members"])
    assert_reported(center, "members later", expected, "agents_with_members")
