"""A file that the API receives. It lies in the data directory with mode 600 until it is taken in, refused or given up."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, thread_time

from msgspec.structs import replace

from commands.handler_context import Caller
from domain.errors import DomainError
from imports.records import NO_ROOM, Ended, ImportRecords
from imports.sources import Source, must_be_importable
from store.database import StoreUnavailable
from store.disk_reserve import ReserveReached
from store.imports import Import, State
from telephony_adapter.queue_log.reading_limits import ReadsTooMuch

LOOKED_AT_S = 3.0
"""Seconds of a processor for a look at a file: at that of a log, packed or not, it is some hundredths. The files of others wait meanwhile."""


@dataclass
class Upload:
    """A file that is being received. Its methods may wait for the disk: call them in a thread."""

    _records: ImportRecords
    _start: Callable[[Import, Source, Caller], Import]
    _path: Path
    one: Import
    _timezone: str
    _caller: Caller
    _saved: float = 0.0

    def __post_init__(self) -> None:
        self._file = os.fdopen(os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")

    def write(self, part: bytes) -> None:
        """Receive the next bytes. Raises Ended if the import was cancelled, ReserveReached."""
        with self._records.reserve.leaving(len(part)):
            self._file.write(part)
            self._file.flush()
            # Else the disk would take a heap of them at once, and commands, which are saved on it too, would wait behind that.
            os.fdatasync(self._file.fileno())
        self.one = replace(self.one, done=self.one.done + len(part))
        self._look()

    def _look(self) -> None:
        if self._records.is_due(self._saved):
            self._saved = monotonic()
            self._records.save(self.one)

    def complete(self) -> Import:
        """The whole file is there: look at it, and take it in. Raises NotImportable, InvalidField, ReserveReached."""
        with self._records.reserve.leaving(0):
            self._file.close()
        source = Source(self.one.kind, ((self._path, self.one.name),), self._timezone)  # type: ignore[arg-type]  # no file is a simulation
        must_be_importable(source, self._look_within(thread_time() + LOOKED_AT_S))
        return self._start(replace(self.one, total=self.one.done), source, self._caller)

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
        if isinstance(error, Ended):
            state, code, reason = error.state, error.why, str(error)
        elif isinstance(error, DomainError):
            state, code, reason = "failed", error.code, str(error)
        elif isinstance(error, ReserveReached):
            state, code, reason = "failed", NO_ROOM, str(error)
        else:
            state, code, reason = "interrupted", "upload-cut-off", "the file did not come whole: send it again"
        with suppress(StoreUnavailable):
            self._records.save(replace(self.one, state=state, ended=self._records.now_us(), code=code, reason=reason))
