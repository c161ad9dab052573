"""A process of a rebuild: folds its partitions into the new rows up to given ends, and reports its progress."""

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
"""Events folded at once: larger inserts leave the server less to merge."""


@dataclass(frozen=True)
class Folded:
    """This many more events are folded."""

    events: int


@dataclass(frozen=True)
class Reached:
    """All events before the given ends are in the rows. positions: of the last events; known: how many events up to `Share.relayed` were read."""

    positions: Mapping[Partition, int]
    known: int


@dataclass(frozen=True)
class Failed:
    """The process cannot go on. why: the reason."""

    why: str


Report = Folded | Reached | Failed


@dataclass(frozen=True)
class Share:
    """What one process folds, and into which rows. relayed: events up to this position are counted."""

    brokers: str
    partitions: list[Partition]
    url: str = field(repr=False)
    database: str
    relayed: int


def begin() -> tuple[Connection[Any, Any], subprocess.Popen[bytes]]:
    """Start a process; returns the pipe to it. Send it its `Share` first, then ends up to which it folds.

    It does not import its parent's main program, as `multiprocessing` would, which takes longer than to fold ten thousand events.
    """
    ours, theirs = Pipe()
    with theirs:
        command = [sys.executable, "-P", "-c", f"from {__name__} import run; run({theirs.fileno()})"]
        return ours, subprocess.Popen(command, stdin=subprocess.DEVNULL, pass_fds=[theirs.fileno()])  # noqa: S603 - our own program


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
        except Exception as error:  # noqa: BLE001 - any error is reported to the parent
            pipe.send(Failed(f"{error}" or repr(error)))


class _Folder:
    def __init__(self, pipe: Connection[Any, Any], warehouse: Warehouse, reader: BulkReader, relayed: int) -> None:
        self._pipe = pipe
        self._reader = reader
        self._relayed = relayed
        self._known = 0
        self._warehouse = VersionsFirst(warehouse)
        self._processor = BatchProcessor(self._warehouse, quarantine(warehouse))
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
            folded = self._processor.fold(batch)
            self._known += sum(1 for event in batch if event.position <= self._relayed)
            if pending is not None:
                pending.result()
            pending = self._writer.submit(self._processor.write, folded, {})
            self._pipe.send(Folded(len(batch)))
        if pending is not None:
            pending.result()


def _batches(read: Iterable[list[RecordedEvent]]) -> Iterator[list[RecordedEvent]]:
    """The events that were read, each partition's in order, in batches of BATCH."""
    batch: list[RecordedEvent] = []
    for events in read:
        batch += events
        while len(batch) >= BATCH:
            yield batch[:BATCH]
            batch = batch[BATCH:]
    if batch:
        yield batch
