"""Made logs for every row of the queue log's description, imported and reported: the figures are those that a person calculates by hand."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bootstrap import Held, reach
from cli.operator_commands import Subject
from settings import Settings, read
from telephony_adapter.queue_log.verbs import VERBS
from tests.kit.made_logs import NAMES, expected_of, log_of, path_of
from tests.kit.operator_results import import_log, reported
from tests.kit.queue_logs import SAO_PAULO, as_csv, as_table

CAPTURES = Path(__file__).parents[1] / "data" / "captures"
LOGS = {name: path_of(name) for name in NAMES} | {name: CAPTURES / name / "queue_log" for name in ("run-a", "run-b")}

QUIET = {"CONFIGRELOAD", "SYSCOMPAT", "PENALTY"}

Figures = dict[str, list[dict[str, Any]]]


@pytest.fixture(scope="module", params=["embedded", pytest.param("distributed", marks=pytest.mark.long)])
def held(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Held]:
    settings = Settings() if request.param == "embedded" else read(request.getfixturevalue("shared_deployment").settings)
    with reach(tmp_path_factory.mktemp("held") / "data", settings) as opened:
        yield opened


@pytest.fixture(scope="module")
def imported(held: Held) -> dict[str, dict[str, Any]]:
    """The result of the import of each log as a file; a company each."""
    return {name: import_log(held, name, path) for name, path in LOGS.items()}


@pytest.fixture(scope="module")
def by_file(held: Held, imported: Any) -> dict[str, Figures]:
    """The reports on each log that was imported as a file."""
    return {name: figures(held, name) for name in imported}


def figures(held: Held, company: str) -> Figures:
    """The reports on queues and agents, without ids: those are of one company, and the figures of two are compared."""
    reports: tuple[tuple[str, Subject], ...] = (("queue", "queues"), ("agent", "agents"))
    return {
        by: [{name: value for name, value in row.items() if not name.endswith("_id")} for row in reported(held, company, subject)]
        for by, subject in reports
    }


def written(directory: Path, *contents: str) -> list[Path]:
    """Each content as a file of its own."""
    paths = [directory / f"part-{number}" for number in range(len(contents))]
    for path, content in zip(paths, contents, strict=True):
        path.write_text(content, errors="surrogateescape")
    return paths


def assert_as_calculated(found: Figures, expected: dict[str, Any], agents: str = "agents") -> None:
    for by, calculated in (("queue", expected["queues"]), ("agent", expected[agents])):
        rows = {row[by]: row for row in found[by] if row[by]}
        assert set(rows) == set(calculated)
        for name, figures_of in calculated.items():
            assert {figure: rows[name][figure] for figure in figures_of} == figures_of, name
    assert all(row["bounds"] is None for row in found["queue"])


def test_there_is_a_made_log_for_every_verb() -> None:
    verbs = {line.split("|")[4] for name in NAMES for line in log_of(name).splitlines()}
    assert verbs >= set(VERBS)


@pytest.mark.parametrize("name", NAMES)
def test_a_file(imported: dict[str, dict[str, Any]], by_file: dict[str, Figures], name: str) -> None:
    expected, result = expected_of(name), imported[name]
    assert_as_calculated(by_file[name], expected)
    assert (result["broken"], result["repeated"], result["used"]) == (0, 0, result["lines"])
    assert {figure: result[figure] for figure in expected["result"]} == expected["result"]


@pytest.mark.parametrize("name", LOGS)
def test_a_second_time_nothing_is_new(held: Held, imported: dict[str, dict[str, Any]], by_file: dict[str, Figures], name: str) -> None:
    again = import_log(held, name, LOGS[name])
    assert (again["used"], again["repeated"], again["calls"], again["visits"]) == (0, imported[name]["lines"], 0, {})
    assert (again["implied"], again["conflicts"]) == (0, 0)
    assert figures(held, name) == by_file[name]


def epoch(time: str) -> str:
    return time


def local(time: str) -> str:
    """The instant as a database without time zones writes it; `--timezone` names the zone."""
    return f"{datetime.fromtimestamp(float(time), SAO_PAULO):%Y-%m-%d %H:%M:%S.%f}"


def zoned(time: str) -> str:
    return f"{datetime.fromtimestamp(float(time), UTC):%Y-%m-%d %H:%M:%S.%f%z}"


@pytest.mark.parametrize("name", LOGS)
def test_two_overlapping_halves_of_a_table_in_random_order(held: Held, by_file: dict[str, Figures], tmp_path: Path, name: str) -> None:
    rows = as_table(LOGS[name].read_text(errors="surrogateescape"))
    chance = random.Random(name)
    write = chance.choice([epoch, local, zoned])
    for row in rows:
        row[0] = write(row[0])
    third = len(rows) // 3
    halves = [rows[third:], rows[: 2 * third]]
    for half in halves:
        chance.shuffle(half)
    company = f"{name}, by halves"
    files = written(tmp_path, *(as_csv(half) for half in halves))
    results = [import_log(held, company, file, timezone="America/Sao_Paulo", wait=file is files[-1]) for file in files]
    assert figures(held, company) == by_file[name]
    assert sum(half["used"] + half["repeated"] for half in results) == len(halves[0]) + len(halves[1])
    # A line that only shows that the log covers its instant is not stored, so it counts as a repeat in the same file only.
    assert results[1]["repeated"] == sum(row[4] not in QUIET for row in rows[third : 2 * third])


@pytest.mark.parametrize("name", LOGS)
def test_rotated_parts_that_come_the_last_one_first(held: Held, by_file: dict[str, Figures], tmp_path: Path, name: str) -> None:
    lines = LOGS[name].read_text(errors="surrogateescape").splitlines(keepends=True)
    fourth = max(len(lines) // 4, 1)
    parts = ["".join(lines[start : start + fourth + 2]) for start in range(0, len(lines), fourth)]
    company = f"{name}, backwards"
    last_first = reversed(written(tmp_path, *parts))
    for number, path in enumerate(last_first, 1):
        import_log(held, company, path, wait=number == len(parts))
    assert figures(held, company) == by_file[name]


def test_a_list_of_members_gives_the_interfaces_their_agents(held: Held, by_file: dict[str, Figures], tmp_path: Path) -> None:
    """In the same import or in a later one."""
    expected = expected_of("interfaces")
    members = tmp_path / "members"
    members.write_text(expected["members"])
    result = import_log(held, "with members", LOGS["interfaces"], members=str(members))
    assert result["interfaces_not_matched"] == ["Local/1002@agentes/n"]
    assert_as_calculated(figures(held, "with members"), expected, "agents_with_members")
    import_log(held, "members later", LOGS["interfaces"])
    import_log(held, "members later", LOGS["interfaces"], members=str(members))
    assert figures(held, "members later") == figures(held, "with members")


BY_TELEPHONE = """\
1700000010|1700000010.1|vendas|NONE|ENTERQUEUE||21977001001|1
1700000014|1700000010.1|vendas|PJSIP/1001|CONNECT|4|1700000010.2|2
1700000044|1700000030.3|vendas|PJSIP/1001|ATTENDEDTRANSFER|BRIDGE|a7ce9c3e-6243|4|30|1
1700000044|NONE|vendas|PJSIP/1001|WRAPUPSTART|6
1700000120|NONE|NONE|NONE|CONFIGRELOAD|
"""
"""The talk ends in a line of the consultation, and its wrap-up in one without a call: both are found by the telephone."""


def test_a_log_in_parts_with_a_list_of_members_is_the_log_at_once(held: Held, tmp_path: Path) -> None:
    members = tmp_path / "members"
    members.write_text("PJSIP/1001;Ana\n")
    for name, lines in (("at once", [BY_TELEPHONE]), ("line by line", BY_TELEPHONE.splitlines(keepends=True))):
        for path in written(tmp_path, *lines):
            import_log(held, f"telephones {name}", path, members=str(members))
    found = figures(held, "telephones line by line")
    assert found == figures(held, "telephones at once")
    (ana,) = (row for row in found["agent"] if row["agent"] == "Ana")
    assert (ana["answered"], ana["talk_ms"], ana["wrap_up_ms"]) == (1, 30_000, 6_000)
