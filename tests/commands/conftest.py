"""A store in a directory of its own, and a door with a clock that stands still."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from commands.door import Door
from commands.store import Store
from tests.commands.tally import Noon


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(tmp_path / "data")
    yield opened
    opened.close()


@pytest.fixture
def door(store: Store) -> Door:
    return Door(store, Noon())
