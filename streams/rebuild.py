"""`rebuild` of a deployment of many processes: all rows folded anew from Kafka, while workers go on writing the old ones.

The events of one aggregate are in one partition, so partitions are folded apart, in as many processes as there are cores. When
these are done the workers pause for a moment, the events that arrived meanwhile are folded, and the new rows
replace the old ones. The workers then go on where they were; rows that they write again are the same.
"""

from __future__ import annotations

import logging
import os
import subprocess
from collections.abc import Callable, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from typing import Any, Self

from migrations.runner import must_be_current
from projections.engine.clickhouse_warehouse import ClickhouseWarehouse
from projections.engine.progress import ProjectionsStopped
from projections.engine.rebuild import Put, Swap
from projections.engine.refolding import REFOLDED
from projections.engine.versions_first import fill
from projections.engine.warehouse import Warehouse
from projections.engine.writing import positions_of
from store.postgres_lock import ServerLock
from store.storage_location import OnServers
from streams.bulk import BulkReader, Partition
from streams.rebuild_process import Failed, Folded, Reached, Report, Share, begin
from streams.relay_progress import RelayProgress
from streams.swap import LOCK, MOMENT_S, Busy, finish, nobody_writes
from streams.topics import SLICES, partition_name, topic
from streams.write_lock import ROWS

log = logging.getLogger(__name__)

Ends = Mapping[Partition, int]


@dataclass(frozen=True)
class RebuildTarget:
    """The rows to make anew, and their topics. processes: how many fold at once; 0: as many as there are cores."""

    location: OnServers
    clickhouse_url: str = field(repr=False)
    kafka: str = ""
    topics: str = ""
    cluster: str = ""
    processes: int = 0


def rebuild(rows: RebuildTarget, say: Callable[[int, int], object] = lambda *_: None) -> int:
    """Build all rows anew from Kafka and replace the old ones. Returns the position that the new rows cover.

    say: called with how many events are folded, and of how many. Raises ProjectionsStopped, Busy, BrokersAway, BrokersRefuse, StoreUnavailable,
    WarehouseError, MigrationRefused; then the old rows stay.
    """
    with ExitStack() as opened:
        alone = opened.enter_context(ServerLock(rows.location.store_url, LOCK))
        if not alone.take(MOMENT_S):
            raise Busy("another process rebuilds the rows already")
        write_lock = opened.enter_context(ServerLock(rows.location.store_url, ROWS))
        relay_progress = opened.enter_context(closing(RelayProgress(rows.location.relay(), rows.topics)))
        reader = opened.enter_context(BulkReader(rows.kafka, [topic(rows.topics, slice_) for slice_ in SLICES]))
        warehouse = opened.enter_context(closing(ClickhouseWarehouse(rows.clickhouse_url, makes_database=False)))
        swap = Swap(warehouse, rows.cluster)
        finish(swap, write_lock)
        must_be_current(warehouse)
        relayed = relay_progress.position()
        rebuilding = _Rebuilding(rows, warehouse, reader, write_lock, relayed)
        swap.renew(lambda fresh, put: rebuilding.build(fresh, put, say))
    return relayed


class _Rebuilding:
    """One rebuild. relayed: all events up to this position were in Kafka when it began."""

    def __init__(self, rows: RebuildTarget, warehouse: Warehouse, reader: BulkReader, write_lock: ServerLock, relayed: int) -> None:
        self._rows = rows
        self._warehouse = warehouse
        self._reader = reader
        self._write_lock = write_lock
        self._relayed = relayed

    def build(self, fresh: Warehouse, put: Put, say: Callable[[int, int], object]) -> None:
        """Fold everything into `fresh`, and swap it in."""
        ends = self._reader.ends()
        total = self._reader.waiting(ends)
        with _Folders(self._rows, fresh.database, self._shares(ends), self._relayed) as folders:
            folders.fold(ends, lambda done: say(done, max(done, total)))
            found = folders.known
            if found != self._relayed:
                raise ProjectionsStopped(f"Kafka has {found} of the {self._relayed} events that were relayed: the old rows stay")
            fill(fresh)
            # Before this point a power failure only costs the rebuild.
            fresh.durable()
            folders.fold(self._reader.ends())
            with nobody_writes(self._write_lock):
                folders.fold(self._reader.ends())
                self._must_not_fall_behind(folders.reached)
                if not self._write_lock.still_held():
                    raise Busy("the connection to the log's database broke before the rows were swapped: the old ones stay")
                # The counter invalidates the rows that workers have cached from the old tables.
                put({**folders.reached, REFOLDED: positions_of(self._warehouse).get(REFOLDED, 0) + 1})

    def _must_not_fall_behind(self, reached: Mapping[str, int]) -> None:
        for name, position in positions_of(self._warehouse).items():
            if name in reached and reached[name] < position:
                raise ProjectionsStopped(f"{name}: the old rows reach event {position}, Kafka ends at {reached[name]}: the old rows stay")

    def _shares(self, ends: Ends) -> list[list[Partition]]:
        """The partitions of each process: the longest first, each to the process with the fewest messages."""
        count = min(self._rows.processes or os.cpu_count() or 1, sum(1 for end in ends.values() if end) or 1)
        shares: list[tuple[int, list[Partition]]] = [(0, []) for _ in range(count)]
        for partition, end in sorted(ends.items(), key=lambda item: -item[1]):
            least = min(range(count), key=lambda number: shares[number][0])
            shares[least] = (shares[least][0] + end, [*shares[least][1], partition])
        return [partitions for _, partitions in shares]


class _Folders:
    """The processes that fold, each its partitions. reached: by `partition_name`, the last position folded; known: how many events up to `relayed` they saw."""

    def __init__(self, rows: RebuildTarget, database: str, shares: list[list[Partition]], relayed: int) -> None:
        self.reached: dict[str, int] = {}
        self.known = 0
        self._shares = shares
        self._pipes: list[Connection[Share | Ends, Report]] = []
        self._processes: list[subprocess.Popen[bytes]] = []
        for partitions in shares:
            pipe, process = begin()
            self._pipes.append(pipe)
            self._processes.append(process)
            _send(pipe, Share(rows.kafka, partitions, rows.clickhouse_url, database, relayed))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """End the processes: they are done, or the rebuild failed."""
        for pipe in self._pipes:
            pipe.close()
        for process in self._processes:
            process.terminate()
            process.wait()

    def fold(self, ends: Ends, say: Callable[[int], object] = lambda _: None) -> None:
        """Fold and write everything before these ends. Raises ProjectionsStopped."""
        for pipe, partitions in zip(self._pipes, self._shares, strict=True):
            _send(pipe, {partition: ends[partition] for partition in partitions})
        done, working = 0, list(self._pipes)
        self.known = 0
        while working:
            ready = wait(working)
            for pipe in [pipe for pipe in working if pipe in ready]:
                match _received(pipe):
                    case Folded(events):
                        done += events
                        say(done)
                    case Reached(positions, known):
                        self.reached |= {partition_name(*partition): position for partition, position in positions.items()}
                        self.known += known
                        working.remove(pipe)
                    case Failed(why):
                        raise ProjectionsStopped(why)


def _send(pipe: Connection[Share | Ends, Report], message: Share | Ends) -> None:
    try:
        pipe.send(message)
    except OSError as error:
        raise ProjectionsStopped(_GONE) from error


def _received(pipe: Connection[Any, Report]) -> Report:
    try:
        return pipe.recv()
    except (EOFError, OSError) as error:
        raise ProjectionsStopped(_GONE) from error


_GONE = "a folding process was ended from outside: the old rows stay"
