"""Connection gaps with the command line: an AMI stream with a gap gives bounds around the true figures; the queue_log then makes them exact."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.journeys.command_line import CommandLine, Quick
from tests.kit.captures import COUNTS, capture, written
from tests.kit.cuts import LOST_S
from tests.kit.distributed import Deployment
from tests.kit.gapped import WAYS, log_ends, observation

Cut = tuple[str, str, float]
"""The recording, the way and the instant of the cut."""


def cuts(times: int) -> list[Cut]:
    """`times` cuts, spread over both recordings and both ways, each before the end of the log."""
    found: list[Cut] = []
    for number in range(times):
        name = "run-a" if number % 2 else "run-b"
        lines = capture(name).lines
        moments = [moment for index in observation(capture(name)) if (moment := lines[index].t) + LOST_S < log_ends(capture(name))]
        found.append((name, sorted(WAYS)[number // 2 % 2], moments[(len(moments) - 1) * number // max(1, times - 1)]))
    return found


def reported(atende: CommandLine, subject: str, *words: str) -> dict[str, dict[str, Any]]:
    rows = atende("report", subject, "--format", "json", *words).json["items"]
    return {row[next(iter(row))]: row for row in rows}


def hold(atende: CommandLine, cut: Cut, directory: Path, *words: str) -> None:
    """Import the cut stream and check the bounds; then import the queue_log and check the exact figures."""
    name, way, since = cut
    recorded = capture(name)
    stream = written(WAYS[way](recorded.lines, since), directory / "cut.jsonl")
    ran = atende("import", "ami", stream, "--json", *words)
    assert (ran.json["broken"], ran.json["conflicts"]) == (0, 0)
    queues = reported(atende, "queues", "--by", "queue", *words)
    for queue, true in recorded.queues().items():
        row = queues[queue]
        for figure, value in true.items():
            low, high = row["bounds"][figure] if row["bounds"] else (row[figure], row[figure])
            assert low <= value <= high, (cut, queue, figure)
    atende("import", "queue-log", recorded.queue_log, *words)
    exact = reported(atende, "queues", "--by", "queue", *words)
    assert {queue: {figure: row[figure] for figure in COUNTS} for queue, row in exact.items()} == recorded.queues(), cut
    assert {row["bounds"] for row in exact.values()} == {None}, cut
    agents = reported(atende, "agents", "--by", "agent", *words)
    counted = {agent: {figure: row[figure] for figure in ("answered", "ring_no_answer")} for agent, row in agents.items()}
    assert counted == recorded.agents(), cut


def test_a_cut_is_bounded_and_then_exact_without_a_server(atende: CommandLine, tmp_path: Path) -> None:
    hold(atende, cuts(3)[1], tmp_path)


def test_cuts_are_bounded_and_then_exact_beside_a_server(atende: CommandLine, tmp_path: Path) -> None:
    with atende.serving():
        for number, cut in enumerate(cuts(4)):
            hold(atende, cut, tmp_path, "--company", f"Empresa {number}")


def test_cuts_are_bounded_and_then_exact_on_servers(shared_deployment: Deployment, tmp_path: Path) -> None:
    for number, cut in enumerate(cuts(2)):
        hold(Quick.over(shared_deployment), cut, tmp_path, "--company", f"Empresa cortada {number}")


@pytest.mark.long
@pytest.mark.timeout(1_800)
def test_25_cuts_are_bounded_and_then_exact(atende: CommandLine, tmp_path: Path) -> None:
    with atende.serving():
        for number, cut in enumerate(cuts(25)):
            hold(atende, cut, tmp_path, "--company", f"Empresa {number}")
