"""Runs the imports that the API receives: a file is received into the data directory, and taken in by a thread; how far it is can be read by every process.

A file may hold numbers of customers. It lies there with mode 600 until it is taken in, refused or given up. What a process leaves that was killed, the next one removes.
"""

from __future__ import annotations

import fcntl
import logging
import os
import shutil
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from math import inf
from pathlib import Path
from time import monotonic, thread_time
from uuid import UUID, uuid4

from msgspec.structs import replace

from bootstrap import Center
from commands.companies import companies
from commands.handler_context import Caller
from domain.base import SECOND
from domain.companies import Company
from domain.errors import DomainError, NotFound, Refused
from domain.personal_data import without_numbers
from imports import simulation
from imports.beats import Beats
from imports.sources import Source, conclude, must_be_importable, refused_in, take
from imports.turns import ENDS_WITHIN_S, ImportTurns
from projections.engine.progress import ProjectionsStopped
from projections.engine.warehouse import WarehouseUnreachable
from store import imports as kept
from store.database import Database, StoreUnavailable
from store.disk_reserve import ReserveReached
from store.imports import UNFINISHED, Import, Kept, Kind, RefusedLine, State
from telephony_adapter.queue_log.reading_limits import ReadsTooMuch
from telephony_adapter.queue_log.result import ImportResult

log = logging.getLogger(__name__)

SAVED_EVERY_S = 0.5
"""How often the progress of an import is written."""

LOOKED_AT_S = 3.0
"""Seconds of a processor for a look at a file: at that of a log, packed or not, it is some hundredths. The files of others wait meanwhile."""

SILENT_US = 60 * SECOND
"""An import of another process that has written nothing for so long was interrupted."""

_AGAIN = "send it again to complete it: what is known changes nothing"
_STOPPED = "server-stopped"
_NO_ROOM = "no-room"
_SERVER_STOPPED = f"the server stopped; what was taken in stays, {_AGAIN}"


class _Ended(Refused):
    """An import ends before its end. state: cancelled, or interrupted because the server stops. why: the code of that."""

    def __init__(self, state: State, why: str, reason: str) -> None:
        super().__init__("import-ended", reason)
        self.state = state
        self.why = why


