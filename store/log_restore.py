"""Restore a log on servers from another copy of it: event by event along its chain, byte for byte.

During a restore the recorded head is a placeholder that no log can have, so no process opens an incomplete log. A restore that
is killed continues where it was. The head recorded before is kept aside meanwhile, because it proves the end of the log.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from uuid import UUID

from msgspec.structs import astuple

from store import event_store as store
from store import heartbeats, keyring, process_progress, recorder
from store.chain import Flaw, Head, link, named
from store.database import StoreUnavailable
from store.recorded_event import RecordedEvent
from store.storage_location import HEAD_TABLE, OnServers

_LEFT_WITHIN_S = 5.0
_STEP_S = 0.2

_NOTED, _KEPT_ASIDE = 1, 2
_NOTE = "INSERT INTO head VALUES (?, ?, ?) ON CONFLICT (one) DO UPDATE SET position = excluded.position, hash = excluded.hash"
_REACHED = "SELECT position, hash FROM stored_events ORDER BY position DESC LIMIT 1"
_LAST = "SELECT position, hash FROM stored_events WHERE position >= ? ORDER BY position LIMIT 2"
_OF_CALLS = ("interaction.", "visit.")
_PROTOCOL = re.compile(rb'"tenant":"([0-9a-f-]{36})".*?"protocol":(\d+)', re.DOTALL)
_GIVE_OUT = (
    "INSERT INTO protocols VALUES (?, ?) ON CONFLICT (tenant) DO UPDATE SET next = excluded.next WHERE protocols.next < excluded.next"
)


class Flawed(Exception):
    """The log to restore is not what was once written. Names the first flaw."""

    def __init__(self, flaw: Flaw) -> None:
        super().__init__(str(flaw))
        self.flaw = flaw


class Stopped(Exception):
    """Only a part of the log could be restored. The message gives the reason and what the store contains."""


class NotTheSameLog(Exception):
    """The store is not empty, and its contents are not the beginning of the log to restore."""

    def __init__(self) -> None:
        super().__init__("the store is not empty, and its contents are not the beginning of this log")


class Occupied(Exception):
    """Other processes of the deployment are connected to the store."""


class LogRestore:
    """The store at a storage location while one process alone restores it. Must be closed."""

    def __init__(self, location: OnServers) -> None:
        """Raises Occupied, StoreUnavailable."""
        self._opened = ExitStack()
        try:
            self.events = location.events()
            self._opened.callback(self.events.close)
            _must_be_unused(self.events.others)
            self.keys = location.keys()
            self._opened.callback(self.keys.close)
            self._define()
        except BaseException:
            self._opened.close()
            raise
        self._writer = ThreadPoolExecutor(1, "log-restore")
        self._opened.callback(self._writer.shutdown)
        self._pending: Future[None] | None = None
        rows = self.events.execute(_REACHED)
        self.reached = Head(*rows[0]) if rows else Head()
        """The last event in the store."""
        self.walked = Head()
        """The last event proved along the chain."""
        self.shut_off = self._head(_NOTED).unfinished
        """Whether no process can open the store now."""
        self.begins: Callable[[], object] = lambda: None
        """Called once, before this run writes its first event."""
        self._began = False
        self._heads = {head.position: head for head in [self._head(_KEPT_ASIDE if self.shut_off else _NOTED)] if head.position}

    def _define(self) -> None:
        for tables in (recorder.SCHEMA, *store.TABLES):
            self.events.define(tables)
        for tables in (keyring.SCHEMA, HEAD_TABLE):
            self.keys.define(tables)

    def _head(self, one: int) -> Head:
        rows = self.keys.execute("SELECT position, hash FROM head WHERE one = ?", (one,))
        return Head(*rows[0]) if rows else Head()

    # The proof of the end

    @property
    def proof(self) -> Head | None:
        """The latest of the heads recorded outside the log."""
        return max(self._heads.values(), key=lambda head: head.position, default=None)

    def must_contain(self, head: Head) -> None:
        """Require that the log contains this head, recorded outside it. Raises Flawed when it contradicts a known head."""
        if head.position:
            known = self._heads.setdefault(head.position, head)
            if known != head:
                raise Flawed(Flaw("head", head.position))

    def shut(self) -> None:
        """Prevent every process from opening the store until `finish`."""
        if self.shut_off:
            return
        with self.keys.transaction():
            if self.proof is not None:
                self.keys.execute(_NOTE, (_KEPT_ASIDE, self.proof.position, self.proof.hash))
            self.keys.execute(_NOTE, (_NOTED, max(1, self.reached.position), Head().hash))
        self.shut_off = True

    def may_copy_keys(self) -> bool:
        """Whether the key store is empty, or holds an unfinished copy that no process has used."""
        return self.shut_off or all(self.keys.execute(f"SELECT count(*) FROM {table}") == [(0,)] for table in ("keys", "names"))  # noqa: S608

    # The log

    def skip(self, head: Head) -> None:
        """Skip the events up to `head`, which are already in the store and were proved in the source. Raises NotTheSameLog."""
        if head != self.reached:
            raise NotTheSameLog
        self.walked = head

    def take(self, events: Sequence[RecordedEvent]) -> None:
        """Prove the next events of the log, and write those that the store does not have yet. Raises Flawed, NotTheSameLog, StoreUnavailable."""
        before = self.walked
        for event in events:
            self._prove(event, events)
        if self.walked.position <= self.reached.position:
            return
        self._begin()
        fresh = [event for event in events if event.position > self.reached.position]
        self.settle()
        self._pending = self._writer.submit(self._write, max(before, self.reached, key=lambda head: head.position), fresh)
        self.reached = self.walked

    def _begin(self) -> None:
        if not self._began:
            self._began = True
            self.shut()
            self.begins()

    def _prove(self, event: RecordedEvent, events: Sequence[RecordedEvent]) -> None:
        position = event.position
        expected = self.walked.position + 1
        if position != expected:
            raise Flawed(Flaw("removed", expected))
        if link(self.walked.hash, position, event) != event.hash:
            raise Flawed(self._flaw(event, events))
        head = Head(position, event.hash)
        if position == self.reached.position and head != self.reached:
            raise NotTheSameLog
        if position in self._heads and head != self._heads[position]:
            raise Flawed(named("head", position, astuple(event)))
        self.walked = head

    def _flaw(self, event: RecordedEvent, events: Sequence[RecordedEvent]) -> Flaw:
        """What happened to the event expected here: the event whose hash fits may follow a little later."""
        position = event.position
        for other in events:
            if other.position > position and link(self.walked.hash, position, other) in (other.hash, event.hash):
                return named("moved", position, astuple(other))
        return named("changed", position, astuple(event))

    def _write(self, before: Head, events: Sequence[RecordedEvent]) -> None:
        following: dict[bytes, int] = {}
        for event in events:
            given = _PROTOCOL.search(event.state) if event.topic.startswith(_OF_CALLS) else None
            if given is not None:
                tenant = UUID(given[1].decode()).bytes
                following[tenant] = max(following.get(tenant, 0), int(given[2]) + 1)
        with self.events.transaction():
            last = self.events.execute(_LAST, (before.position,))
            if last != ([(before.position, before.hash)] if before.position else []):
                raise StoreUnavailable("another process writes to the store: stop every process of the deployment first")
            self.events.insert("stored_events", recorder.KINDS, [astuple(event) for event in events])
            self.events.executemany(_GIVE_OUT, list(following.items()))

    def settle(self) -> None:
        """Wait until all events passed to `take` are on disk. Raises StoreUnavailable."""
        pending, self._pending = self._pending, None
        if pending is not None:
            pending.result()

    def quiet(self) -> None:
        """Prevent process managers from sending the commands for restored events again: they were sent before the loss.

        Old heartbeats are deleted, because they do not show who was logged in when the store was lost.
        """
        with self.events.transaction():
            process_progress.be_quiet(self.events, self.walked.position)
            heartbeats.forget_all(self.events)

    def finish(self) -> Head:
        """Finish the restore: the store can be opened from now on. Returns the head. Raises Flawed, NotTheSameLog."""
        self.settle()
        if self.walked.position < self.reached.position:
            raise NotTheSameLog
        if self.proof is not None and self.proof.position > self.walked.position:
            raise Flawed(Flaw("cut_off", self.walked.position + 1))
        with self.keys.transaction():
            self.keys.execute(_NOTE, (_NOTED, self.reached.position, self.reached.hash))
            self.keys.execute("DELETE FROM head WHERE one = ?", (_KEPT_ASIDE,))
        self.shut_off = False
        return self.reached

    def stopped(self, why: Exception, *notes: str) -> Stopped:
        """The error for a log that could not be restored to its end. `notes`: further possible reasons."""
        self.settle()
        contents = f"{self.reached.position:,} events are in the store" if self.reached.position else "the store is empty"
        shut = ", which cannot be opened until the command is run again and completes" if self.shut_off else ""
        return Stopped("; ".join([f"{why}", *notes, f"{contents}{shut}"]))

    def close(self) -> None:
        """Close the store. The events passed last may or may not be written."""
        self._opened.close()


def _must_be_unused(others: Callable[[], int]) -> None:
    """Wait a moment for processes that are just ending. Raises Occupied."""
    until = time.monotonic() + _LEFT_WITHIN_S
    while found := others():
        if time.monotonic() > until:
            raise Occupied(
                f"{found} connections of other processes of the deployment to the store: stop APIs, relay, workers and commands first"
            )
        time.sleep(_STEP_S)
