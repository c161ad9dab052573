"""What a process writes of its imports, where every process reads it: how far each is, that it goes on, and how it ended."""

from __future__ import annotations

import threading
from math import inf
from time import monotonic
from uuid import UUID, uuid4

from msgspec.structs import replace

from commands.handler_context import Caller
from domain.base import SECOND
from domain.errors import Refused
from imports.center import ImportingCenter
from store import imports as kept
from store.database import Database
from store.imports import UNFINISHED, Import, KeptImport, Kind, RefusedLine, State

SAVED_EVERY_S = 0.5
"""How often the progress of an import is written."""

SILENT_US = 60 * SECOND
"""An import of another process that has written nothing for so long was interrupted."""

AGAIN = "send it again to complete it: what is known changes nothing"
NO_ROOM = "no-room"
_STOPPED = "server-stopped"
_SERVER_STOPPED = f"the server stopped; what was taken in stays, {AGAIN}"


class Ended(Refused):
    """An import ends before its end. state: cancelled, or interrupted because the server stops. why: the code of that."""

    def __init__(self, state: State, why: str, reason: str) -> None:
        super().__init__("import-ended", reason)
        self.state = state
        self.why = why


class ImportRecords:
    """The imports of one process, as they are written. Thread-safe. alone: no other process serves the center, so an unfinished import of another one was interrupted."""

    def __init__(self, center: ImportingCenter, *, alone: bool) -> None:
        self._center = center
        self._alone = alone
        self.owner = uuid4()
        self.reserve = center.reserve
        self.stopping = threading.Event()
        """Set when every import has to end."""
        self._unfinished: set[UUID] = set()

    @property
    def _db(self) -> Database:
        return self._center.store.recorder.db

    def now_us(self) -> int:
        """The time by the clock of the command bus, microseconds."""
        return self._center.bus.clock.now_us()

    def new(self, kind: Kind, name: str, caller: Caller, state: State, total: int) -> Import:
        """A new import. total: of the file's bytes, or of a simulation's hours; 0 if that is not known."""
        now = self.now_us()
        one = Import(id=uuid4(), tenant=caller.tenant, kind=kind, name=name, actor=caller.actor, state=state, created=now, total=total)
        with self._center.store.recorder.transaction() as db:
            kept.add(db, one, self.owner)
        self._unfinished.add(one.id)
        return one

    def of(self, tenant: UUID) -> list[Import]:
        """A company's imports, as they stand."""
        return [self.stands(one) for one in kept.all_of(self._db, tenant)]

    def stands(self, found: KeptImport) -> Import:
        """An import as it stands: one whose process is gone was interrupted."""
        one = found.content
        mine = found.owner == self.owner
        if one.state not in UNFINISHED or mine or not (self._alone or self.now_us() - found.beat > SILENT_US):
            return one
        return replace(one, state="interrupted", ended=found.beat, code=_STOPPED, reason=_SERVER_STOPPED)

    def save(self, one: Import, refused: tuple[RefusedLine, ...] | None = None) -> None:
        """Write how far an import is. Raises Ended if it has to end."""
        if one.state not in UNFINISHED:
            self._unfinished.discard(one.id)
        with self._center.store.recorder.transaction() as db:
            cancelled = kept.save(db, one, self.now_us())
            if refused is not None:
                kept.save_refused(db, one.id, refused)
        if one.state in UNFINISHED:
            if cancelled:
                raise Ended("cancelled", "cancelled", "cancelled; what was taken in stays")
            if self.stopping.is_set():
                raise Ended("interrupted", _STOPPED, _SERVER_STOPPED)

    def is_due(self, saved: float) -> bool:
        """Whether the progress that was written at an instant (monotonic seconds) is to be written anew."""
        return self.stopping.is_set() or monotonic() - saved >= SAVED_EVERY_S

    def ask_to_cancel(self, one: Import) -> None:
        """Whichever process runs it ends it with its next step."""
        with self._center.store.recorder.transaction() as db:
            kept.ask_to_cancel(db, one.id)

    def beat(self) -> list[UUID]:
        """Write that what has not ended goes on. Returns what of it was cancelled."""
        unfinished = tuple(self._unfinished)
        if not unfinished:
            return []
        with self._center.store.recorder.transaction() as db:
            return kept.beat(db, unfinished, self.now_us())


class RunningImport:
    """The progress of one import, written now and then."""

    def __init__(self, records: ImportRecords, one: Import) -> None:
        self.one = one
        self._records = records
        self._began = self._saved = monotonic()
        self._ended: Ended | None = None

    def begin(self, now_us: int) -> None:
        """It runs from now on."""
        self.one = replace(self.one, state="running", began=now_us, done=0)
        self._began = monotonic()
        self._records.save(self.one)

    def report(self, done: int, total: int, lines: int, refused: int = 0) -> None:
        """It is so far. Raises Ended if it has to end."""
        seconds = monotonic() - self._began
        rate = int(lines / seconds) if lines and seconds > 0 else None
        self.one = replace(self.one, done=done, total=total, lines=lines, refused=refused, lines_per_second=rate)
        self.look()

    def look(self) -> None:
        """Write the progress if it is time to. Raises Ended, at every call from then on, if the import has to end; ReserveReached."""
        if self._records.is_due(self._saved):
            self._save()

    def wait(self, seconds: float) -> None:
        """Wait, and write the progress. Raises as `look`."""
        self._records.stopping.wait(seconds)
        self._save()

    def _save(self) -> None:
        if self._ended is not None:
            raise self._ended
        self._saved = monotonic()
        self._records.reserve.must_leave()
        try:
            self._records.save(self.one)
        except Ended as ended:
            self._ended = ended
            self._saved = -inf
            raise