class Imports:
    """The imports of one process. Thread-safe. alone: no other process serves the center, so an unfinished import of another one was interrupted."""

    def __init__(self, center: Center, *, alone: bool) -> None:
        self._center = center
        self._alone = alone
        self._owner = uuid4()
        self.reserve = center.reserve
        self.stopping = threading.Event()
        self._turns = ImportTurns()
        self._held: set[UUID] = set()
        """What has not ended, by id."""
        self._waiting: dict[UUID, Callable[[], None]] = {}
        """What waits for its turn; who removes it from here runs it."""
        self._beats = Beats(self.beat, self.stopping)
        self._simulations: list[threading.Thread] = []
        self._directory, self._lock = _own_directory(center.directory / "imports", self._owner)

    def receive(self, kind: Kind, name: str, timezone: str, caller: Caller, total: int) -> Upload:
        """Begin to receive a file. total: its bytes, 0 if that is not known. Raises ReserveReached."""
        self.reserve.must_leave(total)
        one = self._new(kind, without_numbers(name), caller, "receiving", total)
        return Upload(self, self._directory / one.id.hex, one, timezone, caller)

    def simulate(self, caller: Caller) -> Import:
        """Simulate a week of the company's past, then its present until it is cancelled or the server stops. Refused for a company that has calls."""
        must_be_empty(self._center, caller.tenant, [self.stands(one) for one in kept.all_of(self._db, caller.tenant)])
        one = self._new("simulation", "", caller, "running", simulation.HOURS)
        running = _Running(self, one)
        thread = threading.Thread(
            target=lambda: self._run(running, lambda: simulation.run(self._center, caller.tenant, running)), daemon=True
        )
        self._simulations.append(thread)
        thread.start()
        return one

    def stands(self, found: Kept) -> Import:
        """An import as it stands: one whose process is gone was interrupted."""
        one = found.content
        mine = found.owner == self._owner
        if one.state not in UNFINISHED or mine or not (self._alone or self.now_us() - found.beat > SILENT_US):
            return one
        return replace(one, state="interrupted", ended=found.beat, code=_STOPPED, reason=_SERVER_STOPPED)

    def cancel(self, found: Kept) -> Import:
        """Ask for the end of an import. What was taken in stays. Refused once it has ended."""
        one = self.stands(found)
        if one.state not in UNFINISHED:
            raise Refused("import-ended", f"the import has ended: {one.state}")
        with self._center.store.recorder.transaction() as db:
            kept.ask_to_cancel(db, one.id)
        self._have_turn(one.id)
        return one

    def beat(self) -> None:
        """Write that what this process holds goes on, and end what waits and was cancelled."""
        held = tuple(self._held)
        if not held:
            return
        with self._center.store.recorder.transaction() as db:
            cancelled = kept.beat(db, held, self.now_us())
        for id in cancelled:
            self._have_turn(id)

    def stop(self) -> None:
        """Tell every import to end: it does so within a second, wherever it is."""
        self.stopping.set()

    def close(self) -> None:
        """End every import, and remove the files."""
        self.stop()
        self._turns.close()
        self._beats.close(ENDS_WITHIN_S)
        for thread in self._simulations:
            thread.join(ENDS_WITHIN_S)
        shutil.rmtree(self._directory, ignore_errors=True)
        os.close(self._lock)

    # What uploads and running imports need

    @property
    def _db(self) -> Database:
        return self._center.store.recorder.db

    def now_us(self) -> int:
        """The time by the clock of the command bus, microseconds."""
        return self._center.bus.clock.now_us()

    def _new(self, kind: Kind, name: str, caller: Caller, state: State, total: int) -> Import:
        now = self.now_us()
        one = Import(id=uuid4(), tenant=caller.tenant, kind=kind, name=name, actor=caller.actor, state=state, created=now, total=total)
        with self._center.store.recorder.transaction() as db:
            kept.add(db, one, self._owner)
        self._held.add(one.id)
        self._beats.begin()
        return one

    def save(self, one: Import, refused: tuple[RefusedLine, ...] | None = None) -> None:
        """Write how far an import is. Raises _Ended if it has to end."""
        if one.state not in UNFINISHED:
            self._held.discard(one.id)
        with self._center.store.recorder.transaction() as db:
            cancelled = kept.save(db, one, self.now_us())
            if refused is not None:
                kept.save_refused(db, one.id, refused)
        if one.state in UNFINISHED:
            if cancelled:
                raise _Ended("cancelled", "cancelled", "cancelled; what was taken in stays")
            if self.stopping.is_set():
                raise _Ended("interrupted", _STOPPED, _SERVER_STOPPED)

    def start(self, one: Import, source: Source, caller: Caller) -> Import:
        """Take a received file in, when it is the turn of its company."""
        waiting = replace(one, state="waiting")
        self.save(waiting)
        running = _Running(self, waiting)

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

    def _take(self, running: _Running, source: Source, caller: Caller) -> None:
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
        self.save(running.one, lines)
        conclude(center, lambda *_: running.look())

    def _run(self, running: _Running, work: Callable[[], None]) -> None:
        """Do the work of an import, and write how it ended."""
        state: State = "done"
        code = reason = ""
        try:
            running.begin(self.now_us())
            work()
            state, code, reason = "failed" if running.one.code else "done", running.one.code, running.one.reason
        except _Ended as ended:
            state, code, reason = ended.state, ended.why, str(ended)
        except DomainError as refused:
            state, code, reason = "failed", refused.code, str(refused)
        except ProjectionsStopped as stopped:
            state, code, reason = "failed", "figures-stopped", str(stopped)
        except ReserveReached as full:
            state, code, reason = "failed", _NO_ROOM, f"{full}; what was taken in stays, {_AGAIN}"
        except (StoreUnavailable, WarehouseUnreachable, OSError):
            log.warning("import=%s outcome=away", running.one.id, exc_info=True)
            state, code, reason = "failed", "unavailable", f"a disk is full or a server is away; what was taken in stays, {_AGAIN}"
        except Exception:
            log.exception("import=%s outcome=failed", running.one.id)
            state, code, reason = "failed", "internal", "internal error of the server; see its log"
        running.one = replace(running.one, state=state, ended=self.now_us(), code=code, reason=reason)
        with suppress(StoreUnavailable):
            self.save(running.one)


