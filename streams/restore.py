"""A lost event store is written down anew from Kafka alone: the same events, byte for byte.

Each event is proved along the chain before it is written, so what was changed, removed or put elsewhere in Kafka is named and goes no
further. That nothing is missing at the end is proved by a head that was noted elsewhere: in the key store, in its backup, or by the
operator. The relay goes on behind what is in Kafka already, so nothing is told twice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

from store.chain import Flaw, Head
from store.key_backup import KEYS, Backup, copy, opened_backup
from store.log_restore import Flawed, LogRestore, Occupied
from store.master_key import master_key, must_open
from store.postgres_lock import ServerLock
from store.storage_location import OnServers
from streams.bulk import BulkReader, EventMissing, Partition
from streams.relay import LOCK
from streams.relay_progress import RelayProgress
from streams.topics import SLICES, partition_name, topic

_TURN_S = 5.0

Say = Callable[[str, int, int], object]
"""Hears what is being done, how many of it are done, and of how many."""


@dataclass(frozen=True)
class Restored:
    """What a restore came to. head: of the store; events: written by this run; keys: copied by it; proof: the latest head elsewhere that was met."""

    head: Head
    events: int
    keys: int
    proof: Head | None


@dataclass(frozen=True)
class Source:
    """Where the log is to be taken from. keys: a backup of the key store; head: what the operator knows of the log's end."""

    brokers: str
    topics: str
    keys: Path | None = None
    head: Head | None = None


def restore(location: OnServers, master: str, source: Source, say: Say = lambda *_: None) -> Restored:
    """Write the log that Kafka holds into the store at `location`, which is empty or has the beginning of it.

    master: the master key, as the settings give it. Raises Stopped (what was proved until then stays, and begun again it goes on), NotTheSameLog,
    Occupied, NoBackup, WrongMasterKey, BrokersAway, BrokersRefuse, StoreUnavailable.
    """
    with ExitStack() as opened:
        # What costs nothing comes first: a mistake leaves no trace.
        backup = opened.enter_context(opened_backup(source.keys)) if source.keys is not None else None
        if backup is not None:
            must_open(master_key(location.directory, master), backup.index)
        reader = opened.enter_context(BulkReader(source.brokers, [topic(source.topics, slice_) for slice_ in SLICES]))
        refill = LogRestore(location)
        opened.callback(refill.close)
        lock = opened.enter_context(ServerLock(location.store_url, LOCK))
        if not lock.take(_TURN_S):
            raise Occupied("a relay runs: end it first")
        relay_progress = opened.enter_context(closing(RelayProgress(location.relay(), source.topics)))
        try:
            return _Restoring(reader, refill, relay_progress, say).run(source.head, backup)
        except Flawed as flaw:
            raise refill.stopped(flaw, *reader.strange[:1]) from flaw


class _Restoring:
    """One run."""

    def __init__(self, reader: BulkReader, refill: LogRestore, relay_progress: RelayProgress, say: Say) -> None:
        self._reader = reader
        self._refill = refill
        self._relay_progress = relay_progress
        self._say = say

    def run(self, told: Head | None, backup: Backup | None) -> Restored:
        refill, began = self._refill, self._refill.reached.position
        if backup is not None and not refill.may_copy_keys():
            raise Occupied("the key store is not empty: keys that were destroyed since the backup would come back")
        for head in (told, backup.head if backup is not None else None):
            if head is not None:
                refill.must_contain(head)
        ends = self._reader.ends()
        last = self._reader.last(ends)
        end = max((event.position for event in last.values()), default=0)
        if refill.proof is not None and refill.proof.position > end:
            # The last messages may be repeats: only a look at all of them tells, and tells it before anything is written.
            end = self._highest(ends)
            if refill.proof.position > end:
                raise Flawed(Flaw("cut_off", end + 1))
        # A relay that begins before the store is whole finds that it has nothing to do.
        refill.begins = lambda: self._relay_progress.set(end, _names({partition: event.position for partition, event in last.items()}))
        self._events(ends, end)
        keys = self._keys(backup) if backup is not None else 0
        proof = refill.proof
        if refill.shut_off:
            self._relay_progress.set(refill.walked.position, _names(self._reader.reached))
            refill.settle()
            refill.quiet()
        return Restored(refill.finish(), refill.walked.position - began, keys, proof)

    def _highest(self, ends: Mapping[Partition, int]) -> int:
        for _ in self._reader.read(ends):
            pass
        highest = max(self._reader.reached.values(), default=0)
        self._reader.rewind()
        return highest

    def _events(self, ends: Mapping[Partition, int], end: int) -> None:
        try:
            for some in self._reader.merged(ends):
                self._refill.take(some)
                self._say("restore", self._refill.walked.position, max(end, self._refill.walked.position))
        except EventMissing as missing:
            raise Flawed(Flaw("removed", missing.position)) from missing

    def _keys(self, backup: Backup) -> int:
        self._refill.shut()
        total = sum(next(backup.keys.rows(f"SELECT count(*) FROM {table.name}"))[0] for table in KEYS)  # noqa: S608 - Atende's own names
        return copy(backup.keys, self._refill.keys, KEYS, lambda done: self._say("keys", done, total))


def _names(reached: Mapping[Partition, int]) -> dict[str, int]:
    return {partition_name(*partition): position for partition, position in reached.items()}
