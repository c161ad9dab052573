"""A command bus over an empty store, wherever it lies, and a process manager on it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from commands.command_bus import CommandBus
from processes.execution import Execution
from store.event_store import Store
from store.storage_location import StorageLocation
from tests.kit.clocks import Settable
from tests.processes.reacting import Echo
from tests.processes.rounds import registered


@pytest.fixture
def clock() -> Settable:
    return Settable()


@pytest.fixture
def store(location: StorageLocation) -> Iterator[Store]:
    opened = Store(location)
    yield opened
    opened.close()


@pytest.fixture
def bus(store: Store, clock: Settable) -> CommandBus:
    return CommandBus(store, clock)


@pytest.fixture
def echo(bus: CommandBus) -> Execution:
    return registered(Execution(Echo(), bus))
