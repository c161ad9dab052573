from __future__ import annotations

from pathlib import Path

import pytest

from tests.journeys.command_line import CommandLine


@pytest.fixture
def atende(tmp_path: Path) -> CommandLine:
    """The command line over an empty place for a data directory."""
    return CommandLine(tmp_path / "data")
