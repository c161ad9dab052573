"""A process of a rebuild: folds its partitions into the new rows, as far as it is told, and says how far it is."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, Pipe
from typing import Any

from projections.engine.batch_processor import BatchProcessor, no_search_for_garbage
from projections.engine.clickhouse_warehouse import ClickhouseWarehouse
from projections.engine.versions_first import VersionsFirst
from projections.engine.warehouse import Warehouse
from projections.engine.writing import quarantine
from store.recorded_event import RecordedEvent
from streams.bulk import BulkReader, Partition

BATCH = 24_000
"""Events folded at once: the server has less to merge where it is given more."""


@dataclass(frozen=True)
class Folded:
    """So many more events are folded."""

    events: int


@dataclass(frozen=True)
class Reached:
    """All that was asked for is in the rows. positions: of the last events; known: how many events there were up to a known position."""

    positions: Mapping[Partition, int]
    known: int


@dataclass(frozen=True)
class Failed:
    """It cannot go on; says why."""

    why: str


Told = Folded | Reached | Failed


@dataclass(frozen=True)
class Share:
    """What one process folds, and into which rows. relayed: up to this position it counts the events."""

    brokers: str
    partitions: list[Partition]
    url: str = field(repr=False)
    database: str
    relayed: int


def begin() -> tuple[Connection[Any, Any], subprocess.Popen[bytes]]:
    """Start one, and the pipe to it: first it is told its `Share`, then how far to fold.

    It knows nothing of whoever starts it. `multiprocessing` would have it import his main program too, for longer than ten thousand events take.
    """
    ours, theirs = Pipe()
    with theirs:
        words = [sys.executable, "-P", "-c", f"from {__name__} import run; run({theirs.fileno()})"]
        return ours, subprocess.Popen(words, stdin=subprocess.DEVNULL, pass_fds=[theirs.fileno()])  # noqa: S603 - our own program


def run(descriptor: int) -> None:
    """Fold up to the ends that come through the pipe, again and again, until it is closed."""
    pipe: Connection[Any, Any] = Connection(descriptor)
    with no_search_for_garbage(), suppress(EOFError, BrokenPipeError, ConnectionResetError):
        try:
            share = pipe.recv()
            with (
                closing(ClickhouseWarehouse(share.url, share.database)) as warehouse,
                BulkReader(share.brokers, (), share.partitions) as reader,
            ):
                _Folder(pipe, warehouse, reader, share.relayed).run()
        except (EOFError, BrokenPipeError, ConnectionResetError):
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, who waits is told
            pipe.send(Failed(f"{error}" or repr(error)))


class _Folder:
    def __init__(self, pipe: Connection[Any, Any], warehouse: Warehouse, reader: BulkReader, relayed: int) -> None:
        self._pipe = pipe
        self._reader = reader
        self._relayed = relayed
        self._known = 0
        self._warehouse = VersionsFirst(warehouse)
        self._step = BatchProcessor(self._warehouse, quarantine(warehouse))
        self._writer = ThreadPoolExecutor(1, "rows")

    def run(self) -> None:
        with self._writer:
            while True:
                self._fold(self._pipe.recv())
                self._warehouse.both = True
                self._pipe.send(Reached(dict(self._reader.reached), self._known))

    def _fold(self, ends: Mapping[Partition, int]) -> None:
        """While one batch is written the next is read and folded."""
        pending: Future[None] | None = None
        for batch in _batches(events for _, events in self._reader.read(ends)):
            folded = self._step.fold(batch)
            self._known += sum(1 for event in batch if event.position <= self._relayed)
            if pending is not None:
                pending.result()
            pending = self._writer.submit(self._step.write, folded, {})
            self._pipe.send(Folded(len(batch)))
        if pending is not None:
            pending.result()


def _batches(read: Iterable[list[RecordedEvent]]) -> Iterator[list[RecordedEvent]]:
    """What was read, each partition's events in their order, in batches of some size."""
    batch: list[RecordedEvent] = []
    for events in read:
        batch += events
        while len(batch) >= BATCH:
            yield batch[:BATCH]
            batch = batch[BATCH:]
    if batch:
        yield batch
