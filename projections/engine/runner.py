"""Makes the rows follow the log: reads what is new, folds it, writes it in batches, records the position reached.

While one batch is being written by the engine, which works outside the GIL, the next is read and folded. A kill at any
moment leaves rows that are written again, and then are the same.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from time import monotonic
from typing import Protocol

from projections.engine.batch_processor import BatchProcessor
from projections.engine.folding import Folded
from projections.engine.progress import Progress, ProjectionsStopped
from projections.engine.warehouse import Warehouse
from projections.engine.writing import ROWS, position_of, quarantine
from store.recorded_event import RecordedEvent

log = logging.getLogger(__name__)

BATCH = 16_000
"""Events read at once: half a second's work."""

PACE_S = 0.25
"""A batch costs much the same whether it has one row or a thousand, so events of this many seconds are folded together."""


BUSY = 1_000
"""So many events between two batches come from an import, not from people who talk."""

SHARE = 4
"""Then rows are written this many times longer apart than it takes to write them, unless somebody waits for them."""

LONGEST_REST_S = 1.0


class Log(Protocol):
    """The log as a reader that follows it needs it."""

    @property
    def head(self) -> int:
        """Position of the last event."""

    def events_after(self, position: int, limit: int) -> Sequence[RecordedEvent]:
        """At most `limit` events after a position, in order, without holes."""

    def listen(self, listener: Callable[[int], object]) -> Callable[[], None]:
        """Call `listener` with the new head after each commit, in any thread. Returns a function that ends this."""


class Runner:
    """Writes one warehouse's rows from one log, alone."""

    def __init__(self, log: Log, warehouse: Warehouse, *, pace_s: float = PACE_S) -> None:
        self.progress = Progress(position_of(warehouse), log.head)
        self._log = log
        self._warehouse = warehouse
        self._pace_s = pace_s
        self._turn = threading.Lock()
        self._writer = ThreadPoolExecutor(1, "projections-writer")
        self._closing = threading.Event()
        self._processor = BatchProcessor(warehouse, quarantine(warehouse), closing=self._closing)
        self._news = threading.Event()
        self._thread: threading.Thread | None = None
        self._unlisten: Callable[[], None] | None = None

    # For readers

    @property
    def position(self) -> int:
        """Every event up to here is in the rows."""
        return self.progress.position

    @property
    def refused(self) -> int:
        """Number of events since the start of which no rows could be made."""
        return self._processor.refused

    def must_have_room(self) -> None:
        """Raises WarehouseFull while the rows cannot be written because the disk is full."""
        if self._processor.full is not None:
            raise self._processor.full

    def wait(self, position: int, timeout: float) -> bool:
        """Wait until the rows cover `position`; False if they do not within `timeout` seconds. Raises ProjectionsStopped."""
        return self.progress.wait(position, timeout)

    # Following

    def start(self) -> None:
        """Follow the log in a thread of its own, until `close`."""
        self._unlisten = self._log.listen(lambda _: self._news.set())
        self._news.set()
        self._thread = threading.Thread(target=self._follow, name="projections", daemon=True)
        self._thread.start()

    def _follow(self) -> None:
        try:
            while not self._closing.is_set():
                self._news.wait()
                self._news.clear()
                began, before = monotonic(), self.position
                self.run_until(self._log.head)
                took = monotonic() - began
                self._closing.wait(self._pace_s - took)
                if self.position - before >= BUSY:
                    self.progress.rest(min(SHARE * took, LONGEST_REST_S))
        except Exception as error:
            self.progress.stopped(error)
            log.exception("projections stopped position=%d", self.position)

    def run_until(self, position: int, say: Callable[[int], object] = lambda _: None) -> None:
        """Write all rows up to `position`, or the end of the log; `say` is called with each position reached. Raises ProjectionsStopped."""
        with self._turn:
            try:
                self._run_until(position, say)
            except BaseException as error:
                # Cached rows that were folded and not written must not be used.
                self._processor.drop_cached_rows()
                if isinstance(error, ProjectionsStopped):
                    self.progress.stopped(error)
                raise

    def _run_until(self, position: int, say: Callable[[int], object]) -> None:
        pending: Future[int] | None = None
        reached, position = self.position, min(position, self._log.head)
        while reached < position and not self._closing.is_set():
            folded = self._processor.fold(self._read(reached, min(position - reached, BATCH)))
            if pending is not None:
                say(pending.result())
            reached = folded.position
            pending = self._writer.submit(self._write, folded)
        if pending is not None:
            say(pending.result())

    def _read(self, after: int, limit: int) -> Sequence[RecordedEvent]:
        # A disk or a database may fail in any way.
        return self._processor.patiently("the log cannot be read", lambda: self._log.events_after(after, limit), (Exception,))

    def _write(self, folded: Folded) -> int:
        self.progress.writing()
        self._processor.write(folded, {ROWS: folded.position})
        self.progress.written(folded.position)
        return folded.position

    def close(self) -> None:
        """Stop following; what is being written is finished. Can be repeated."""
        if self._unlisten is not None:
            self._unlisten()
            self._unlisten = None
        self._closing.set()
        self._news.set()
        self.progress.end_rest()
        if self._thread is not None:
            self._thread.join()
        with self._turn:
            self._writer.shutdown()

    @contextmanager
    def resting(self) -> Iterator[None]:
        """Pause writing inside the `with`; afterwards go on from the position that the warehouse then has."""
        with self._turn:
            self.progress.writing()
            try:
                yield
            except BaseException as error:
                stopped = ProjectionsStopped(f"while writing was paused: {error!r}")
                self.progress.stopped(stopped)
                raise stopped from error
            self._processor.drop_cached_rows()
            self.progress.written(position_of(self._warehouse))
        self._news.set()
