"""Events that are saved while something fails in a deployment, and the rows that must result from them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from random import Random
from typing import Any
from uuid import UUID

from eventsourcing.persistence import IntegrityError, StoredEvent

from migrations.runner import migrate
from projections.engine.folding import Folding
from projections.engine.writing import write
from store.database import CommitUnsure, StoreUnavailable
from store.recorder import ChainedRecorder
from tests.kit.distributed import Deployment
from tests.kit.log import stored
from tests.kit.rows import TENANT, everything
from tests.kit.story import Story
from tests.kit.waiting import within


class Load:
    """A generated story that continues in the log, at the rate that a test wants."""

    def __init__(self, deployment: Deployment, seed: int) -> None:
        self.deployment = deployment
        self.random = Random(seed)
        self._story = Story(self.random)

    def observe(self, events: int) -> None:
        """Append this many more events."""
        recorded = [stored(0, event) for event in self._story.events(events)]
        self.append([StoredEvent(UUID(bytes=event.id), event.version, event.topic, event.state) for event in recorded])

    def append(self, events: list[StoredEvent]) -> None:
        """Append these events, as soon as the store is available."""
        for first in range(0, len(events), 200):
            within(_Saving(self.deployment.store.recorder, events[first : first + 200]).is_done)

    @contextmanager
    def going_on(self, events: int = 40, pause_s: float = 0.1) -> Iterator[None]:
        """Append up to this many events meanwhile, again after each pause."""

        def go(ending: threading.Event) -> None:
            while not ending.wait(pause_s):
                self.observe(self.random.randrange(1, events))

        with alongside(go):
            yield


class _Saving:
    """Some events that are saved together."""

    def __init__(self, recorder: ChainedRecorder, events: list[StoredEvent]) -> None:
        self._recorder = recorder
        self._events = events
        self._unsure = False

    def is_done(self) -> bool:
        """Whether they are saved, now or by an earlier attempt without a response."""
        try:
            self._recorder.insert_events(self._events)
        except StoreUnavailable as away:
            self._unsure = self._unsure or isinstance(away, CommitUnsure)
            return False
        except IntegrityError:
            if not self._unsure:
                raise
        return True


@contextmanager
def alongside(*work: Callable[[threading.Event], object]) -> Iterator[None]:
    """Run each in a thread of its own until the event that it gets is set; an exception in one fails the test."""
    ending = threading.Event()
    with ThreadPoolExecutor(len(work)) as threads:
        going_on = [threads.submit(one, ending) for one in work]
        try:
            yield
        finally:
            ending.set()
    for one in going_on:
        one.result()


def twin(deployment: Deployment, tenant: UUID = TENANT) -> dict[str, list[dict[str, Any]]]:
    """The rows that one undisturbed process makes of the same log."""
    name = f"{deployment.warehouse.database}_twin"
    beside = deployment.warehouse.beside(name)
    try:
        migrate(beside)
        events = deployment.events()
        folding = Folding(beside)
        for first in range(0, len(events), 8_000):
            write(beside, folding.fold(events[first : first + 8_000]))
        return everything(beside, tenant=tenant)
    finally:
        beside.close()
        deployment.warehouse.execute(f"DROP DATABASE {name}")
