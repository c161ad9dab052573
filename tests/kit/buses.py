"""A store of its own, and a command bus with a clock that stands still."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from commands.command_bus import Door
from store.event_store import Store
from store.storage_location import Place
from tests.commands.tally import Noon


@pytest.fixture
def store(place: Place) -> Iterator[Store]:
    opened = Store(place)
    yield opened
    opened.close()


@pytest.fixture
def door(store: Store) -> Door:
    return Door(store, Noon())
