"""The command bus: the only way to change anything in the contact center.

A caller (the API, the translator of a telephony source, an importer, the simulator) sends a command and says who
it is. The bus authorises the command, its handler loads aggregates and lets them decide, and the bus saves the events.
This is the commit. Commands that arrive together are saved together, each with its own
receipt or refusal.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Sequence
from uuid import UUID

from eventsourcing.persistence import IntegrityError

from commands.handler_context import Caller, Command, Done, Receipt, handles
from commands.outcomes import Alongside, Answer, Request
from commands.unit_of_work import UnitOfWork
from domain.errors import DomainError, VersionConflict
from store.clock import Clock, ClockOff, ClockWatch, LogClock, SystemClock
from store.database import StoreUnavailable, Undone
from store.event_store import Store

__all__ = [
    "Answer",
    "Caller",
    "Clock",
    "Command",
    "CommandBus",
    "Done",
    "Receipt",
    "Request",
    "SystemClock",
    "handles",
]

_TRIES = 3
_SLOW_DISK_S = 0.005
"""When saving takes longer, `execute_soon` waits for the disk in a thread and not in the event loop."""

_MANY = 64
"""This many waiting commands are executed without waiting for more."""

_LIVE_FIRST_S = 1.0
"""So long at most units of work, as those of imports, let live commands go first that wait already."""

_IN_LOOP = 16
"""More commands at once are executed in a thread: other requests would wait for all of them in the event loop."""

_GATHERED_S = 0.004
"""Nor is more waited for after so long, if several companies wait: the many that one of them sends would keep the first of another waiting."""

_OF_A_COMPANY = 8
"""Commands of one company in a transaction for which other companies wait too."""

_Waiting = tuple[Command, Caller, "asyncio.Future[Receipt]"]


class CommandBus:
    """The command bus of one store. Thread-safe; `execute_soon` is for one event loop."""

    def __init__(self, store: Store, clock: Clock | None = None, *, watched: bool = False) -> None:
        """`watched`: accept commands only while the clock agrees with the database's."""
        self.store = store
        given = clock or SystemClock()
        self.clock = LogClock(given, store.last_recorded_us())
        self.watch = ClockWatch(given, store.recorder.db) if watched else None
        self._lock = threading.Lock()
        self._live_is_through = threading.Event()
        """Unset while commands of `execute_soon` wait for the lock, which threads that take it again and again would not leave to them."""
        self._live_is_through.set()
        self._kept_waiting = False
        self._waiting: list[_Waiting] = []
        self._flushing = False
        self._gathers_since = 0.0
        self._saved_in_s = 0.0
        self._usual_s = 0.0

    def execute(self, command: Command, caller: Caller) -> Receipt:
        """Execute a command. Raises a DomainError if it is refused, StoreUnavailable or ClockOff if no command can be executed now."""
        (answer,) = self.execute_all([(command, caller)])
        if isinstance(answer, DomainError):
            raise answer
        return answer

    def execute_all(self, requests: Sequence[Request], alongside: Alongside | None = None) -> list[Answer]:
        """Execute commands in order, in one transaction; each command has its own receipt or refusal.

        A command sees the effects of those before it. An error that is no refusal is raised, and no command takes effect.
        alongside: called at the end of the transaction, to write what must be saved together with the commands.
        """
        self._live_is_through.wait(_LIVE_FIRST_S)
        with self._lock:
            return self._execute(requests, alongside)

    def has_kept_waiting(self) -> bool:
        """Whether a command of `execute_soon` has had to wait for others since this was asked last. Of other processes that share a server's store nobody knows: they may always wait."""
        kept, self._kept_waiting = self._kept_waiting, False
        return kept or self.store.recorder.db.ON_SERVER

    async def execute_soon(self, command: Command, caller: Caller) -> Receipt:
        """Execute a command in one transaction with others that arrive at the same time or while the disk is busy."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Receipt] = loop.create_future()
        self._waiting.append((command, caller, future))
        if not self._flushing:
            self._flushing = True
            self._gathers_since = loop.time()
            loop.call_soon(self._flush, loop)
        return await future

    # Together

    def _flush(self, loop: asyncio.AbstractEventLoop, before: int = 0) -> None:
        """Decide and save all waiting commands, in this thread unless that would block the loop. before: how many waited one loop turn ago."""
        is_late = loop.time() - self._gathers_since >= _GATHERED_S and _are_of_several(self._waiting)
        if before < len(self._waiting) < _MANY and not is_late:
            # A commit of many commands costs little more than a commit of one: wait for those that are still in the loop.
            loop.call_soon(self._flush, loop, len(self._waiting))
            return
        unit, self._waiting = _fair_part(self._waiting)
        requests = [(command, caller) for command, caller, _ in unit]
        quick = len(unit) <= _IN_LOOP and not self.store.recorder.db.ON_SERVER and self._usual_s < _SLOW_DISK_S
        if quick and self._lock.acquire(blocking=False):
            try:
                answers = self._apart(requests)
            finally:
                self._lock.release()
            self._settle(unit, answers, loop)
        else:
            self._live_is_through.clear()
            self._kept_waiting |= self._lock.locked()
            working = loop.run_in_executor(None, self._apart_locked, requests)
            working.add_done_callback(lambda done: self._settle(unit, done.result(), loop))

    def _settle(self, unit: list[_Waiting], answers: Sequence[Receipt | Exception], loop: asyncio.AbstractEventLoop) -> None:
        for (_, _, future), answer in zip(unit, answers, strict=True):
            if future.done():
                continue  # the caller has gone away
            if isinstance(answer, Exception):
                future.set_exception(answer)
            else:
                future.set_result(answer)
        self._flushing = bool(self._waiting)
        if self._waiting:
            self._gathers_since = loop.time()
            loop.call_soon(self._flush, loop)

    def _apart_locked(self, requests: Sequence[Request]) -> Sequence[Receipt | Exception]:
        with self._lock:
            self._live_is_through.set()
            return self._apart(requests)

    def _apart(self, requests: Sequence[Request]) -> Sequence[Receipt | Exception]:
        """As `_execute`, for independent callers: an unexpected error of one does not affect the others."""
        try:
            answers = self._execute(requests)
        except (StoreUnavailable, ClockOff) as error:
            # Executing them one by one would fail too, and what may have been saved must not be repeated.
            return [error] * len(requests)
        except Exception as error:  # noqa: BLE001 - each is handed to its caller
            if len(requests) == 1:
                return [error]
            return [answer for request in requests for answer in self._apart([request])]
        self._usual_s += (self._saved_in_s - self._usual_s) / 8
        return answers

    # Decide and save

    def _execute(self, requests: Sequence[Request], alongside: Alongside | None = None) -> list[Answer]:
        if self.watch is not None:
            self.watch.must_fit()
        unit = UnitOfWork(self.store)
        try:
            unit.prefetch(requests, self.clock.now_us())
            outcomes = [unit.decide(command, caller, self.clock.now_us()) for command, caller in requests]
            started = time.perf_counter()
            answers = unit.write(outcomes, alongside)
            self._saved_in_s = time.perf_counter() - started
        except (IntegrityError, Undone):
            unit.failed()
            return self._one_by_one(requests, alongside)
        except BaseException:
            unit.failed()
            raise
        unit.saved()
        self.clock.recorded(unit.recorded_us)
        return answers

    def _one_by_one(self, requests: Sequence[Request], alongside: Alongside | None) -> list[Answer]:
        """After a version conflict, still in one transaction: each command alone, so that only the one in conflict fails."""
        units: list[UnitOfWork] = []
        answers: list[Answer] = []
        try:
            with self.store.recorder.transaction() as db:
                for command, caller in requests:
                    answers.append(self._alone(command, caller, units))
                if alongside is not None:
                    alongside(db, answers)
        except BaseException:
            for unit in units:
                unit.failed()
            self.store.protocols.forget_blocks()
            raise
        return answers

    def _alone(self, command: Command, caller: Caller, units: list[UnitOfWork]) -> Answer:
        for _ in range(_TRIES):
            unit = UnitOfWork(self.store)
            units.append(unit)
            try:
                with self.store.recorder.savepoint():
                    (answer,) = unit.write([unit.decide(command, caller, self.clock.now_us())])
            except IntegrityError:
                unit.failed()
                self.store.protocols.forget_blocks()
            else:
                unit.saved()
                self.clock.recorded(unit.recorded_us)
                return answer
        return VersionConflict("somebody else changed the same thing at the same moment")


def _are_of_several(waiting: Sequence[_Waiting]) -> bool:
    """Whether commands of several companies wait."""
    return len({caller.tenant for _, caller, _ in waiting}) > 1


def _fair_part(waiting: list[_Waiting]) -> tuple[list[_Waiting], list[_Waiting]]:
    """Of commands of several companies some of each, in their order, and those that wait on."""
    if not _are_of_several(waiting):
        return waiting, []
    taken: Counter[UUID] = Counter()
    parts: tuple[list[_Waiting], list[_Waiting]] = [], []
    for one in waiting:
        tenant = one[1].tenant
        parts[taken[tenant] >= _OF_A_COMPANY].append(one)
        taken[tenant] += 1
    return parts
