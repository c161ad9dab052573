from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journeys.command_line import CommandLine, Quick

RUN_B = Path(__file__).parents[1] / "data" / "captures" / "run-b"


@pytest.fixture
def atende(tmp_path: Path) -> CommandLine:
    """The command line over an empty place for a data directory."""
    return CommandLine(tmp_path / "data")


@pytest.fixture(scope="session")
def center(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Quick]:
    """A center whose past was imported from AMI and queue_log, beside its server. For commands that only read."""
    atende = Quick(tmp_path_factory.mktemp("center") / "data")
    with atende.serving():
        atende("import", "ami", RUN_B / "ami.timed.jsonl.gz")
        atende("import", "queue-log", RUN_B / "queue_log")
        yield atende
