"""What happens in a house while something goes wrong in it, and the rows that must come of it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random
from typing import Any
from uuid import UUID

from eventsourcing.persistence import StoredEvent

from migrations.runner import migrate
from projections.folding import Folding
from projections.writing import write
from tests.kit.distributed import House
from tests.kit.log import stored
from tests.kit.rows import TENANT, everything
from tests.kit.story import Story


class Load:
    """A made story that goes on and on in the log, as fast as is asked."""

    def __init__(self, house: House, seed: int) -> None:
        self.house = house
        self.random = Random(seed)
        self._story = Story(self.random)
        self._on = threading.Event()

    def tell(self, events: int) -> None:
        """Let so many more events have happened."""
        told = [stored(0, event) for event in self._story.events(events)]
        self.append([StoredEvent(UUID(bytes=id), version, topic, state) for _, id, version, topic, state in told])

    def append(self, events: list[StoredEvent]) -> None:
        recorder = self.house.store.recorder
        for first in range(0, len(events), 200):
            recorder.insert_events(events[first : first + 200])

    @contextmanager
    def going_on(self, events: int = 40, pause_s: float = 0.1) -> Iterator[None]:
        """Meanwhile so many events happen, and again after each pause."""
        ending = threading.Event()
        failures: list[Exception] = []

        def go() -> None:
            try:
                while not ending.wait(pause_s):
                    self.tell(self.random.randrange(1, events))
            except Exception as error:  # noqa: BLE001 - raised below, in the thread that waits
                failures.append(error)

        thread = threading.Thread(target=go, name="load")
        thread.start()
        try:
            yield
        finally:
            ending.set()
            thread.join()
        assert not failures, failures


def twin(house: House, tenant: UUID = TENANT) -> dict[str, list[dict[str, Any]]]:
    """The rows as one process makes them that nobody disturbs."""
    name = f"{house.warehouse.database}_twin"
    beside = house.warehouse.beside(name)
    try:
        migrate(beside)
        events = house.events()
        folding = Folding(beside)
        for first in range(0, len(events), 8_000):
            write(beside, folding.fold(events[first : first + 8_000]))
        return everything(beside, tenant=tenant)
    finally:
        beside.close()
        house.warehouse.execute(f"DROP DATABASE {name}")
