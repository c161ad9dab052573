"""Runs the imports that the API receives: a file is received into the data directory, and taken in by a thread.

A file may hold numbers of customers: what a process leaves that was killed, the next one removes.
"""

from __future__ import annotations

import fcntl
import logging
import os
import shutil
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from uuid import UUID

from msgspec.structs import replace

from commands.companies import companies
from commands.handler_context import Caller
from domain.companies import Company
from domain.errors import DomainError, NotFound, Refused
from domain.personal_data import without_numbers
from imports import simulation
from imports.beats import Beats
from imports.center import ImportingCenter
from imports.records import AGAIN, NO_ROOM, Ended, ImportRecords, RunningImport
from imports.sources import Source, conclude, refused_in, take
from imports.turns import ENDS_WITHIN_S, ImportTurns
from imports.uploads import Upload
from projections.engine.progress import ProjectionsStopped
from projections.engine.warehouse import WarehouseUnreachable
from store.database import StoreUnavailable
from store.disk_reserve import ReserveReached
from store.imports import UNFINISHED, Import, KeptImport, Kind, State
from telephony_adapter.queue_log.result import ImportResult

log = logging.getLogger(__name__)


class Imports:
    """The imports of one process. Thread-safe. alone: no other process serves the center, so an unfinished import of another one was interrupted."""

    def __init__(self, center: ImportingCenter, *, alone: bool) -> None:
        self._center = center
        self._records = ImportRecords(center, alone=alone)
        self._turns = ImportTurns()
        self._waiting: dict[UUID, Callable[[], None]] = {}
        """What waits for its turn; who removes it from here runs it."""
        self._beats = Beats(self.beat, self._records.stopping)
        self._simulations: list[threading.Thread] = []
        self._directory, self._lock = _own_directory(center.directory / "imports", self._records.owner)

    def receive(self, kind: Kind, name: str, timezone: str, caller: Caller, total: int) -> Upload:
        """Begin to receive a file. total: its bytes, 0 if that is not known. Raises ReserveReached."""
        self._records.reserve.must_leave(total)
        one = self._new(kind, without_numbers(name), caller, "receiving", total)
        return Upload(self._records, self.start, self._directory / one.id.hex, one, timezone, caller)

    def simulate(self, caller: Caller) -> Import:
        """Simulate a week of the company's past, then its present until it is cancelled or the server stops. Refused for a company that has calls."""
        must_be_empty(self._center, caller.tenant, self._records.of(caller.tenant))
        one = self._new("simulation", "", caller, "running", simulation.HOURS)
        running = RunningImport(self._records, one)
        thread = threading.Thread(
            target=lambda: self._run(running, lambda: simulation.run(self._center, caller.tenant, running)), daemon=True
        )
        self._simulations.append(thread)
        thread.start()
        return one

    def stands(self, found: KeptImport) -> Import:
        """An import as it stands: one whose process is gone was interrupted."""
        return self._records.stands(found)

    def cancel(self, found: KeptImport) -> Import:
        """Ask for the end of an import. What was taken in stays. Refused once it has ended."""
        one = self.stands(found)
        if one.state not in UNFINISHED:
            raise Refused("import-ended", f"the import has ended: {one.state}")
        self._records.ask_to_cancel(one)
        self._have_turn(one.id)
        return one

    def beat(self) -> None:
        """Write that what this process holds goes on, and end what waits and was cancelled."""
        for id in self._records.beat():
            self._have_turn(id)

    def stop(self) -> None:
        """Tell every import to end: it does so within a second, wherever it is."""
        self._records.stopping.set()

    def close(self) -> None:
        """End every import, and remove the files."""
        self.stop()
        self._turns.close()
        self._beats.close(ENDS_WITHIN_S)
        for thread in self._simulations:
            thread.join(ENDS_WITHIN_S)
        shutil.rmtree(self._directory, ignore_errors=True)
        os.close(self._lock)

    def _new(self, kind: Kind, name: str, caller: Caller, state: State, total: int) -> Import:
        one = self._records.new(kind, name, caller, state, total)
        self._beats.begin()
        return one

    def start(self, one: Import, source: Source, caller: Caller) -> Import:
        """Take a received file in, when it is the turn of its company."""
        waiting = replace(one, state="waiting")
        self._records.save(waiting)
        running = RunningImport(self._records, waiting)

        def work() -> None:
            try:
                self._run(running, lambda: self._take(running, source, caller))
            finally:
                source.files[0][0].unlink(missing_ok=True)

        self._waiting[one.id] = work
        self._turns.add(one.tenant, partial(self._have_turn, one.id))
        return waiting

    def _have_turn(self, id: UUID) -> None:
        """Run what waits, if it still does. One that was cancelled has its turn at once: it ends with its first step."""
        work = self._waiting.pop(id, None)
        if work is not None:
            work()

    def _take(self, running: RunningImport, source: Source, caller: Caller) -> None:
        center, company = self._center, _company(self._center, caller.tenant)
        result = ImportResult()
        center.covered()
        taken = take(
            source,
            center,
            company,
            caller,
            progress=lambda done, total, lines: running.report(done, total, lines, result.broken + result.set_aside),
            cover=lambda: center.cover(center.store.head(), lambda *_: running.look()),
            look=running.look,
            result=result,
        )
        count, lines = refused_in(taken, source.files[0][1])
        running.one = replace(
            running.one,
            refused=count,
            repeated=taken.repeated,
            calls=taken.calls,
            first=taken.first_us,
            last=taken.last_us,
            position=taken.position,
            notes=tuple(taken.lacks),
            code="file-not-recognised" if taken.unreadable else "",
            reason="; ".join(taken.unreadable),
        )
        self._records.save(running.one, lines)
        conclude(center, lambda *_: running.look())

    def _run(self, running: RunningImport, work: Callable[[], None]) -> None:
        """Do the work of an import, and write how it ended."""
        state: State = "done"
        code = reason = ""
        try:
            running.begin(self._records.now_us())
            work()
            state, code, reason = "failed" if running.one.code else "done", running.one.code, running.one.reason
        except Ended as ended:
            state, code, reason = ended.state, ended.why, str(ended)
        except DomainError as refused:
            state, code, reason = "failed", refused.code, str(refused)
        except ProjectionsStopped as stopped:
            state, code, reason = "failed", "figures-stopped", str(stopped)
        except ReserveReached as full:
            state, code, reason = "failed", NO_ROOM, f"{full}; what was taken in stays, {AGAIN}"
        except (StoreUnavailable, WarehouseUnreachable, OSError):
            log.warning("import=%s outcome=away", running.one.id, exc_info=True)
            state, code, reason = "failed", "unavailable", f"a disk is full or a server is away; what was taken in stays, {AGAIN}"
        except Exception:
            log.exception("import=%s outcome=failed", running.one.id)
            state, code, reason = "failed", "internal", "internal error of the server; see its log"
        running.one = replace(running.one, state=state, ended=self._records.now_us(), code=code, reason=reason)
        with suppress(StoreUnavailable):
            self._records.save(running.one)


def must_be_empty(center: ImportingCenter, tenant: UUID, imports: list[Import]) -> None:
    """Refuse to simulate calls beside those of a center that has any."""
    if center.store.protocols.any_given(tenant):
        raise Refused("company-not-empty", "the company has calls: simulated ones would be among them for ever")
    if any(one.state in UNFINISHED for one in imports):
        raise Refused("company-not-empty", "an import is running: simulated calls would be among its calls")


def _company(center: ImportingCenter, tenant: UUID) -> Company:
    for company in companies(center.store):
        if company.id == tenant:
            return company
    raise NotFound("company-unknown", "no such company")


def _own_directory(parent: Path, owner: UUID) -> tuple[Path, int]:
    """A directory for the files of this process, and the lock that it holds while it lives. Directories of dead processes are removed."""
    parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    for lock in parent.glob("*.lock"):
        with suppress(OSError):
            held = os.open(lock, os.O_RDWR)
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(lock.with_suffix(""), ignore_errors=True)
                lock.unlink()
            finally:
                os.close(held)
    own = os.open(parent / f"{owner.hex}.lock", os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    fcntl.flock(own, fcntl.LOCK_EX)
    directory = parent / owner.hex
    directory.mkdir(mode=0o700)
    return directory, own
