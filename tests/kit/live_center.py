"""A center whose process managers run, for the tests of a module that follow or drive an Asterisk."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from bootstrap import Embedded
from settings import Settings


@pytest.fixture(scope="module")
def center(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Embedded]:
    with closing(Embedded(tmp_path_factory.mktemp("center") / "data", Settings())) as opened:
        opened.covered()
        opened.processes.start()
        yield opened
