"""Restore a lost event store from Kafka alone: the same events, byte for byte.

Each event is verified along the hash chain before it is written, so an event that was changed, removed or moved in Kafka is reported and not
restored. A head that was recorded elsewhere (in the key store, in its backup, or by the operator) proves that no event is missing at the
end. The relay goes on after what is in Kafka already, so nothing is relayed twice.
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
"""Called with the current phase, how many items of it are done, and of how many."""


@dataclass(frozen=True)
class Restored:
    """The result of a restore. head: of the store; events: written by this run; keys: copied by it; proof: the latest head recorded elsewhere that the store contains."""

    head: Head
    events: int
    keys: int
    proof: Head | None


@dataclass(frozen=True)
class Source:
    """Where the log is restored from. keys: a backup of the key store; head: the end of the log as the operator has recorded it."""

    brokers: str
    topics: str
    keys: Path | None = None
    head: Head | None = None


def restore(location: OnServers, master: str, source: Source, say: Say = lambda *_: None) -> Restored:
    """Write the log that Kafka holds into the store at `location`, which must be empty or hold the beginning of it.

    master: the master key, as the settings give it. Raises Stopped (events that were verified stay, and a second run goes on from there), NotTheSameLog,
    Occupied, NoBackup, WrongMasterKey, BrokersAway, BrokersRefuse, StoreUnavailable.
    """
    with ExitStack() as opened:
        # Check the arguments first, so that a mistake leaves no trace.
        backup = opened.enter_context(opened_backup(source.keys)) if source.keys is not None else None
        if backup is not None:
            must_open(master_key(location.directory, master), backup.index)
        reader = opened.enter_context(BulkReader(source.brokers, [topic(source.topics, slice_) for slice_ in SLICES]))
        log_restore = LogRestore(location)
        opened.callback(log_restore.close)
        lock = opened.enter_context(ServerLock(location.store_url, LOCK))
        if not lock.take(_TURN_S):
            raise Occupied("a relay runs: end it first")
        relay_progress = opened.enter_context(closing(RelayProgress(location.relay(), source.topics)))
        try:
            return _Restoring(reader, log_restore, relay_progress, say).run(source.head, backup)
        except Flawed as flaw:
            raise log_restore.stopped(flaw, *reader.strange[:1]) from flaw


class _Restoring:
    """One run."""

    def __init__(self, reader: BulkReader, log_restore: LogRestore, relay_progress: RelayProgress, say: Say) -> None:
        self._reader = reader
        self._log_restore = log_restore
        self._relay_progress = relay_progress
        self._say = say

    def run(self, known_head: Head | None, backup: Backup | None) -> Restored:
        log_restore, began = self._log_restore, self._log_restore.reached.position
        if backup is not None and not log_restore.may_copy_keys():
            raise Occupied("the key store is not empty: keys that were destroyed since the backup would come back")
        for head in (known_head, backup.head if backup is not None else None):
            if head is not None:
                log_restore.must_contain(head)
        ends = self._reader.ends()
        last = self._reader.last(ends)
        end = max((event.position for event in last.values()), default=0)
        if log_restore.proof is not None and log_restore.proof.position > end:
            # The last messages may be repeats, so all messages are read to find the highest position before anything is written.
            end = self._highest(ends)
            if log_restore.proof.position > end:
                raise Flawed(Flaw("cut_off", end + 1))
        # A relay that starts before the store is complete has nothing to do.
        log_restore.begins = lambda: self._relay_progress.set(end, _names({partition: event.position for partition, event in last.items()}))
        self._events(ends, end)
        keys = self._keys(backup) if backup is not None else 0
        proof = log_restore.proof
        if log_restore.shut_off:
            self._relay_progress.set(log_restore.walked.position, _names(self._reader.reached))
            log_restore.settle()
            log_restore.quiet()
        return Restored(log_restore.finish(), log_restore.walked.position - began, keys, proof)

    def _highest(self, ends: Mapping[Partition, int]) -> int:
        for _ in self._reader.read(ends):
            pass
        highest = max(self._reader.reached.values(), default=0)
        self._reader.rewind()
        return highest

    def _events(self, ends: Mapping[Partition, int], end: int) -> None:
        try:
            for some in self._reader.merged(ends):
                self._log_restore.take(some)
                self._say("restore", self._log_restore.walked.position, max(end, self._log_restore.walked.position))
        except EventMissing as missing:
            raise Flawed(Flaw("removed", missing.position)) from missing

    def _keys(self, backup: Backup) -> int:
        self._log_restore.shut()
        total = sum(next(backup.keys.rows(f"SELECT count(*) FROM {table.name}"))[0] for table in KEYS)  # noqa: S608 - Atende's own names
        return copy(backup.keys, self._log_restore.keys, KEYS, lambda done: self._say("keys", done, total))


def _names(reached: Mapping[Partition, int]) -> dict[str, int]:
    return {partition_name(*partition): position for partition, position in reached.items()}
