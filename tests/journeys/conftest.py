from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.journeys.command_line import CommandLine, Quick
from tests.kit import asterisk
from tests.kit.distributed import distributed

RUN_B = Path(__file__).parents[1] / "data" / "captures" / "run-b"


@pytest.fixture
def atende(tmp_path: Path) -> CommandLine:
    """The command line with a data directory that does not exist yet."""
    return CommandLine(tmp_path / "data")


@pytest.fixture
def lab() -> Iterator[asterisk.Lab]:
    """The live Asterisk, quiet, and the world that calls it."""
    with asterisk.lab() as made:
        yield made


@pytest.fixture(scope="session", params=["embedded", "distributed"])
def center(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Quick]:
    """A center with an imported AMI stream and queue_log: embedded with a running server, and distributed. For commands that only read."""
    with ExitStack() as stack:
        if request.param == "distributed":
            atende = Quick.over(stack.enter_context(distributed(tmp_path_factory.mktemp("deployment"))))
        else:
            atende = Quick(tmp_path_factory.mktemp("center") / "data")
            stack.enter_context(atende.serving())
        atende("import", "ami", RUN_B / "ami.timed.jsonl.gz")
        atende("import", "queue-log", RUN_B / "queue_log")
        yield atende
