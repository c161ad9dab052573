"""Made logs for every row of the queue log's description, with the figures that a person reckons from them by hand."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from telephony_adapter import importing
from tests.kit import naive_figures
from tests.kit.made_logs import NAMES, expected_of, log_of
from tests.kit.queue_logs import as_csv, as_table, bring
from tests.kit.telling_door import TellingDoor


def assert_figures(door: TellingDoor, expected: dict[str, Any], agents: str = "agents") -> None:
    door.settle()
    queues = naive_figures.queues(door)
    assert set(queues) == set(expected["queues"])
    for queue, figures in expected["queues"].items():
        assert {name: queues[queue][name] for name in figures} == figures, queue
    people = naive_figures.agents(door)
    assert set(people) == set(expected[agents])
    for agent, figures in expected[agents].items():
        assert {name: people[agent][name] for name in figures} == figures, agent


@pytest.mark.parametrize("name", NAMES)
def test_the_file(tmp_path: Path, name: str) -> None:
    expected = expected_of(name)
    door, result = bring(tmp_path, log_of(name))
    assert_figures(door, expected)
    told = result.to_json()
    assert (told["broken"], told["repeated"], told["used"]) == (0, 0, told["lines"])
    assert {figure: told[figure] for figure in expected["result"]} == expected["result"]


@pytest.mark.parametrize("name", NAMES)
def test_a_table_in_random_order(tmp_path: Path, name: str) -> None:
    rows = as_table(log_of(name))
    random.Random(name).shuffle(rows)
    door, _ = bring(tmp_path, as_csv(rows))
    assert_figures(door, expected_of(name))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("first", [0, 1])
def test_a_table_in_two_overlapping_halves(tmp_path: Path, name: str, first: int) -> None:
    rows = as_table(log_of(name))
    third = len(rows) // 3
    halves = [rows[: 2 * third], rows[third:]]
    for half in halves:
        random.Random(name).shuffle(half)
    door, _ = bring(tmp_path, as_csv(halves[first]))
    bring(tmp_path, as_csv(halves[1 - first]), door=door)
    assert_figures(door, expected_of(name))


@pytest.mark.parametrize("name", NAMES)
def test_rotated_parts_that_come_the_last_one_first(tmp_path: Path, name: str) -> None:
    lines = log_of(name).splitlines(keepends=True)
    fourth = max(len(lines) // 4, 1)
    door = TellingDoor()
    for start in reversed(range(0, len(lines), fourth)):
        bring(tmp_path, "".join(lines[start : start + fourth + 2]), door=door)
    assert_figures(door, expected_of(name))


@pytest.mark.parametrize("name", NAMES)
def test_twice(tmp_path: Path, name: str) -> None:
    door, _ = bring(tmp_path, log_of(name))
    before = naive_figures.queues(door), naive_figures.agents(door)
    _, result = bring(tmp_path, log_of(name), door=door)
    assert (naive_figures.queues(door), naive_figures.agents(door)) == before
    assert (result.used, result.repeated, result.calls) == (0, result.lines, 0)
    assert not any(result.visits.values())


@pytest.mark.parametrize("name", NAMES)
def test_line_by_line(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "LINES_AT_ONCE", 1)
    door, _ = bring(tmp_path, log_of(name))
    assert_figures(door, expected_of(name))


def test_a_list_of_members_gives_the_interfaces_their_agents(tmp_path: Path) -> None:
    expected = expected_of("interfaces")
    members = tmp_path / "members"
    members.write_text(expected["members"])
    (tmp_path / "log").mkdir()
    door, result = bring(tmp_path / "log", log_of("interfaces"), members=members)
    assert_figures(door, expected, "agents_with_members")
    assert result.interfaces_not_matched == ["Local/1002@agentes/n"]