class _Running:
    """The progress of one import, written now and then."""

    def __init__(self, imports: Imports, one: Import) -> None:
        self.one = one
        self._imports = imports
        self._began = self._saved = monotonic()
        self._ended: _Ended | None = None

    def begin(self, now_us: int) -> None:
        """It runs from now on."""
        self.one = replace(self.one, state="running", began=now_us, done=0)
        self._began = monotonic()
        self._imports.save(self.one)

    def report(self, done: int, total: int, lines: int, refused: int = 0) -> None:
        """It is so far. Raises _Ended if it has to end."""
        seconds = monotonic() - self._began
        rate = int(lines / seconds) if lines and seconds > 0 else None
        self.one = replace(self.one, done=done, total=total, lines=lines, refused=refused, lines_per_second=rate)
        self.look()

    def look(self) -> None:
        """Write the progress if it is time to. Raises _Ended, at every call from then on, if the import has to end; ReserveReached."""
        if self._imports.stopping.is_set() or monotonic() - self._saved >= SAVED_EVERY_S:
            self._save()

    def wait(self, seconds: float) -> None:
        """Wait, and write the progress. Raises as `look`."""
        self._imports.stopping.wait(seconds)
        self._save()

    def _save(self) -> None:
        if self._ended is not None:
            raise self._ended
        self._saved = monotonic()
        self._imports.reserve.must_leave()
        try:
            self._imports.save(self.one)
        except _Ended as ended:
            self._ended = ended
            self._saved = -inf
            raise


@dataclass
class Upload:
    """A file that is being received. Its methods may wait for the disk: call them in a thread."""

    _imports: Imports
    _path: Path
    one: Import
    _timezone: str
    _caller: Caller
    _saved: float = 0.0

    def __post_init__(self) -> None:
        self._file = os.fdopen(os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")

    def write(self, part: bytes) -> None:
        """Receive the next bytes. Raises _Ended if the import was cancelled, ReserveReached."""
        with self._imports.reserve.leaving(len(part)):
            self._file.write(part)
            self._file.flush()
            # Else the disk would take a heap of them at once, and commands, which are saved on it too, would wait behind that.
            os.fdatasync(self._file.fileno())
        self.one = replace(self.one, done=self.one.done + len(part))
        self._look()

    def _look(self) -> None:
        if self._imports.stopping.is_set() or monotonic() - self._saved >= SAVED_EVERY_S:
            self._saved = monotonic()
            self._imports.save(self.one)

    def complete(self) -> Import:
        """The whole file is there: look at it, and take it in. Raises NotImportable, InvalidField, ReserveReached."""
        with self._imports.reserve.leaving(0):
            self._file.close()
        source = Source(self.one.kind, ((self._path, self.one.name),), self._timezone)  # type: ignore[arg-type]  # no file is a simulation
        must_be_importable(source, self._look_within(thread_time() + LOOKED_AT_S))
        return self._imports.start(replace(self.one, total=self.one.done), source, self._caller)

    def _look_within(self, until: float) -> Callable[[], None]:
        """A look that ends the one at the file, too, once this thread has used a processor for so long."""

        def look() -> None:
            if thread_time() > until:
                raise ReadsTooMuch(
                    f"{self.one.name}: a look at it takes more than {LOOKED_AT_S:.0f} s of a processor, which that of no log does"
                )
            self._look()

        return look

    def give_up(self, error: BaseException) -> None:
        """The file does not come whole, or is of another kind: remove it, and write why."""
        with suppress(OSError):
            # What it still holds may find no room.
            self._file.close()
        self._path.unlink(missing_ok=True)
        state: State
        if isinstance(error, _Ended):
            state, code, reason = error.state, error.why, str(error)
        elif isinstance(error, DomainError):
            state, code, reason = "failed", error.code, str(error)
        elif isinstance(error, ReserveReached):
            state, code, reason = "failed", _NO_ROOM, str(error)
        else:
            state, code, reason = "interrupted", "upload-cut-off", "the file did not come whole: send it again"
        with suppress(StoreUnavailable):
            self._imports.save(replace(self.one, state=state, ended=self._imports.now_us(), code=code, reason=reason))


def must_be_empty(center: Center, tenant: UUID, imports: list[Import]) -> None:
    """Refuse to simulate calls beside those of a center that has any."""
    if center.store.has_any_call(tenant):
        raise Refused("company-not-empty", "the company has calls: simulated ones would be among them for ever")
    if any(one.state in UNFINISHED for one in imports):
        raise Refused("company-not-empty", "an import is running: simulated calls would be among its calls")


def _company(center: Center, tenant: UUID) -> Company:
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
