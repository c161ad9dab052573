"""A store of its own, and a command bus with a clock that does not advance."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from commands.command_bus import CommandBus
from store.event_store import Store
from store.storage_location import StorageLocation
from tests.commands.tally import Noon


@pytest.fixture
def store(location: StorageLocation) -> Iterator[Store]:
    opened = Store(location)
    yield opened
    opened.close()


@pytest.fixture
def bus(store: Store) -> CommandBus:
    return CommandBus(store, Noon())
